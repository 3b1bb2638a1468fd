// SPDX-License-Identifier: GPL-3.0-or-later
// /v1/random and the opening of /v1/stream (docs/http.md).
#include "base/hex.hpp"
#include "http/handlers.hpp"
#include "http/limits.hpp"
#include "http/media_type.hpp"
#include "http/negotiate.hpp"
#include "wire/base64.hpp"
#include "wire/random_answer.hpp"

namespace qeaas::http {
namespace {

constexpr std::size_t kWebSocketKeyBytes = 16;
constexpr std::array<std::string_view, 4> kForms{media::kOctets, media::kJson, media::kCbor, media::kText};

struct Query {
  std::uint64_t bytes = 32;
  EntropyType type = EntropyType::mixed;
  std::uint64_t frame = 4096;
};

// Names says which parameter carries the number, and up to which value.
struct Number {
  std::string_view name;
  std::uint64_t limit;
  std::uint64_t Query::*slot;
};

bool read_number(Exchange& exchange, const Number& number, std::string_view text, Query& query) noexcept {
  const auto value = decimal(text);
  if (!value && value.error() == Error::malformed) {
    exchange.refuse(Error::malformed, "a number of bytes must be decimal digits");
    return false;
  }
  if (!value || *value > number.limit) {
    exchange.refuse(Error::too_large, "more bytes than this resource gives; /openapi.json names the limits");
    return false;
  }
  if (*value == 0) {
    exchange.refuse(Error::out_of_range, "a number of bytes must be at least 1");
    return false;
  }
  query.*number.slot = *value;
  return true;
}

std::optional<Query> read_query(Exchange& exchange, const Number& number) noexcept {
  Query query;
  QueryReader reader(exchange.head.query());
  QueryReader::Pair pair;
  bool seen_number = false;
  bool seen_type = false;
  auto more = reader.next(pair);
  for (; more && *more; more = reader.next(pair)) {
    const bool is_number = pair.name == number.name;
    if (!is_number && pair.name != "type") {
      exchange.refuse(Error::unknown, number.name == "bytes" ? "unknown parameter: only bytes and type are defined"
                                                             : "unknown parameter: only frame and type are defined");
      return std::nullopt;
    }
    if (std::exchange(is_number ? seen_number : seen_type, true)) {
      exchange.refuse(Error::malformed, "a parameter is given more than once");
      return std::nullopt;
    }
    if (is_number) {
      if (!read_number(exchange, number, pair.value, query)) return std::nullopt;
      continue;
    }
    const auto type = entropy_type(pair.value);
    if (!type) {
      exchange.refuse(Error::unknown, "type must be direct, mixed or drbg");
      return std::nullopt;
    }
    query.type = *type;
  }
  if (!more) {
    exchange.refuse(Error::malformed, "the query is not name=value&name=value");
    return std::nullopt;
  }
  return query;
}

void encode(Exchange& exchange, std::string_view form, Bytes random, const Provenance& provenance) noexcept {
  if (form == media::kOctets) {
    exchange.reply.content_type = media::kOctets;
    exchange.reply.body = random;
    return;
  }
  exchange.write_body(form, [&](MutableBytes room) -> Result<std::size_t> {
    if (form != media::kText)
      return encode_random_answer(form == media::kCbor ? AnswerFormat::cbor : AnswerFormat::json, random, provenance, room);
    const auto digits = 2 * random.size();
    write_hex(random, {reinterpret_cast<char*>(room.data()), digits});
    room[digits] = '\n';
    return digits + 1;
  });
}

}  // namespace

void get_random(Exchange& exchange) noexcept {
  const auto query = read_query(exchange, {"bytes", kMaxStreamBytes, &Query::bytes});
  if (!query) return;
  const auto form = choose(kForms, exchange.head.accept);
  if (!form)
    return exchange.refuse(Error::unsupported,
                           "Accept must allow application/octet-stream, application/json, application/cbor or text/plain");
  if (query->bytes > kMaxDrawBytes) {
    if (*form == media::kJson || *form == media::kCbor)
      return exchange.refuse(Error::too_large, "JSON and CBOR carry at most 65536 bytes; ask for application/octet-stream or text/plain");
    const bool hex = *form == media::kText;
    exchange.begin({.left_bytes = query->bytes,
                    .type = query->type,
                    .form = hex ? Streaming::Form::hex : Streaming::Form::octets,
                    .tail = hex ? "\n" : ""},
                   *form, "");
    return;
  }
  Provenance provenance;
  const auto random = exchange.site.scratch.draw.span().first(query->bytes);
  if (!exchange.draw(random, query->type, provenance)) return;
  exchange.describe(provenance);
  encode(exchange, *form, random, provenance);
}

void get_stream(Exchange& exchange) noexcept {
  const auto query = read_query(exchange, {"frame", kMaxDrawBytes, &Query::frame});
  if (!query) return;
  const auto& head = exchange.head;
  const bool wanted = head.method == Method::get && !head.http_1_0 && head.upgrade_websocket && head.connection_upgrade;
  if (!wanted || head.websocket_key.empty() || head.websocket_version != "13") {
    exchange.refuse(426, Error::unsupported, "this resource is a WebSocket (RFC 6455, version 13)");
    exchange.reply.fields.add("Connection", {"Upgrade"}).add("Upgrade", {"websocket"}).add("Sec-WebSocket-Version", {"13"});
    return;
  }
  const auto key = from_base64(head.websocket_key);
  if (!key || key->size() != kWebSocketKeyBytes)
    return exchange.refuse(Error::malformed, "Sec-WebSocket-Key must be 16 bytes in base64 (RFC 6455 4.1)");
  // A page of another origin must not spend the allowance of whoever looks at it (RFC 6455 10.2).
  if (const auto scheme = head.origin.find("://");
      !head.origin.empty() && (scheme == std::string_view::npos || head.origin.substr(scheme + 3) != head.host))
    return exchange.refuse(403, Error::forbidden, "WebSockets are not for pages of other origins");
  if (!exchange.authorise(0)) return;
  exchange.reply.push = Push{query->type, static_cast<std::uint32_t>(query->frame)};
}

}  // namespace qeaas::http
