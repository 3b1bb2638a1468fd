// SPDX-License-Identifier: GPL-3.0-or-later
// Sockets on loopback: batches, sharing, steering by connection ID, the message of a taken port.
#include "net/udp_socket.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <string>
#include <unistd.h>
#include <vector>

#include "net/channel.hpp"

namespace qeaas {
namespace {

using Received = std::vector<std::pair<std::string, std::string>>;

std::size_t receive(UdpSocket& socket, Received& into) {
  pollfd waiting{socket.descriptor(), POLLIN, 0};
  ::poll(&waiting, 1, 2000);
  const auto batch = socket.receive().datagrams;
  for (const auto& datagram : batch) into.emplace_back(datagram.from->text(), std::string(datagram.bytes.begin(), datagram.bytes.end()));
  return batch.size();
}

class UdpSocketTest : public testing::TestWithParam<const char*> {
 protected:
  Address any_port() const { return Address::parse(std::string(GetParam()) + ":0").value(); }
};

TEST_P(UdpSocketTest, BatchesGoBothWays) {
  auto a = UdpSocket::open(any_port(), 1500);
  auto b = UdpSocket::open(any_port(), 1500);
  ASSERT_TRUE(a && b) << a.error().text;
  const std::size_t count = UdpSocket::kBatch + 3;  // more than one batch: the first leaves by itself
  for (std::size_t i = 0; i < count; ++i) (*a)->send((*b)->local(), bytes_of("message " + std::to_string(i)));
  (*a)->flush();
  Received received;
  while (received.size() < count && receive(**b, received) > 0) {
  }
  ASSERT_EQ(received.size(), count);
  EXPECT_EQ(received.front().first, (*a)->local().text());
  EXPECT_EQ(received.back().second, "message " + std::to_string(count - 1));
}

TEST_P(UdpSocketTest, RunsToOnePeerArriveAsTheyWereSent) {
  auto a = UdpSocket::open(any_port(), 1500);
  auto b = UdpSocket::open(any_port(), 1500);
  auto c = UdpSocket::open(any_port(), 1500);
  // Equal sizes, a shorter end, a longer one after it, another peer in between.
  const std::vector<std::size_t> sizes{36, 1232, 1232, 1232, 500, 1232, 1232, 700, 700, 1};
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    (*a)->send((*b)->local(), std::vector<std::uint8_t>(sizes[i], static_cast<std::uint8_t>(i)));
    if (i == 5) (*a)->send((*c)->local(), bytes_of("other"));
  }
  (*a)->flush();
  Received received;
  while (received.size() < sizes.size() && receive(**b, received) > 0) {
  }
  ASSERT_EQ(received.size(), sizes.size());
  for (std::size_t i = 0; i < sizes.size(); ++i) EXPECT_EQ(received[i].second, std::string(sizes[i], static_cast<char>(i))) << i;
  Received other;
  EXPECT_EQ(receive(**c, other), 1U);
}

TEST_P(UdpSocketTest, OversizeDatagramsAreDroppedWhole) {
  auto a = UdpSocket::open(any_port(), 16000);
  auto b = UdpSocket::open(any_port(), 1500);
  (*a)->send((*b)->local(), std::vector<std::uint8_t>(3000, 1));
  (*a)->send((*b)->local(), bytes_of("small"));
  (*a)->flush();
  Received received;
  while (received.empty() && receive(**b, received) > 0) {
  }
  ASSERT_EQ(received.size(), 1U);
  EXPECT_EQ(received[0].second, "small");
  (*b)->send((*a)->local(), std::vector<std::uint8_t>(3000, 1));  // larger than its own limit: not sent, and not written past the slot
  (*b)->flush();
}

TEST_P(UdpSocketTest, ATakenPortNamesItsHolder) {
  auto a = UdpSocket::open(any_port(), 1500);
  const auto taken = free_address((*a)->local());
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().error, Error::in_use);
  EXPECT_NE(taken.error().text.find(std::to_string((*a)->local().port())), std::string::npos);
  EXPECT_NE(taken.error().text.find("process " + std::to_string(::getpid())), std::string::npos);
}

TEST_P(UdpSocketTest, AFreePortIsChosenOnceAndThenShared) {
  const auto chosen = free_address(any_port());
  ASSERT_TRUE(chosen);
  EXPECT_NE(chosen->port(), 0);
  const auto first = UdpSocket::open(*chosen, 1500);
  ASSERT_TRUE(first) << first.error().text;
  EXPECT_EQ((*first)->local().text(), chosen->text());
  EXPECT_TRUE(UdpSocket::open(*chosen, 1500));
}

TEST_P(UdpSocketTest, RecordsAreSteeredByTheFirstByteOfTheirConnectionId) {
  std::vector<std::unique_ptr<UdpSocket>> workers;
  workers.push_back(std::move(*UdpSocket::open(any_port(), 1500)));
  const auto address = workers[0]->local();
  for (int i = 1; i < 3; ++i) workers.push_back(std::move(*UdpSocket::open(address, 1500)));
  ASSERT_TRUE(steer_by_worker(*workers[0]));
  for (int round = 0; round < 20; ++round) {
    auto client = UdpSocket::open(any_port(), 1500);  // a new port every time
    for (std::uint8_t worker = 0; worker < 3; ++worker) {
      const std::vector<std::uint8_t> record{0x3E, worker, 1, 2, 3, 4, 5, 6, 7};
      (*client)->send(address, record);
      (*client)->flush();
      Received received;
      ASSERT_EQ(receive(*workers[worker], received), 1U) << "round " << round;
      EXPECT_EQ(received[0].second, std::string(record.begin(), record.end()));
    }
  }
  auto client = UdpSocket::open(any_port(), 1500);
  (*client)->send(address, std::vector<std::uint8_t>{0x3E, 200, 1});  // no such worker: the kernel's hash decides
  (*client)->send(address, std::vector<std::uint8_t>{22, 0xFE, 0xFD});
  (*client)->flush();
  std::size_t arrived = 0;
  for (int i = 0; i < 20 && arrived < 2; ++i)
    for (auto& worker : workers) {
      Received received;
      pollfd waiting{worker->descriptor(), POLLIN, 0};
      if (::poll(&waiting, 1, 50) > 0) arrived += receive(*worker, received);
    }
  EXPECT_EQ(arrived, 2U);
}

INSTANTIATE_TEST_SUITE_P(Families, UdpSocketTest, testing::Values("127.0.0.1", "[::1]"),
                         [](const auto& test) { return test.param[0] == '1' ? "v4" : "v6"; });

TEST(UdpSocket, ASocketThatSomebodyElseOpenedIsServed) {
  const auto any_port = Address::parse("127.0.0.1:0").value();
  auto opened = UdpSocket::open(any_port, 1500).value();
  auto passed = UdpSocket::adopt(FileDescriptor(::dup(opened->descriptor())), 1500);
  ASSERT_TRUE(passed);
  EXPECT_EQ((*passed)->local(), opened->local());
  auto peer = UdpSocket::open(any_port, 1500).value();
  peer->send((*passed)->local(), bytes_of("hello"));
  peer->flush();
  Received received;
  EXPECT_EQ(receive(**passed, received), 1U);
  EXPECT_FALSE(UdpSocket::adopt(FileDescriptor(), 1500));
}

TEST(UdpSocket, AnAddressOfSomebodyElseIsRefused) {
  const auto result = UdpSocket::open(Address::parse("192.0.2.1:0").value(), 1500);
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().text.find("no such address"), std::string::npos);
}

TEST(Channel, PlainMessagesTimeoutsAndRefusals) {
  auto server = UdpSocket::open(Address::parse("127.0.0.1:0").value(), 1500);
  const auto port = (*server)->local().port();
  auto channel = open_plain_channel("127.0.0.1", port);
  ASSERT_TRUE(channel) << channel.error().text;
  EXPECT_EQ((*channel)->report(), nullptr);
  ASSERT_TRUE((*channel)->send(bytes_of("ping")));
  Received received;
  ASSERT_EQ(receive(**server, received), 1U);
  (*server)->send(Address::parse(received[0].first).value(), bytes_of("pong"));
  (*server)->flush();
  std::array<std::uint8_t, 4> room;
  EXPECT_EQ((*channel)->receive(room, Clock::now() + 2s), 4U);
  EXPECT_EQ((*channel)->receive(room, Clock::now()).error(), Error::timeout);
  EXPECT_EQ((*channel)->send(std::vector<std::uint8_t>(1400)).error(), Error::too_large);
  server->reset();
  ASSERT_TRUE((*channel)->send(bytes_of("anybody?")));
  EXPECT_EQ((*channel)->receive(room, Clock::now() + 2s).error(), Error::unreachable);
}

TEST(Channel, RebindingGoesOnFromAnotherPort) {
  auto server = UdpSocket::open(Address::parse("127.0.0.1:0").value(), 1500);
  auto channel = open_plain_channel("127.0.0.1", (*server)->local().port());
  ASSERT_TRUE(channel) << channel.error().text;
  Received received;
  ASSERT_TRUE((*channel)->send(bytes_of("here")));
  ASSERT_EQ(receive(**server, received), 1U);
  ASSERT_TRUE((*channel)->rebind());
  ASSERT_TRUE((*channel)->send(bytes_of("there")));
  ASSERT_EQ(receive(**server, received), 1U);
  EXPECT_NE(received[0].first, received[1].first);
  (*server)->send(Address::parse(received[0].first).value(), bytes_of("lost"));
  (*server)->send(Address::parse(received[1].first).value(), bytes_of("found"));
  (*server)->flush();
  std::array<std::uint8_t, 8> room;
  EXPECT_EQ((*channel)->receive(room, Clock::now() + 2s), 5U);
}

TEST(Channel, NamesAreResolvedOrExplained) {
  EXPECT_FALSE(resolve("localhost", 1)->empty());
  EXPECT_EQ(resolve("::1", 7)->front().text(), "[::1]:7");
  const auto none = resolve("no-such-host.invalid", 1);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().error, Error::unreachable);
  EXPECT_NE(none.error().text.find("no-such-host.invalid"), std::string::npos);
}

}  // namespace
}  // namespace qeaas
