// SPDX-License-Identifier: GPL-3.0-or-later
// HostNet: one UDP socket that speaks for many hosts of 127/8, as a load generator needs: host n sends from 127.16.0.0 + n, and what
// arrives is told apart by its destination. Batches by sendmmsg and recvmmsg. One thread.
#pragma once

#include <array>
#include <sys/socket.h>
#include <vector>

#include "base/handle.hpp"
#include "net/address.hpp"

namespace qeaas::bench {

// die ends the program with a message: a benchmark that cannot run has nothing to hand on.
[[noreturn]] void die(const std::string& text);

class HostNet {
 public:
  static constexpr std::size_t kBatch = 64;
  static constexpr std::size_t kSlotBytes = 2048;
  static constexpr std::uint32_t kHosts = 1U << 20;

  explicit HostNet(const Address& server);

  // send copies the datagram into the batch, which leaves when it is full or at flush.
  void send(std::uint32_t host, Bytes datagram);
  void flush();
  // receive waits at most wait_ms for something, hands one batch to deliver(host, datagram) and gives their number.
  template <class Deliver>
  std::size_t receive(int wait_ms, Deliver&& deliver) {
    const auto count = fetch(wait_ms);
    for (std::size_t i = 0; i < count; ++i) deliver(host_of(i), Bytes(in_.room.data() + i * kSlotBytes, in_.messages[i].msg_len));
    return count;
  }

 private:
  static constexpr std::size_t kControlBytes = 64;
  struct Side {
    Side();
    std::vector<std::uint8_t> room = std::vector<std::uint8_t>(kBatch * kSlotBytes);
    std::array<iovec, kBatch> parts{};
    std::array<mmsghdr, kBatch> messages{};
    alignas(8) std::array<std::array<std::uint8_t, kControlBytes>, kBatch> control{};
  };
  std::size_t fetch(int wait_ms);
  std::uint32_t host_of(std::size_t slot);

  Address server_;
  FileDescriptor socket_;
  Side in_;
  Side out_;
  std::size_t queued_ = 0;
};

}  // namespace qeaas::bench
