// SPDX-License-Identifier: GPL-3.0-or-later
// TlsSession: the server's side of one TLS 1.3 connection, without I/O: ciphertext that arrived goes in by feed, ciphertext to send is
// at outgoing, and the caller owns the socket. The cycle is: read until would_block, send what is outgoing, wait for the socket, feed.
// An end of the TCP stream before read has given closed is a truncation. One thread; belongs to one connection; never moves in memory.
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "net/handshake.hpp"
#include "net/record_framing.hpp"
#include "net/tls_io.hpp"

namespace qeaas {

class TlsSession final : private Handshake {
 public:
  static constexpr std::size_t kMaxFeedBytes = 17 * 1024;   // one record of the largest size, and some
  static constexpr std::size_t kMaxWriteBytes = 64 * 1024;  // encrypted in records of 16 KiB

  // make gives a session that waits for a hello. The census may be null; it must outlive the session. Errors: starved (no seed, no
  // memory), unsupported (the context is one for datagrams).
  static Result<std::unique_ptr<TlsSession>> make(std::shared_ptr<const TlsContext> context, SessionCensus* census = nullptr);
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  // feed takes all of what arrived, at most kMaxFeedBytes, and carries the handshake on. Afterwards send what is outgoing, and read.
  // Not more than kMaxFeedBytes stay here, so that a caller who reads until would_block before it feeds again is never refused.
  // Errors: no_space (nothing was taken and the session goes on: read first). All others end the session, and are what every later
  // call gives; outgoing may still hold an alert for the peer: malformed (no TLS, or none that can be parsed), unsupported (no common
  // version, signature, form of certificate or application protocol), unauthorized (the client did not prove who it is), not_trusted (its
  // certificate), tampered (a record or Finished does not authenticate), too_large (more handshake, or more records
  // without data, than any honest client sends), closed (the peer gave up with an alert), crypto.
  Status feed(Bytes ciphertext) noexcept;
  // read gives decrypted bytes, of at most one record. It may add to outgoing (answers to key updates). Errors: would_block,
  // closed (the peer said close_notify; writing goes on), and those of feed.
  Result<std::size_t> read(MutableBytes plain) noexcept;
  // write encrypts all of plain into outgoing. Errors: would_block (not established), too_large (over kMaxWriteBytes), closed (after
  // shutdown), and those of feed. The caller bounds what is outgoing by sending it before it writes more.
  Status write(Bytes plain) noexcept;
  // shutdown puts a close_notify into outgoing. Nothing can be written afterwards. Before the handshake is complete it does nothing.
  void shutdown() noexcept;

  // outgoing is what to send now. The span stays valid, whatever else is called, until sent has taken all of it; what is added in the
  // meantime comes in the next one.
  Bytes outgoing() noexcept;
  bool has_outgoing() const noexcept { return !flying_.empty() || !waiting_.empty(); }
  // sent says that the first count bytes of outgoing are on their way.
  void sent(std::size_t count) noexcept;

  bool established() const noexcept { return established_; }
  // These are empty, kAnonymous or false before the handshake is complete. group is as wolfSSL names it (find_group knows it);
  // signature is none with a PSK or on resumption.
  std::uint64_t identity() const noexcept { return Handshake::identity; }
  std::string_view group() const noexcept { return established_ ? negotiated_group() : std::string_view(); }
  std::optional<SignatureAlgorithm> signature() const noexcept { return established_ ? server_signature() : std::nullopt; }
  bool resumed() const noexcept { return established_ && is_resumed(); }

 private:
  friend int tls_receive(WOLFSSL* ssl, char* buffer, int size, void* context) noexcept;
  friend int tls_send(WOLFSSL* ssl, char* buffer, int size, void* context) noexcept;
  explicit TlsSession(SessionCensus* census) noexcept : census_(census) {}
  Status carry_on() noexcept;
  Status complete() noexcept;
  // judge turns a result of wolfSSL that is not success into an error, which is would_block or closed when nothing is wrong.
  Error judge(int result) noexcept;
  tl::unexpected<Error> end(Error error) noexcept;
  void keep_unread() noexcept;
  int take(MutableBytes room) noexcept;
  bool within_limits(Bytes piece) noexcept;

  SessionCensus* census_;
  Bytes unread_;                       // ciphertext that wolfSSL has not taken: a view of kept_, or of what feed was given
  std::vector<std::uint8_t> kept_;     // ciphertext between two calls
  std::vector<std::uint8_t> flying_;   // what outgoing has shown
  std::vector<std::uint8_t> waiting_;  // what comes after it
  std::size_t flown_ = 0;              // bytes of flying_ that are sent
  RecordFraming framing_;
  unsigned barren_records_ = 0;      // begun, less twice the records that brought data
  std::size_t handshake_bytes_ = 0;  // received
  std::optional<Error> failure_;
  bool established_ = false;
  bool peer_closed_ = false;
  bool shut_ = false;
  bool over_limits_ = false;
};

}  // namespace qeaas
