// SPDX-License-Identifier: GPL-3.0-or-later
// Where an endpoint's answers get their bodies: draws, small ones in fixed buffers and large ones in memory that is kept for the
// blocks to come, and problem details (RFC 9290) for everything that is refused.
#include <algorithm>

#include "coap/endpoint.hpp"
#include "wire/problem.hpp"

namespace qeaas::coap {
namespace {

AnswerFormat answer_format(std::uint16_t content_format) noexcept {
  return content_format == format::kJson ? AnswerFormat::json : AnswerFormat::cbor;
}

// least_body and most_body bound the body of a draw before it is made.
std::size_t least_body(const BodyKey& key) noexcept { return key.format == format::kJson ? 2 * std::size_t{key.bytes} : key.bytes; }
std::size_t most_body(const BodyKey& key) noexcept {
  return key.format == format::kOctetStream ? key.bytes : max_answer_bytes(answer_format(key.format), key.bytes);
}

Code code_of(Error error) noexcept {
  switch (error) {
    case Error::over_quota: return code::kTooManyRequests;
    case Error::too_large: return code::kRequestEntityTooLarge;
    case Error::unauthorized: return code::kUnauthorized;
    case Error::forbidden:
    case Error::refused: return code::kForbidden;
    default: return code::kServiceUnavailable;
  }
}

}  // namespace

// draw makes sure that a body which must be kept can be kept before anything is debited or drawn.
Answer Endpoint::draw(Peer& peer, const BodyKey& key, const BlockWish& wish, TimePoint now) {
  if (least_body(key) > wish.block_bytes() && !transfers_.room_for(peer, most_body(key))) return no_room_for_body();
  if (const access::Decision decision = seams_.gate.admit(peer, key.bytes, now); !decision) return refusal(decision);
  Answer answer = key.bytes <= kSmallDrawBytes ? draw_small(peer, key, wish, now) : draw_large(peer, key, wish, now);
  if (answer.code.is_success())
    answer.max_age_seconds = 0;
  else
    seams_.gate.give_back(peer, key.bytes);
  return answer;
}

Status Endpoint::fill(MutableBytes out, EntropyType type, Provenance& provenance) noexcept {
  provenance.reset(type);
  const Status status = seams_.draw.fill(out, type, provenance);
  if (!status) return status;
  counters_.draws.add();
  counters_.bytes_drawn.add(out.size());
  return status;
}

Answer Endpoint::draw_small(Peer& peer, const BodyKey& key, const BlockWish& wish, TimePoint now) {
  const MutableBytes random = MutableBytes{random_}.first(key.bytes);
  random_used_ = random.size();
  Provenance provenance;
  if (const Status status = fill(random, key.type, provenance); !status) return draw_failed(status.error());
  if (key.format == format::kOctetStream) return serve(peer, key, wish, random, now);
  const auto size = encode_random_answer(answer_format(key.format), random, provenance, body_);
  if (!size) return refusal(code::kInternalServerError, size.error(), "the answer could not be encoded");
  body_used_ = *size;
  return serve(peer, key, wish, Bytes{body_}.first(*size), now);
}

Answer Endpoint::draw_large(Peer& peer, const BodyKey& key, const BlockWish& wish, TimePoint now) {
  SecretBytes random(key.bytes);
  Provenance provenance;
  if (const Status status = fill(random.span(), key.type, provenance); !status) return draw_failed(status.error());
  if (key.format == format::kOctetStream) return in_blocks(peer, key, wish, std::move(random), now);
  SecretBytes body(most_body(key));
  const auto size = encode_random_answer(answer_format(key.format), random.span(), provenance, body.span());
  if (!size) return refusal(code::kInternalServerError, size.error(), "the answer could not be encoded");
  return in_blocks(peer, key, wish, SecretBytes(Bytes{body.span()}.first(*size)), now);
}

// serve gives the body whole when one block holds it.
Answer Endpoint::serve(Peer& peer, const BodyKey& key, const BlockWish& wish, Bytes body, TimePoint now) {
  if (body.size() <= wish.block_bytes()) return block_of(body, 0, key.format, wish);
  return in_blocks(peer, key, wish, SecretBytes(body), now);
}

Etag Endpoint::random_etag() noexcept {
  const std::uint64_t tag = dice_.next();
  Etag etag;
  for (std::size_t i = 0; i < kEtagBytes; ++i) etag[i] = static_cast<std::uint8_t>(tag >> (8 * i));
  return etag;
}

Answer Endpoint::in_blocks(Peer& peer, const BodyKey& key, const BlockWish& wish, SecretBytes body, TimePoint now) {
  const Etag etag = random_etag();
  const Transfer* kept = transfers_.keep(peer, key, etag, std::move(body), now);
  if (kept == nullptr) return no_room_for_body();
  Answer answer = block_of(kept->body.span(), 0, key.format, wish);
  answer.etag = etag;
  return answer;
}

Answer Endpoint::refusal(Code code, Error error, std::string_view detail, std::optional<std::chrono::seconds> retry) noexcept {
  Answer answer;
  answer.code = code;
  // An error without Max-Age may be cached for a minute (RFC 7252 5.10.5).
  answer.max_age_seconds = retry ? static_cast<std::uint32_t>(std::max<std::int64_t>(retry->count(), 1)) : 0;
  if (const auto size = encode_problem_cbor(error, detail, body_); size) {
    answer.content_format = format::kProblemDetailsCbor;
    answer.payload = Bytes{body_}.first(*size);
    body_used_ = std::max(body_used_, *size);
  }
  return answer;
}

Answer Endpoint::refusal(const access::Decision& decision) noexcept {
  const Error error = *decision.refusal;
  const Code code = code_of(error);
  const bool temporary = code == code::kTooManyRequests || code == code::kServiceUnavailable;
  return refusal(code, error, "", temporary ? std::optional(decision.retry_after) : std::nullopt);
}

// draw_failed: whatever kept the service from drawing, the client may come back; it never gets weaker bytes.
Answer Endpoint::draw_failed(Error error) noexcept {
  if (error == Error::too_large) return refusal(code::kRequestEntityTooLarge, error, "more than one draw can give");
  return refusal(code::kServiceUnavailable, error, "", seams_.draw.retry_after());
}

Answer Endpoint::no_room_for_body() noexcept {
  return refusal(code::kServiceUnavailable, Error::no_space, "too many large answers are being fetched", kTransferLifetime);
}

}  // namespace qeaas::coap
