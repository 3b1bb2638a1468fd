// SPDX-License-Identifier: GPL-3.0-or-later
// /openapi.json, written from the table that dispatches.
#include <boost/json/serialize.hpp>
#include <boost/json/parse.hpp>

#include "http/media_type.hpp"
#include "http/negotiate.hpp"
#include "http/routes.hpp"

namespace qeaas::http {
namespace {

namespace json = boost::json;

json::string_view view(std::string_view text) noexcept { return {text.data(), text.size()}; }

// each calls for every word of "a|b|c".
void each(std::string_view words, const auto& call) {
  while (!words.empty()) {
    const auto end = std::min(words.find('|'), words.size());
    call(words.substr(0, end));
    words.remove_prefix(std::min(end + 1, words.size()));
  }
}

json::object schema_of(const Parameter& parameter) {
  json::object schema{{"type", view(parameter.type)}};
  if (parameter.maximum != 0) {
    schema["minimum"] = parameter.minimum;
    schema["maximum"] = parameter.maximum;
  }
  if (!parameter.choices.empty()) {
    json::array choices;
    each(parameter.choices, [&](std::string_view word) { choices.emplace_back(view(word)); });
    schema["enum"] = std::move(choices);
  }
  if (parameter.fallback.empty()) return schema;
  if (const auto number = decimal(parameter.fallback); number && parameter.type == "integer")
    schema["default"] = *number;
  else
    schema["default"] = view(parameter.fallback);
  return schema;
}

json::array parameters_of(const Route& route) {
  static constexpr std::string_view kPlaces[] = {"path", "query", "header"};
  json::array all;
  for (const auto& parameter : route.parameters)
    all.push_back(json::object{{"name", view(parameter.name)},
                               {"in", view(kPlaces[static_cast<std::size_t>(parameter.place)])},
                               {"required", parameter.required},
                               {"description", view(parameter.description)},
                               {"schema", schema_of(parameter)}});
  return all;
}

json::object content_of(std::string_view types) {
  json::object content;
  each(types, [&](std::string_view type) {
    json::object schema;
    if (type == media::kOctets || type == media::kCbor)
      schema = {{"type", "string"}, {"format", "binary"}};
    else if (type == media::kText)
      schema = {{"type", "string"}};
    else
      schema = {{"type", "object"}};
    content[view(type)] = json::object{{"schema", std::move(schema)}};
  });
  return content;
}

json::object entropy_headers() {
  const auto header = [](const char* description) {
    return json::object{{"description", description}, {"schema", json::object{{"type", "string"}}}};
  };
  return {{"Entropy-Type", header("direct, mixed or drbg")},
          {"Entropy-Source", header("id;kind of every source that contributed")},
          {"Entropy-Simulated", header("true when any of them is simulated")}};
}

json::object responses_of(const Route& route) {
  json::object responses;
  if (route.answers.empty())
    responses["101"] = json::object{{"description", "WebSocket"}};
  else
    responses["200"] = json::object{{"description", "OK"}, {"content", content_of(route.answers)}};
  if (route.entropy && !route.answers.empty()) responses["200"].as_object()["headers"] = entropy_headers();
  const bool own_errors = route.feature == Feature::core;
  each(route.errors, [&](std::string_view status) {
    const auto number = decimal(status).value_or(500);
    json::object response{{"description", view(reason_of(static_cast<unsigned>(number)))}};
    if (own_errors) response["content"] = content_of("application/problem+json");
    responses[view(status)] = std::move(response);
  });
  // A token that nobody has is refused everywhere, lest somebody takes himself for known.
  if (!responses.contains("401"))
    responses["401"] = json::object{{"description", view(reason_of(401))}, {"content", content_of("application/problem+json")}};
  return responses;
}

json::object operation_of(const Route& route) {
  json::object operation{{"summary", view(route.summary)}, {"responses", responses_of(route)}};
  if (!route.parameters.empty()) operation["parameters"] = parameters_of(route);
  if (!route.request_type.empty())
    operation["requestBody"] = json::object{
        {"required", true},
        {"content", json::object{{view(route.request_type), json::object{{"schema", json::parse(view(route.request_schema))}}}}}};
  if (route.entropy)  // anonymous, unless the operator has disabled that; or a token
    operation["security"] = json::array{json::object{}, json::object{{"bearer", json::array{}}}, json::object{{"apiKey", json::array{}}}};
  return operation;
}

}  // namespace

std::string openapi(const Features& features) {
  json::object paths;
  for (const auto& route : all_routes()) {
    if (!features.has(route.feature)) continue;
    auto& path = paths[view(route.path)];
    if (!path.is_object()) path = json::object{};
    path.as_object()[route.method == Method::post ? "post" : "get"] = operation_of(route);
  }
  const json::object document{
      {"openapi", "3.0.3"},
      {"info", json::object{{"title", "qeaas"},
                            {"version", QEAAS_VERSION},
                            {"description", "Quantum Entropy as a Service. Errors are problem details (RFC 9457)."},
                            {"license", json::object{{"name", "GPL-3.0-or-later"}}}}},
      {"paths", std::move(paths)},
      {"components", json::object{{"securitySchemes",
                                   json::object{{"bearer", json::object{{"type", "http"}, {"scheme", "bearer"}}},
                                                {"apiKey", json::object{{"type", "apiKey"}, {"in", "header"}, {"name", "X-API-KEY"}}}}}}}};
  return json::serialize(document);
}

}  // namespace qeaas::http
