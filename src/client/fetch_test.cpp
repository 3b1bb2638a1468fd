// SPDX-License-Identifier: GPL-3.0-or-later
// ServerLink and fetch over fake channels: rounds, retries, sessions opened again, servers that fail, answers that are none.
#include "client/fetch.hpp"

#include <gtest/gtest.h>

#include "base/units.hpp"
#include "client/combine.hpp"
#include "client/fake_channel.hpp"
#include "crypto/random.hpp"

namespace qeaas {
namespace {

using coap::MessageView;
using coap::Option;
using test::FakeChannel;
using test::Message;
using test::Reply;

// Server answers /random with one repeated byte and counts.
struct Server {
  std::uint8_t value = 0xA5;
  SourceKind kind = SourceKind::physical;
  unsigned opened = 0;
  unsigned requests = 0;
  std::vector<std::uint32_t> sizes;
  std::function<std::optional<Reply>(Server&)> instead;  // asked before each answer
  std::function<Outcome<void>(unsigned opening)> door;
  std::vector<std::chrono::seconds> waits;
  FakeChannel* current = nullptr;
  std::shared_ptr<TimePoint> clock = std::make_shared<TimePoint>(1000s);

  Message body(std::uint32_t size) {
    SecretBytes random(size);
    std::ranges::fill(random.span(), value);
    const SourceTag tag{"box", kind, true};
    Provenance provenance;
    provenance.reset(EntropyType::mixed);
    provenance.add(tag);
    Message encoded(max_answer_bytes(AnswerFormat::cbor, size));
    encoded.resize(encode_random_answer(AnswerFormat::cbor, random.span(), provenance, encoded).value());
    return encoded;
  }
  void answer(FakeChannel& to, const MessageView& request) {
    if (!request.code.is_request()) return;
    const auto block = test::asked_block(request);
    if (block == 0) {
      ++requests;
      if (instead)
        if (const auto other = instead(*this)) return to.deliver(other->piggybacked(request));
    }
    if (to.receive_error) return;
    const auto size = static_cast<std::uint32_t>(std::stoul(std::string(request.options.find(Option::uri_query)->text().substr(2))));
    if (block == 0) sizes.push_back(size);
    to.deliver(test::block_reply(body(size), block, 6, {1}).piggybacked(request));
  }
  std::unique_ptr<ServerLink> link(const std::string& host = "coaps://a", unsigned retries = 2) {
    ServerLink::Seams seams;
    seams.open = [this](const SessionTicket&) -> Outcome<std::unique_ptr<Channel>> {
      ++opened;
      if (door)
        if (auto open = door(opened); !open) return tl::unexpected(open.error());
      auto channel = std::make_unique<FakeChannel>([this](FakeChannel& to, const MessageView& request) { answer(to, request); }, clock);
      current = channel.get();
      return std::unique_ptr<Channel>(std::move(channel));
    };
    seams.wait = [this](std::chrono::seconds time) { waits.push_back(time); };
    seams.coap.now = [this] { return *clock; };
    return std::make_unique<ServerLink>(parse_coap_uri(host).value(), retries, 10s, std::move(seams));
  }
};

Reply busy(std::uint32_t seconds) { return {coap::code::kServiceUnavailable, {{Option::max_age, test::uint_value(seconds)}}, {}}; }

class Fetch : public ::testing::Test {
 protected:
  Fetch() { static_cast<void>(initialise_crypto(os_seed)); }
  FetchReport run(std::vector<std::unique_ptr<ServerLink>> links, std::uint64_t bytes, std::size_t need) {
    return fetch(links, {bytes, EntropyType::mixed, need}, [this](Bytes more) -> Outcome<void> {
      received_.insert(received_.end(), more.begin(), more.end());
      return {};
    });
  }
  FetchReport run(Server& server, std::uint64_t bytes = 32, unsigned retries = 2) {
    std::vector<std::unique_ptr<ServerLink>> links;
    links.push_back(server.link("coaps://a", retries));
    return run(std::move(links), bytes, 1);
  }
  FetchReport run(Server& a, Server& b, std::size_t need, std::uint64_t bytes = 32) {
    std::vector<std::unique_ptr<ServerLink>> links;
    links.push_back(a.link("coaps://a"));
    links.push_back(b.link("coaps://b"));
    return run(std::move(links), bytes, need);
  }
  Error failure(Server& server, unsigned retries = 2) {
    const auto report = run(server, 32, retries);
    EXPECT_TRUE(report.failure.has_value());
    EXPECT_TRUE(received_.empty());
    text_ = report.failure ? report.failure->text : "";
    return report.failure ? report.failure->error : Error::no_space;
  }
  Message received_;
  std::string text_;
};

TEST_F(Fetch, LargeDownloadsAreRoundsOverOneSession) {
  Server server;
  const auto report = run(server, 150'000);
  ASSERT_FALSE(report.failure) << report.failure->text;
  EXPECT_EQ(received_, Message(150'000, 0xA5));
  EXPECT_EQ(server.sizes, (std::vector<std::uint32_t>{65536, 65536, 18928}));
  EXPECT_EQ(server.opened, 1u);
  ASSERT_EQ(report.servers[0].sources.size(), 1u);
  EXPECT_EQ(report.servers[0].sources[0].id, "box");
  EXPECT_EQ(report.servers[0].link.url, "coaps://a");
  EXPECT_FALSE(report.simulated());
}

TEST_F(Fetch, SimulatedIsSaid) {
  Server server;
  server.kind = SourceKind::simulated;
  EXPECT_TRUE(run(server).simulated());
}

TEST_F(Fetch, WaitsAsTheServerSays) {
  Server server;
  server.instead = [](Server& self) { return self.requests <= 2 ? std::optional(busy(self.requests)) : std::nullopt; };
  EXPECT_FALSE(run(server).failure);
  EXPECT_EQ(server.waits, (std::vector<std::chrono::seconds>{1s, 2s}));
}

TEST_F(Fetch, PatienceIsBounded) {
  Server server;
  server.instead = [](Server&) { return std::optional(busy(1)); };
  EXPECT_EQ(failure(server), Error::starved);
  EXPECT_EQ(server.requests, 3u);
  server.requests = 0;
  EXPECT_EQ(failure(server, 0), Error::starved);
  EXPECT_EQ(server.requests, 1u);
  server.instead = [](Server&) { return std::optional(busy(11)); };  // longer than anybody waits
  server.requests = 0;
  EXPECT_EQ(failure(server), Error::starved);
  EXPECT_EQ(server.requests, 1u);
}

TEST_F(Fetch, OtherRefusalsAreNotRepeated) {
  Server server;
  server.instead = [](Server&) { return std::optional(Reply{coap::code::kForbidden, {}, {}}); };
  EXPECT_EQ(failure(server), Error::forbidden);
  EXPECT_EQ(server.requests, 1u);
}

TEST_F(Fetch, AClosedSessionIsOpenedAgain) {
  Server server;
  server.instead = [](Server& self) -> std::optional<Reply> {
    if (self.requests == 2) self.current->receive_error = Error::closed;
    return std::nullopt;
  };
  const auto report = run(server, 100'000);
  ASSERT_FALSE(report.failure) << report.failure->text;
  EXPECT_EQ(received_, Message(100'000, 0xA5));
  EXPECT_EQ(server.opened, 2u);
  EXPECT_GT(report.servers[0].link.statistics.round_trips, 64u + 34u);  // of both sessions
}

TEST_F(Fetch, AServerThatCannotBeReachedIsNamed) {
  Server server;
  server.door = [](unsigned) -> Outcome<void> { return fault(Error::not_trusted, "not signed by a trusted CA"); };
  EXPECT_EQ(failure(server), Error::not_trusted);
  EXPECT_EQ(text_, "coaps://a: not signed by a trusted CA");
  EXPECT_EQ(server.opened, 1u);
}

TEST_F(Fetch, AnswersThatAreNoneAreRefused) {
  Server server;
  const auto cbor = test::uint_value(60);
  server.instead = [&](Server& self) {
    return std::optional(Reply{coap::code::kContent, {{Option::content_format, cbor}}, self.body(31)});
  };
  EXPECT_EQ(failure(server), Error::malformed);
  EXPECT_NE(text_.find("31 bytes of type mixed where 32"), std::string::npos) << text_;
  server.instead = [&](Server&) { return std::optional(Reply{coap::code::kContent, {{Option::content_format, cbor}}, {0xFF}}); };
  EXPECT_EQ(failure(server), Error::malformed);
  server.instead = [&](Server& self) {
    return std::optional(Reply{coap::code::kContent, {{Option::content_format, test::uint_value(42)}}, self.body(32)});
  };
  EXPECT_EQ(failure(server), Error::malformed);
  EXPECT_NE(text_.find("another format"), std::string::npos) << text_;
}

TEST_F(Fetch, SeveralServersAreCombined) {
  Server a, b;
  b.value = 0x3C;
  const auto report = run(a, b, 2, 70'000);
  ASSERT_FALSE(report.failure) << report.failure->text;
  EXPECT_EQ(report.combined, 2u);
  // The second round goes on with the index of the blocks.
  const Message first(70'000 - 65536, 0xA5), second(70'000 - 65536, 0x3C);
  const std::array<Bytes, 2> tail{Bytes(first), Bytes(second)};
  EXPECT_TRUE(std::ranges::equal(combine(tail, 65536 / kBlockBytes)->span(), Bytes(received_).subspan(65536)));
}

TEST_F(Fetch, NeedDecidesWhetherAFailureIsFatal) {
  Server a, b;
  b.door = [](unsigned) -> Outcome<void> { return fault(Error::unreachable, "nobody there"); };
  const auto strict = run(a, b, 2);
  ASSERT_TRUE(strict.failure);
  EXPECT_TRUE(received_.empty());
  EXPECT_EQ(strict.failure->error, Error::unreachable);
  EXPECT_EQ(strict.failure->text, "1 of 2 servers answered, and 2 must (--need); coaps://b: nobody there");
  const auto tolerant = run(a, b, 1);
  ASSERT_FALSE(tolerant.failure);
  EXPECT_EQ(tolerant.combined, 1u);
  EXPECT_EQ(received_, Message(32, 0xA5));
  ASSERT_TRUE(tolerant.servers[1].failure);
  EXPECT_EQ(tolerant.servers[1].bytes, 0u);
}

TEST_F(Fetch, ASinkThatFailsEndsIt) {
  Server server;
  std::vector<std::unique_ptr<ServerLink>> links;
  links.push_back(server.link());
  const auto report =
      fetch(links, {200'000, EntropyType::mixed, 1}, [](Bytes) -> Outcome<void> { return fault(Error::no_space, "disk full"); });
  ASSERT_TRUE(report.failure);
  EXPECT_EQ(report.failure->text, "disk full");
  EXPECT_EQ(report.bytes, 0u);
  EXPECT_EQ(server.requests, 1u);
}

TEST_F(Fetch, ReportsAreReadOrRefused) {
  Server server;
  const auto cbor = test::uint_value(60);
  SourcesReport report;
  report.version = "1.2.3";
  report.healthy = 4;
  Message answer = to_cbor(report).value();
  server.instead = [&](Server&) { return std::optional(Reply{coap::code::kContent, {{Option::content_format, cbor}}, answer}); };
  const auto link = server.link();
  EXPECT_EQ(link->sources().value(), report);
  answer = to_cbor(HealthReport{HealthStatus::degraded, 1, 2}).value();
  EXPECT_EQ(link->health().value(), (HealthReport{HealthStatus::degraded, 1, 2}));
  answer = {0xFF};
  EXPECT_FALSE(link->sources().has_value());
  EXPECT_FALSE(link->health().has_value());
  server.instead = [](Server&) { return std::optional(Reply{coap::code::kNotFound, {}, {}}); };
  EXPECT_EQ(link->sources().error().fault.error, Error::not_found);
  EXPECT_EQ(link->health().error().fault.error, Error::not_found);
}

TEST(Address, OnlyServersAreAccepted) {
  LinkOptions options;
  for (const auto* url : {"coaps://h", "coaps://h:1", "coaps://[::1]", "coaps://h/", "coaps://h/random"})
    EXPECT_TRUE(ServerLink::make(url, options.duplicate())) << url;
  EXPECT_EQ(ServerLink::make("coap://h", options.duplicate()).error().error, Error::refused);
  EXPECT_EQ(ServerLink::make("https://h", options.duplicate()).error().error, Error::unsupported);
  for (const auto* url : {"h", "coaps://", "coaps://h/sources", "coaps://h/random?n=3", "coaps://h/#x"})
    EXPECT_EQ(ServerLink::make(url, options.duplicate()).error().error, Error::malformed) << url;
  options.allow_plain = true;
  EXPECT_EQ(ServerLink::make("coap://h", options.duplicate()).value()->url(), "coap://h");
}

TEST(Address, OptionsForAnotherServerAreTheSame) {
  LinkOptions options;
  options.server_name = "entropy.example";
  options.path_mtu = 600;
  options.groups = {1, 2};
  options.timeout = 3s;
  const auto copy = options.duplicate();
  EXPECT_EQ(copy.server_name, "entropy.example");
  EXPECT_EQ(copy.path_mtu, 600u);
  EXPECT_EQ(copy.groups, options.groups);
  EXPECT_EQ(copy.timeout, 3s);
}

TEST(Address, APlainChannelKeepsToThePathsPackets) {
  LinkOptions options;
  options.path_mtu = 600;
  const auto open = channel_opener(parse_coap_uri("coap://127.0.0.1:9").value(), std::move(options));
  const auto channel = open(nullptr);
  ASSERT_TRUE(channel);
  EXPECT_EQ((*channel)->max_payload(), 600 - kIpUdpHeaderBytes);
}

}  // namespace
}  // namespace qeaas
