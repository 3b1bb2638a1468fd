// SPDX-License-Identifier: GPL-3.0-or-later
// What the endpoint does with memory: nothing allocated for a small request, nothing kept for an idle peer, and no random byte left
// in memory that was given back. A program of its own, since it replaces operator new.
#include <atomic>
#include <cstdlib>
#include <deque>
#include <new>

#include "coap/endpoint_fixture.hpp"

namespace {

struct Heap {
  std::atomic<std::uint64_t> allocations{0};
  std::atomic<std::int64_t> live_bytes{0};
  std::array<std::uint8_t, 16> watched{};
  std::atomic<bool> watching{false};
  std::atomic<std::uint64_t> leaks{0};  // blocks freed with the watched bytes in them
};
Heap heap;
constexpr std::size_t kHeader = 16;

void* take(std::size_t size) {
  auto* block = static_cast<std::uint8_t*>(std::malloc(size + kHeader));
  if (block == nullptr) std::abort();
  *reinterpret_cast<std::size_t*>(block) = size;
  ++heap.allocations;
  heap.live_bytes += static_cast<std::int64_t>(size);
  return block + kHeader;
}

void give_back(void* memory) noexcept {
  if (memory == nullptr) return;
  auto* bytes = static_cast<std::uint8_t*>(memory);
  auto* block = bytes - kHeader;
  const std::size_t size = *reinterpret_cast<std::size_t*>(block);
  heap.live_bytes -= static_cast<std::int64_t>(size);
  if (heap.watching && std::search(bytes, bytes + size, heap.watched.begin(), heap.watched.end()) != bytes + size) ++heap.leaks;
  std::free(block);
}

}  // namespace

void* operator new(std::size_t size) { return take(size); }
void* operator new[](std::size_t size) { return take(size); }
void operator delete(void* memory) noexcept { give_back(memory); }
void operator delete[](void* memory) noexcept { give_back(memory); }
void operator delete(void* memory, std::size_t) noexcept { give_back(memory); }
void operator delete[](void* memory, std::size_t) noexcept { give_back(memory); }

namespace qeaas::coap::testing {
namespace {

// Watch reports blocks that are freed with the bytes of a draw in them.
class Watch {
 public:
  Watch(std::uint64_t draw, std::size_t offset) {
    for (std::size_t i = 0; i < heap.watched.size(); ++i) heap.watched[i] = FakeDraw::byte(draw, offset + i);
    heap.leaks = 0;
    heap.watching = true;
  }
  ~Watch() { heap.watching = false; }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;
  std::uint64_t leaks() const { return heap.leaks; }
};

void set_id(Buffer& request, std::size_t id) {
  request[2] = static_cast<std::uint8_t>(id >> 8);
  request[3] = static_cast<std::uint8_t>(id);
}

TEST(EndpointMemory, TheWatchSeesALeak) {
  const Watch watch(1, 0);
  { const Buffer left = FakeDraw::bytes(1, 64); }
  EXPECT_EQ(watch.leaks(), 1u);
}

TEST(EndpointMemory, SmallRequestsAllocateNothing) {
  for (const std::optional<std::uint32_t> accept : {std::optional<std::uint32_t>{}, std::optional(50u), std::optional(60u)}) {
    for (const Type type : {Type::con, Type::non}) {
      World world;
      FakePeer peer;
      peer.keep = false;
      Ask ask = Ask::random({"n=32", "t=mixed"}).of_type(type);
      if (accept) ask.with(Option::accept, *accept);
      Buffer request = ask.encode();
      world.endpoint.on_datagram(peer, request, world.now);
      const std::uint64_t before = heap.allocations;
      for (std::size_t id = 2; id < 10'000; ++id) {  // more than the exchange cache holds
        set_id(request, id);
        world.endpoint.on_datagram(peer, request, world.now);
        world.endpoint.on_datagram(peer, request, world.now);  // a duplicate
        world.now += 5ms;
        if (id % 100 == 0) world.endpoint.on_timer(world.now);
      }
      EXPECT_EQ(heap.allocations - before, 0u);
      EXPECT_EQ(world.draw.draws, 9'999u);
      EXPECT_EQ(peer.count, type == Type::con ? 2 * 9'999u - 1 : 9'999u);
    }
  }
}

TEST(EndpointMemory, RefusalsAllocateNothing) {
  World world;
  FakePeer peer(1, false);
  peer.keep = false;
  Buffer requests[] = {Ask::random({"n=0"}).encode(),
                       Ask::path({"nowhere"}).encode(),
                       Ask::random().with(Option{9}, "x").encode(),
                       Ask::random({"n=65536"}).encode(),  // Echo
                       Buffer{0x40, 0, 1, 1},
                       Buffer{0x49, 1, 1, 1}};
  std::size_t id = 0;
  for (Buffer& request : requests) world.endpoint.on_datagram(peer, request, world.now);
  const std::uint64_t before = heap.allocations;
  for (int round = 0; round < 100; ++round)
    for (Buffer& request : requests) {
      set_id(request, ++id + 1000);
      world.endpoint.on_datagram(peer, request, world.now);
    }
  EXPECT_EQ(heap.allocations - before, 0u);
}

TEST(EndpointMemory, AnIdlePeerCostsItsStateAlone) {
  World world;
  std::deque<FakePeer> peers;
  for (std::size_t i = 0; i < 2000; ++i) peers.emplace_back(static_cast<std::uint8_t>(i)).keep = false;
  Buffer request = Ask::random().encode(), large = Ask::random({"n=1500"}).encode();
  const Buffer last = Ask::random({"n=1500"}).mid(3).block(1, 6).encode();
  set_id(large, 2);
  world.endpoint.on_datagram(peers[0], large, world.now);  // the tables grow once
  world.endpoint.on_datagram(peers[0], last, world.now);
  const std::int64_t before = heap.live_bytes;
  for (FakePeer& peer : peers) {
    world.endpoint.on_datagram(peer, request, world.now);
    world.endpoint.on_datagram(peer, large, world.now);
    world.endpoint.on_datagram(peer, last, world.now);
  }
  world.pass(300s);
  EXPECT_EQ(heap.live_bytes - before, 0);
  static_assert(sizeof(Peer) < 100);
}

TEST(EndpointMemory, AThousandObserversFitTheirTable) {
  World world;
  std::deque<FakePeer> peers;
  for (std::size_t i = 0; i < 1000; ++i) peers.emplace_back(static_cast<std::uint8_t>(i)).keep = false;
  const Buffer request = Ask::random({"every=60"}).with(Option::observe, 0u).encode();
  const std::int64_t before = heap.live_bytes;
  for (FakePeer& peer : peers) world.endpoint.on_datagram(peer, request, world.now);
  EXPECT_EQ(world.endpoint.observations(), 1000u);
  EXPECT_LT(heap.live_bytes - before, 1000 * 256);
  world.pass(60s);  // every one has a CON under way
  EXPECT_LT(heap.live_bytes - before, 1000 * 600);
  world.pass(100s);
  EXPECT_EQ(world.endpoint.observations(), 0u);
}

TEST(EndpointMemory, DrawnBytesAreWipedFromTheEndpoint) {
  World world;
  FakePeer peer;
  peer.keep = false;
  const Buffer wanted = FakeDraw::bytes(1, 32);
  world.endpoint.on_datagram(peer, Ask::random().encode(), world.now);
  ASSERT_EQ(world.draw.draws, 1u);
  const Bytes object{reinterpret_cast<const std::uint8_t*>(&world.endpoint), sizeof world.endpoint};
  EXPECT_EQ(std::search(object.begin(), object.end(), wanted.begin(), wanted.end()), object.end());
  ASSERT_TRUE(world.left_behind(1, 32)) << "kept for duplicates, for now";
  world.pass(47s);
  EXPECT_FALSE(world.left_behind(1, 32));
}

// Each way in which a kept draw ends must wipe it; `offset` picks a place in a block that is never sent in some of them.
TEST(EndpointMemory, KeptDrawsAreWiped) {
  enum class End { last_block, expiry, replaced, closed, endpoint_gone };
  for (const End end : {End::last_block, End::expiry, End::replaced, End::closed, End::endpoint_gone}) {
    auto world = std::make_unique<World>();
    FakePeer peer;
    peer.keep = false;
    const Buffer first = Ask::random({"n=2500"}).encode(), again = Ask::random({"n=2500"}).mid(2).encode();
    const Buffer last = Ask::random({"n=2500"}).mid(3).block(2, 6).encode();
    const Watch watch(1, 2100);
    world->endpoint.on_datagram(peer, first, world->now);
    ASSERT_EQ(world->endpoint.transfer_bytes(), 2500u);
    if (end == End::last_block) world->endpoint.on_datagram(peer, last, world->now);
    if (end == End::expiry) world->pass(30s);
    if (end == End::replaced) world->endpoint.on_datagram(peer, again, world->now);
    if (end == End::closed) world->endpoint.on_closed(peer);
    if (end == End::endpoint_gone) world.reset();
    EXPECT_EQ(watch.leaks(), 0u) << static_cast<int>(end);
    if (world) {
      EXPECT_EQ(world->endpoint.transfer_bytes(), end == End::replaced ? 2500u : 0u);
    }
  }
}

TEST(EndpointMemory, NotificationsAreWiped) {
  auto world = std::make_unique<World>();
  FakePeer peer;
  peer.keep = false;
  const Buffer request = Ask::random({"every=5"}).with(Option::observe, 0u).encode();
  world->endpoint.on_datagram(peer, request, world->now);
  const Watch watch(2, 0);
  world->pass(5s);
  ASSERT_EQ(world->draw.draws, 2u);
  world->pass(100s);  // retransmitted and given up
  EXPECT_EQ(world->endpoint.observations(), 0u);
  world.reset();
  EXPECT_EQ(watch.leaks(), 0u);
}

}  // namespace
}  // namespace qeaas::coap::testing
