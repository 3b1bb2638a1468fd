// SPDX-License-Identifier: GPL-3.0-or-later
// SocketSupply: the local socket of qeaasd, command 0x51 of docs/protocol.md. One connection a process, opened early and kept. Before a
// privileged process forks, it opens one for the child, which may soon be in a chroot and nobody; others connect again by the path. A
// second socket is held ready, so that connecting again needs no descriptor when there is none left.
#pragma once

#include "local/egd.hpp"
#include "supply.hpp"

namespace qeaas::provider {

class SocketSupply final : public Supply {
 public:
  SocketSupply(std::string path, EntropyType type) : path_(std::move(path)), type_(type) {}
  void open() noexcept override;
  Outcome<void> fetch(MutableBytes out, TimePoint deadline) override;
  void before_fork() noexcept override;
  void after_fork_in_parent() noexcept override;
  void after_fork_in_child() noexcept override;

 private:
  Outcome<void> connect(OwnDescriptor& connection, OwnDescriptor* spare, TimePoint deadline) const;
  void keep_spare() noexcept;
  Outcome<void> draw(MutableBytes out, TimePoint deadline);
  // exchange is one request and its answer; the head says how it went.
  Outcome<local::DrawHead> exchange(MutableBytes out, TimePoint deadline);
  Outcome<void> send_all(Bytes data, TimePoint deadline);
  Outcome<void> receive_all(MutableBytes room, TimePoint deadline);
  Outcome<void> skip(std::size_t size, TimePoint deadline);
  Outcome<void> await(short events, TimePoint deadline);

  std::string path_;
  EntropyType type_;
  OwnDescriptor connection_;
  OwnDescriptor spare_;  // a socket that is not connected yet
  OwnDescriptor child_;  // between before_fork and what follows it only
};

}  // namespace qeaas::provider
