// SPDX-License-Identifier: GPL-3.0-or-later
// What is taken out of a request, and what makes one unacceptable.
#include "http/request_parser.hpp"

#include <algorithm>

#include "base/ascii.hpp"
#include "crypto/hash.hpp"
#include "http/negotiate.hpp"

namespace qeaas::http {
namespace {

namespace beast = boost::beast;

std::string_view text_of(beast::string_view text) noexcept { return {text.data(), text.size()}; }

constexpr std::string_view kLastChunk = "0\r\n\r\n";

// is_host: can this be uri-host [":" port] (RFC 9110 7.2)? What it names does not matter here.
bool is_host(std::string_view text) noexcept {
  return std::ranges::all_of(
      text, [](char c) { return c > ' ' && c < '\x7f' && std::string_view("\"#,/<>?@\\^`{|}").find(c) == std::string_view::npos; });
}

// names_other_version: Beast calls a bare line feed after "HTTP/1.1" a bad version, too.
bool names_other_version(Bytes head) noexcept {
  const std::string_view text(reinterpret_cast<const char*>(head.data()), head.size());
  const auto line = text.substr(0, text.find_first_of("\r\n"));
  const auto version = line.find(" HTTP/");
  if (version == std::string_view::npos) return false;
  const auto number = line.substr(version + 6, 3);
  return number != "1.0" && number != "1.1";
}

Method method_of(beast::http::verb verb) noexcept {
  switch (verb) {
    case beast::http::verb::get: return Method::get;
    case beast::http::verb::head: return Method::head;
    case beast::http::verb::post: return Method::post;
    case beast::http::verb::options: return Method::options;
    default: return Method::other;
  }
}

}  // namespace

RequestParser::RequestParser(Head& head, std::string& body) : head_(head), body_(body) {
  head_.reset();
  body_.clear();
  header_limit(kMaxHeadBytes);
  body_limit(kMaxBodyBytes);
  eager(true);
}

// Beast limits what of a head it sees at once, not a head that comes in pieces: that is counted here.
Result<std::size_t> RequestParser::parse(Bytes data) noexcept {
  // Beast wants to see the last chunk whole. Whatever is left of a chunked body, at least this much is still to come.
  if (head_done()) return chunked() && data.size() < kLastChunk.size() ? Result<std::size_t>(std::size_t{0}) : show(data);
  const auto window = data.first(std::min(data.size(), kMaxHeadBytes - head_bytes_));
  const auto used = show(window);
  if (!used || head_done()) return used;
  if (head_bytes_ + window.size() == kMaxHeadBytes) return fail(Error::no_space);
  head_bytes_ += *used;
  return used;
}

Result<std::size_t> RequestParser::show(Bytes data) noexcept {
  Code code;
  std::size_t used = 0;
  try {
    used = put(boost::asio::const_buffer(data.data(), data.size()), code);
  } catch (...) {  // no memory for the body
    return fail(Error::too_large);
  }
  if (!code || code == beast::http::error::need_more) return used;
  if (code == beast::http::error::header_limit) return fail(Error::no_space);
  if (code == beast::http::error::body_limit) return fail(Error::too_large);
  if (code == beast::http::error::bad_version) return fail(names_other_version(data) ? Error::unsupported : Error::malformed);
  return fail(refusal_);
}

void RequestParser::refuse(Error why, Code& code) noexcept {
  refusal_ = why;
  code = beast::http::error::bad_value;
}

void RequestParser::keep_once(std::string_view& slot, std::string_view value, Code& code) noexcept {
  if (slot.data() != nullptr) return refuse(Error::malformed, code);
  const auto kept = head_.keep(value);
  if (!kept) return refuse(Error::no_space, code);
  slot = *kept;
}

// Several Accept fields are one list (RFC 9110 5.3).
void RequestParser::keep_accept(std::string_view value, Code& code) noexcept {
  const auto before = head_.accept;
  const auto first = head_.keep(before);
  if (first && !before.empty()) static_cast<void>(head_.keep(","));
  const auto second = head_.keep(value);
  if (!first || !second) return refuse(Error::no_space, code);
  head_.accept = {first->data(), static_cast<std::size_t>(second->data() + second->size() - first->data())};
}

void RequestParser::keep_token(std::string_view token, Code& code) noexcept {
  const auto digest = sha256(bytes_of(token));
  if (head_.token && *head_.token != digest) return refuse(Error::unauthorized, code);
  head_.token = digest;
}

// keep_host: one, and a valid one (RFC 9112 3.2).
void RequestParser::keep_host(std::string_view value, Code& code) noexcept {
  if (std::exchange(seen_host_, true) || !is_host(value)) return refuse(Error::malformed, code);
  keep_once(head_.host, value, code);
}

void RequestParser::on_request_impl(beast::http::verb method, Text /*text*/, Text target, int version, Code& code) {
  if (version != 10 && version != 11) return refuse(Error::unsupported, code);
  head_.method = method_of(method);
  head_.http_1_0 = version == 10;
  keep_once(head_.target, text_of(target), code);
  // CONNECT names a server; it is answered like any other method that no resource has.
  if (method != beast::http::verb::connect && !is_target(text_of(target), head_.method)) refuse(Error::malformed, code);
}

void RequestParser::on_field_impl(Field field, Text name, Text value, Code& code) {
  if (head_done()) return;  // a trailer: its fields must not pass for the head's (RFC 9110 6.5.1)
  const auto text = text_of(value);
  switch (field) {
    case Field::host: return keep_host(text, code);
    case Field::accept: return keep_accept(text, code);
    case Field::content_type: return keep_once(head_.content_type, text, code);
    case Field::origin: return keep_once(head_.origin, text, code);
    case Field::if_none_match: return keep_once(head_.if_none_match, text, code);
    case Field::sec_websocket_key: return keep_once(head_.websocket_key, text, code);
    case Field::sec_websocket_version: return keep_once(head_.websocket_version, text, code);
    case Field::upgrade: head_.upgrade_websocket = head_.upgrade_websocket || has_word(text, "websocket"); return;
    case Field::transfer_encoding:
      // Beast passes over codings that it does not know, which would leave the length of the body to guesses (RFC 9112 6.1).
      if (!ascii::same_word(text, "chunked") || head_.http_1_0) return refuse(Error::unsupported, code);
      return;
    case Field::expect:
      if (!ascii::same_word(text, "100-continue")) return refuse(Error::malformed, code);
      head_.expects_continue = true;
      return;
    case Field::authorization:
      // Other schemes are not ours; whoever sends one is anonymous, and is told so where that does not do.
      if (ascii::same_word(text.substr(0, 7), "Bearer "))
        keep_token(text.substr(std::min(text.find_first_not_of(' ', 7), text.size())), code);
      return;
    default:
      if (field == Field::unknown && ascii::same_word(text_of(name), "X-API-KEY")) keep_token(text, code);
  }
}

void RequestParser::on_header_impl(Code& code) {
  if (!head_.http_1_0 && !seen_host_) return refuse(Error::malformed, code);
  head_.keep_alive = keep_alive();
  head_.connection_upgrade = upgrade();
}

// Beast lets a bare LF pass inside of quotes, where others see the end of the line.
void RequestParser::on_chunk_header_impl(std::uint64_t /*size*/, Text extensions, Code& code) {
  const auto control = [](char c) { return (c >= 0 && c < ' ' && c != '\t') || c == '\x7f'; };
  if (std::ranges::any_of(extensions, control)) refuse(Error::malformed, code);
}

std::size_t RequestParser::on_body_impl(Text body, Code& /*code*/) {
  body_.append(body.data(), body.size());
  return body.size();
}

}  // namespace qeaas::http
