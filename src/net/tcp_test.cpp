// SPDX-License-Identifier: GPL-3.0-or-later
// Listener, streams and the poller, over loopback.
#include "net/tcp.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

#include "net/poller.hpp"

namespace qeaas {
namespace {

FileDescriptor connected_to(const Address& address) {
  FileDescriptor socket(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(::connect(socket.get(), address.data(), address.size()), 0);
  return socket;
}

std::unique_ptr<TcpListener> listener(const char* address = "127.0.0.1:0") {
  auto opened = TcpListener::open(*Address::parse(address));
  EXPECT_TRUE(opened) << opened.error().text;
  return std::move(*opened);
}

void wait_for(int descriptor, short what) {
  pollfd entry{descriptor, what, 0};
  ASSERT_EQ(::poll(&entry, 1, 10'000), 1);
}

TEST(Tcp, BytesGoBothWaysAndTheEndIsSeen) {
  const auto listening = listener();
  EXPECT_EQ(listening->accept().error(), Error::would_block);
  auto client = connected_to(listening->local());
  wait_for(listening->descriptor(), POLLIN);
  auto stream = listening->accept();
  ASSERT_TRUE(stream);
  EXPECT_TRUE(stream->remote().loopback());
  std::array<std::uint8_t, 16> room{};
  EXPECT_EQ(stream->receive(room).error(), Error::would_block);
  ASSERT_EQ(::send(client.get(), "ping", 4, 0), 4);
  wait_for(stream->descriptor(), POLLIN);
  EXPECT_EQ(stream->receive(room).value(), 4U);
  EXPECT_EQ(stream->send(Bytes(room).first(4)).value(), 4U);
  EXPECT_EQ(::recv(client.get(), room.data(), room.size(), MSG_WAITALL & 0), 4);
  client.reset();
  wait_for(stream->descriptor(), POLLIN);
  EXPECT_EQ(stream->receive(room).error(), Error::closed);
}

TEST(Tcp, SendingIntoAFullOrDeadStreamIsAnErrorAndNoSignal) {
  const auto listening = listener("[::1]:0");
  auto client = connected_to(listening->local());
  wait_for(listening->descriptor(), POLLIN);
  auto stream = listening->accept();
  ASSERT_TRUE(stream);
  const std::vector<std::uint8_t> much(1 << 20);
  Result<std::size_t> sent = std::size_t{0};
  for (int i = 0; i < 1000 && sent; ++i) sent = stream->send(much);
  EXPECT_EQ(sent.error(), Error::would_block);
  const linger hard{1, 0};
  ::setsockopt(client.get(), SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
  client.reset();
  wait_for(stream->descriptor(), POLLHUP);
  std::array<std::uint8_t, 16> room{};
  EXPECT_EQ(stream->receive(room).error(), Error::io);
  EXPECT_EQ(stream->send(much).error(), Error::closed);
}

TEST(Tcp, ATakenPortNamesItsHolderAndWorkersShareAnAddress) {
  const auto first = listener();
  EXPECT_TRUE(TcpListener::open(first->local()));
  const auto taken = free_tcp_address(first->local());
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().error, Error::in_use);
  EXPECT_NE(taken.error().text.find("TCP " + first->local().text()), std::string::npos) << taken.error().text;
  EXPECT_NE(taken.error().text.find("process " + std::to_string(::getpid())), std::string::npos) << taken.error().text;
}

TEST(Tcp, AFreePortIsChosenOnceAndThenShared) {
  const auto chosen = free_tcp_address(*Address::parse("127.0.0.1:0"));
  ASSERT_TRUE(chosen);
  EXPECT_NE(chosen->port(), 0);
  const auto workers = std::array{TcpListener::open(*chosen), TcpListener::open(*chosen)};
  for (const auto& worker : workers) EXPECT_EQ((*worker)->local().port(), chosen->port());
}

TEST(Tcp, RunningOutOfDescriptorsIsSaid) {
  const auto listening = listener();
  const auto client = connected_to(listening->local());
  wait_for(listening->descriptor(), POLLIN);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit none{0, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  const auto refused = listening->accept();
  const auto poller = Poller::make();
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_EQ(refused.error(), Error::no_space);
  EXPECT_FALSE(poller);
  EXPECT_TRUE(listening->accept());
}

TEST(Tcp, WithoutDescriptorsNobodyWaitingIsNoShortage) {
  const auto listening = listener();
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const auto lowest = static_cast<rlim_t>(FileDescriptor(::dup(listening->descriptor())).get());
  const rlimit none{lowest, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  const auto nobody = listening->accept();
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_EQ(nobody.error(), Error::would_block);
}

TEST(Tcp, AListenerThatSomebodyElseOpenedIsServed) {
  auto opened = TcpListener::open(Address::parse("127.0.0.1:0").value()).value();
  const auto passed = TcpListener::adopt(FileDescriptor(::dup(opened->descriptor())));
  ASSERT_TRUE(passed);
  EXPECT_EQ((*passed)->local(), opened->local());
  const auto client = connected_to((*passed)->local());
  wait_for((*passed)->descriptor(), POLLIN);
  EXPECT_TRUE((*passed)->accept());
  EXPECT_FALSE(TcpListener::adopt(FileDescriptor()));
}

TEST(PollerTest, TellsWhoIsReadyForWhat) {
  auto poller = Poller::make();
  ASSERT_TRUE(poller);
  const auto listening = listener();
  int tag = 0;
  ASSERT_TRUE(poller->add(listening->descriptor(), &tag, Poller::read));
  EXPECT_TRUE(poller->ready().empty());
  const auto client = connected_to(listening->local());
  wait_for(poller->descriptor(), POLLIN);
  auto events = poller->ready();
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].tag, &tag);
  EXPECT_TRUE(events[0].readable);
  EXPECT_FALSE(events[0].writable);
  auto stream = listening->accept();
  int other = 0;
  ASSERT_TRUE(poller->add(stream->descriptor(), &other, Poller::read | Poller::write));
  events = poller->ready();
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].tag, &other);
  EXPECT_TRUE(events[0].writable);
  EXPECT_FALSE(events[0].readable);
  poller->change(stream->descriptor(), &other, Poller::read);
  EXPECT_TRUE(poller->ready().empty());
  EXPECT_FALSE(poller->add(-1, nullptr, Poller::read));
}

}  // namespace
}  // namespace qeaas
