// SPDX-License-Identifier: GPL-3.0-or-later
// /random_number/{n}, as the server of the seeds gives it: an unsigned integer (big-endian) up to 8 bytes, lower-case hex beyond.
#include "http/handlers.hpp"
#include "http/media_type.hpp"
#include "http/negotiate.hpp"
#include "wire/json_writer.hpp"

namespace qeaas::http {
namespace {

constexpr std::uint64_t kMaxNumberBytes = 256;
constexpr std::size_t kIntegerBytes = 8;

// refuse_in_shape gives the error that this shape has, with the status that it means.
void refuse_in_shape(Exchange& exchange, unsigned status, std::string_view text) noexcept {
  exchange.reply.status = status;
  exchange.write_body(media::kJson, [&](MutableBytes room) {
    return JsonWriter(room).raw(R"({"return":1,"error_message":)").text(text).raw("}").finish();
  });
}

}  // namespace

void get_random_number(Exchange& exchange) noexcept {
  const auto count = decimal(exchange.argument);
  if (!count || *count == 0 || *count > kMaxNumberBytes) return refuse_in_shape(exchange, 400, "the number of bytes must be 1 to 256");
  Provenance provenance;
  const auto random = exchange.site.scratch.draw.span().first(*count);
  if (!exchange.draw(random, EntropyType::mixed, provenance))
    return refuse_in_shape(exchange, exchange.reply.status, exchange.failure_text);
  exchange.describe(provenance);
  exchange.write_body(media::kJson, [&](MutableBytes room) {
    JsonWriter json(room);
    json.raw(R"({"return":0,"random_number":)");
    if (random.size() > kIntegerBytes) return json.hex(random).raw("}").finish();
    std::uint64_t value = 0;
    for (const auto byte : random) value = value << 8 | byte;
    return json.number(value).raw("}").finish();
  });
}

}  // namespace qeaas::http
