// SPDX-License-Identifier: GPL-3.0-or-later
// The resources of the endpoint: /random, /sources, /health and /.well-known/core (docs/protocol.md), and what a request must prove
// before one of them answers: its address on a plain channel (RFC 9175), its allowance at the gate.
#include <algorithm>
#include <limits>
#include <vector>

#include "coap/endpoint.hpp"
#include "wire/link_format.hpp"
#include "wire/random_query.hpp"

namespace qeaas::coap {
namespace {

constexpr std::array<std::uint16_t, 3> kRandomFormats{format::kOctetStream, format::kJson, format::kCbor};
constexpr std::array<std::uint16_t, 2> kReportFormats{format::kCbor, format::kJson};
constexpr std::array<std::uint16_t, 1> kLinkFormats{format::kLinkFormat};

const std::array<Link, 3>& links() noexcept {
  static const std::array<Link, 3> all{Link{.path = "/random",
                                            .resource_type = "qeaas.random",
                                            .interface_description = {},
                                            .content_formats = kRandomFormats,
                                            .observable = true,
                                            .title = "random bytes",
                                            .size_bytes = {}},
                                       Link{.path = "/sources",
                                            .resource_type = "qeaas.sources",
                                            .interface_description = {},
                                            .content_formats = kReportFormats,
                                            .observable = false,
                                            .title = "noise sources",
                                            .size_bytes = {}},
                                       Link{.path = "/health",
                                            .resource_type = "qeaas.health",
                                            .interface_description = {},
                                            .content_formats = kReportFormats,
                                            .observable = false,
                                            .title = "health",
                                            .size_bytes = {}}};
  return all;
}

// choose takes the format that Accept asks for; the first of the list without one (RFC 7252 5.10.4).
std::optional<std::uint16_t> choose(std::span<const std::uint16_t> formats, std::optional<std::uint32_t> accept) noexcept {
  if (!accept) return formats.front();
  const auto found = std::find(formats.begin(), formats.end(), *accept);
  return found == formats.end() ? std::nullopt : std::optional(*found);
}

bool later_block(const Request& request) noexcept { return request.block2 && request.block2->num > 0; }

std::size_t largest_body(const BodyKey& key) noexcept {
  if (key.format == format::kOctetStream) return key.bytes;
  return max_answer_bytes(key.format == format::kJson ? AnswerFormat::json : AnswerFormat::cbor, key.bytes);
}

// summary draws the content of /health out of that of /sources.
HealthReport summary(const SourcesReport& report) noexcept {
  // Sources that may not feed direct (the kernel's, an untrusted remote one) do not count on either side.
  const auto counted =
      std::count_if(report.sources.begin(), report.sources.end(), [](const SourceReport& source) { return may_feed_direct(source.kind); });
  HealthReport health{HealthStatus::degraded, report.healthy, static_cast<std::uint64_t>(counted)};
  if (report.healthy < std::max<std::uint64_t>(report.min_sources, 1))
    health.status = HealthStatus::failed;
  else if (report.healthy == health.total)
    health.status = HealthStatus::ok;
  return health;
}

Result<std::vector<std::uint8_t>> encode_report(const SourcesReport& report, const BodyKey& key) {
  const bool health = key.resource == Resource::health;
  if (key.format == format::kCbor) return health ? to_cbor(summary(report)) : to_cbor(report);
  const auto text = health ? to_json(summary(report)) : to_json(report);
  if (!text) return fail(text.error());
  return std::vector<std::uint8_t>(text->begin(), text->end());
}

}  // namespace

Endpoint::Handler Endpoint::route(const Request& request) noexcept {
  struct Route {
    std::size_t segments;
    std::array<std::string_view, kMaxPathSegments> path;
    Handler handler;
  };
  static constexpr std::array<Route, 4> kRoutes{{{1, {"random"}, &Endpoint::get_random},
                                                 {1, {"sources"}, &Endpoint::get_sources},
                                                 {1, {"health"}, &Endpoint::get_health},
                                                 {2, {".well-known", "core"}, &Endpoint::get_core}}};
  for (const Route& route : kRoutes)
    if (route.segments == request.path_segments && route.path == request.path) return route.handler;
  return nullptr;
}

void Endpoint::dispatch(const Call& call) {
  if (call.request.wants_proxy) return forward(call);
  if (call.message.code != code::kGet) return respond(call, refusal(code::kMethodNotAllowed, Error::unsupported, "only GET is allowed"));
  const Handler handler = route(call.request);
  if (handler == nullptr) return respond(call, refusal(code::kNotFound, Error::unknown, "see /.well-known/core"));
  (this->*handler)(call);
}

// challenged is true when the request was answered with 4.01 and an Echo value, because the answer could be a multiple of it and the
// address is not proved. Whole bodies count, not blocks: what one spoofed packet can cost is meant. An observation always counts.
bool Endpoint::challenged(const Call& call, std::size_t body_bytes) {
  if (call.peer.secure()) return false;
  const Bytes address = call.peer.address();
  if (!call.request.echo.empty() && echo_.accept(address, call.request.echo, call.now)) return false;
  const std::size_t answer_bytes = kAnswerOverhead - kMaxTokenBytes + call.message.token.size() + body_bytes;
  if (may_amplify(call.peer, call.request_bytes, answer_bytes, call.now)) return false;
  counters_.challenges.add();
  // Not remembered: a flood of spoofed requests must not push out the exchanges of others.
  respond(call, Answer{.code = code::kUnauthorized, .echo = echo_.challenge(address, call.now)}, false);
  return true;
}

// etag_allows: a request that names ETags goes on only with a body that has one of them.
bool Endpoint::etag_allows(const Options& options, const Etag& etag) noexcept {
  bool named = false;
  for (const OptionView& option : options) {
    if (option.number != Option::etag) continue;
    if (std::ranges::equal(option.value, etag)) return true;
    named = true;
  }
  return !named;
}

bool Endpoint::admitted(const Call& call) {
  const access::Decision decision = seams_.gate.admit(call.peer, 0, call.now);
  if (!decision) respond(call, refusal(decision));
  return static_cast<bool>(decision);
}

void Endpoint::get_random(const Call& call) {
  const auto query = parse_random_query(call.message.options);
  if (!query) {
    const bool large = query.error().error == Error::too_large;
    return respond(call, refusal(large ? code::kRequestEntityTooLarge : code::kBadRequest, query.error().error, query.error().text));
  }
  const auto chosen = choose(kRandomFormats, call.request.accept);
  if (!chosen) return respond(call, refusal(code::kNotAcceptable, Error::unsupported, "Accept must be 42, 50 or 60"));
  const BodyKey key{Resource::random, *chosen, query->type, query->bytes};
  if (later_block(call.request)) return continue_transfer(call, key);
  const bool observing = call.request.observe == 0u;
  if (challenged(call, observing ? kUnknownSize : largest_body(key))) return;
  if (observing) return observe_random(call, key, query->every_seconds);
  if (call.request.observe == 1u)
    if (const auto slot = observations_.find(call.peer, call.message.token); slot != kNoSlot) remove_observation(slot);
  respond(call, draw(call.peer, key, wish_of(call.request, call.peer.max_datagram_bytes()), call.now));
}

// continue_transfer serves block 1 and later of a kept body, with the block size that the request names or a smaller one that fits.
void Endpoint::continue_transfer(const Call& call, const BodyKey& key) {
  const Transfer* kept = transfers_.find(call.peer, call.now);
  if (kept == nullptr || kept->key != key || !etag_allows(call.message.options, kept->etag))
    return respond(call, refusal(code::kRequestEntityIncomplete, Error::not_found, "start again at block 0"));
  const std::size_t offset = call.request.block2->offset_bytes();
  if (offset >= kept->body.size()) return respond(call, refusal(code::kBadRequest, Error::out_of_range, "the block is beyond the end"));
  Answer answer = block_of(kept->body.span(), offset, key.format, wish_of(call.request, call.peer.max_datagram_bytes()));
  answer.etag = kept->etag;
  answer.max_age_seconds = 0;
  const bool last = !answer.block2->more;
  respond(call, answer);
  if (last) transfers_.drop(call.peer);
}

void Endpoint::get_sources(const Call& call) { serve_report(call, Resource::sources); }
void Endpoint::get_health(const Call& call) { serve_report(call, Resource::health); }

void Endpoint::serve_report(const Call& call, Resource resource) {
  if (call.message.options.find(Option::uri_query))
    return respond(call, refusal(code::kBadRequest, Error::unknown, "this resource has no parameters"));
  const auto chosen = choose(kReportFormats, call.request.accept);
  if (!chosen) return respond(call, refusal(code::kNotAcceptable, Error::unsupported, "Accept must be 50 or 60"));
  const BodyKey key{resource, *chosen, EntropyType::mixed, 0};
  if (later_block(call.request)) return continue_transfer(call, key);
  if (challenged(call, kUnknownSize) || !admitted(call)) return;
  const auto body = encode_report(seams_.report(), key);
  if (!body) return respond(call, refusal(code::kInternalServerError, body.error(), "the report could not be encoded"));
  Answer answer = serve(call.peer, key, wish_of(call.request, call.peer.max_datagram_bytes()), *body, call.now);
  if (answer.code.is_success()) answer.max_age_seconds = 0;
  respond(call, answer);
}

void Endpoint::get_core(const Call& call) {
  LinkFilter filter;
  std::size_t queries = 0;
  for (const OptionView& option : call.message.options) {
    if (option.number != Option::uri_query) continue;
    const auto parsed = parse_link_filter(option.text());
    if (!parsed || ++queries > 1) return respond(call, refusal(code::kBadRequest, Error::malformed, "one filter name=value at most"));
    filter = *parsed;
  }
  if (!choose(kLinkFormats, call.request.accept))
    return respond(call, refusal(code::kNotAcceptable, Error::unsupported, "Accept must be 40"));
  const auto size = encode_links(links(), filter, body_);
  if (!size) return respond(call, refusal(code::kInternalServerError, size.error(), "the links could not be encoded"));
  body_used_ = *size;
  if (challenged(call, *size)) return;
  const std::size_t offset = later_block(call.request) ? call.request.block2->offset_bytes() : 0;
  if (offset > 0 && offset >= *size) return respond(call, refusal(code::kBadRequest, Error::out_of_range, "the block is beyond the end"));
  respond(call, block_of(Bytes{body_}.first(*size), offset, format::kLinkFormat, wish_of(call.request, call.peer.max_datagram_bytes())));
}

}  // namespace qeaas::coap
