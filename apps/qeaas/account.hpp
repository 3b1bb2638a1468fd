// SPDX-License-Identifier: GPL-3.0-or-later
// The account of a download, for people (--verbose) and for programs (--json).
#pragma once

#include <string>

#include "client/fetch.hpp"
#include "wire/json_writer.hpp"

namespace qeaas::cli {

// negotiated is the line "group=ML-KEM-512 signature=ML-DSA-44 verified=yes". The signature is "psk" or "resumed" where no
// certificate was shown, and everything is "none" on a plain link.
std::string negotiated(const LinkReport& link);
// describe says for each server what was negotiated, what it cost and where its bytes came from. Lines without the last newline.
std::string describe(const FetchReport& report, EntropyType type);
// write_json writes one document to standard output; random may be empty, and its name is then left out.
Outcome<void> write_json(const FetchReport& report, EntropyType type, Bytes random);
// write_link adds the members that describe a link, without braces.
void write_link(JsonWriter& out, const LinkReport& link);
// write_sources adds the member "sources", with a comma before it.
void write_sources(JsonWriter& out, const std::vector<SourceTag>& sources);

}  // namespace qeaas::cli
