// SPDX-License-Identifier: GPL-3.0-or-later
// What a client is told in words: key-exchange groups, signatures, a pre-shared key in a file, the CA of its servers. The command line and
// the OpenSSL provider read them alike.
#pragma once

#include <filesystem>
#include <string>

#include "client/server_link.hpp"

namespace qeaas {

// read_groups gives code points for names with commas between, "MLKEM512,P-256"; the defaults when empty. Errors: those of parse_groups.
Outcome<std::vector<int>> read_groups(const std::string& list);
// read_signatures gives algorithms for names with commas between, "ML-DSA-65,ML-DSA-87"; none, which means all, when empty. Errors: those
// of parse_signatures.
Outcome<std::vector<SignatureAlgorithm>> read_signatures(const std::string& list);

// check_psk_place looks at ID:FILE without opening the file. Errors: malformed (write it so), out_of_range (the identity is no UTF-8 of at
// most 64 bytes).
Outcome<void> check_psk_place(const std::string& place);
// read_psk reads what ID:FILE names. Errors: those of check_psk_place and read_key_file.
Outcome<PskCredential> read_psk(const std::string& place);
// read_key_file reads a pre-shared key: 16 to 64 bytes in hexadecimal, white space at the end allowed. Errors: refused (others may read the
// file), malformed or out_of_range (its content), not_found and others of read_file.
Outcome<SecretBytes> read_key_file(const std::string& file);
// read_token_file reads a bearer token: one line of printable characters without spaces. Its length is not judged. Errors: refused (others
// may read the file), malformed (its content), not_found and others of read_file.
Outcome<SecretBytes> read_token_file(const std::string& file);

// read_roots reads the certificates of a PEM file. Errors: malformed (there is none), those of read_file.
Outcome<std::vector<Der>> read_roots(const std::filesystem::path& path);

}  // namespace qeaas
