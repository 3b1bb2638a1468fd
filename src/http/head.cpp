// SPDX-License-Identifier: GPL-3.0-or-later
// The texts of a request's head.
#include "http/head.hpp"

#include <algorithm>

#include "base/ascii.hpp"

namespace qeaas::http {
namespace {

// after_scheme gives what follows the scheme of a target in absolute form; nothing for any other.
std::string_view after_scheme(std::string_view target) noexcept {
  for (const std::string_view scheme : {"http://", "https://"})
    if (ascii::same_word(target.substr(0, scheme.size()), scheme)) return target.substr(scheme.size());
  return {};
}

// origin_form leaves out scheme and authority, which a client may send to any server.
std::string_view origin_form(std::string_view target) noexcept {
  const auto rest = after_scheme(target);
  if (rest.empty()) return target;
  const auto path = rest.find_first_of("/?");
  return path == std::string_view::npos ? std::string_view("/") : rest.substr(path);
}

}  // namespace

std::string_view name(Method method) noexcept {
  switch (method) {
    case Method::get: return "GET";
    case Method::head: return "HEAD";
    case Method::post: return "POST";
    case Method::options: return "OPTIONS";
    case Method::other: break;
  }
  return "other";
}

bool is_target(std::string_view target, Method method) noexcept {
  if (target.starts_with('/')) return true;
  if (target == "*") return method == Method::options;
  const auto rest = after_scheme(target);
  return !rest.empty() && rest.find_first_of("/?#") != 0;  // RFC 9110 4.2.1: the host is not empty
}

void Head::reset() noexcept {
  method = Method::other;
  keep_alive = http_1_0 = connection_upgrade = upgrade_websocket = expects_continue = false;
  target = host = accept = content_type = origin = if_none_match = websocket_key = websocket_version = {};
  token.reset();
  used_ = 0;
}

Result<std::string_view> Head::keep(std::string_view text) noexcept {
  if (text.size() > text_.size() - used_) return fail(Error::no_space);
  char* const start = text_.data() + used_;
  std::copy(text.begin(), text.end(), start);
  used_ += text.size();
  return std::string_view(start, text.size());
}

std::string_view Head::path() const noexcept {
  const auto whole = origin_form(target);
  return whole.substr(0, whole.find('?'));
}

std::string_view Head::query() const noexcept {
  const auto whole = origin_form(target);
  const auto mark = whole.find('?');
  return mark == std::string_view::npos ? std::string_view() : whole.substr(mark + 1);
}

}  // namespace qeaas::http
