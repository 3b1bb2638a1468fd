// SPDX-License-Identifier: GPL-3.0-or-later
// Shapes of other services, each behind a switch: pollen (for pollinate), ANU and Qrypt. Their errors are theirs too.
#include <algorithm>

#include "base/hex.hpp"
#include "crypto/hash.hpp"
#include "http/handlers.hpp"
#include "http/media_type.hpp"
#include "http/negotiate.hpp"
#include "wire/json_writer.hpp"

namespace qeaas::http {
namespace {

constexpr std::uint64_t kMaxAnu = 1024;  // of length, and of size
constexpr std::uint64_t kMaxQryptKibibytes = 512;
constexpr std::size_t kQryptBlockBytes = 1024;

void refuse_pollen(Exchange& exchange, unsigned status, std::string_view text) noexcept {
  exchange.reply.status = status;
  exchange.reply.content_type = "text/plain; charset=utf-8";
  exchange.reply.text = std::string(text) + "\n";
}

// refuse_as writes one member of a JSON object with the error's words, in front of what a shape always has.
void refuse_as(Exchange& exchange, unsigned status, std::string_view begin, std::string_view text) noexcept {
  exchange.reply.status = status;
  exchange.write_body(media::kJson, [&](MutableBytes room) { return JsonWriter(room).raw(begin).text(text).raw("}").finish(); });
}

void refuse_anu(Exchange& exchange, unsigned status, std::string_view text) noexcept {
  refuse_as(exchange, status, R"({"success":false,"message":)", text);
}

void refuse_qrypt(Exchange& exchange, unsigned status, std::string_view text) noexcept {
  refuse_as(exchange, status, R"({"error":)", text);
}

struct Anu {
  std::uint64_t length = 0;
  std::uint64_t size = 1;
  std::string_view type;  // one of kAnuTypes
};

constexpr std::array<std::string_view, 4> kAnuTypes{"uint8", "uint16", "hex8", "hex16"};

// read_anu gives the words of the first mistake, or none.
std::string_view read_anu(std::string_view query, Anu& anu) noexcept {
  QueryReader reader(query);
  QueryReader::Pair pair;
  auto more = reader.next(pair);
  for (; more && *more; more = reader.next(pair)) {
    if (pair.name == "type") {
      const auto* found = std::find(kAnuTypes.begin(), kAnuTypes.end(), pair.value);
      if (found == kAnuTypes.end()) return "type must be uint8, uint16, hex8 or hex16";
      anu.type = *found;
    }
    if (pair.name != "length" && pair.name != "size") continue;
    const auto value = decimal(pair.value);
    if (!value || *value == 0 || *value > kMaxAnu) return "length and size must be 1 to 1024";
    (pair.name == "length" ? anu.length : anu.size) = *value;
  }
  if (!more) return "the query is not name=value&name=value";
  if (anu.length == 0) return "length is missing";
  if (anu.type.empty()) return "type is missing";
  const std::size_t unit = anu.type.ends_with("16") ? 2 : 1;
  if (!anu.type.starts_with("hex")) anu.size = 1;
  if (anu.length * anu.size * unit > kMaxDrawBytes) return "length times size is more than 65536 bytes";
  return {};
}

void write_anu(const Anu& anu, Bytes random, JsonWriter& json) noexcept {
  const std::size_t unit = random.size() / anu.length;
  for (std::size_t i = 0; i < anu.length; ++i) {
    const auto item = random.subspan(i * unit, unit);
    json.raw(i == 0 ? "" : ",");
    if (anu.type.starts_with("hex"))
      json.hex(item);
    else
      json.number(unit == 1 ? item[0] : static_cast<std::uint64_t>(item[0]) << 8 | item[1]);
  }
}

}  // namespace

void post_pollen(Exchange& exchange) noexcept {
  QueryReader reader(exchange.body);
  QueryReader::Pair pair;
  std::array<char, QueryReader::kValueBytes> challenge;
  std::size_t size = 0;
  for (auto more = reader.next(pair); more && *more; more = reader.next(pair))
    if (pair.name == "challenge")
      size = static_cast<std::size_t>(std::copy(pair.value.begin(), pair.value.end(), challenge.begin()) - challenge.begin());
  if (size == 0) return refuse_pollen(exchange, 400, "usage: POST challenge=... ; use pollinate(1)");
  Provenance provenance;
  const auto seed = exchange.site.scratch.draw.span().first(kSha512Bytes);
  if (!exchange.draw(seed, EntropyType::mixed, provenance)) return refuse_pollen(exchange, exchange.reply.status, exchange.failure_text);
  exchange.describe(provenance);
  const auto answer = sha512({reinterpret_cast<const std::uint8_t*>(challenge.data()), size});
  exchange.write_body("text/plain; charset=utf-8", [&](MutableBytes room) -> Result<std::size_t> {
    auto* out = reinterpret_cast<char*>(room.data());
    for (const auto line : {Bytes(answer), Bytes(seed)}) {
      write_hex(line, {out, 2 * kSha512Bytes});
      out += 2 * kSha512Bytes;
      *out++ = '\n';
    }
    return 2 * (2 * kSha512Bytes + 1);
  });
}

void get_anu(Exchange& exchange) noexcept {
  Anu anu;
  if (const auto wrong = read_anu(exchange.head.query(), anu); !wrong.empty()) return refuse_anu(exchange, 400, wrong);
  const std::size_t unit = (anu.type.ends_with("16") ? 2 : 1) * anu.size;
  Provenance provenance;
  const auto random = exchange.site.scratch.draw.span().first(anu.length * unit);
  if (!exchange.draw(random, EntropyType::mixed, provenance)) return refuse_anu(exchange, exchange.reply.status, exchange.failure_text);
  exchange.describe(provenance);
  exchange.write_body(media::kJson, [&](MutableBytes room) {
    JsonWriter json(room);
    json.raw(R"({"success":true,"type":)").text(anu.type.starts_with("hex") ? "string" : anu.type);
    json.raw(R"(,"length":)").number(anu.length);
    if (anu.type.starts_with("hex")) json.raw(R"(,"size":)").number(anu.size);
    json.raw(R"(,"data":[)");
    write_anu(anu, random, json);
    return json.raw("]}").finish();
  });
}

void get_qrypt(Exchange& exchange) noexcept {
  QueryReader reader(exchange.head.query());
  QueryReader::Pair pair;
  std::uint64_t kibibytes = 0;
  for (auto more = reader.next(pair); more && *more; more = reader.next(pair))
    if (pair.name == "size") kibibytes = decimal(pair.value).value_or(0);
  if (kibibytes == 0 || kibibytes > kMaxQryptKibibytes) return refuse_qrypt(exchange, 400, "size must be 1 to 512 (KiB)");
  const bool begun = exchange.begin({.left_bytes = kibibytes * kQryptBlockBytes,
                                     .form = Streaming::Form::blocks,
                                     .block_bytes = kQryptBlockBytes,
                                     .tail = R"(],"size":)" + std::to_string(kibibytes) + "}"},
                                    media::kJson, R"({"random":[)");
  if (!begun) refuse_qrypt(exchange, exchange.reply.status, exchange.failure_text);
}

}  // namespace qeaas::http
