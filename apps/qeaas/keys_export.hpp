// SPDX-License-Identifier: GPL-3.0-or-later
// `qeaas keys --export`: the server's certificates for programs on OpenSSL, such as an nginx in front of it (docs/nginx.md).
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/error.hpp"

namespace qeaas::cli {

// export_keys writes ca.pem and every certificate of the server, with its key, from a state folder into another folder, which is made (mode
// 0700) if it is not there. ML-DSA keys lose their public part on the way: OpenSSL does not read keys that have one. Gives the file names.
// Errors: refused (the folder is the state folder), those of reading and writing files.
Outcome<std::vector<std::string>> export_keys(const std::filesystem::path& state, const std::filesystem::path& to);

}  // namespace qeaas::cli
