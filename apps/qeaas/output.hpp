// SPDX-License-Identifier: GPL-3.0-or-later
// Where random bytes go: standard output or a file, as hex, base64 or raw bytes. A file appears whole, with mode 0600, or not at
// all; encoded text passes through wiped memory only.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "base/error.hpp"
#include "base/handle.hpp"
#include "base/secret.hpp"

namespace qeaas::cli {

enum class Encoding : std::uint8_t { hex, base64, raw, text };  // text: encoded already

class Output {
 public:
  // open prepares standard output (an empty path) or a file. What exists and is no regular file (a pipe, /dev/null) is written
  // directly. Errors: refused for raw bytes to a terminal, and those of the system.
  static Outcome<Output> open(const std::string& path, Encoding encoding);
  Output(Output&& other) noexcept;
  Output& operator=(Output&&) = delete;
  ~Output();

  Outcome<void> write(Bytes bytes);
  // finish ends the text (a newline after hex and base64) and gives the file its name.
  Outcome<void> finish();

 private:
  Output(std::string path, Encoding encoding) : path_(std::move(path)), encoding_(encoding) {}
  Outcome<void> open_file();
  Outcome<void> write_base64_text(Bytes bytes);
  Outcome<void> put(Bytes bytes) const;

  std::string path_;     // empty: standard output
  std::string scratch_;  // the file's name until finish; empty when written directly
  Encoding encoding_;
  FileDescriptor file_;
  Secret<3> carry_;  // of base64: what did not fill a group of three
  std::size_t carried_ = 0;
};

}  // namespace qeaas::cli
