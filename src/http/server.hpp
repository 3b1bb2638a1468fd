// SPDX-License-Identifier: GPL-3.0-or-later
// Server: the HTTP front of one worker on one address, plain or over TLS 1.3. It accepts, moves bytes between sockets, TLS and
// connections, and keeps every peer to its time limits. One descriptor for the worker's loop to watch; one thread; no I/O waits.
#pragma once

#include <memory>
#include <unordered_map>
#include <vector>

#include "http/connection.hpp"
#include "http/site.hpp"
#include "net/poller.hpp"
#include "net/session_census.hpp"
#include "net/tcp.hpp"
#include "net/tls_context.hpp"

namespace qeaas::http {

struct ServerOptions {
  std::size_t max_connections = 4096;
  std::size_t max_connections_per_address = 1024;  // an IPv4 address or the /64 of an IPv6 address
  std::chrono::seconds handshake_timeout{10};
  std::chrono::seconds request_timeout{10};  // from the first byte of a request to its last
  std::chrono::seconds idle_timeout{60};     // between requests
  std::chrono::seconds stall_timeout{30};    // nothing of an answer could be sent
};

class Server {
 public:
  // A null context: plain HTTP. Everything named outlives the server. Error: no_space (descriptors), io.
  static Outcome<std::unique_ptr<Server>> make(std::unique_ptr<TcpListener> listener, std::shared_ptr<const TlsContext> context, Site& site,
                                               const ServerOptions& options, SessionCensus* census);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  int descriptor() const noexcept { return poller_.descriptor(); }
  // on_ready serves what is ready, a bounded amount; true when there may be more.
  bool on_ready(TimePoint now) noexcept;
  void on_timer(TimePoint now) noexcept;
  TimePoint next_deadline(TimePoint now) const noexcept;
  // drain accepts nobody new and closes whoever is idle; close ends all.
  void drain(TimePoint now) noexcept;
  void close() noexcept;
  bool busy() const noexcept { return !sessions_.empty(); }
  // use_context is for new connections. A plain server stays plain.
  void use_context(std::shared_ptr<const TlsContext> context) noexcept;

 private:
  struct Session;
  // A session waits in the list of what it waits for. Each list has one time limit, so its front is who has waited longest.
  enum Wait : std::uint8_t { handshake, idle, request, answer, lingering, starved, credit, unlimited, kWaits };
  struct List {
    Session* front = nullptr;
    Session* back = nullptr;
  };

  Server(std::unique_ptr<TcpListener> listener, Poller poller, std::shared_ptr<const TlsContext> context, Site& site,
         const ServerOptions& options, SessionCensus* census);

  void accept_all(TimePoint now) noexcept;
  void admit(TcpStream stream, TimePoint now) noexcept;
  bool make_room(const Address& from, TimePoint now) noexcept;
  bool give_way(TimePoint now) noexcept;

  void on_readable(Session& session, TimePoint now) noexcept;
  bool receive(Session& session, TimePoint now) noexcept;
  void receive_tls(Session& session, Bytes ciphertext, TimePoint now) noexcept;
  void pull(Session& session, TimePoint now) noexcept;
  void on_output(Session& session, TimePoint now) noexcept;
  void flush(Session& session, TimePoint now) noexcept;
  bool send_some(Session& session, TimePoint now) noexcept;
  Bytes outgoing(Session& session) noexcept;
  void settle(Session& session, TimePoint now) noexcept;
  void end(Session& session) noexcept;
  void bury() noexcept;

  Wait wait_of(const Session& session) const noexcept;
  void enlist(Session& session, Wait wait, TimePoint now) noexcept;
  void delist(Session& session) noexcept;
  std::chrono::seconds limit_of(Wait wait) const noexcept;
  bool came_in_time(Session& session, TimePoint now) noexcept;
  void time_out(Session& session, TimePoint now) noexcept;
  void wake_starved(TimePoint now) noexcept;

  std::unique_ptr<TcpListener> listener_;
  Poller poller_;
  std::shared_ptr<const TlsContext> context_;
  Site& site_;
  ServerOptions options_;
  SessionCensus* census_;
  std::unordered_map<Session*, std::unique_ptr<Session>> sessions_;
  std::vector<std::unique_ptr<Session>> buried_;
  std::size_t most_ = 0;  // sessions at once, since memory was last given back
  std::unordered_map<std::uint64_t, std::size_t> per_network_;
  std::array<List, kWaits> lists_{};
  SecretBytes buffer_;            // of one read
  SecretBytes plain_;             // of one decrypted record
  TimePoint resume_accepting_{};  // after descriptors have run out
  TimePoint quiet_until_{};       // that they have is not logged before
  bool accepting_ = true;
  bool draining_ = false;
};

}  // namespace qeaas::http
