// SPDX-License-Identifier: GPL-3.0-or-later
// Block2 (RFC 7959): whole transfers with every block size, what goes wrong on the way, and that a kept draw does not outlive its use.
#include "coap/endpoint_fixture.hpp"

namespace qeaas::coap::testing {
namespace {

// Download fetches block after block, one request each.
struct Download {
  World& world;
  FakePeer& peer;
  Ask request;
  std::uint16_t next_id = 100;
  Buffer body{};
  std::optional<Buffer> etag{};
  std::optional<Block> block{};

  Reply get(std::uint32_t num, std::uint8_t szx) {
    Ask ask = request;
    return world.ask(peer, ask.mid(next_id++).block(num, szx));
  }
  // step takes the next block; false when it was the last.
  bool step(const Reply& reply) {
    EXPECT_EQ(reply.view.code, code::kContent);
    block = reply.block2();
    if (!block) return ADD_FAILURE() << "no Block2", false;
    if (etag) {
      EXPECT_EQ(reply.bytes(Option::etag), etag);
    }
    etag = reply.bytes(Option::etag);
    EXPECT_EQ(block->offset_bytes(), body.size());
    body.insert(body.end(), reply.view.payload.begin(), reply.view.payload.end());
    return block->more;
  }
  void all(std::uint8_t szx) {
    bool more = step(get(0, szx));
    while (more) more = step(get(block->num + 1, block->szx));
  }
};

class EveryBlockSize : public ::testing::TestWithParam<int> {};

TEST_P(EveryBlockSize, WholeTransfer) {
  World world;
  FakePeer peer;
  Download download{world, peer, Ask::random({"n=65536"})};
  const auto szx = static_cast<std::uint8_t>(GetParam());
  download.all(szx);
  EXPECT_EQ(download.block->szx, szx);
  EXPECT_EQ(download.body, FakeDraw::bytes(1, 65536));
  EXPECT_EQ(world.draw.draws, 1u);
  EXPECT_EQ(world.gate.debited, 65536u);
  EXPECT_EQ(world.endpoint.transfer_bytes(), 0u) << "wiped after the last block";
}
INSTANTIATE_TEST_SUITE_P(Szx, EveryBlockSize, ::testing::Range(0, 7));

TEST(EndpointBlocks, TheServerStartsThemByItself) {
  World world;
  FakePeer peer;
  const Reply first = world.ask(peer, Ask::random({"n=3000"}));
  EXPECT_EQ(first.block2(), (Block{0, true, 6}));
  EXPECT_EQ(first.payload(), FakeDraw::bytes(1, 1024));
  EXPECT_EQ(first.bytes(Option::etag)->size(), kEtagBytes);
  EXPECT_FALSE(first.uint(Option::size2));
}

TEST(EndpointBlocks, DefaultSizeFitsTheDatagram) {
  const std::pair<std::size_t, std::uint8_t> sizes[] = {{64, 0}, {100, 1}, {127, 2}, {200, 3}, {400, 4}, {1000, 5}, {1280, 6}, {9000, 6}};
  for (const auto& [datagram, szx] : sizes) {
    World world;
    FakePeer peer;
    peer.max_bytes = datagram;
    Download download{world, peer, Ask::random({"n=2000"})};
    download.request.token = Buffer(8, 0xee);
    download.request.with(Option::size2, 0u);
    const Reply first = world.ask(peer, download.request);
    EXPECT_EQ(first.block2(), (Block{0, true, szx})) << datagram;
    EXPECT_LE(first.raw.size(), std::min(datagram, kMaxDatagramBytes));
  }
}

TEST(EndpointBlocks, Size2OnRequest) {
  World world;
  FakePeer peer;
  EXPECT_EQ(world.ask(peer, Ask::random({"n=3000"}).with(Option::size2, 0u)).uint(Option::size2), 3000u);
  EXPECT_EQ(world.ask(peer, Ask::random().mid(2).with(Option::size2, 0u)).uint(Option::size2), 32u);
}

TEST(EndpointBlocks, OneBlockIsEnough) {
  World world;
  FakePeer peer;
  const Reply reply = world.ask(peer, Ask::random({"n=64"}).block(0, 2));
  EXPECT_EQ(reply.block2(), (Block{0, false, 2}));
  EXPECT_FALSE(reply.bytes(Option::etag));
  EXPECT_EQ(world.endpoint.transfer_bytes(), 0u);
}

TEST(EndpointBlocks, JsonAndCbor) {
  for (const auto& [wire, kind] : {std::pair{format::kJson, AnswerFormat::json}, std::pair{format::kCbor, AnswerFormat::cbor}}) {
    for (const std::uint32_t n : {1000u, 1025u, 65536u}) {
      World world;
      FakePeer peer;
      const std::string query = "n=" + std::to_string(n);
      Download download{world, peer, Ask::random({query}).with(Option::accept, std::uint32_t{wire})};
      download.all(5);
      const auto answer = decode_random_answer(kind, download.body);
      ASSERT_TRUE(answer.has_value());
      EXPECT_EQ(buffer(answer->random.span()), FakeDraw::bytes(1, n));
    }
  }
}

TEST(EndpointBlocks, SmallerBlocksMidway) {  // RFC 7959 2.4, figure 5: the client changes its mind
  World world;
  FakePeer peer;
  Download download{world, peer, Ask::random({"n=3000"})};
  (void)download.step(download.get(0, 6));
  bool more = download.step(download.get(4, 4));
  while (more) more = download.step(download.get(download.block->num + 1, 4));
  EXPECT_EQ(download.body, FakeDraw::bytes(1, 3000));
}

TEST(EndpointBlocks, LargerBlocksThanTheDatagramAreCut) {
  World world;
  FakePeer peer;
  Download download{world, peer, Ask::random({"n=3000"})};
  (void)download.step(download.get(0, 6));
  peer.max_bytes = 400;  // the path became narrow
  bool more = download.step(download.get(1, 6));
  EXPECT_EQ(download.block, (Block{4, true, 4}));
  while (more) more = download.step(download.get(download.block->num + 1, 4));
  EXPECT_EQ(download.body, FakeDraw::bytes(1, 3000));
}

TEST(EndpointBlocks, LaterBlockOfAnotherRequestIsIncomplete) {
  World world;
  FakePeer peer;
  Download download{world, peer, Ask::random({"n=3000"})};
  (void)download.get(0, 6);
  const Ask strangers[] = {Ask::random({"n=3001"}), Ask::random({"n=3000", "t=drbg"}), Ask::random({"n=3000"}).with(Option::accept, 60u),
                           Ask::random({"n=3000"}).with(Option::etag, "another"), Ask::path({"sources"})};
  std::uint16_t id = 1;
  for (Ask stranger : strangers) {
    const Reply reply = world.ask(peer, stranger.mid(id++).block(1, 6));
    EXPECT_EQ(reply.view.code, code::kRequestEntityIncomplete);
    EXPECT_EQ(problem(reply), "not_found");
  }
  EXPECT_EQ(world.draw.draws, 1u);
  EXPECT_EQ(download.get(1, 6).view.code, code::kContent) << "the transfer goes on";
}

TEST(EndpointBlocks, TheRightEtagIsWelcome) {
  World world;
  FakePeer peer;
  Download download{world, peer, Ask::random({"n=3000"})};
  (void)download.step(download.get(0, 6));
  download.request.with(Option::etag, "wrong").with(Option::etag, Bytes{*download.etag});
  EXPECT_EQ(download.get(1, 6).payload(), buffer(Bytes{FakeDraw::bytes(1, 3000)}.subspan(1024, 1024)));
}

TEST(EndpointBlocks, BeyondTheEnd) {
  World world;
  FakePeer peer;
  Download download{world, peer, Ask::random({"n=3000"})};
  (void)download.get(0, 6);
  EXPECT_EQ(problem(download.get(3, 6)), "out_of_range");
  EXPECT_EQ(download.get(kMaxBlockNum, 6).view.code, code::kBadRequest);
  EXPECT_EQ(download.get(2, 6).payload().size(), 952u);
}

TEST(EndpointBlocks, LostLastBlockIsRepeatedToADuplicateOnly) {
  World world;
  FakePeer peer;
  Download download{world, peer, Ask::random({"n=1500"})};
  (void)download.get(0, 6);
  const Ask last = Ask::random({"n=1500"}).mid(7).block(1, 6);
  const Reply lost = world.ask(peer, last);
  EXPECT_EQ(world.endpoint.transfer_bytes(), 0u);
  EXPECT_EQ(world.ask(peer, last).raw, lost.raw);  // the same message ID: from the exchange cache
  EXPECT_EQ(download.get(1, 6).view.code, code::kRequestEntityIncomplete);
}

TEST(EndpointBlocks, AFreshRequestIsANewDraw) {
  World world;
  FakePeer peer;
  Download download{world, peer, Ask::random({"n=3000"})};
  (void)download.step(download.get(0, 6));
  const Reply again = download.get(0, 6);
  EXPECT_EQ(again.payload(), FakeDraw::bytes(2, 1024));
  EXPECT_NE(again.bytes(Option::etag), download.etag);
  EXPECT_EQ(world.endpoint.transfer_bytes(), 3000u) << "one body a peer";
}

TEST(EndpointBlocks, SmallRequestsInBetweenDisturbNothing) {
  World world;
  FakePeer peer;
  Download download{world, peer, Ask::random({"n=3000"})};
  bool more = download.step(download.get(0, 6));
  while (more) {
    EXPECT_EQ(world.ask(peer, Ask::random().mid(download.next_id++)).payload().size(), 32u);
    more = download.step(download.get(download.block->num + 1, 6));
  }
  EXPECT_EQ(download.body, FakeDraw::bytes(1, 3000));
}

TEST(EndpointBlocks, ExpiresAfterThirtySeconds) {
  World world;
  FakePeer peer;
  Download download{world, peer, Ask::random({"n=3000"})};
  (void)download.get(0, 6);
  world.pass(29s);
  EXPECT_EQ(download.get(1, 6).view.code, code::kContent);
  world.now += 1s;  // the timer is late; the body is out of reach all the same
  EXPECT_EQ(download.get(2, 6).view.code, code::kRequestEntityIncomplete);
  EXPECT_EQ(world.endpoint.transfer_bytes(), 3000u);
  world.endpoint.on_timer(world.now);
  EXPECT_EQ(world.endpoint.transfer_bytes(), 0u);
}

TEST(EndpointBlocks, TwoPeersInterleaved) {
  World world;
  FakePeer a(1), b(2);
  Download first{world, a, Ask::random({"n=9000"})}, second{world, b, Ask::random({"n=9000"})};
  bool more = first.step(first.get(0, 6));
  (void)second.step(second.get(0, 6));
  while (more) {
    more = first.step(first.get(first.block->num + 1, 6));
    EXPECT_EQ(second.step(second.get(second.block->num + 1, 6)), more);
  }
  EXPECT_EQ(first.body, FakeDraw::bytes(1, 9000));
  EXPECT_EQ(second.body, FakeDraw::bytes(2, 9000));
}

TEST(EndpointBlocks, FullMemoryIsUnavailableBeforeAnythingIsDrawn) {
  World world(Limits{.transfers = 8, .transfer_bytes = 100'000});
  FakePeer a(1), b(2);
  (void)world.ask(a, Ask::random({"n=65536"}));
  const Reply refused = world.ask(b, Ask::random({"n=65536"}));
  EXPECT_EQ(refused.view.code, code::kServiceUnavailable);
  EXPECT_EQ(problem(refused), "no_space");
  EXPECT_EQ(refused.uint(Option::max_age), 30u);
  EXPECT_EQ(world.draw.draws, 1u);
  EXPECT_EQ(world.gate.debited, 65536u);
  EXPECT_EQ(world.ask(b, Ask::random({"n=1024"}).mid(2)).view.code, code::kContent);
  EXPECT_EQ(world.ask(a, Ask::random({"n=65536"}).mid(3)).view.code, code::kContent) << "its own body makes room";
  world.pass(30s);
  EXPECT_EQ(world.ask(b, Ask::random({"n=65536"}).mid(4)).view.code, code::kContent);
}

TEST(EndpointBlocks, TooManyTransfers) {
  World world(Limits{.transfers = 1});
  FakePeer a(1), b(2);
  (void)world.ask(a, Ask::random({"n=2000"}));
  EXPECT_EQ(world.ask(b, Ask::random({"n=2000"})).view.code, code::kServiceUnavailable);
  // Whether this one needs blocks is known only when it is encoded; it is refused then.
  const Reply late = world.ask(b, Ask::random({"n=1020"}).mid(2).with(Option::accept, 60u));
  EXPECT_EQ(problem(late), "no_space");
}

}  // namespace
}  // namespace qeaas::coap::testing
