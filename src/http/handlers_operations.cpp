// SPDX-License-Identifier: GPL-3.0-or-later
// What the people and programs that run the service look at: sources, statistics, metrics, probes, the description, the dashboard.
#include "http/handlers.hpp"
#include "http/media_type.hpp"
#include "http/routes.hpp"
#include "web/assets.hpp"

namespace qeaas::http {
namespace {

void answer_text(Exchange& exchange, std::string_view type, std::string text) noexcept {
  exchange.reply.content_type = type;
  exchange.reply.text = std::move(text);
}

// report answers with JSON that somebody else writes; an empty text means that it could not be written.
void report(Exchange& exchange, const std::function<std::string()>& writer) noexcept {
  auto text = writer ? writer() : std::string();
  if (text.empty()) return exchange.refuse(500, Error::io, "the report could not be encoded");
  answer_text(exchange, media::kJson, std::move(text));
}

}  // namespace

void get_sources(Exchange& exchange) noexcept {
  auto text = to_json(exchange.site.reports.sources());
  if (!text) return exchange.refuse(500, Error::io, "the report could not be encoded");
  answer_text(exchange, media::kJson, std::move(*text));
}

void get_statistics(Exchange& exchange) noexcept { report(exchange, exchange.site.reports.statistics); }
void get_alarms(Exchange& exchange) noexcept { report(exchange, exchange.site.reports.alarms); }
void get_sessions(Exchange& exchange) noexcept { report(exchange, exchange.site.reports.sessions); }

void get_metrics(Exchange& exchange) noexcept {
  answer_text(exchange, "text/plain; version=0.0.4; charset=utf-8", exchange.site.reports.metrics());
}

void get_healthz(Exchange& exchange) noexcept { answer_text(exchange, "text/plain; charset=utf-8", "ok\n"); }

void get_readyz(Exchange& exchange) noexcept {
  const bool draining = exchange.site.draining;
  if (!draining && exchange.site.reports.ready()) return answer_text(exchange, "text/plain; charset=utf-8", "ready\n");
  exchange.refuse(503, draining ? Error::closed : Error::starved,
                  draining ? "the server is stopping" : "fewer sources are healthy than min_sources asks for");
  exchange.reply.fields.add("Retry-After", {"1"});
}

void get_openapi(Exchange& exchange) noexcept { answer_text(exchange, media::kJson, openapi(exchange.site.features)); }

bool get_asset(Exchange& exchange) noexcept {
  const auto* asset = web::find_asset(exchange.head.path());
  if (asset == nullptr) return false;
  auto& reply = exchange.reply;
  reply.no_store = false;
  reply.fields.add("Cache-Control", {"no-cache"}).add("ETag", {asset->etag}).add("Content-Security-Policy", {web::kContentSecurityPolicy});
  reply.fields.add("Referrer-Policy", {"no-referrer"}).add("Cross-Origin-Opener-Policy", {"same-origin"});
  reply.content_type = asset->content_type;
  if (exchange.head.if_none_match.find(asset->etag) != std::string_view::npos)
    reply.status = 304;
  else
    reply.body = asset->content;
  return true;
}

}  // namespace qeaas::http
