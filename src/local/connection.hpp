// SPDX-License-Identifier: GPL-3.0-or-later
// Connection: one client of the local socket, without I/O. What it sent goes into room(), what it gets comes out at output(). Requests
// are answered one after the other, and the next is not looked at before the last answer has left: so a client that does not read makes
// nobody hold more than one answer for it. Belongs to one worker's thread. All its memory is wiped.
#pragma once

#include <optional>

#include "local/egd.hpp"
#include "local/site.hpp"

namespace qeaas::local {

class Connection {
 public:
  // Need is what step stopped for.
  enum class Need : std::uint8_t {
    input,    // (more of) a request
    sending,  // output must leave
    entropy,  // a blocking read waits: step again at retry_at()
    end,      // nothing more can be done: what was sent is no request, or may never be answered
  };

  Connection(Site& site, const Peer& peer) noexcept : site_(site), peer_(peer) {}
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // room is where to put what arrives, empty when it is full; received says how much that was.
  MutableBytes room() noexcept { return input_.span().subspan(used_); }
  void received(std::size_t size) noexcept { used_ += size; }
  // step answers what it can.
  Need step(TimePoint now) noexcept;
  Bytes output() const noexcept { return output_.span().subspan(sent_); }
  void sent(std::size_t size) noexcept;

  const Peer& peer() const noexcept { return peer_; }
  TimePoint retry_at() const noexcept { return retry_at_; }
  // in_request: the beginning of a request is here and its end is not (or it waits for entropy).
  bool in_request() const noexcept { return used_ > 0; }
  // requests counts those that are done.
  std::uint64_t requests() const noexcept { return requests_; }
  std::uint64_t served_bytes() const noexcept { return served_bytes_; }
  std::uint64_t mixed_in_bytes() const noexcept { return mixed_in_bytes_; }

 private:
  // Drawn is a draw that may have failed, with the time after which it may succeed.
  struct Drawn {
    std::optional<Error> error;
    std::chrono::seconds retry{0};
    Provenance provenance;
  };

  Need answer(const Request& request, TimePoint now) noexcept;
  void answer_level() noexcept;
  void answer_pid() noexcept;
  void read_now(std::size_t count, TimePoint now) noexcept;
  Need read_wait(std::size_t count, TimePoint now) noexcept;
  void draw(const Request& request, TimePoint now) noexcept;
  void refuse_draw(Code code, std::chrono::seconds retry) noexcept;
  Drawn fill(MutableBytes out, EntropyType type, TimePoint now) noexcept;
  void served(std::size_t bytes) noexcept;
  void consume(std::size_t size) noexcept;

  Site& site_;
  Peer peer_;
  Secret<1024> input_;  // several requests may have come at once
  std::size_t used_ = 0;
  SecretBytes output_;
  std::size_t sent_ = 0;
  TimePoint retry_at_{};
  std::uint64_t requests_ = 0;
  std::uint64_t served_bytes_ = 0;
  std::uint64_t mixed_in_bytes_ = 0;
};

}  // namespace qeaas::local
