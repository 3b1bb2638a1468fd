// SPDX-License-Identifier: GPL-3.0-or-later
// The CoAP endpoint as a state machine: the input is a script of datagrams from five peers, acknowledgements, ends of proxy fetches,
// passing time and closed peers. Properties:
//  1. one draw at most for one message ID of a peer within EXCHANGE_LIFETIME, and none without a request or an observation;
//  2. no byte of a draw goes to a peer for which it was not drawn;
//  3. kept bodies, observations and forwards stay within their limits, and all is wiped when the peers are gone;
//  4. a datagram gets one message at most: a CON its ACK or RST, a NON a NON, an ACK or RST nothing; an answer has the token of its
//     request, or is the very answer that the message ID got before; timers send CON and NON only. Beside that a CON may go that has
//     waited: the separate response of a proxy request;
//  5. a plain peer that returned no Echo value gets at most three times what it sent, or 136 bytes;
//  6. every message that is sent is well-formed and fits the peer's datagram;
//  7. one fetch at most for one message ID of a peer, and none for a plain peer that did not prove its address; what may not be cached
//     goes to nobody but the peer that it was fetched for.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <set>
#include <vector>

#include "coap/endpoint.hpp"
#include "coap/http_mapping.hpp"

using namespace qeaas;
using namespace qeaas::coap;

namespace {

void require(bool holds, const char* property) {
  if (holds) return;
  std::fprintf(stderr, "property violated: %s\n", property);
  std::abort();
}

std::uint64_t tag_of(std::uint64_t draw) noexcept {
  std::uint64_t tag = (draw + 1) * 0x9e3779b97f4a7c15u;
  tag = (tag ^ tag >> 31) * 0xbf58476d1ce4e5b9u;
  return tag ^ tag >> 29;
}

struct FuzzPeer final : Peer {
  Status send(Bytes datagram) noexcept override {
    sent.emplace_back(datagram.begin(), datagram.end());
    return fails ? Status(fail(Error::would_block)) : Status();
  }
  std::size_t max_datagram_bytes() const noexcept override { return max_bytes; }
  bool secure() const noexcept override { return is_secure; }
  std::int64_t identity() const noexcept override { return 1; }
  Bytes address() const noexcept override { return {&number, 1}; }

  std::uint8_t number = 0;
  bool is_secure = true;
  bool fails = false;
  std::size_t max_bytes = 1280;
  std::uint64_t life = 0;  // counts the times it was closed
  bool returned_echo = false;
  std::uint16_t last_sent_id = 0;
  std::vector<std::uint8_t> last_echo;
  std::vector<std::vector<std::uint8_t>> sent;
};

using Owner = std::pair<std::uint8_t, std::uint64_t>;  // the peer's number and life

class Script final : public Draw, public Gate, public Forwarder {
 public:
  Script(Bytes script) : script_(script) {
    for (std::size_t i = 0; i < peers_.size(); ++i) peers_[i].number = static_cast<std::uint8_t>(i + 1);
    peers_[3].is_secure = peers_[4].is_secure = false;
    peers_[1].max_bytes = 100;
    peers_[2].fails = true;
  }

  void run() {
    for (int step = 0; step < kMaxSteps && !script_.empty(); ++step) {
      FuzzPeer& peer = peers_[take() % peers_.size()];
      switch (take() % 10) {
        case 0:
        case 1:
        case 2: deliver(peer, request(peer)); break;
        case 3: deliver(peer, raw()); break;
        case 4: pass(std::chrono::milliseconds(take()) * 20); break;
        case 5: pass(std::chrono::seconds(take())); break;
        case 6: deliver(peer, answer_to(peer)); break;
        case 7: deliver(peer, proxy_request(peer)); break;
        case 8: finish_fetch(); break;
        default: close(peer); break;
      }
      require(endpoint_.transfer_bytes() <= kLimits.transfer_bytes, "3: kept bodies");
      require(endpoint_.observations() <= kLimits.observations, "3: observations");
      require(endpoint_.forwards() <= kLimits.forwards && waiting_.size() <= endpoint_.forwards(), "3: forwards");
      require(endpoint_.proxy_cache().bytes() <= kCacheBytes, "3: cached answers");
    }
    for (FuzzPeer& peer : peers_) close(peer);
    require(endpoint_.transfer_bytes() == 0 && endpoint_.observations() == 0, "3: nothing is left of closed peers");
    require(endpoint_.forwards() == 0 && waiting_.empty(), "3: no fetch for closed peers");
    const Bytes memory = endpoint_.exchanges().memory();
    require(memory[0] == 0 && std::memcmp(memory.data(), memory.data() + 1, memory.size() - 1) == 0, "3: answers are wiped");
  }

  access::Decision admit(Peer& peer, std::size_t bytes, TimePoint) noexcept override {
    drawing_for_ = static_cast<FuzzPeer*>(&peer);
    charged_ = nullptr;
    if (bytes % 251 == 250) return access::Decision::no(Error::over_quota, 3s);
    charged_ = &peer;
    return {};
  }

  void give_back(Peer& peer, std::size_t) noexcept override {
    require(charged_ == &peer, "1: given back what was not debited, or twice");
    charged_ = nullptr;
  }

  Status fill(MutableBytes out, EntropyType type, Provenance& provenance) noexcept override {
    require(drawing_for_ != nullptr, "1: the gate is asked before every draw");
    const Owner owner{drawing_for_->number, drawing_for_->life};
    require(request_ || in_timer_, "1: a draw without cause");
    if (request_) {
      require(drawing_for_ == request_peer_, "2: drawn for another peer");
      const auto [known, fresh] = drawn_.try_emplace({owner, request_->id}, now_);
      require(fresh || now_ - known->second >= kExchangeLifetime, "1: two draws for one message ID");
      known->second = now_;
    }
    if (type == EntropyType::drbg && out.size() % 3 == 0) {
      wipe(out);
      return fail(Error::starved);
    }
    const std::uint64_t tag = tag_of(draws_);
    owners_[tag] = owner;
    ++draws_;
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::uint8_t>(tag >> (8 * (i % 8)));
    provenance.add(source_);
    drawing_for_ = nullptr;
    return {};
  }
  std::chrono::seconds retry_after() const noexcept override { return 2s; }

  Result<Ticket> start(const FetchRequest& request, Done done) override {
    require(request_ != nullptr, "7: a fetch without a request");
    if (request.uri.origin.host == "refused.example") return fail(Error::refused);
    if (waiting_.size() == kMaxFetches) return fail(Error::no_space);
    const Owner owner{request_peer_->number, request_peer_->life};
    require(request_peer_->is_secure || request_peer_->returned_echo, "7: a fetch for an unproved address");
    const auto [known, fresh] = fetched_.try_emplace({owner, request_->id}, now_);
    require(fresh || now_ - known->second >= kExchangeLifetime, "7: two fetches for one message ID");
    known->second = now_;
    waiting_.emplace(++last_ticket_, Fetch{std::move(done), owner});
    return last_ticket_;
  }
  void cancel(Ticket ticket) noexcept override { require(waiting_.erase(ticket) == 1, "7: cancelled once"); }

 private:
  // Few enough that nothing is pushed out of the exchange cache, which would excuse a second draw.
  static constexpr int kMaxSteps = 128;
  static constexpr Limits kLimits{.exchanges = 128,
                                  .exchange_bytes = 1 << 18,
                                  .transfers = 3,
                                  .transfer_bytes = 100'000,
                                  .observations = 5,
                                  .verified_addresses = 4,
                                  .forwards = 6};
  static constexpr std::size_t kCacheBytes = 8000;
  static constexpr std::size_t kMaxFetches = 5;
  struct Fetch {
    Done done;
    Owner owner;
  };

  std::uint8_t take() {
    if (script_.empty()) return 0;
    const std::uint8_t byte = script_.front();
    script_ = script_.subspan(1);
    return byte;
  }

  std::vector<std::uint8_t> raw() {
    const Bytes bytes = script_.first(std::min<std::size_t>(take() % 64, script_.size()));
    script_ = script_.subspan(bytes.size());
    return {bytes.begin(), bytes.end()};
  }

  static std::string_view path(std::uint8_t choice) {
    constexpr std::string_view kPaths[] = {"random", "random", "random", "random", "random", "sources", "health", "nowhere"};
    return kPaths[choice % std::size(kPaths)];
  }

  // request builds a message that is mostly right; few message IDs and tokens, so that they collide.
  std::vector<std::uint8_t> request(FuzzPeer& peer) {
    constexpr std::string_view kSizes[] = {"n=8", "n=32", "n=1024", "n=1025", "n=3000", "n=40000", "n=65536", "n=65537"};
    constexpr std::string_view kTypes[] = {"t=mixed", "t=direct", "t=drbg", "every=2"};
    const std::uint8_t shape = take(), extra = take(), choice = take();
    std::vector<std::uint8_t> into(512);
    const std::array<std::uint8_t, 1> token{static_cast<std::uint8_t>(shape >> 6)};
    const Code method = (extra & 0xc0) == 0xc0 ? Code{static_cast<std::uint8_t>(choice & 7)} : code::kGet;
    MessageWriter writer(into, shape & 1 ? Type::non : Type::con, method, static_cast<std::uint16_t>(shape >> 1 & 15), *Token::of(token));
    if (extra & 1) writer.option_uint(Option::observe, choice >> 7);
    writer.option(Option::uri_path, path(extra >> 3));
    writer.option(Option::uri_query, kSizes[choice & 7]);
    writer.option(Option::uri_query, kTypes[choice >> 3 & 3]);
    if (extra & 2) writer.option_uint(Option::accept, choice & 0x20 ? 60 : 50);
    if (extra & 4) {
      const std::uint8_t block = take();
      writer.option_uint(Option::block2, std::uint32_t{block});
    }
    if (choice & 0x40 && !peer.last_echo.empty()) {
      writer.option(Option::echo, Bytes{peer.last_echo});
      peer.returned_echo = true;
    }
    into.resize(writer.finish().value_or(0));
    return into;
  }

  // proxy_request: few addresses, so that the cache is met.
  std::vector<std::uint8_t> proxy_request(FuzzPeer& peer) {
    constexpr std::string_view kUris[] = {"http://a.example/1",      "http://a.example/2", "http://127.0.0.1:6065/random_number/8",
                                          "http://refused.example/", "ftp://a.example/",   "http://u@a.example/"};
    const std::uint8_t shape = take(), extra = take(), choice = take();
    std::vector<std::uint8_t> into(512);
    const std::array<std::uint8_t, 1> token{static_cast<std::uint8_t>(shape >> 6)};
    MessageWriter writer(into, shape & 1 ? Type::non : Type::con, code::kGet, static_cast<std::uint16_t>(shape >> 1 & 15),
                         *Token::of(token));
    const bool by_scheme = (extra & 3) == 3;
    if (by_scheme) writer.option(Option::uri_host, "a.example");
    if (choice & 8) writer.option(Option::etag, Bytes{validator_etag_});
    if (extra & 4) writer.option_uint(Option::observe, 0);
    if (by_scheme) writer.option(Option::uri_path, choice & 1 ? "1" : "2");
    if (extra & 8) writer.option_uint(Option::accept, choice & 0x10 ? 0 : 60);
    if (extra & 0x10) writer.option_uint(Option::block2, std::uint32_t{take()});
    if (by_scheme)
      writer.option(Option::proxy_scheme, "http");
    else
      writer.option(Option::proxy_uri, kUris[choice % std::size(kUris)]);
    if (choice & 0x40 && !peer.last_echo.empty()) {
      writer.option(Option::echo, Bytes{peer.last_echo});
      peer.returned_echo = true;
    }
    into.resize(writer.finish().value_or(0));
    return into;
  }

  Result<FetchAnswer> origin_says(const Owner& owner) {
    constexpr Error kErrors[] = {Error::timeout, Error::refused, Error::too_large, Error::unreachable};
    constexpr std::size_t kSizes[] = {0, 8, 104, 1024, 1032, 3000, 8000, 40'000};
    const std::uint8_t kind = take(), size = take();
    if (kind % 8 == 0) return fail(kErrors[size % std::size(kErrors)]);
    FetchAnswer answer;
    answer.status = kind % 8 == 1 ? 304 : kind % 8 == 2 ? 100u + size * 2u : 200;
    answer.content_type = "text/plain";
    answer.origin = *parse_origin(kind & 0x10 ? "http://127.0.0.1:6065" : "http://a.example");
    if (kind & 0x20) answer.etag = "\"v\"";
    const bool cacheable = (kind & 0x40) != 0 && (kind & 0x10) == 0 && answer.status == 200;
    answer.cache_control = kind & 0x40 ? "max-age=40" : "no-store";
    answer.body = SecretBytes(kSizes[size % std::size(kSizes)]);
    const std::uint64_t tag = tag_of(++fetches_ << 32);
    if (cacheable)
      shared_.insert(tag);
    else
      owners_[tag] = owner;
    for (std::size_t i = 0; i < answer.body.size(); ++i) answer.body.span()[i] = static_cast<std::uint8_t>(tag >> (8 * (i % 8)));
    return answer;
  }

  void finish_fetch() {
    if (waiting_.empty()) return;
    auto fetch = std::move(waiting_.extract(std::next(waiting_.begin(), take() % waiting_.size())).mapped());
    FuzzPeer& peer = peers_[fetch.owner.first - 1u];
    require(peer.life == fetch.owner.second, "7: the fetches of closed peers are cancelled");
    fetch.done(origin_says(fetch.owner), now_);
    for (FuzzPeer& other : peers_) require(&other == &peer || other.sent.empty(), "4: nobody else is sent to");
    require(peer.sent.size() <= 1, "4: one separate response");
    check_sent(peer);
  }

  std::vector<std::uint8_t> answer_to(FuzzPeer& peer) {
    std::array<std::uint8_t, kHeaderBytes> message;
    write_empty(message, take() & 1 ? Type::rst : Type::ack, peer.last_sent_id);
    return {message.begin(), message.end()};
  }

  void deliver(FuzzPeer& peer, const std::vector<std::uint8_t>& datagram) {
    const auto message = parse(datagram);
    if (message && message->code.is_request()) {
      request_ = &*message;
      request_peer_ = &peer;
    }
    // A raw datagram may have hit upon an Echo value; then property 5 says nothing about this peer any more.
    if (message && message->options.find(Option::echo)) peer.returned_echo = true;
    const std::size_t waiting = endpoint_.forwards();
    endpoint_.on_datagram(peer, datagram, now_);
    request_ = nullptr;
    if (!peer.sent.empty() && endpoint_.forwards() < waiting) take_separate(peer);
    require(peer.sent.size() <= 1, "4: one message at most");
    for (FuzzPeer& other : peers_) require(&other == &peer || other.sent.empty(), "4: nobody else is sent to");
    for (const auto& sent : peer.sent) {
      check_reply(peer, message ? &*message : nullptr, sent);
      if (!peer.is_secure && !peer.returned_echo)
        require(sent.size() <= std::max<std::size_t>(136, 3 * datagram.size()), "5: amplification");
    }
    check_sent(peer);
  }

  // take_separate checks a separate response that had waited for its turn, and leaves what the datagram itself was answered with.
  void take_separate(FuzzPeer& peer) {
    const auto last = parse(peer.sent.back());
    require(last && last->type == Type::con && last->code.is_response(), "4: what waited is a CON");
    auto rest = std::move(peer.sent);
    peer.sent.assign(1, rest.back());
    check_sent(peer);
    rest.pop_back();
    peer.sent = std::move(rest);
  }

  void check_reply(const FuzzPeer& peer, const MessageView* received, const std::vector<std::uint8_t>& sent) {
    const auto reply = parse(sent);
    require(reply.has_value(), "6: well-formed");
    if (reply->type == Type::rst) return require(received == nullptr || received->type == Type::con, "4: only a CON is reset");
    require(received != nullptr, "4: an answer to no message");
    if (received->type == Type::non) return require(reply->type == Type::non && reply->token == received->token, "4: NON, NON");
    require(received->type == Type::con && reply->type == Type::ack && reply->id == received->id, "4: CON, ACK");
    auto& before = answered_[{Owner{peer.number, peer.life}, received->id}];
    const bool promised =
        reply->code.is_empty() && (received->options.find(Option::proxy_uri) || received->options.find(Option::proxy_scheme));
    require(promised || reply->token == received->token || sent == before, "4: an answer with another token");
    before = sent;
  }

  void pass(Clock::duration span) {
    const TimePoint until = now_ + span;
    in_timer_ = true;
    for (auto next = endpoint_.next_deadline(); next && *next <= until; next = endpoint_.next_deadline()) {
      now_ = std::max(now_, *next);
      endpoint_.on_timer(now_);
      for (FuzzPeer& peer : peers_) {
        for (const auto& sent : peer.sent) {
          const auto message = parse(sent);
          require(message && (message->type == Type::con || message->type == Type::non), "4: timers send CON and NON");
        }
        check_sent(peer);
      }
    }
    in_timer_ = false;
    now_ = until;
  }

  // check_sent looks at everything that went to one peer.
  void check_sent(FuzzPeer& peer) {
    for (const auto& sent : peer.sent) {
      const auto message = parse(sent);
      require(message && sent.size() <= peer.max_bytes, "6: fits the datagram");
      if (message->type == Type::con || message->type == Type::non) peer.last_sent_id = message->id;
      if (const auto echo = message->options.find(Option::echo)) peer.last_echo.assign(echo->value.begin(), echo->value.end());
      const auto format = message->options.find(Option::content_format);
      if (message->code != code::kContent || !format) continue;
      const auto number = format->uint().value_or(1);
      if (number != format::kOctetStream && number != format::kTextPlain) continue;
      if (message->payload.size() < 8) continue;
      std::uint64_t tag = 0;
      for (std::size_t i = 0; i < 8; ++i) tag |= std::uint64_t{message->payload[i]} << (8 * i);
      if (number == format::kTextPlain && shared_.contains(tag)) continue;
      const auto owner = owners_.find(tag);
      require(owner != owners_.end() && owner->second == Owner{peer.number, peer.life}, "2: bytes of another peer's draw");
    }
    peer.sent.clear();
  }

  void close(FuzzPeer& peer) {
    endpoint_.on_closed(peer);
    require(peer.sent.empty(), "4: nothing is sent to a closed peer");
    ++peer.life;
  }

  Bytes script_;
  TimePoint now_ = TimePoint{} + std::chrono::hours(100);
  std::array<FuzzPeer, 5> peers_;
  SourceTag source_{"fuzz", SourceKind::physical, false};
  std::uint64_t draws_ = 0;
  std::map<std::uint64_t, Owner> owners_;
  std::map<std::pair<Owner, std::uint16_t>, TimePoint> drawn_;
  std::map<std::pair<Owner, std::uint16_t>, std::vector<std::uint8_t>> answered_;
  FuzzPeer* drawing_for_ = nullptr;
  const Peer* charged_ = nullptr;
  const MessageView* request_ = nullptr;
  const FuzzPeer* request_peer_ = nullptr;
  bool in_timer_ = false;
  std::map<Ticket, Fetch> waiting_;
  Ticket last_ticket_ = 0;
  std::uint64_t fetches_ = 0;
  std::set<std::uint64_t> shared_;  // tags of bodies that may be cached
  std::map<std::pair<Owner, std::uint16_t>, TimePoint> fetched_;
  Etag validator_etag_ = etag_of("\"v\"");
  Endpoint endpoint_{Seams{*this, *this, [] { return SourcesReport{}; }, Proxy{this, true, kCacheBytes, {6065}}}, Secret<32>(), kLimits};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Script({data, size}).run();
  return 0;
}
