// SPDX-License-Identifier: GPL-3.0-or-later
// Connection: the commands.
#include "local/connection.hpp"

#include <limits>
#include <unistd.h>

#include "base/units.hpp"
#include "wire/random_answer.hpp"

namespace qeaas::local {
namespace {

// A reservoir fills within milliseconds where a source is fast; the draw's own hint is in whole seconds.
constexpr std::chrono::milliseconds kStarvedPause{50};
constexpr std::chrono::seconds kLongestPause{10};

// may_pass: a blocking read waits for these. What else stands in its way stays there.
bool may_pass(Error error) noexcept {
  return error == Error::starved || error == Error::alarmed || error == Error::over_quota || error == Error::source_gone ||
         error == Error::io;
}

std::optional<EntropyType> type_of(std::uint8_t byte) noexcept {
  switch (byte) {
    case 0: return EntropyType::direct;
    case 1: return EntropyType::mixed;
    case 2: return EntropyType::drbg;
    default: return std::nullopt;
  }
}

}  // namespace

Connection::Need Connection::step(TimePoint now) noexcept {
  while (output().empty()) {
    const auto request = parse_request(input_.span().first(used_));
    if (!request) return request.error() == Error::would_block ? Need::input : Need::end;
    if (const auto need = answer(*request, now); need != Need::input) return need;
    consume(request->length);
    ++requests_;
  }
  return Need::sending;
}

// answer leaves a request that must wait where it is.
Connection::Need Connection::answer(const Request& request, TimePoint now) noexcept {
  switch (request.command) {
    case Command::level: answer_level(); break;
    case Command::read_now: read_now(request.count, now); break;
    case Command::read_wait: return read_wait(request.count, now);
    case Command::write:
      site_.mix_in(request.data);
      mixed_in_bytes_ += request.count;
      site_.counters.mixed_in_bytes.add(request.count);
      break;
    case Command::pid: answer_pid(); break;
    case Command::draw: draw(request, now); break;
  }
  return Need::input;
}

void Connection::answer_level() noexcept {
  const auto bits = std::min<std::uint64_t>(std::uint64_t{site_.ready_blocks()} * kBlockBits, std::numeric_limits<std::uint32_t>::max());
  output_ = SecretBytes(4);
  for (std::size_t i = 0; i < 4; ++i) output_.span()[i] = static_cast<std::uint8_t>(bits >> (24 - 8 * i));
}

void Connection::answer_pid() noexcept {
  const auto digits = std::to_string(::getpid());
  output_ = SecretBytes(1 + digits.size());
  output_.span()[0] = static_cast<std::uint8_t>(digits.size());
  std::copy(digits.begin(), digits.end(), output_.span().begin() + 1);
}

// read_now gives what there is: a draw is all or nothing, so a second one asks for no more than that.
void Connection::read_now(std::size_t count, TimePoint now) noexcept {
  output_ = SecretBytes(1 + count);
  std::size_t got = 0;
  if (count > 0) {
    const auto out = output_.span().subspan(1);
    const auto ready = [&] { return std::min(count, site_.ready_blocks() * kBlockBytes); };
    const auto first = fill(out, EntropyType::mixed, now);
    if (!first.error) got = count;
    if (first.error == Error::starved && ready() > 0 && ready() < count) {
      const auto less = ready();
      if (!fill(out.first(less), EntropyType::mixed, now).error) got = less;
    }
  }
  output_.span()[0] = static_cast<std::uint8_t>(got);
  output_.shrink(1 + got);
  served(got);
}

Connection::Need Connection::read_wait(std::size_t count, TimePoint now) noexcept {
  if (count == 0) return Need::input;
  SecretBytes bytes(count);
  const auto drawn = fill(bytes.span(), EntropyType::mixed, now);
  if (!drawn.error) {
    output_ = std::move(bytes);
    served(count);
    return Need::input;
  }
  if (!may_pass(*drawn.error)) return Need::end;
  retry_at_ = now + (drawn.error == Error::starved ? TimePoint::duration(kStarvedPause) : std::clamp(drawn.retry, 1s, kLongestPause));
  return Need::entropy;
}

void Connection::draw(const Request& request, TimePoint now) noexcept {
  const auto type = type_of(request.type);
  if (!type || request.count == 0) return refuse_draw(Code::bad_request, 0s);
  SecretBytes answer(kDrawHeadBytes + request.count + kMaxProvenanceBytes);
  const auto drawn = fill(answer.span().subspan(kDrawHeadBytes, request.count), *type, now);
  if (drawn.error) return refuse_draw(code_of(*drawn.error), drawn.retry);
  const auto account = encode_provenance(drawn.provenance, answer.span().subspan(kDrawHeadBytes + request.count));
  if (!account) return refuse_draw(Code::failed, 0s);
  write_draw_head(answer.span().first<kDrawHeadBytes>(), Code::ok, 0s, request.count, *account);
  answer.shrink(kDrawHeadBytes + request.count + *account);
  output_ = std::move(answer);
  served(request.count);
}

void Connection::refuse_draw(Code code, std::chrono::seconds retry) noexcept {
  output_ = SecretBytes(kDrawHeadBytes);
  write_draw_head(output_.span().first<kDrawHeadBytes>(), code, retry, 0, 0);
}

Connection::Drawn Connection::fill(MutableBytes out, EntropyType type, TimePoint now) noexcept {
  Drawn drawn;
  if (const auto decision = site_.gate.admit(peer_, out.size(), now); !decision) {
    drawn.error = decision.refusal;
    drawn.retry = decision.retry_after;
    return drawn;
  }
  if (const auto filled = site_.draw.fill(out, type, drawn.provenance); !filled) {
    site_.gate.give_back(peer_, out.size());
    drawn.error = filled.error();
    drawn.retry = may_pass(filled.error()) ? site_.draw.retry_after() : 0s;
  }
  return drawn;
}

void Connection::served(std::size_t bytes) noexcept {
  served_bytes_ += bytes;
  site_.counters.served_bytes.add(bytes);
}

void Connection::sent(std::size_t size) noexcept {
  sent_ += size;
  if (!output().empty()) return;
  output_ = {};
  sent_ = 0;
}

void Connection::consume(std::size_t size) noexcept {
  const auto memory = input_.span();
  std::copy(memory.begin() + static_cast<std::ptrdiff_t>(size), memory.begin() + static_cast<std::ptrdiff_t>(used_), memory.begin());
  wipe(memory.subspan(used_ - size, size));
  used_ -= size;
}

}  // namespace qeaas::local
