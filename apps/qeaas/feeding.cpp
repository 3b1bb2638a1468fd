// SPDX-License-Identifier: GPL-3.0-or-later
// One feeding.
#include "feeding.hpp"

#include <algorithm>

#include "account.hpp"
#include "text.hpp"

namespace qeaas::cli {
namespace {

std::string_view name(Way way) {
  switch (way) {
    case Way::local: return "local";
    case Way::post_quantum: return "post-quantum";
    case Way::classical: return "classical";
    case Way::unverified: return "unverified";
    case Way::plain: break;
  }
  return "plain";
}

std::string plural(std::size_t count, const char* what) { return std::to_string(count) + " " + what + (count == 1 ? "" : "s"); }

void write_answers(JsonWriter& out, const Feeding& feeding) {
  out.raw(R"(,"answers":[)");
  bool first = true;
  for (std::size_t i = 0; i < feeding.answers.size(); ++i) {
    const auto& answer = feeding.answers[i];
    const auto& judgement = feeding.credit.judgements[i];
    comma(out, first);
    out.raw(R"({"from":)").text(answer.from).raw(R"(,"link":)").text(name(answer.way)).raw(R"(,"type":)").text(qeaas::name(answer.type));
    out.raw(R"(,"simulated":)").boolean(answer.simulated);
    write_sources(out, answer.sources);
    out.raw(R"(,"creditable":)").boolean(judgement.full).raw(R"(,"why":)").text(judgement.why).raw("}");
  }
  out.raw(R"(],"left_out":[)");
  first = true;
  for (const auto& server : feeding.left_out) {
    comma(out, first);
    out.text(server);
  }
  out.raw("]");
}

void write_fault(JsonWriter& out, const Fault& fault) {
  out.raw(R"(,"error":)").text(qeaas::name(fault.error)).raw(R"(,"detail":)").text(fault.text);
}

}  // namespace

Feeding feed_pool(Pool* pool, Drawn drawn, const CreditRules& rules) {
  Feeding feeding;
  feeding.dry_run = pool == nullptr;
  feeding.left_out = std::move(drawn.left_out);
  feeding.failure = std::move(drawn.failure);
  if (feeding.failure) return feeding;
  feeding.credit = assess(drawn.answers, drawn.bytes.size(), rules);
  feeding.answers = std::move(drawn.answers);
  feeding.bytes = drawn.bytes.size();
  if (pool == nullptr) return feeding;
  if (auto added = pool->add(std::move(drawn.bytes), feeding.credit.bits); !added) {
    feeding.failure = std::move(added.error());
    feeding.bytes = 0;
    feeding.credit.bits = 0;
    return feeding;
  }
  const auto reseeded = pool->reseed();
  feeding.reseeded = reseeded.has_value();
  if (!reseeded) feeding.reseed_failure = reseeded.error();
  return feeding;
}

std::string summary(const Feeding& feeding) {
  if (feeding.failure) return "nothing fed: " + feeding.failure->text;
  return std::string(feeding.dry_run ? "would feed " : "fed ") + plural(feeding.bytes, "byte") + " with a credit of " +
         plural(feeding.credit.bits, "bit") + " from " + plural(feeding.answers.size(), "answer") +
         (feeding.reseeded ? ", and had the generator reseed" : "");
}

std::string describe(const Feeding& feeding) {
  auto text = summary(feeding);
  for (std::size_t i = 0; i < feeding.answers.size(); ++i) {
    const auto& judgement = feeding.credit.judgements[i];
    text += "\n" + feeding.answers[i].from + " (" + std::string(name(feeding.answers[i].way)) +
            "): " + (judgement.full ? "" : "no credit: ") + judgement.why;
  }
  for (const auto& server : feeding.left_out) text += "\nleft out: " + server;
  if (feeding.reseed_failure) text += "\nnot reseeded: " + feeding.reseed_failure->text;
  return text;
}

std::string as_json(const Feeding& feeding, std::string_view why) {
  return json_text([&](JsonWriter& out) {
    out.raw(R"({"fed":)").boolean(!feeding.failure && !feeding.dry_run).raw(R"(,"why":)").text(why);
    out.raw(R"(,"dry_run":)").boolean(feeding.dry_run).raw(R"(,"bytes":)").number(feeding.bytes);
    out.raw(R"(,"credit_bits":)").number(feeding.credit.bits).raw(R"(,"reseeded":)").boolean(feeding.reseeded);
    write_answers(out, feeding);
    if (feeding.failure) write_fault(out, *feeding.failure);
    out.raw("}");
  });
}

std::string refused_json(const Fault& fault, std::string_view why) {
  return json_text([&](JsonWriter& out) {
    out.raw(R"({"fed":false,"why":)").text(why);
    write_fault(out, fault);
    out.raw("}");
  });
}

void FeedSchedule::done(TimePoint now, bool success) noexcept {
  due_ = now + (success ? interval_ : std::min(pause_, interval_));
  pause_ = success ? 1s : std::min(2 * pause_, interval_);
}

}  // namespace qeaas::cli
