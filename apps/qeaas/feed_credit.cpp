// SPDX-License-Identifier: GPL-3.0-or-later
// The rules of credit.
#include "feed_credit.hpp"

#include <algorithm>

#include "base/units.hpp"
#include "client/refusal.hpp"

namespace qeaas::cli {
namespace {

bool vouches(const SourceTag& tag) { return tag.kind == SourceKind::quantum || tag.kind == SourceKind::physical; }

std::string list(const std::vector<SourceTag>& sources, bool vouching) {
  std::string text;
  for (const auto& tag : sources)
    if (vouches(tag) == vouching) text += (text.empty() ? "" : ", ") + printable(tag.id) + " (" + std::string(name(tag.kind)) + ")";
  return text;
}

// way_fault says why bytes that came that way count for nothing; empty when they may count.
std::string way_fault(Way way, const CreditRules& rules) {
  switch (way) {
    case Way::local:
    case Way::post_quantum: return "";
    case Way::classical:
      return rules.credit_classical
                 ? ""
                 : "the link is classical: who records it can read the bytes with a quantum computer (--credit-classical)";
    case Way::unverified: return "the server was not verified: whoever answered may have chosen the bytes";
    case Way::plain: break;
  }
  return "plain CoAP: everybody on the path may have read or chosen the bytes";
}

}  // namespace

Judgement judge(const FeedAnswer& answer, const CreditRules& rules) {
  if (auto wrong = way_fault(answer.way, rules); !wrong.empty()) return {false, std::move(wrong)};
  // Which blocks a simulated source fed is not said, so one of them spoils the answer.
  const auto is_simulated = [](const SourceTag& tag) { return tag.kind == SourceKind::simulated; };
  if (answer.simulated || std::ranges::any_of(answer.sources, is_simulated)) return {false, "SIMULATED: " + list(answer.sources, false)};
  if (answer.type == EntropyType::drbg) return {false, "type drbg: a generator's output holds no more than its seed"};
  if (answer.sources.empty()) return {false, "the answer names no source"};
  if (std::ranges::none_of(answer.sources, vouches)) {
    const auto from_kernel = [](const SourceTag& tag) { return tag.kind == SourceKind::os; };
    const bool os = std::ranges::any_of(answer.sources, from_kernel);
    return {false, list(answer.sources, false) + (os ? ": a kernel's or a hypervisor's own bytes, which add nothing that it does not know"
                                                     : ": a far end that the server does not trust")};
  }
  // Nor is it said which blocks came over which link.
  const auto over_classical_link = [](const SourceTag& tag) { return vouches(tag) && tag.classical_link; };
  const auto far = std::ranges::find_if(answer.sources, over_classical_link);
  if (far != answer.sources.end() && !rules.credit_classical)
    return {false, printable(far->id) + " (" + std::string(name(far->kind)) +
                       ") came to the server over a link that is not post-quantum: who records it can read the bytes with a quantum "
                       "computer (--credit-classical)"};
  // A server's os and untrusted remote sources are XORed onto blocks of those that may feed direct: they add nothing and take nothing.
  const auto beside = list(answer.sources, false);
  return {true, "full entropy from " + list(answer.sources, true) + (beside.empty() ? "" : "; nothing for " + beside)};
}

Credit assess(std::span<const FeedAnswer> answers, std::size_t bytes, const CreditRules& rules) {
  Credit credit;
  for (const auto& answer : answers) credit.judgements.push_back(judge(answer, rules));
  const auto full = std::ranges::count_if(credit.judgements, &Judgement::full);
  if (full == 0) return credit;
  const std::size_t block_bits = answers.size() > 1 && full == 1 ? kBlockBits - 1 : kBlockBits;
  credit.bits = static_cast<std::uint32_t>(bytes / kBlockBytes * block_bits);
  return credit;
}

}  // namespace qeaas::cli
