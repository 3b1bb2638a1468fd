// SPDX-License-Identifier: GPL-3.0-or-later
// What the commands say: messages on standard error, JSON and tables on standard output. Nothing here ever holds random bytes.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "wire/json_writer.hpp"

namespace qeaas::cli {

inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;
inline constexpr int kUsage = 2;

// warn writes "qeaas: warning: text" to standard error; complain writes "qeaas: text" and gives kFailed. With json, complain
// writes {"error": name, "detail": text} to standard output as well, so that a program has something to read.
void warn(std::string_view text);
int complain(const Fault& fault, bool json);
void say(std::string_view line);   // to standard output
void note(std::string_view line);  // to standard error

// to_json runs a function that writes one JSON document, in as much memory as that takes. Not for secrets.
std::string json_text(const std::function<void(JsonWriter&)>& write);
// comma writes "," before every item but the first.
void comma(JsonWriter& out, bool& first);

// table aligns columns with two spaces between them; the first row is the heading.
std::string table(const std::vector<std::vector<std::string>>& rows);

std::string milliseconds(Clock::duration time);  // "12.3 ms"
inline std::string_view yes_no(bool value) { return value ? "yes" : "no"; }

}  // namespace qeaas::cli
