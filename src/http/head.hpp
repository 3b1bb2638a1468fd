// SPDX-License-Identifier: GPL-3.0-or-later
// Head: what is kept of a request's head (RFC 9112 section 2). Only the fields that somebody reads are kept, in memory of fixed size;
// a token is hashed as it is read and never kept.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "access/identity.hpp"
#include "base/error.hpp"

namespace qeaas::http {

enum class Method : std::uint8_t { get, head, post, options, other };
std::string_view name(Method method) noexcept;

// is_target: a path, an http or https address with a host, or "*" of OPTIONS (RFC 9112 3.2). Nothing else stands for a resource here.
bool is_target(std::string_view target, Method method) noexcept;

class Head {
 public:
  Head() noexcept = default;
  Head(const Head&) = delete;  // its texts point into it
  Head& operator=(const Head&) = delete;

  Method method = Method::other;
  bool keep_alive = false;
  bool http_1_0 = false;
  std::string_view target;  // as sent: "/v1/random?bytes=32"
  std::string_view host, accept, content_type, origin, if_none_match;
  std::string_view websocket_key, websocket_version;
  bool connection_upgrade = false;
  bool upgrade_websocket = false;
  bool expects_continue = false;
  std::optional<access::Digest> token;  // of Authorization: Bearer or X-API-KEY

  // reset forgets the last request.
  void reset() noexcept;
  // keep copies a text into this object; no_space when the texts of one head are more than kTextBytes.
  static constexpr std::size_t kTextBytes = 2048;
  Result<std::string_view> keep(std::string_view text) noexcept;

  // path and query of the target, which may be in absolute form (RFC 9112 3.2.2).
  std::string_view path() const noexcept;
  std::string_view query() const noexcept;

 private:
  std::array<char, kTextBytes> text_;
  std::size_t used_ = 0;
};

}  // namespace qeaas::http
