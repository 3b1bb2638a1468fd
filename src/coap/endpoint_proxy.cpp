// SPDX-License-Identifier: GPL-3.0-or-later
// The forward proxy (RFC 7252 5.7) from CoAP to HTTP origins: GET only. A request that must be fetched is acknowledged at once and
// answered by a separate response (5.2.2); a retransmission of it gets the acknowledgement again and starts nothing. Fresh answers come
// from the cache. What the origin says in an error is not passed on; the status is.
#include <algorithm>

#include "coap/endpoint.hpp"
#include "coap/http_mapping.hpp"
#include "crypto/hash.hpp"

namespace qeaas::coap {

// ForwardedBody is a body of an origin, fetched or kept, as a view.
struct Endpoint::ForwardedBody {
  Bytes bytes;
  std::string_view validator;
  BodyForm form;
};

namespace {

constexpr std::chrono::seconds kBusyRetry{2};

std::uint32_t seconds_until(TimePoint when, TimePoint now) noexcept {
  return when <= now ? 0 : static_cast<std::uint32_t>(std::chrono::floor<std::chrono::seconds>(when - now).count());
}

std::uint64_t digest_of(std::string_view key) noexcept {
  const auto hash = sha256(bytes_of(key));
  std::uint64_t digest = 0;
  for (std::size_t i = 0; i < 8; ++i) digest = digest << 8 | hash[i];
  return digest;
}

// note_etags keeps what the client says it has. One that is not of our length is none of ours.
void note_etags(const Options& options, Forward& forward) noexcept {
  for (const OptionView& option : options) {
    if (option.number != Option::etag || option.value.size() != kEtagBytes || forward.etag_count == kMaxRequestEtags) continue;
    std::ranges::copy(option.value, forward.etags[forward.etag_count++].begin());
  }
}

bool has_etag(const Forward& forward, const Etag& etag) noexcept {
  const auto known = std::span(forward.etags).first(forward.etag_count);
  return std::ranges::find(known, etag) != known.end();
}

}  // namespace

Endpoint::~Endpoint() {
  for (std::uint32_t slot = 0; slot < forwards_.slots(); ++slot)
    if (forwards_[slot].ticket != 0) seams_.proxy.forwarder->cancel(forwards_[slot].ticket);
}

void Endpoint::forward(const Call& call) {
  const auto no_proxy = [&](std::string_view why) { respond(call, refusal(code::kProxyingNotSupported, Error::unsupported, why)); };
  if (seams_.proxy.forwarder == nullptr) return no_proxy("this server is no proxy");
  if (!call.peer.secure() && !seams_.proxy.plain) return no_proxy("this server is a proxy over coaps only");
  if (call.message.code != code::kGet)
    return respond(call, refusal(code::kMethodNotAllowed, Error::unsupported, "this proxy forwards GET only"));
  const auto target = read_proxy_target(call.message.options, call.request.accept);
  if (!target) return respond(call, refusal(target.error().code, target.error().error, target.error().detail));
  forward_get(call, *target);
}

void Endpoint::forward_get(const Call& call, const ProxyTarget& target) {
  const auto format = static_cast<std::uint16_t>(call.request.accept.value_or(0xffff));
  const BodyKey key{Resource::forwarded, format, EntropyType::mixed, 0, digest_of(target.key)};
  if (call.request.block2 && call.request.block2->num > 0) return continue_forwarded(call, key);
  if (challenged(call, kUnknownSize) || !admitted(call)) return;
  const CachedAnswer* kept = cache_.find(target.key, call.now);
  if (kept == nullptr || kept->fresh_until <= call.now) {
    if (!solvent(call)) return;
    return start_forward(call, target, key, kept == nullptr ? std::string() : kept->validator);
  }
  counters_.cache_hits.add();
  Forward asked;
  asked.peer = &call.peer;
  asked.key = key;
  asked.wish = wish_of(call.request, call.peer.max_datagram_bytes());
  note_etags(call.message.options, asked);
  respond(call, serve_forwarded(asked, {kept->body.span(), kept->validator, {kept->content_format, kept->fresh_until}}, call.now));
}

void Endpoint::start_forward(const Call& call, const ProxyTarget& target, const BodyKey& key, std::string validator) {
  if (call.peer.coap_state().forwards >= kMaxForwardsPerPeer)
    return respond(call,
                   refusal(code::kTooManyRequests, Error::over_quota, "four proxy requests of this client are under way", kBusyRetry));
  Forward waiting;
  waiting.peer = &call.peer;
  waiting.token = call.message.token;
  waiting.confirmable = call.message.type == Type::con;
  waiting.wish = wish_of(call.request, call.peer.max_datagram_bytes());
  waiting.accept = call.request.accept;
  waiting.key = key;
  waiting.cache_key = target.key;
  note_etags(call.message.options, waiting);
  const std::uint32_t slot = forwards_.add(std::move(waiting));
  if (slot == kNoSlot) return respond(call, forward_failed(Error::no_space));
  const auto ticket = seams_.proxy.forwarder->start({target.uri, target.accept, std::move(validator)},
                                                    [this, slot, order = forwards_[slot].order](Result<FetchAnswer> result, TimePoint now) {
                                                      on_fetched(slot, order, std::move(result), now);
                                                    });
  if (!ticket) {
    forwards_.erase(slot);
    if (ticket.error() == Error::refused)
      return respond(call, refusal(code::kProxyingNotSupported, Error::refused, "this origin is not on the proxy's list"));
    return respond(call, forward_failed(ticket.error()));
  }
  counters_.forwards.add();
  forwards_[slot].ticket = *ticket;
  acknowledge(call);
}

// acknowledge promises a separate response (RFC 7252 5.2.2). A Non-confirmable request gets nothing for now.
void Endpoint::acknowledge(const Call& call) noexcept {
  std::array<std::uint8_t, kHeaderBytes> message;
  write_empty(message, Type::ack, call.message.id);
  const bool confirmable = call.message.type == Type::con;
  exchanges_.remember(call.peer, call.message.id, confirmable ? Bytes{message} : Bytes{}, call.now);
  if (confirmable) (void)call.peer.send(message);
}

// continue_forwarded serves block 1 and later of what was fetched for this peer; it asks nobody.
void Endpoint::continue_forwarded(const Call& call, const BodyKey& key) {
  const Transfer* kept = transfers_.find(call.peer, call.now);
  if (kept == nullptr || kept->key != key || !etag_allows(call.message.options, kept->etag))
    return respond(call, refusal(code::kRequestEntityIncomplete, Error::not_found, "start again at block 0"));
  const std::size_t offset = call.request.block2->offset_bytes();
  if (offset >= kept->body.size()) return respond(call, refusal(code::kBadRequest, Error::out_of_range, "the block is beyond the end"));
  Answer answer = block_of(kept->body.span(), offset, kept->form.content_format, wish_of(call.request, call.peer.max_datagram_bytes()));
  answer.etag = kept->etag;
  answer.max_age_seconds = seconds_until(kept->form.fresh_until, call.now);
  const bool last = !answer.block2->more;
  respond(call, answer);
  if (last) transfers_.drop(call.peer);
}

void Endpoint::on_fetched(std::uint32_t place, std::uint64_t order, Result<FetchAnswer> result, TimePoint now) noexcept {
  const std::uint32_t slot = forwards_.find(place, order);
  if (slot == kNoSlot) return;
  forwards_[slot].ticket = 0;
  const Forward& forward = forwards_[slot];
  const Answer answer = result ? forwarded(forward, *result, now) : forward_failed(result.error());
  if (!answer.code.is_success()) {
    counters_.refusals.add();
    debit_fetched(*forward.peer, result, now);
  }
  // The cache changes after the answer is composed, which may point into it; the key is taken out before the forward goes.
  const std::string cache_key = forward.cache_key;
  send_forwarded(slot, answer, now);
  if (result && result->status != 304) keep(cache_key, std::move(*result), now);
}

// solvent: how much a fetch will cost is not known before it, but an allowance that is used up buys none.
bool Endpoint::solvent(const Call& call) {
  const access::Decision decision = seams_.gate.admit(call.peer, 1, call.now);
  if (decision) seams_.gate.give_back(call.peer, 1);
  if (!decision) respond(call, refusal(decision));
  return static_cast<bool>(decision);
}

// debit_fetched: what was fetched and is not passed on has cost the origin the same, which may be this very server. Where the allowance
// holds less, all of that is taken.
void Endpoint::debit_fetched(Peer& peer, const Result<FetchAnswer>& result, TimePoint now) noexcept {
  std::size_t bytes = 0;
  if (result) bytes = result->body.size();
  if (!result && result.error() == Error::too_large) bytes = seams_.proxy.max_body_bytes;
  for (std::size_t piece = bytes; piece > 0; piece = std::min(piece, bytes)) {
    const access::Decision decision = seams_.gate.admit(peer, piece, now);
    if (!decision && decision.refusal != Error::over_quota && decision.refusal != Error::too_large) return;
    if (decision) bytes -= piece;
    if (!decision) piece /= 2;
  }
}

Answer Endpoint::forwarded(const Forward& forward, const FetchAnswer& got, TimePoint now) {
  if (got.status == 304) return not_modified(forward, got, now);
  if (!map_status(got.status).code.is_success()) return origin_refused(got);
  if (got.encoded) return refusal(code::kBadGateway, Error::unsupported, "the origin encodes its answer, which nobody asked for");
  const auto content_format = content_format_of(got.content_type);
  if (forward.accept && content_format != *forward.accept)
    return refusal(code::kNotAcceptable, Error::unsupported, "the origin answers in another format");
  const std::string_view validator = is_validator(got.etag) ? std::string_view(got.etag) : std::string_view();
  return serve_forwarded(forward, {got.body.span(), validator, {content_format, now + std::chrono::seconds(freshness_of(got).seconds)}},
                         now);
}

// not_modified: what was kept is good again (RFC 7252 5.6.2), for as long as the origin says now.
Answer Endpoint::not_modified(const Forward& forward, const FetchAnswer& got, TimePoint now) {
  const CachedAnswer* kept = cache_.find(forward.cache_key, now);
  if (kept == nullptr || kept->validator.empty())
    return refusal(code::kServiceUnavailable, Error::no_space, "the kept answer is gone; ask again", std::chrono::seconds(1));
  if (!got.etag.empty() && got.etag != kept->validator)
    return refusal(code::kBadGateway, Error::malformed, "the origin confirms what it was not asked about");
  cache_.refresh(forward.cache_key, now + std::chrono::seconds(freshness_of(got).seconds));
  return serve_forwarded(forward, {kept->body.span(), kept->validator, {kept->content_format, kept->fresh_until}}, now);
}

// serve_forwarded debits the body before it is sent. A client that has it already gets 2.03.
Answer Endpoint::serve_forwarded(const Forward& forward, const ForwardedBody& body, TimePoint now) {
  Peer& peer = *forward.peer;
  Answer answer;
  const std::uint32_t max_age = seconds_until(body.form.fresh_until, now);
  std::optional<Etag> etag;
  if (!body.validator.empty()) etag = etag_of(body.validator);
  const bool valid = etag && has_etag(forward, *etag);
  const bool whole = body.bytes.size() <= forward.wish.block_bytes();
  if (!valid && !whole && !transfers_.room_for(peer, body.bytes.size())) return no_room_for_body();
  if (const auto decision = seams_.gate.admit(peer, valid ? 0 : body.bytes.size(), now); !decision) return refusal(decision);
  if (valid) {
    answer.code = code::kValid;
  } else if (whole) {
    answer = block_of(body.bytes, 0, body.form.content_format, forward.wish);
  } else {
    if (!etag) etag = random_etag();
    const Transfer* kept = transfers_.keep(peer, forward.key, *etag, SecretBytes(body.bytes), now, body.form);
    if (kept == nullptr) return no_room_for_body();
    answer = block_of(kept->body.span(), 0, body.form.content_format, forward.wish);
  }
  answer.etag = etag;
  answer.max_age_seconds = max_age;
  return answer;
}

Answer Endpoint::origin_refused(const FetchAnswer& got) {
  const MappedStatus mapped = map_status(got.status);
  const bool temporary = mapped.code == code::kTooManyRequests || mapped.code == code::kServiceUnavailable;
  const std::chrono::seconds retry(got.retry_after_seconds == 0 ? 1 : std::min<std::uint32_t>(got.retry_after_seconds, 3600));
  return refusal(mapped.code, mapped.error, "the origin answers with status " + std::to_string(got.status),
                 temporary ? std::optional(retry) : std::nullopt);
}

Answer Endpoint::forward_failed(Error error) noexcept {
  switch (error) {
    case Error::refused:
      return refusal(code::kProxyingNotSupported, error, "the origin leads to an address or origin that is not on the proxy's list");
    case Error::timeout: return refusal(code::kGatewayTimeout, error, "the origin did not answer in time");
    case Error::no_space: return refusal(code::kServiceUnavailable, error, "too many proxy requests are under way", kBusyRetry);
    case Error::too_large: return refusal(code::kBadGateway, error, "the origin's answer is larger than this proxy takes");
    case Error::not_trusted: return refusal(code::kBadGateway, error, "the origin's certificate is not trusted");
    case Error::malformed: return refusal(code::kBadGateway, error, "the origin does not answer as HTTP asks");
    default: return refusal(code::kBadGateway, Error::unreachable, "the origin cannot be reached");
  }
}

// may_keep: never what may be entropy, whatever its headers say.
bool Endpoint::may_keep(const FetchAnswer& got) const noexcept {
  const auto& own = seams_.proxy.own_ports;
  return got.status == 200 && !got.encoded && freshness_of(got).may_store && std::ranges::find(own, got.origin.port) == own.end();
}

void Endpoint::keep(const std::string& cache_key, FetchAnswer got, TimePoint now) {
  if (!may_keep(got)) return cache_.erase(cache_key);
  CachedAnswer answer;
  answer.key = cache_key;
  answer.content_format = content_format_of(got.content_type);
  if (is_validator(got.etag)) answer.validator = got.etag;
  answer.fresh_until = now + std::chrono::seconds(freshness_of(got).seconds);
  answer.body = std::move(got.body);
  cache_.put(std::move(answer));
}

// send_forwarded sends the separate response, or keeps it while another Confirmable message is under way to this peer.
void Endpoint::send_forwarded(std::uint32_t slot, const Answer& answer, TimePoint now) noexcept {
  Forward& forward = forwards_[slot];
  Peer& peer = *forward.peer;
  if (!forward.confirmable || peer.coap_state().outstanding == kNoSlot) {
    const Token token = forward.token;
    const bool confirmable = forward.confirmable;
    forwards_.erase(slot);
    return start_message(peer, token, answer, confirmable, kNoSlot, now);
  }
  forward.id = peer.coap_state().next_id++;
  forward.datagram = SecretBytes(compose(peer, Type::con, forward.id, forward.token, answer));
  wipe_buffers();
}

// send_next sends what waited for an acknowledgement of something else.
void Endpoint::send_next(Peer& peer, TimePoint now) noexcept {
  if (peer.coap_state().forwards == 0 || peer.coap_state().outstanding != kNoSlot) return;
  const std::uint32_t slot = forwards_.next_to_send(peer);
  if (slot == kNoSlot) return;
  const Forward& forward = forwards_[slot];
  outstanding_.start(peer, forward.id, forward.datagram.span(), kNoSlot, dice_.next(), now);
  (void)peer.send(forward.datagram.span());
  forwards_.erase(slot);
}

void Endpoint::drop_forwards(Peer& peer) noexcept {
  for (auto slot = forwards_.of(peer); slot != kNoSlot; slot = forwards_.of(peer)) {
    if (forwards_[slot].ticket != 0) seams_.proxy.forwarder->cancel(forwards_[slot].ticket);
    forwards_.erase(slot);
  }
}

}  // namespace qeaas::coap
