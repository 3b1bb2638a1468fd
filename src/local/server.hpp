// SPDX-License-Identifier: GPL-3.0-or-later
// Server: the front of one worker on the local Unix socket. It accepts whom the permit allows, moves bytes between sockets and
// connections, and keeps every peer to its limits. One descriptor for the worker's loop to watch; one thread; nothing waits.
#pragma once

#include <memory>
#include <unordered_map>
#include <vector>

#include "local/connection.hpp"
#include "local/listener.hpp"
#include "local/permit.hpp"
#include "net/poller.hpp"

namespace qeaas::local {

struct ServerOptions {
  // A user who is let in by a group has at most half of them, all of those together three quarters; at least one is kept for root and our
  // own user.
  std::size_t max_connections = 64;
  std::chrono::seconds request_timeout{10};  // from the first byte of a request to its last
  std::chrono::seconds stall_timeout{30};    // nothing of an answer could be sent
};

class Server {
 public:
  // Everything named outlives the server. Errors: no_space (descriptors), io.
  static Outcome<std::unique_ptr<Server>> make(std::unique_ptr<Listener> listener, Permit permit, Site& site, const ServerOptions& options);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  int descriptor() const noexcept { return poller_.descriptor(); }
  // on_ready serves what is ready, a bounded amount; true when there may be more.
  bool on_ready(TimePoint now) noexcept;
  void on_timer(TimePoint now) noexcept;
  TimePoint next_deadline(TimePoint now) const noexcept;
  // drain accepts nobody new, removes the socket, and ends whoever is owed nothing that is ready; close ends all.
  void drain(TimePoint now) noexcept;
  void close() noexcept;
  bool busy() const noexcept { return !sessions_.empty(); }

 private:
  struct Session;
  using Need = Connection::Need;

  Server(std::unique_ptr<Listener> listener, Poller poller, Permit permit, Site& site, const ServerOptions& options);

  void accept_all(TimePoint now) noexcept;
  void admit(FileDescriptor socket, TimePoint now) noexcept;
  bool has_room(const Peer& peer) const noexcept;
  void refuse(const Peer& peer, const char* why, TimePoint now) noexcept;

  void serve(Session& session, TimePoint now) noexcept;
  bool receive(Session& session) noexcept;
  bool send(Session& session, TimePoint now) noexcept;
  void await(Session& session, Need need, TimePoint now) noexcept;
  void expire(Session& session, TimePoint now) noexcept;
  void end(Session& session) noexcept;
  void due(TimePoint when) noexcept { next_ = std::min(next_, when); }

  std::unique_ptr<Listener> listener_;
  Poller poller_;
  Permit permit_;
  Site& site_;
  ServerOptions options_;
  std::unordered_map<Session*, std::unique_ptr<Session>> sessions_;
  std::vector<std::unique_ptr<Session>> buried_;
  TimePoint next_ = TimePoint::max();  // no deadline of a session is earlier
  TimePoint resume_accepting_{};       // after descriptors have run out
  TimePoint quiet_until_{};            // refusals are not logged before
  std::uint64_t unlogged_refusals_ = 0;
  bool accepting_ = true;
  bool draining_ = false;
};

}  // namespace qeaas::local
