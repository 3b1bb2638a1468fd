// SPDX-License-Identifier: GPL-3.0-or-later
// For tests only: a folder of its own, gone at the end.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

namespace qeaas::local::test {

struct Folder {
  std::filesystem::path path;
  Folder() {
    std::string name = std::filesystem::temp_directory_path() / "qeaas-local-XXXXXX";
    path = ::mkdtemp(name.data());
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
};

}  // namespace qeaas::local::test
