// SPDX-License-Identifier: GPL-3.0-or-later
// What the commands say.
#include "text.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace qeaas::cli {
namespace {

void line(std::FILE* where, std::string_view text) {
  std::string whole(text);
  whole += '\n';
  // Nobody is left to be told when standard error or output is gone.
  static_cast<void>(std::fwrite(whole.data(), 1, whole.size(), where));
  static_cast<void>(std::fflush(where));
}

}  // namespace

void say(std::string_view text) { line(stdout, text); }
void note(std::string_view text) { line(stderr, text); }
void warn(std::string_view text) { note("qeaas: warning: " + std::string(text)); }

int complain(const Fault& fault, bool json) {
  note("qeaas: " + fault.text);
  if (json)
    say(json_text(
        [&](JsonWriter& out) { out.raw(R"({"error":)").text(name(fault.error)).raw(R"(,"detail":)").text(fault.text).raw("}"); }));
  return kFailed;
}

std::string json_text(const std::function<void(JsonWriter&)>& write) {
  for (std::size_t room = 4096;; room *= 2) {
    std::vector<std::uint8_t> memory(room);
    JsonWriter out(memory);
    write(out);
    const auto size = out.finish();
    if (size) return {memory.begin(), memory.begin() + static_cast<std::ptrdiff_t>(*size)};
    if (size.error() != Error::no_space) return R"({"error":"malformed","detail":"a text is not UTF-8"})";
  }
}

void comma(JsonWriter& out, bool& first) {
  if (!first) out.raw(",");
  first = false;
}

std::string table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const auto& row : rows) {
    if (!text.empty()) text += '\n';
    for (std::size_t i = 0; i < row.size(); ++i) {
      text += row[i];
      if (i + 1 < row.size()) text.append(widths[i] - row[i].size() + 2, ' ');
    }
  }
  return text;
}

std::string milliseconds(Clock::duration time) {
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "%.1f ms", std::chrono::duration<double, std::milli>(time).count());
  return text.data();
}

}  // namespace qeaas::cli
