// SPDX-License-Identifier: GPL-3.0-or-later
// What a connection does with memory: nothing allocated for a small request, nothing kept that is large, and no random byte left in
// memory that was given back. A program of its own, since it replaces operator new.
#include <cstdlib>
#include <new>

#include "http/http_fixture.hpp"

namespace {

struct Heap {
  std::uint64_t allocations = 0;
  std::int64_t live_bytes = 0;
  std::array<std::uint8_t, 16> watched{};
  bool watching = false;
  std::uint64_t leaks = 0;  // blocks freed with the watched bytes in them
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

namespace qeaas::http::testing {
namespace {

// round delivers a request and throws the answer away, without allocating anything itself.
void round(World& world, Connection& connection, std::string_view request, std::size_t piece) {
  for (auto rest = bytes_of(request); !rest.empty(); rest = rest.subspan(std::min(piece, rest.size())))
    connection.on_data(rest.first(std::min(piece, rest.size())), world.now);
  while (!connection.output().empty()) {
    connection.output().take_off(std::min<std::size_t>(connection.output().size(), 100));
    connection.pump(world.now);
  }
}

TEST(HttpMemory, SmallRequestsAllocateNothingAfterTheFirst) {
  const std::string requests[] = {
      "GET /v1/random?bytes=32 HTTP/1.1\r\nHost: a\r\nUser-Agent: a name that is longer than any small string\r\n\r\n",
      "GET /v1/random?bytes=32 HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer a-token-that-is-longer-than-any-small-string\r\n\r\n",
      "GET /v1/random?bytes=32&type=direct HTTP/1.1\r\nHost: a\r\nAccept: application/json\r\n\r\n",
      "GET /v1/random?bytes=32 HTTP/1.1\r\nHost: a\r\nAccept: application/cbor\r\n\r\n",
      "HEAD /v1/random?bytes=32 HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET /random_number/8 HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET /API/jsonI.php?length=10&type=uint8 HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET /v1/random?bytes=x HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n",
      "OPTIONS /v1/random HTTP/1.1\r\nHost: a\r\n\r\n",
  };
  World world;
  world.gate.know("a-token-that-is-longer-than-any-small-string", 5);
  world.gate.left = Allowance{"second", 1000, 1, 900, 1};
  for (const std::size_t piece : {std::size_t{1}, std::size_t{40}, std::size_t{4096}})
    for (const auto& request : requests) {
      Connection connection(world.site, Caller{}, nullptr);
      round(world, connection, request, piece);
      world.now += 2s;
      const auto before = heap.allocations;
      for (int i = 0; i < 100; ++i) round(world, connection, request, piece);
      EXPECT_EQ(heap.allocations - before, 0U) << piece << " " << request;
      EXPECT_EQ(connection.answered(), 101U);
    }
}

TEST(HttpMemory, LargeBuffersDoNotStay) {
  World world;
  Connection connection(world.site, Caller{}, nullptr);
  const std::string small = "GET /v1/random?bytes=32 HTTP/1.1\r\nHost: a\r\n\r\n";
  round(world, connection, small, 10);
  const auto before = heap.live_bytes;
  round(world, connection, "GET /v1/random?bytes=1000000&type=drbg HTTP/1.1\r\nHost: a\r\n\r\n", 1000);
  round(world, connection, "GET /v1/random?bytes=60000 HTTP/1.1\r\nHost: a\r\nAccept: application/json\r\n\r\n", 1000);
  EXPECT_LE(heap.live_bytes - before, 64);
}

class Watch {
 public:
  explicit Watch(std::uint64_t place) {
    for (std::size_t i = 0; i < heap.watched.size(); ++i) heap.watched[i] = FakeDraw::byte(place + i);
    heap.leaks = 0;
    heap.watching = true;
  }
  ~Watch() { heap.watching = false; }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;
};

TEST(HttpMemory, NoRandomByteIsGivenBack) {
  World world;
  {
    const Watch watch(0);
    { const auto left = FakeDraw::bytes(0, 64); }
    EXPECT_EQ(heap.leaks, 1U) << "the watch sees nothing";
  }
  for (const std::string request :
       {"GET /v1/random?bytes=3000 HTTP/1.1\r\nHost: a\r\n\r\n", "GET /v1/random?bytes=500000 HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /v1/random?bytes=500000&type=drbg HTTP/1.1\r\nHost: a\r\n\r\n"})
    for (const std::uint64_t offset : {0U, 2900U, 100'000U, 499'000U}) {
      const Watch watch(world.draw.given + offset);
      {
        Connection connection(world.site, Caller{}, nullptr);
        connection.on_data(bytes_of(request + request), world.now);
        for (int i = 0; i < 300; ++i) {
          connection.output().take_off(std::min<std::size_t>(connection.output().size(), 2000));
          connection.pump(world.now);
        }
      }
      EXPECT_EQ(heap.leaks, 0U) << request << offset;
    }
}

}  // namespace
}  // namespace qeaas::http::testing
