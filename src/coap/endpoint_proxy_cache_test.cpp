// SPDX-License-Identifier: GPL-3.0-or-later
// What the proxy answers from its cache, what it validates, and what it never keeps.
#include "coap/endpoint_proxy_fixture.hpp"
#include "coap/http_mapping.hpp"

namespace qeaas::coap::testing {
namespace {

constexpr std::string_view kElsewhere = "http://example.org/doc";

FetchAnswer cacheable(std::string_view body, std::string_view etag = {}) {
  FetchAnswer answer = FakeForwarder::answer(body, "max-age=30", etag);
  answer.origin = parse_http_uri(kElsewhere)->origin;
  return answer;
}

TEST(EndpointProxyCache, FreshAnswersComeFromTheCache) {
  ProxyWorld world;
  FakePeer peer, other(2);
  EXPECT_EQ(world.whole(peer, ProxyWorld::get(kElsewhere), cacheable("doc")).uint(Option::max_age), 30u);
  world.pass(10s);
  const Reply hit = world.ask(other, ProxyWorld::get(kElsewhere));
  EXPECT_EQ(hit.view.type, Type::ack);
  EXPECT_EQ(hit.view.code, code::kContent);
  EXPECT_EQ(hit.payload(), buffer("doc"));
  EXPECT_EQ(hit.uint(Option::content_format), 50u);
  EXPECT_EQ(hit.uint(Option::max_age), 20u) << "what is left (RFC 7252 5.7.1)";
  EXPECT_EQ(world.gate.kept(), 6u) << "an answer from the cache costs as much";
  EXPECT_EQ(world.endpoint.counters().cache_hits.get(), 1u);
  world.pass(20s);
  EXPECT_TRUE(world.ask(other, ProxyWorld::get(kElsewhere).mid(2)).view.code.is_empty()) << "stale: it is fetched again";
  EXPECT_EQ(world.asked.size(), 2u);
  EXPECT_EQ(world.asked[1].if_none_match, "");
}

TEST(EndpointProxyCache, TheKeyIsAddressAndAccept) {
  ProxyWorld world;
  FakePeer peer;
  (void)world.whole(peer, ProxyWorld::get(kElsewhere), cacheable("doc"));
  std::uint16_t id = 2;
  for (Ask ask : {ProxyWorld::get("http://example.org/doc?"), ProxyWorld::get("https://example.org/doc"),
                  ProxyWorld::get(kElsewhere).with(Option::accept, 50u), ProxyWorld::get("http://example.org/Doc")}) {
    (void)world.whole(peer, ask.mid(id), cacheable("other"));
    EXPECT_EQ(world.asked.size(), id++);
  }
  EXPECT_EQ(world.ask(peer, ProxyWorld::get("HTTP://EXAMPLE.org:80/doc").mid(id)).payload(), buffer("doc")) << "the same in normal form";
}

TEST(EndpointProxyCache, StaleAnswersAreValidated) {
  ProxyWorld world;
  FakePeer peer;
  const Reply first = world.whole(peer, ProxyWorld::get(kElsewhere), cacheable("doc", "\"v1\""));
  EXPECT_EQ(first.bytes(Option::etag), buffer(Bytes{etag_of("\"v1\"")}));
  world.pass(31s);
  FetchAnswer unchanged = cacheable("");
  unchanged.status = 304;
  const Reply second = world.whole(peer, ProxyWorld::get(kElsewhere).mid(2), std::move(unchanged));
  EXPECT_EQ(world.asked[1].if_none_match, "\"v1\"");
  EXPECT_EQ(second.view.code, code::kContent);
  EXPECT_EQ(second.payload(), buffer("doc"));
  EXPECT_EQ(second.uint(Option::max_age), 30u);
  EXPECT_EQ(world.ask(peer, ProxyWorld::get(kElsewhere).mid(3)).payload(), buffer("doc")) << "fresh again";
  world.pass(31s);
  (void)world.whole(peer, ProxyWorld::get(kElsewhere).mid(4), cacheable("new", "\"v2\""));
  EXPECT_EQ(world.ask(peer, ProxyWorld::get(kElsewhere).mid(5)).payload(), buffer("new"));
  world.pass(31s);
  FetchAnswer stranger = cacheable("", "\"v9\"");
  stranger.status = 304;
  EXPECT_EQ(world.whole(peer, ProxyWorld::get(kElsewhere).mid(6), std::move(stranger)).view.code, code::kBadGateway);
}

TEST(EndpointProxyCache, AnUnaskedNotModifiedIsNoAnswer) {
  ProxyWorld world;
  FakePeer peer;
  FetchAnswer unchanged = cacheable("");
  unchanged.status = 304;
  EXPECT_EQ(world.whole(peer, ProxyWorld::get(kElsewhere), std::move(unchanged)).view.code, code::kServiceUnavailable);
}

TEST(EndpointProxyCache, AClientThatHasItAlreadyIsToldSo) {
  ProxyWorld world;
  FakePeer peer;
  const Etag etag = etag_of("\"v1\"");
  Ask ask = ProxyWorld::get(kElsewhere).with(Option::etag, "short").with(Option::etag, Bytes{etag});
  const Reply fetched = world.whole(peer, ask, cacheable("doc", "\"v1\""));
  EXPECT_EQ(fetched.view.code, code::kValid);
  EXPECT_TRUE(fetched.payload().empty());
  EXPECT_EQ(fetched.uint(Option::max_age), 30u);
  EXPECT_EQ(world.ask(peer, ask.mid(2)).view.code, code::kValid) << "from the cache as well";
  EXPECT_EQ(world.gate.kept(), 0u);
  const Reply other = world.ask(peer, ProxyWorld::get(kElsewhere).mid(3).with(Option::etag, "12345678"));
  EXPECT_EQ(other.view.code, code::kContent);
}

TEST(EndpointProxyCache, EntropyIsNeverCached) {
  const auto with = [](auto change) {
    FetchAnswer answer = cacheable("entropy");
    change(answer);
    return answer;
  };
  std::vector<FetchAnswer> answers;
  answers.push_back(with([](FetchAnswer& a) { a.cache_control = "no-store, max-age=60"; }));
  answers.push_back(with([](FetchAnswer& a) { a.cache_control = "private, max-age=60"; }));
  answers.push_back(with([](FetchAnswer& a) { a.cache_control = "no-cache, max-age=60"; }));
  answers.push_back(with([](FetchAnswer& a) { a.cache_control.clear(); }));
  answers.push_back(with([](FetchAnswer& a) { a.entropy = true; }));
  answers.push_back(with([](FetchAnswer& a) { a.personal = true; }));
  answers.push_back(with([](FetchAnswer& a) { a.vary = "*"; }));
  answers.push_back(with([](FetchAnswer& a) { a.status = 404; }));
  answers.push_back(with([](FetchAnswer& a) { a.origin = parse_http_uri(kPaper)->origin; }));  // our own HTTP listener
  for (FetchAnswer& answer : answers) {
    ProxyWorld world;
    FakePeer peer;
    (void)world.whole(peer, ProxyWorld::get(kElsewhere), std::move(answer));
    EXPECT_EQ(world.endpoint.proxy_cache().size(), 0u);
    EXPECT_TRUE(world.ask(peer, ProxyWorld::get(kElsewhere).mid(2)).view.code.is_empty());
    EXPECT_EQ(world.asked.size(), 2u);
  }
}

TEST(EndpointProxyCache, AnAnswerThatMayNoLongerBeKeptReplacesWhatWas) {
  ProxyWorld world;
  FakePeer peer;
  (void)world.whole(peer, ProxyWorld::get(kElsewhere), cacheable("doc", "\"v1\""));
  world.pass(31s);
  FetchAnswer secret = cacheable("secret");
  secret.cache_control = "no-store";
  (void)world.whole(peer, ProxyWorld::get(kElsewhere).mid(2), std::move(secret));
  EXPECT_EQ(world.endpoint.proxy_cache().size(), 0u);
}

}  // namespace
}  // namespace qeaas::coap::testing
