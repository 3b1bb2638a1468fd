// SPDX-License-Identifier: GPL-3.0-or-later
// For tests only: a world whose forwarder the test plays.
#pragma once

#include "coap/endpoint_fixture.hpp"

namespace qeaas::coap::testing {

inline constexpr std::string_view kPaper = "http://127.0.0.1:6065/random_number/8";

struct ProxyWorld : FakeForwarder, World {
  explicit ProxyWorld(const Limits& limits = {}, bool plain = false)
      : World(limits, Proxy{.forwarder = this, .plain = plain, .cache_bytes = 100'000, .own_ports = {6065}}) {}

  static Ask get(std::string_view uri = kPaper) { return Ask{}.with(Option::proxy_uri, uri); }

  // fetched finishes the latest fetch and gives what the peer was sent then.
  std::vector<Reply> fetched(FakePeer& peer, Result<FetchAnswer> answer) {
    peer.sent.clear();
    finish(asked.size(), std::move(answer), now);
    return peer.take();
  }
  // whole asks, expects the acknowledgement, and gives the separate response, which it acknowledges.
  Reply whole(FakePeer& peer, const Ask& request, Result<FetchAnswer> answer) {
    const Reply first = ask(peer, request);
    EXPECT_EQ(first.view.type, Type::ack);
    EXPECT_TRUE(first.view.code.is_empty());
    const auto replies = fetched(peer, std::move(answer));
    EXPECT_EQ(replies.size(), 1u);
    if (replies.empty()) return first;
    EXPECT_EQ(replies.front().view.type, Type::con);
    EXPECT_TRUE(std::ranges::equal(replies.front().view.token.span(), request.token));
    send_empty(peer, Type::ack, replies.front().view.id);
    return replies.front();
  }
};

}  // namespace qeaas::coap::testing
