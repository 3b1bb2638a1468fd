// SPDX-License-Identifier: GPL-3.0-or-later
// CoapClient: a whole representation, block by block (RFC 7959 2.4), with one repetition for Echo (RFC 9175 2.3).
#include "client/coap_client_body.hpp"

#include <algorithm>

namespace qeaas {
namespace {

using coap::Block;
using coap::MessageView;
using coap::Option;

constexpr unsigned kMaxRestarts = 1;

std::vector<std::uint8_t> value_of(const MessageView& message, Option option) {
  const auto found = message.options.find(option);
  return found ? std::vector<std::uint8_t>(found->value.begin(), found->value.end()) : std::vector<std::uint8_t>();
}

}  // namespace

SecretBytes CoapClient::Body::whole() const {
  SecretBytes all(received_bytes);
  std::size_t at = 0;
  for (const auto& block : blocks) {
    std::copy(block.span().begin(), block.span().end(), all.span().begin() + static_cast<std::ptrdiff_t>(at));
    at += block.size();
  }
  return all;
}

Answered<CoapResponse> CoapClient::get(const CoapRequest& request, const Progress& progress) {
  Body body;
  for (unsigned restarts = 0;;) {
    const auto response = answer_of(request, body);
    if (!response) return tl::unexpected(response.error());
    const auto step = take(*response, body);
    if (!step) return tl::unexpected(step.error());
    if (*step == Step::start_again) {
      // The server lost the body, or has another one now: whatever was fetched is useless (RFC 7959 2.4).
      if (++restarts > kMaxRestarts) return refuse(Error::io, "the server's answer changed twice while it was fetched; try again");
      body.clear();
      continue;
    }
    if (progress) progress(body.received_bytes, body.total_bytes);
    if (*step == Step::complete) return CoapResponse{response->code, body.content_format, body.whole()};
  }
}

// answer_of repeats a request once with the challenge of a server that wants proof of the client's address.
Answered<MessageView> CoapClient::answer_of(const CoapRequest& request, const Body& body) {
  auto response = exchange(request, body);
  if (!response || response->code != coap::code::kUnauthorized) return response;
  auto challenge = value_of(*response, Option::echo);
  if (challenge.empty()) return response;
  echo_ = std::move(challenge);
  return exchange(request, body);
}

Answered<CoapClient::Step> CoapClient::take(const MessageView& response, Body& body) {
  if (response.code == coap::code::kRequestEntityIncomplete && body.received_bytes > 0) return Step::start_again;
  if (!response.code.is_success()) return tl::unexpected(refusal_of(response));
  const auto option = response.options.find(Option::block2);
  if (!option && body.received_bytes > 0)
    return refuse(Error::malformed, "the server answered a request for one block without saying which block");
  const auto block = option ? coap::decode_block(option->value) : Result<Block>(Block{});
  if (!block) return refuse(Error::malformed, "the server's answer has a Block2 option that is none");
  auto etag = value_of(response, Option::etag);
  if (body.received_bytes > 0 && etag != body.etag) return Step::start_again;
  if (option && block->more && etag.empty())
    return refuse(Error::malformed, "the server sends a body in blocks without an ETag; nothing says that they belong together");
  if (body.received_bytes == 0) {
    body.etag = std::move(etag);
    if (const auto format = response.options.find(Option::content_format))
      body.content_format = static_cast<std::uint16_t>(format->uint().value_or(0));
    if (const auto size = response.options.find(Option::size2)) body.total_bytes = size->uint().value_or(0);
  }
  if (auto taken = take_block(response, body, *block); !taken) return tl::unexpected(taken.error());
  return option && block->more ? Step::next_block : Step::complete;
}

Answered<void> CoapClient::take_block(const MessageView& response, Body& body, const Block& block) {
  if (block.offset_bytes() != body.received_bytes) return refuse(Error::malformed, "the server sent another block than the one asked for");
  if (block.more && response.payload.size() != block.size_bytes())
    return refuse(Error::malformed, "the server sent a block of another size than it says");
  if (response.payload.size() > options_.max_body_bytes - body.received_bytes)
    return refuse(Error::too_large, "the server's answer is longer than any answer may be");
  body.blocks.emplace_back(response.payload);
  body.received_bytes += response.payload.size();
  body.szx = block.szx;
  return {};
}

}  // namespace qeaas
