// SPDX-License-Identifier: GPL-3.0-or-later
// PushStream: /v1/stream, random bytes over a WebSocket (RFC 6455, by Boost.Beast) with credit-based flow control. The client grants
// credit in text messages, {"credit": bytes}; the server sends binary frames while there is credit, and a text message with the
// provenance before the first frame and whenever it changes. Lives in its connection; completions run on the worker's loop.
#pragma once

#include <functional>
#include <memory>

#include "http/byte_queue.hpp"
#include "http/exchange.hpp"

namespace qeaas::http {

class PushStream {
 public:
  // Output goes to the connection's queue; on_output runs when some was put there outside of a call from the connection.
  PushStream(Site& site, const Caller& caller, const Push& push, ByteQueue& output, std::function<void()> on_output);
  ~PushStream();
  PushStream(const PushStream&) = delete;
  PushStream& operator=(const PushStream&) = delete;

  // accept answers the request that asks for the upgrade.
  void accept(const Head& head) noexcept;
  void on_data(Bytes data) noexcept;
  void on_end() noexcept;
  // wants_data is false while messages that arrived wait for their answers to be sent.
  bool wants_data() const noexcept;
  // on_room: some output has been sent.
  void on_room() noexcept;
  // shut_down says goodbye: the server is stopping.
  void shut_down() noexcept;
  // spent: the client has granted no credit, or all of it is used up. on_output runs when it becomes so.
  bool spent() const noexcept;
  // done: nothing more comes; once the output is sent, the connection can be closed.
  bool done() const noexcept;

 private:
  class Core;
  std::shared_ptr<Core> core_;  // the completions that are under way hold it too
};

}  // namespace qeaas::http
