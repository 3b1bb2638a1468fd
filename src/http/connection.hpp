// SPDX-License-Identifier: GPL-3.0-or-later
// Connection: HTTP/1.1 (RFC 9112) on one connection, without I/O. Bytes that arrived go in by on_data, bytes to send come out at
// output. Requests are answered one after the other, in order, so pipelining needs no more than patience; a long answer is made piece
// by piece as the output drains. Belongs to one worker's thread; never moves in memory.
#pragma once

#include <memory>

#include "http/byte_queue.hpp"
#include "http/exchange.hpp"

namespace qeaas::http {

class PushStream;

class Connection {
 public:
  // Phase is what the connection waits for; each has a time limit of its own.
  enum class Phase : std::uint8_t {
    idle,        // a request; nothing of it is here
    receiving,   // the rest of a request
    streaming,   // entropy for a long answer
    web_socket,  // its own time-outs watch it
    credit,      // a WebSocket whose client has granted none, or has had all of it
    closing,     // the peer to take the last answer
  };

  // on_output runs (on the worker's loop) when a WebSocket has made output by itself.
  Connection(Site& site, const Caller& caller, std::function<void()> on_output);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void set_identity(std::int64_t identity) noexcept { caller_.identity = identity; }
  // on_data takes all of what arrived. on_end: the peer sends no more.
  void on_data(Bytes data, TimePoint now) noexcept;
  void on_end(TimePoint now) noexcept;
  // pump goes on with a long answer, and with requests that wait, after output has left or when wake_at has come.
  void pump(TimePoint now) noexcept;
  // give_up ends what has taken too long: an unfinished request with 408, a starved answer by breaking it off.
  void give_up(TimePoint now) noexcept;
  // drain lets the answer under way finish, and takes no further request.
  void drain(TimePoint now) noexcept;

  ByteQueue& output() noexcept { return output_; }
  // wants_data is false while enough waits to be sent: then the owner leaves the rest in the kernel.
  bool wants_data() const noexcept;
  // finished: when the output has been sent, the connection ends. aborted: it ends at once, so that a cut answer is seen as one.
  bool finished() const noexcept;
  bool aborted() const noexcept { return aborted_; }
  Phase phase() const noexcept;
  // answered counts the requests that have been answered.
  std::uint64_t answered() const noexcept { return answered_; }
  // wake_at is when pump should be called although nothing was sent; none without a starved answer.
  std::optional<TimePoint> wake_at() const noexcept { return wake_at_; }

 private:
  struct Parsing;  // the parser and what it has kept; Beast stays out of this header

  std::size_t parse(Bytes data, TimePoint now) noexcept;
  bool step(Bytes& data, TimePoint now) noexcept;
  bool may_answer() const noexcept;
  void answer(TimePoint now) noexcept;
  void settle() noexcept;
  static void dispatch(Exchange& exchange) noexcept;
  static void answer_options(Exchange& exchange, const struct Found& found) noexcept;
  static bool identify(Exchange& exchange) noexcept;
  void respond(Exchange& exchange) noexcept;
  void refuse_request(Error why, TimePoint now) noexcept;
  void write_head(const Reply& reply, std::uint64_t length, bool with_length) noexcept;
  void upgrade(const Exchange& exchange) noexcept;

  void continue_streaming(TimePoint now) noexcept;
  bool stream_piece(TimePoint now) noexcept;
  bool piece_refused(const access::Decision& decision, TimePoint now) noexcept;
  void wait_for_entropy(Error why, std::chrono::milliseconds retry, TimePoint now) noexcept;
  void abort() noexcept;

  Site& site_;
  Caller caller_;         // of the connection
  Caller stream_caller_;  // of the answer under way: its token may name somebody else
  std::function<void()> on_output_;
  std::unique_ptr<Parsing> parsing_;
  ByteQueue input_;  // what has arrived and could not be used yet
  ByteQueue output_;
  std::optional<Streaming> streaming_;
  std::size_t piece_bytes_ = 0;
  std::optional<TimePoint> wake_at_;
  std::optional<TimePoint> starved_since_;
  std::unique_ptr<PushStream> push_;
  std::uint64_t answered_ = 0;
  bool continued_ = false;  // 100 (Continue) was sent for this request
  bool closing_ = false;
  bool aborted_ = false;
  bool draining_ = false;
  bool ended_ = false;  // the peer sends no more
};

}  // namespace qeaas::http
