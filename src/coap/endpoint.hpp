// SPDX-License-Identifier: GPL-3.0-or-later
// Endpoint: the CoAP server of one worker: message layer (RFC 7252 section 4), resources, Block2, Observe, Echo. It stands between
// the decrypted datagrams of net/ and the draws of service/. One thread; no I/O and no clock of its own: datagrams and the time are
// arguments, answers leave through Peer::send. After every call ask next_deadline again.
// Memory is bounded by Limits, whatever peers do; a request that one datagram answers allocates nothing.
#pragma once

#include <array>
#include <limits>
#include <optional>

#include "base/counter.hpp"
#include "coap/answer.hpp"
#include "coap/dice.hpp"
#include "coap/echo.hpp"
#include "coap/exchanges.hpp"
#include "coap/forwards.hpp"
#include "coap/observations.hpp"
#include "coap/outstanding.hpp"
#include "coap/peer.hpp"
#include "coap/proxy_cache.hpp"
#include "coap/proxy_target.hpp"
#include "coap/request.hpp"
#include "coap/seams.hpp"
#include "coap/transfers.hpp"
#include "wire/coap_message.hpp"
#include "wire/random_answer.hpp"

namespace qeaas::coap {

// Limits of one worker.
struct Limits {
  std::size_t exchanges = 8192;          // message IDs remembered; rounded up to a power of two
  std::size_t exchange_bytes = 1 << 20;  // of answers kept for duplicates; rounded up to a power of two
  std::size_t transfers = 1024;          // bodies fetched block by block
  std::size_t transfer_bytes = 4 << 20;
  std::size_t observations = 1024;
  std::size_t verified_addresses = 4096;  // of plain peers; rounded up to a power of two
  std::size_t forwards = 256;             // proxy requests that wait for their origin or for their turn
};

// Counters only grow.
struct Counters {
  Counter requests;  // that reached a resource or were refused, duplicates not counted
  Counter draws;     // that succeeded
  Counter bytes_drawn;
  Counter refusals;  // 4.xx and 5.xx answers, Echo challenges not counted
  Counter duplicates;
  Counter rejected;    // malformed, of reserved code, or not for a server
  Counter challenges;  // 4.01 with Echo
  Counter notifications;
  Counter retransmissions;
  Counter observers_lost;  // removed for a reset or for silence
  Counter forwards;        // proxy requests that went to an origin
  Counter cache_hits;      // proxy requests answered without asking the origin
};

class Endpoint {
 public:
  // seed makes message IDs, ETags and Echo values unpredictable; take it from the service. The seams must outlive the endpoint.
  Endpoint(Seams seams, Secret<32> seed, const Limits& limits = {});
  ~Endpoint();
  Endpoint(const Endpoint&) = delete;
  Endpoint& operator=(const Endpoint&) = delete;

  // on_datagram handles one received message of the peer. The bytes are read only during the call.
  void on_datagram(Peer& peer, Bytes datagram, TimePoint now) noexcept;
  // on_timer does what is due: notifications, retransmissions, wiping.
  void on_timer(TimePoint now) noexcept;
  std::optional<TimePoint> next_deadline() const noexcept;
  // on_closed forgets the peer and wipes what was kept for it. Call it before a peer is destroyed; a peer that was never heard of
  // is fine.
  void on_closed(Peer& peer) noexcept;

  const Counters& counters() const noexcept { return counters_; }
  std::size_t observations() const noexcept { return observations_.size(); }
  std::size_t transfer_bytes() const noexcept { return transfers_.bytes(); }
  std::size_t forwards() const noexcept { return forwards_.size(); }
  const ProxyCache& proxy_cache() const noexcept { return cache_; }
  const Exchanges& exchanges() const noexcept { return exchanges_; }  // for tests that look for bytes left behind

 private:
  struct Call {  // one request under way
    Peer& peer;
    const MessageView& message;
    const Request& request;
    std::size_t request_bytes;
    TimePoint now;
  };
  using Handler = void (Endpoint::*)(const Call&);
  static Handler route(const Request& request) noexcept;

  // Message layer (endpoint.cpp).
  void introduce(Peer& peer) noexcept;
  void reject(Peer& peer, Type type, std::uint16_t id) noexcept;
  void on_request(Peer& peer, const MessageView& message, std::size_t request_bytes, TimePoint now) noexcept;
  void on_acknowledgement(Peer& peer, std::uint16_t id, TimePoint now) noexcept;
  void on_reset(Peer& peer, std::uint16_t id) noexcept;
  void on_message(Peer& peer, Bytes datagram, TimePoint now) noexcept;
  bool repeat_answer(Peer& peer, const MessageView& message, std::size_t request_bytes, TimePoint now) noexcept;
  bool may_amplify(const Peer& peer, std::size_t request_bytes, std::size_t answer_bytes, TimePoint now) const noexcept;
  void respond(const Call& call, const Answer& answer, bool remember = true) noexcept;
  Bytes compose(Peer& peer, Type type, std::uint16_t id, const Token& token, const Answer& answer) noexcept;
  void wipe_buffers() noexcept;

  // Resources (endpoint_resources.cpp); each handler ends in exactly one respond.
  void dispatch(const Call& call);
  void get_random(const Call& call);
  void get_sources(const Call& call);
  void get_health(const Call& call);
  void get_core(const Call& call);
  void serve_report(const Call& call, Resource resource);
  void continue_transfer(const Call& call, const BodyKey& key);
  static constexpr std::size_t kUnknownSize = std::numeric_limits<std::size_t>::max() / 2;  // of an answer that nobody has seen yet
  bool challenged(const Call& call, std::size_t body_bytes);
  static bool etag_allows(const Options& options, const Etag& etag) noexcept;
  bool admitted(const Call& call);

  // Bodies (endpoint_bodies.cpp). A payload lies in the endpoint's buffers or in a kept body until the next answer is made.
  Answer draw(Peer& peer, const BodyKey& key, const BlockWish& wish, TimePoint now);
  Answer draw_small(Peer& peer, const BodyKey& key, const BlockWish& wish, TimePoint now);
  Answer draw_large(Peer& peer, const BodyKey& key, const BlockWish& wish, TimePoint now);
  Status fill(MutableBytes out, EntropyType type, Provenance& provenance) noexcept;
  Answer serve(Peer& peer, const BodyKey& key, const BlockWish& wish, Bytes body, TimePoint now);
  Etag random_etag() noexcept;
  Answer in_blocks(Peer& peer, const BodyKey& key, const BlockWish& wish, SecretBytes body, TimePoint now);
  Answer refusal(Code code, Error error, std::string_view detail, std::optional<std::chrono::seconds> retry = {}) noexcept;
  Answer refusal(const access::Decision& decision) noexcept;
  Answer draw_failed(Error error) noexcept;
  Answer no_room_for_body() noexcept;

  // Observe (endpoint_observe.cpp).
  void observe_random(const Call& call, const BodyKey& key, std::optional<std::uint32_t> every_seconds);
  void notify(std::uint32_t slot, TimePoint now);
  void start_message(Peer& peer, const Token& token, const Answer& answer, bool confirmable, std::uint32_t slot, TimePoint now);
  void end_with(std::uint32_t slot, const Answer& answer, TimePoint now);
  void remove_observation(std::uint32_t slot) noexcept;
  void remove_observations(Peer& peer) noexcept;
  void retransmit(std::uint32_t slot, TimePoint now);

  // The forward proxy (endpoint_proxy.cpp).
  void forward(const Call& call);
  void forward_get(const Call& call, const ProxyTarget& target);
  void start_forward(const Call& call, const ProxyTarget& target, const BodyKey& key, std::string validator);
  void continue_forwarded(const Call& call, const BodyKey& key);
  void acknowledge(const Call& call) noexcept;
  void on_fetched(std::uint32_t place, std::uint64_t order, Result<FetchAnswer> result, TimePoint now) noexcept;
  Answer forwarded(const Forward& forward, const FetchAnswer& got, TimePoint now);
  Answer not_modified(const Forward& forward, const FetchAnswer& got, TimePoint now);
  Answer origin_refused(const FetchAnswer& got);
  Answer forward_failed(Error error) noexcept;
  bool solvent(const Call& call);
  void debit_fetched(Peer& peer, const Result<FetchAnswer>& result, TimePoint now) noexcept;
  struct ForwardedBody;
  Answer serve_forwarded(const Forward& forward, const ForwardedBody& body, TimePoint now);
  bool may_keep(const FetchAnswer& got) const noexcept;
  void keep(const std::string& cache_key, FetchAnswer got, TimePoint now);
  void send_forwarded(std::uint32_t slot, const Answer& answer, TimePoint now) noexcept;
  void send_next(Peer& peer, TimePoint now) noexcept;
  void drop_forwards(Peer& peer) noexcept;

  static constexpr std::size_t kSmallDrawBytes = 1024;
  static constexpr std::size_t kSmallBodyBytes = max_answer_bytes(AnswerFormat::json, kSmallDrawBytes);  // problems fit too

  Seams seams_;
  Counters counters_;
  Dice dice_;
  Exchanges exchanges_;
  Transfers transfers_;
  Observations observations_;
  Outstanding outstanding_;
  EchoGuard echo_;
  Forwards forwards_;
  ProxyCache cache_;
  std::uint64_t last_serial_ = 0;
  std::size_t out_used_ = 0;  // bytes of each buffer to wipe
  std::size_t random_used_ = 0;
  std::size_t body_used_ = 0;
  std::array<std::uint8_t, kMaxDatagramBytes> out_{};
  std::array<std::uint8_t, kSmallDrawBytes> random_{};
  std::array<std::uint8_t, kSmallBodyBytes> body_{};
};

}  // namespace qeaas::coap
