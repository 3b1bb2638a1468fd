// SPDX-License-Identifier: GPL-3.0-or-later
// The QRNG Open API: capabilities, entropy, health test. A parameter that is wrong is 422, a source that is out 503.
#include "base/timestamp.hpp"
#include "http/handlers.hpp"
#include "http/limits.hpp"
#include "http/media_type.hpp"
#include "http/negotiate.hpp"
#include "wire/entropy_request.hpp"
#include "wire/json_writer.hpp"

namespace qeaas::http {
namespace {

std::string_view verdict(SourceState state) noexcept {
  switch (state) {
    case SourceState::healthy: return "pass";
    case SourceState::alarmed: return "fail";
    case SourceState::starting: return "running";
    case SourceState::gone: break;
  }
  return "unavailable";
}

}  // namespace

void get_capabilities(Exchange& exchange) noexcept {
  const auto report = exchange.site.reports.sources();
  exchange.reply.no_store = false;
  exchange.reply.fields.add("Cache-Control", {"no-cache"});
  exchange.write_body(media::kJson, [&](MutableBytes room) {
    return JsonWriter(room)
        .raw(R"({"entropy":{"min_block_size":1,"max_block_size":)")
        .number(kMaxBlockBytes)
        .raw(R"(,"min_block_count":1,"max_block_count":)")
        .number(kMaxBlocks)
        .raw(R"(,"entropy_types":["mixed","direct","drbg"]},"healthtest":true,"source_count":)")
        .number(report.sources.size())
        .raw("}")
        .finish();
  });
}

void post_entropy(Exchange& exchange) noexcept {
  if (!exchange.head.content_type.empty() && !is_media_type(exchange.head.content_type, media::kJson))
    return exchange.refuse(415, Error::unsupported, "send the body with Content-Type: application/json");
  const auto request = parse_entropy_request(bytes_of(exchange.body), kMaxBlockBytes, kMaxBlocks);
  if (!request) return exchange.refuse(422, request.error().error, request.error().text);
  exchange.begin({.left_bytes = request->block_bytes * request->block_count,
                  .type = request->type,
                  .form = Streaming::Form::blocks,
                  .block_bytes = request->block_bytes,
                  .tail = "]}"},
                 media::kJson, R"({"entropy":[)");
}

void get_healthtest(Exchange& exchange) noexcept {
  const auto report = exchange.site.reports.sources();
  const auto time = rfc3339(std::chrono::system_clock::now());
  exchange.write_body(media::kJson, [&](MutableBytes room) {
    JsonWriter json(room);
    json.raw(R"({"test_result":[)");
    bool first = true;
    for (const auto& source : report.sources) {
      json.raw(first ? "" : ",").raw(R"({"test_type":)").text("SP 800-90B 4.4 continuous, " + source.id);
      json.raw(R"(,"test_result":)").text(verdict(source.state)).raw(R"(,"time_stamp":)").text(time);
      json.raw(R"(,"report_link":"/v1/sources"})");
      first = false;
    }
    return json.raw("]}").finish();
  });
}

}  // namespace qeaas::http
