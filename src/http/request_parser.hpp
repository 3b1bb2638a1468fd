// SPDX-License-Identifier: GPL-3.0-or-later
// RequestParser: Boost.Beast's parser of HTTP/1.1 with our own storage, which allocates nothing for a request without a body. One
// object a request; included by connection.cpp and tests only, because Beast is large.
#pragma once

#include <boost/beast/http/basic_parser.hpp>

#include "http/head.hpp"

namespace qeaas::http {

inline constexpr std::uint32_t kMaxHeadBytes = 8192;
inline constexpr std::uint64_t kMaxBodyBytes = 16384;

class RequestParser final : public boost::beast::http::basic_parser<true> {
 public:
  // head and body are cleared here, and must outlive the parser.
  RequestParser(Head& head, std::string& body);

  // parse consumes what belongs to this request; done() says when it is whole, and what is left over is to be shown again with more.
  // Errors: malformed (400), too_large (body: 413), no_space (target: 414, head: 431), unsupported (a version or transfer coding of
  // others: 505, 501), unauthorized (two tokens that differ: 400).
  Result<std::size_t> parse(Bytes data) noexcept;
  bool done() const { return is_done(); }
  bool head_done() const { return is_header_done(); }

 private:
  using Field = boost::beast::http::field;
  using Text = boost::beast::string_view;
  using Code = boost::beast::error_code;
  void on_request_impl(boost::beast::http::verb method, Text text, Text target, int version, Code& code) override;
  void on_response_impl(int, Text, int, Code&) override {}
  void on_field_impl(Field field, Text name, Text value, Code& code) override;
  void on_header_impl(Code& code) override;
  void on_body_init_impl(const boost::optional<std::uint64_t>&, Code&) override {}
  std::size_t on_body_impl(Text body, Code& code) override;
  void on_chunk_header_impl(std::uint64_t size, Text extensions, Code& code) override;
  std::size_t on_chunk_body_impl(std::uint64_t, Text body, Code& code) override { return on_body_impl(body, code); }
  void on_finish_impl(Code&) override {}

  Result<std::size_t> show(Bytes data) noexcept;
  void refuse(Error why, Code& code) noexcept;
  void keep_once(std::string_view& slot, std::string_view value, Code& code) noexcept;
  void keep_token(std::string_view token, Code& code) noexcept;
  void keep_host(std::string_view value, Code& code) noexcept;
  void keep_accept(std::string_view value, Code& code) noexcept;

  Head& head_;
  std::string& body_;
  Error refusal_ = Error::malformed;
  std::size_t head_bytes_ = 0;  // of the head, consumed so far
  bool seen_host_ = false;
};

}  // namespace qeaas::http
