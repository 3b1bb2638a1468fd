// SPDX-License-Identifier: GPL-3.0-or-later
// The table, and the search in it.
#include "http/routes.hpp"

#include <algorithm>

#include "http/handlers.hpp"
#include "http/limits.hpp"
#include "http/media_type.hpp"

namespace qeaas::http {
namespace {

using Place = Parameter::Place;

constexpr std::string_view kTypes = "mixed|direct|drbg";
constexpr Parameter kRandom[] = {
    {.name = "bytes",
     .place = Place::query,
     .description = "how many random bytes; JSON and CBOR carry at most 65536",
     .minimum = 1,
     .maximum = kMaxStreamBytes,
     .fallback = "32"},
    {.name = "type",
     .place = Place::query,
     .description = "direct, mixed or drbg",
     .type = "string",
     .fallback = "mixed",
     .choices = kTypes},
};
constexpr Parameter kStream[] = {
    {.name = "frame",
     .place = Place::query,
     .description = "random bytes in one frame",
     .minimum = 1,
     .maximum = kMaxDrawBytes,
     .fallback = "4096"},
    {.name = "type",
     .place = Place::query,
     .description = "direct, mixed or drbg",
     .type = "string",
     .fallback = "mixed",
     .choices = kTypes},
};
constexpr Parameter kNumber[] = {
    {.name = "n", .place = Place::path, .description = "how many random bytes", .minimum = 1, .maximum = 256, .required = true},
};
constexpr Parameter kAnu[] = {
    {.name = "length", .place = Place::query, .description = "how many items", .minimum = 1, .maximum = 1024, .required = true},
    {.name = "type",
     .place = Place::query,
     .description = "form of an item",
     .type = "string",
     .choices = "uint8|uint16|hex8|hex16",
     .required = true},
    {.name = "size", .place = Place::query, .description = "units of one hex item", .minimum = 1, .maximum = 1024, .fallback = "1"},
};
constexpr Parameter kQrypt[] = {
    {.name = "size", .place = Place::query, .description = "KiB of random bytes", .minimum = 1, .maximum = 512, .required = true},
};
constexpr std::string_view kEntropyBody =
    R"({"type":"object","required":["block_size"],"properties":{"block_size":{"type":"integer","minimum":1,"maximum":65536},)"
    R"("block_count":{"type":"integer","minimum":1,"maximum":16,"default":1},)"
    R"("entropy_type":{"type":"string","enum":["mixed","direct","drbg"],"default":"mixed"}}})";
constexpr std::string_view kPollenBody =
    R"({"type":"object","required":["challenge"],"properties":{"challenge":{"type":"string","maxLength":1024}}})";
constexpr std::string_view kRandomForms = "application/octet-stream|application/json|application/cbor|text/plain";

constexpr Route kRoutes[] = {
    {.method = Method::get,
     .path = "/v1/random",
     .handle = get_random,
     .feature = Feature::core,
     .summary = "Random bytes with their provenance",
     .answers = kRandomForms,
     .parameters = kRandom,
     .errors = "400|401|403|406|413|429|503",
     .entropy = true},
    {.method = Method::get,
     .path = "/v1/stream",
     .handle = get_stream,
     .feature = Feature::core,
     .summary = "Random bytes over a WebSocket, as fast as the client grants credit",
     .answers = "",
     .parameters = kStream,
     .errors = "400|401|403|413|426",
     .entropy = true},
    {.method = Method::get,
     .path = "/v1/capabilities",
     .handle = get_capabilities,
     .feature = Feature::core,
     .summary = "What the QRNG Open API offers here",
     .answers = media::kJson},
    {.method = Method::post,
     .path = "/v1/entropy",
     .handle = post_entropy,
     .feature = Feature::core,
     .summary = "Blocks of random bytes in base64 (QRNG Open API)",
     .answers = media::kJson,
     .request_type = media::kJson,
     .request_schema = kEntropyBody,
     .errors = "401|403|413|415|422|429|503",
     .entropy = true},
    {.method = Method::get,
     .path = "/v1/healthtest",
     .handle = get_healthtest,
     .feature = Feature::core,
     .summary = "The health tests of every source (QRNG Open API)",
     .answers = media::kJson},
    {.method = Method::get,
     .path = "/v1/sources",
     .handle = get_sources,
     .feature = Feature::core,
     .summary = "States, kinds, rates and ledger of every source",
     .answers = media::kJson},
    {.method = Method::get,
     .path = "/v1/statistics",
     .handle = get_statistics,
     .feature = Feature::core,
     .summary = "Byte and bit statistics of the raw samples of every source",
     .answers = media::kJson},
    {.method = Method::get,
     .path = "/v1/alarms",
     .handle = get_alarms,
     .feature = Feature::core,
     .summary = "What happened to the sources lately",
     .answers = media::kJson},
    {.method = Method::get,
     .path = "/v1/sessions",
     .handle = get_sessions,
     .feature = Feature::core,
     .summary = "Sessions by transport, group and signature",
     .answers = media::kJson},
    {.method = Method::get,
     .path = "/random_number/{n}",
     .handle = get_random_number,
     .feature = Feature::seeds,
     .summary = "A random number: an integer up to 8 bytes, hexadecimal beyond",
     .answers = media::kJson,
     .parameters = kNumber,
     .errors = "400|401|403|413|429|503",
     .entropy = true},
    {.method = Method::post,
     .path = "/",
     .handle = post_pollen,
     .feature = Feature::pollen,
     .summary = "A seed for pollinate: the SHA-512 of the challenge, then the seed",
     .answers = media::kText,
     .request_type = "application/x-www-form-urlencoded",
     .request_schema = kPollenBody,
     .errors = "400|401|403|413|429|503",
     .entropy = true},
    {.method = Method::get,
     .path = "/API/jsonI.php",
     .handle = get_anu,
     .feature = Feature::anu,
     .summary = "Random numbers in the shape of ANU's service",
     .answers = media::kJson,
     .parameters = kAnu,
     .errors = "400|401|403|413|429|503",
     .entropy = true},
    {.method = Method::get,
     .path = "/api/v1/quantum-entropy",
     .handle = get_qrypt,
     .feature = Feature::qrypt,
     .summary = "Blocks of 1 KiB in the shape of Qrypt's service",
     .answers = media::kJson,
     .parameters = kQrypt,
     .errors = "400|401|403|413|429|503",
     .entropy = true},
    {.method = Method::get,
     .path = "/metrics",
     .handle = get_metrics,
     .feature = Feature::core,
     .summary = "Prometheus metrics",
     .answers = media::kText},
    {.method = Method::get,
     .path = "/healthz",
     .handle = get_healthz,
     .feature = Feature::core,
     .summary = "Is the process alive?",
     .answers = media::kText},
    {.method = Method::get,
     .path = "/readyz",
     .handle = get_readyz,
     .feature = Feature::core,
     .summary = "May it be given work?",
     .answers = media::kText,
     .errors = "503"},
    {.method = Method::get,
     .path = "/openapi.json",
     .handle = get_openapi,
     .feature = Feature::core,
     .summary = "This description",
     .answers = media::kJson},
};

// match: the argument when path is the route's; {n} stands for one segment that is not empty.
std::optional<std::string_view> match(std::string_view pattern, std::string_view path) noexcept {
  const auto brace = pattern.find('{');
  if (brace == std::string_view::npos) return pattern == path ? std::optional<std::string_view>("") : std::nullopt;
  if (!path.starts_with(pattern.substr(0, brace))) return std::nullopt;
  const auto argument = path.substr(brace);
  if (argument.empty() || argument.find('/') != std::string_view::npos) return std::nullopt;
  return argument;
}

}  // namespace

std::span<const Route> all_routes() noexcept { return kRoutes; }

Found find_route(std::string_view path, Method method, const Features& features) noexcept {
  Found found;
  for (const auto& route : kRoutes) {
    if (!features.has(route.feature)) continue;
    const auto argument = match(route.path, path);
    if (!argument) continue;
    found.methods[static_cast<std::size_t>(route.method)] = true;
    const bool wanted = route.method == method || (route.method == Method::get && method == Method::head);
    if (!wanted) continue;
    found.route = &route;
    found.argument = *argument;
  }
  return found;
}

std::string_view allow(const std::array<bool, 4>& methods, std::span<char, 32> room) noexcept {
  char* out = room.data();
  const auto put = [&](std::string_view word) {
    if (out != room.data()) out = std::ranges::copy(std::string_view(", "), out).out;
    out = std::ranges::copy(word, out).out;
  };
  if (methods[static_cast<std::size_t>(Method::get)]) put("GET"), put("HEAD");
  if (methods[static_cast<std::size_t>(Method::post)]) put("POST");
  put("OPTIONS");
  return {room.data(), static_cast<std::size_t>(out - room.data())};
}

}  // namespace qeaas::http
