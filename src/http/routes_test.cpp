// SPDX-License-Identifier: GPL-3.0-or-later
// The table, its description, the switches, and what those who run the service look at.
#include "http/routes.hpp"

#include "http/http_fixture.hpp"

namespace qeaas::http::testing {
namespace {

namespace json = boost::json;

json::string_view view(std::string_view text) { return {text.data(), text.size()}; }

// sample is a request for a route that it should not answer with 404.
std::string sample(const Route& route) {
  std::string path(route.path);
  if (const auto brace = path.find("{n}"); brace != std::string::npos) path.replace(brace, 3, "4");
  return std::string(name(route.method)) + " " + path + " HTTP/1.1\r\nHost: here\r\nContent-Length: 0\r\n\r\n";
}

Features features_of(unsigned bits) { return {(bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0, (bits & 8) != 0, (bits & 16) != 0}; }

TEST(Routes, WhatIsSwitchedOffIsNotThereAndNotDescribed) {
  for (unsigned bits = 0; bits < 32; ++bits) {
    World world;
    world.site.features = features_of(bits);
    const auto document = get(world, "/openapi.json").json();
    const auto& paths = document.at("paths").as_object();
    std::size_t described = 0;
    for (const auto& [path, operations] : paths) described += operations.as_object().size();
    std::size_t enabled = 0;
    for (const auto& route : all_routes()) {
      const bool on = world.site.features.has(route.feature);
      enabled += on ? 1 : 0;
      const auto* path = paths.if_contains(view(route.path));
      const auto* operation = path == nullptr ? nullptr : path->as_object().if_contains(route.method == Method::post ? "post" : "get");
      EXPECT_EQ(operation != nullptr, on) << route.path;
      const auto status = Client(world).ask(sample(route)).status;
      if (on) {
        EXPECT_NE(status, 404U) << route.path;
      } else {
        EXPECT_TRUE(status == 404 || (status == 405 && route.path == "/" && world.site.features.dashboard)) << route.path << status;
      }
    }
    EXPECT_EQ(described, enabled);
  }
}

TEST(Routes, TheDescriptionHasEveryParameterAndError) {
  World world;
  const auto document = get(world, "/openapi.json").json();
  EXPECT_EQ(document.at("openapi").as_string(), "3.0.3");
  for (const auto& route : all_routes()) {
    const auto& operation = document.at("paths").at(view(route.path)).at(route.method == Method::post ? "post" : "get").as_object();
    EXPECT_FALSE(operation.at("summary").as_string().empty());
    const auto* parameters = operation.if_contains("parameters");
    ASSERT_EQ(parameters != nullptr, !route.parameters.empty()) << route.path;
    for (std::size_t i = 0; i < route.parameters.size(); ++i) {
      const auto& described = parameters->at(i);
      EXPECT_EQ(described.at("name").as_string(), view(route.parameters[i].name));
      EXPECT_EQ(described.at("required").as_bool(), route.parameters[i].required);
      EXPECT_EQ(described.at("schema").at("type").as_string(), view(route.parameters[i].type));
    }
    EXPECT_EQ(route.path.find('{') != std::string_view::npos,
              !route.parameters.empty() && route.parameters[0].place == Parameter::Place::path);
    EXPECT_EQ(operation.if_contains("requestBody") != nullptr, route.method == Method::post);
    const auto& responses = operation.at("responses").as_object();
    EXPECT_TRUE(responses.contains("200") || responses.contains("101"));
    for (const auto& [status, response] : responses) EXPECT_NE(response.at("description").as_string(), "Unknown") << status;
    std::string_view errors = route.errors;
    for (; !errors.empty(); errors.remove_prefix(std::min<std::size_t>(4, errors.size())))
      EXPECT_TRUE(responses.contains(view(errors.substr(0, 3)))) << route.path;
  }
}

// What a mistake gets is among what the description says that it may get.
TEST(Routes, TheDescriptionKnowsTheStatusOfMistakes) {
  World world;
  const auto document = get(world, "/openapi.json").json();
  const std::pair<std::string, std::string> all[] = {{"/v1/stream", "?frame=70000"},
                                                     {"/v1/stream", "?frame=x"},
                                                     {"/v1/stream", ""},
                                                     {"/v1/random", "?bytes=x"},
                                                     {"/v1/random", "?bytes=99999999999999"},
                                                     {"/API/jsonI.php", "?length=0"},
                                                     {"/api/v1/quantum-entropy", "?size=513"}};
  for (const auto& [path, query] : all) {
    const auto status = std::to_string(get(world, path + query).status);
    EXPECT_TRUE(document.at("paths").at(path).at("get").at("responses").as_object().contains(status)) << path << query << ": " << status;
  }
}

TEST(Routes, ArgumentsAreOneSegment) {
  const Features all{true, true, true, true, true};
  EXPECT_EQ(find_route("/random_number/12", Method::get, all).argument, "12");
  EXPECT_NE(find_route("/random_number/12", Method::head, all).route, nullptr);
  for (const auto* path : {"/random_number/", "/random_number", "/random_number/1/2", "/v1/random/", "/v1", "", "v1/random", "/V1/random"})
    EXPECT_EQ(find_route(path, Method::get, all).route, nullptr) << path;
  EXPECT_EQ(find_route("/v1/random", Method::post, all).route, nullptr);
  EXPECT_TRUE(find_route("/v1/random", Method::post, all).methods[static_cast<std::size_t>(Method::get)]);
}

TEST(Operations, Reports) {
  World world;
  Client client(world);
  EXPECT_EQ(sources_report_from_json(bytes_of(client.get("/v1/sources").body)).value(), world.report);
  for (const std::string what : {"statistics", "alarms", "sessions"}) {
    const auto answer = client.get("/v1/" + what);
    EXPECT_EQ(answer.body, "{\"" + what + "\":[]}");
    EXPECT_EQ(answer.field("content-type"), "application/json");
    EXPECT_EQ(answer.field("cache-control"), "no-store");
  }
  world.site.reports.alarms = nullptr;
  expect_problem(client.get("/v1/alarms"), 500, "io", "the report could not be encoded");
  world.report.sources.front().id = "\xff";
  expect_problem(client.get("/v1/sources"), 500, "io", "the report could not be encoded");
  expect_problem(client.get("/v1/healthtest"), 500, "io", "the answer could not be encoded");
  const auto metrics = client.get("/metrics");
  EXPECT_EQ(metrics.body, "up 1\n");
  EXPECT_EQ(metrics.field("content-type"), "text/plain; version=0.0.4; charset=utf-8");
}

TEST(Operations, Probes) {
  World world;
  Client client(world);
  EXPECT_EQ(client.get("/healthz").body, "ok\n");
  EXPECT_EQ(client.get("/readyz").body, "ready\n");
  world.ready = false;
  const auto unready = client.get("/readyz");
  expect_problem(unready, 503, "starved", "fewer sources are healthy than min_sources asks for");
  EXPECT_EQ(unready.field("retry-after"), "1");
  world.site.draining = true;
  expect_problem(client.get("/readyz"), 503, "closed", "the server is stopping");
  EXPECT_EQ(client.get("/healthz").status, 200U);
  EXPECT_EQ(world.gate.asked, 0U);
}

}  // namespace
}  // namespace qeaas::http::testing
