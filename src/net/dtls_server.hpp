// SPDX-License-Identifier: GPL-3.0-or-later
// DtlsServer: the DTLS 1.3 engine of one worker (RFC 9147), over datagrams and time alone. Unverified clients cost no memory: one
// listening object answers every first hello with a stateless cookie. Sessions are found by connection ID or address in constant
// time; an address moves only when a record newer than every earlier one has authenticated from the new place. One thread.
#pragma once

#include <vector>

#include "net/datagram.hpp"
#include "net/record_packer.hpp"
#include "net/session_table.hpp"

namespace qeaas {

struct DtlsServerOptions {
  std::uint8_t worker = 0;      // first byte of every connection ID
  std::size_t path_mtu = 1280;  // largest IP packet, bytes
  std::size_t max_sessions = 10000;
  Clock::duration idle_timeout = 1h;
  Clock::duration handshake_timeout = 30s;
  Clock::duration cookie_rotation = 60s;  // a cookie lives at least this long and at most twice
  bool connection_id = true;
  SessionCensus* census = nullptr;  // counts sessions of the whole process; must outlive the server
};

// DtlsServerCounters only grow, but for sessions.
struct DtlsServerCounters {
  std::uint64_t datagrams = 0;
  std::uint64_t hellos = 0;            // first and second ClientHellos given to the listener
  std::uint64_t hellos_refused = 0;    // bad cookie, malformed, over a limit
  std::uint64_t handshakes_begun = 0;  // cookie verified
  std::uint64_t handshakes_completed = 0;
  std::uint64_t handshakes_failed = 0;
  std::uint64_t resumed = 0;
  std::uint64_t evicted = 0;
  std::uint64_t moved = 0;    // address changes
  std::uint64_t dropped = 0;  // datagrams that belong to nothing
};

class DtlsServer {
 public:
  // Handler is the protocol above. It may call send and close of the server from inside its calls.
  class Handler {
   public:
    Handler() = default;
    Handler(const Handler&) = delete;
    Handler& operator=(const Handler&) = delete;
    virtual ~Handler() = default;
    // admit decides whether an address that has proven itself by cookie may begin a handshake now.
    virtual bool admit(const Address& from, TimePoint now) noexcept = 0;
    virtual void on_open(DtlsSession& session, TimePoint now) noexcept = 0;
    virtual void on_data(DtlsSession& session, Bytes data, TimePoint now) noexcept = 0;
    virtual void on_close(DtlsSession& session) noexcept = 0;
  };

  DtlsServer(std::shared_ptr<const TlsContext> context, const DtlsServerOptions& options, DatagramSink& sink, Handler& handler);
  ~DtlsServer();
  DtlsServer(const DtlsServer&) = delete;
  DtlsServer& operator=(const DtlsServer&) = delete;

  void on_datagram(const Address& from, Bytes datagram, TimePoint now) noexcept;
  // prefetch asks the memory for the sessions of a batch before they are needed one by one. It changes nothing.
  void prefetch(std::span<const Datagram> batch) const noexcept;
  // on_timer retransmits flights, ends idle sessions and rotates the cookie secret. Call it at next_deadline or later.
  void on_timer(TimePoint now) noexcept;
  TimePoint next_deadline(TimePoint now) const noexcept;

  // send encrypts one message into one datagram. Errors: too_large (over max_payload), closed.
  Status send(DtlsSession& session, Bytes message) noexcept;
  std::size_t max_payload() const noexcept { return max_payload_; }
  // close says goodbye and ends the session when the call under way is done.
  void close(DtlsSession& session) noexcept;
  void close_all() noexcept;
  // use_context makes new sessions begin with another context; those that are open keep theirs.
  void use_context(std::shared_ptr<const TlsContext> context) noexcept;

  std::size_t sessions() const noexcept { return table_.size(); }
  const DtlsServerCounters& counters() const noexcept { return counters_; }
  const DtlsServerOptions& options() const noexcept { return options_; }
  // for_each_session visits open sessions, most recently used first.
  template <class Visit>
  void for_each_session(Visit&& visit) {
    for (auto* session = table_.in_order_of_use().first(); session != nullptr; session = table_.in_order_of_use().next(*session))
      if (session->state == DtlsSession::State::established) visit(*session);
  }

  // emit is for the I/O callback: one datagram from wolfSSL, on its way to the session's peer.
  void emit(DtlsSession& session, Bytes datagram) noexcept;

 private:
  // Burst holds records back until the outermost call is done, so that they leave in as few datagrams as possible.
  class Burst;
  struct Hello;  // what can be read from a plain ClientHello record
  struct CookieSecret {
    Secret<32> bytes;
    std::unique_ptr<DtlsSession> listener;  // made when needed
  };

  void dispatch(const Address& from, Bytes datagram, TimePoint now) noexcept;
  DtlsSession* find(const Address& from, Bytes datagram) const noexcept;
  void on_hello(const Address& from, const Hello& hello, Bytes datagram, TimePoint now) noexcept;
  bool belongs_to_known(const Address& from, const Hello& hello, Bytes datagram, TimePoint now) noexcept;
  // listen gives a hello to one listener; true when it was answered or became a session.
  bool listen(CookieSecret& secret, const Address& from, const Hello& hello, Bytes datagram, TimePoint now) noexcept;
  bool make_listener(CookieSecret& secret) noexcept;
  void send_held(const Address& to) noexcept;
  static int on_verified_cookie(WOLFSSL* ssl, void* context) noexcept;
  void begin_session(std::unique_ptr<DtlsSession> session, const Hello& hello, TimePoint now) noexcept;
  void make_room(TimePoint now) noexcept;
  bool give_cid(DtlsSession& session) noexcept;

  void feed(DtlsSession& session, const Address& from, Bytes datagram, TimePoint now) noexcept;
  void continue_handshake(DtlsSession& session, TimePoint now) noexcept;
  void complete(DtlsSession& session, TimePoint now) noexcept;
  void read(DtlsSession& session, TimePoint now) noexcept;
  int read_record(DtlsSession& session) noexcept;
  void follow_address(DtlsSession& session) noexcept;
  void discard(DtlsSession& session) noexcept;
  void watch_flight(DtlsSession& session, TimePoint now) noexcept;
  void retransmit(DtlsSession& session, TimePoint now) noexcept;
  void rotate_cookies(TimePoint now) noexcept;
  void fail_session(DtlsSession& session) noexcept;
  void count_failure() noexcept;
  void erase(DtlsSession& session) noexcept;
  void reap() noexcept;

  std::shared_ptr<const TlsContext> context_;
  DtlsServerOptions options_;
  DatagramSink& sink_;
  Handler& handler_;
  std::size_t max_datagram_;
  std::size_t max_payload_;
  RecordPacker packer_;
  unsigned bursts_ = 0;
  SessionTable table_;
  SessionList<&DtlsSession::by_flight> flights_;
  SessionList<&DtlsSession::by_opening> opening_;  // handshakes under way, oldest last
  CookieSecret current_;
  CookieSecret previous_;
  TimePoint cookie_born_{};
  Secret<32> cid_secret_;
  std::uint64_t cid_count_ = 0;
  std::vector<DtlsSession*> closing_;
  std::vector<std::uint8_t> held_;  // datagrams of a listener, held until it is known whether they may go out
  std::vector<std::size_t> held_sizes_;
  Secret<kMaxDatagramBytes> plain_;  // decrypted data under way
  DtlsServerCounters counters_;
};

}  // namespace qeaas
