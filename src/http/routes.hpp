// SPDX-License-Identifier: GPL-3.0-or-later
// The one table of what this server answers. Dispatch, OPTIONS, 405 and /openapi.json all read it, so that none can drift from another.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "http/exchange.hpp"

namespace qeaas::http {

// Parameter is one input of a route, as its description says it.
struct Parameter {
  enum class Place : std::uint8_t { path, query, header };
  std::string_view name;
  Place place;
  std::string_view description;
  std::string_view type = "integer";  // JSON schema
  std::uint64_t minimum = 0;
  std::uint64_t maximum = 0;       // 0: no limits are stated
  std::string_view fallback = "";  // default
  std::string_view choices = "";   // "a|b|c"
  bool required = false;
};

struct Route {
  Method method;
  std::string_view path;  // one segment may be {n}
  void (*handle)(Exchange&) noexcept;
  Feature feature;
  std::string_view summary;
  std::string_view answers;  // media types, "a|b"
  std::span<const Parameter> parameters = {};
  std::string_view request_type = "";    // media type of the body; empty: none
  std::string_view request_schema = "";  // JSON
  std::string_view errors = "";          // statuses, "400|503"
  bool entropy = false;                  // gives out random bytes: quota, no-store, provenance
};

std::span<const Route> all_routes() noexcept;

// Found is what the table says about a path: the route of the method (HEAD finds GET), or the methods that there are.
struct Found {
  const Route* route = nullptr;
  std::string_view argument;
  std::array<bool, 4> methods{};  // by Method; all false: no such path
};
Found find_route(std::string_view path, Method method, const Features& features) noexcept;
// allow writes the value of the Allow field into room.
std::string_view allow(const std::array<bool, 4>& methods, std::span<char, 32> room) noexcept;

// openapi is the OpenAPI 3.0 description of what is switched on.
std::string openapi(const Features& features);

}  // namespace qeaas::http
