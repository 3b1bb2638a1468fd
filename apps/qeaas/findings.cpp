// SPDX-License-Identifier: GPL-3.0-or-later
// How findings are told.
#include "findings.hpp"

#include <algorithm>

#include "base/decimal.hpp"
#include "text.hpp"

namespace qeaas::cli {
namespace {

void write_findings(JsonWriter& out, const std::vector<Finding>& findings) {
  out.raw(R"("checks":[)");
  bool first = true;
  for (const auto& finding : findings) {
    comma(out, first);
    out.raw(R"({"check":)")
        .text(finding.check)
        .raw(R"(,"result":)")
        .text(word(finding.verdict))
        .raw(R"(,"detail":)")
        .text(finding.text)
        .raw("}");
  }
  out.raw("]");
}

void write_value(JsonWriter& out, const std::string& text) {
  if (const auto number = decimal(text))
    out.number(*number);
  else
    out.text(text);
}

void write_values(JsonWriter& out, const Values& values) {
  bool first = true;
  for (auto at = values.begin(); at != values.end(); ++at) {
    const auto same = [&](const auto& other) { return other.first == at->first; };
    if (std::any_of(values.begin(), at, same)) continue;
    comma(out, first);
    out.text(at->first).raw(":");
    const bool list = std::any_of(at + 1, values.end(), same);
    if (list) out.raw("[");
    bool first_item = true;
    for (auto item = at; item != values.end(); ++item) {
      if (!same(*item)) continue;
      comma(out, first_item);
      write_value(out, item->second);
    }
    if (list) out.raw("]");
  }
}

}  // namespace

std::string_view word(Verdict verdict) noexcept {
  if (verdict == Verdict::ok) return "ok";
  return verdict == Verdict::warn ? "warn" : "FAIL";
}

int report(const std::vector<Finding>& findings, bool json, const Values& values) {
  const bool wrong = std::ranges::any_of(findings, [](const Finding& finding) { return finding.verdict == Verdict::fail; });
  if (json) {
    say(json_text([&](JsonWriter& out) {
      out.raw(R"({"ok":)").boolean(!wrong).raw(",");
      write_findings(out, findings);
      if (!values.empty()) {
        out.raw(R"(,"values":{)");
        write_values(out, values);
        out.raw("}");
      }
      out.raw("}");
    }));
    return wrong ? kFailed : kDone;
  }
  std::vector<std::vector<std::string>> rows;
  rows.reserve(findings.size());
  for (const auto& finding : findings) rows.push_back({std::string(word(finding.verdict)), finding.check, finding.text});
  say(table(rows));
  return wrong ? kFailed : kDone;
}

}  // namespace qeaas::cli
