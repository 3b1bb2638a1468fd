// SPDX-License-Identifier: GPL-3.0-or-later
// For tests only: a peer that records what it is sent, draws whose bytes say which draw they belong to, a gate with switches, and a
// world that joins them to an endpoint under a clock that the test moves.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "coap/endpoint.hpp"

namespace qeaas::coap::testing {

using Buffer = std::vector<std::uint8_t>;

inline Buffer buffer(std::string_view text) { return {text.begin(), text.end()}; }
inline Buffer buffer(Bytes bytes) { return {bytes.begin(), bytes.end()}; }

// Reply is one message that the endpoint sent.
struct Reply {
  Buffer raw;
  std::shared_ptr<const Buffer> memory;  // what view points into, however often the reply is copied
  MessageView view;
  explicit Reply(Bytes bytes) : raw(buffer(bytes)), memory(std::make_shared<Buffer>(raw)) {
    const auto parsed = parse(*memory);
    EXPECT_TRUE(parsed.has_value()) << "the endpoint sent no valid message";
    if (parsed) view = *parsed;
  }
  std::optional<Buffer> bytes(Option option) const {
    const auto found = view.options.find(option);
    if (!found) return std::nullopt;
    return buffer(found->value);
  }
  std::optional<std::uint32_t> uint(Option option) const {
    const auto found = view.options.find(option);
    if (!found) return std::nullopt;
    return found->uint().value_or(0xffffffff);
  }
  std::optional<Block> block2() const {
    const auto found = view.options.find(Option::block2);
    if (!found) return std::nullopt;
    return decode_block(found->value).value_or(Block{kMaxBlockNum, true, 0});
  }
  Buffer payload() const { return buffer(view.payload); }
};

class FakePeer : public Peer {
 public:
  explicit FakePeer(std::uint8_t number = 1, bool secure = true) : secure_(secure), address_{10, 0, 0, number, 0x16, 0x33} {}
  Status send(Bytes datagram) noexcept override {
    if (!keep) {
      ++count;
      return {};
    }
    sent.push_back(buffer(datagram));
    if (lossy) return fail(Error::would_block);
    return {};
  }
  std::size_t max_datagram_bytes() const noexcept override { return max_bytes; }
  bool secure() const noexcept override { return secure_; }
  std::int64_t identity() const noexcept override { return 1; }
  Bytes address() const noexcept override { return address_; }

  // take gives what was sent since the last take.
  std::vector<Reply> take() {
    std::vector<Reply> replies;
    for (const Buffer& datagram : sent) replies.emplace_back(Bytes{datagram});
    sent.clear();
    return replies;
  }

  std::vector<Buffer> sent;
  std::size_t max_bytes = 1200;
  std::size_t count = 0;
  bool keep = true;
  bool lossy = false;  // send reports failure

 private:
  bool secure_;
  Buffer address_;
};

// FakeDraw fills draw k (from 1) with bytes that depend on k and the place only.
class FakeDraw : public Draw {
 public:
  static std::uint8_t byte(std::uint64_t draw, std::size_t place) noexcept {
    const std::uint64_t mixed = (draw * 0x9e3779b97f4a7c15u) ^ ((place + 1) * 0xc2b2ae3d27d4eb4fu);
    return static_cast<std::uint8_t>((mixed ^ mixed >> 29) >> 8);
  }
  static Buffer bytes(std::uint64_t draw, std::size_t size) {
    Buffer made(size);
    for (std::size_t i = 0; i < size; ++i) made[i] = byte(draw, i);
    return made;
  }
  Status fill(MutableBytes out, EntropyType type, Provenance& provenance) noexcept override {
    last_type = type;
    if (error) {
      wipe(out);
      return fail(*error);
    }
    ++draws;
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = byte(draws, i);
    provenance.add(tag);
    return {};
  }
  std::chrono::seconds retry_after() const noexcept override { return retry; }

  std::uint64_t draws = 0;
  std::optional<Error> error;
  std::chrono::seconds retry{7};
  EntropyType last_type = EntropyType::mixed;
  SourceTag tag{"fake", SourceKind::physical, false};
};

class FakeGate : public Gate {
 public:
  access::Decision admit(Peer& peer, std::size_t bytes, TimePoint) noexcept override {
    last_peer = &peer;
    ++asked;
    if (bytes > holds) return access::Decision::no(Error::over_quota, std::chrono::seconds(5));
    if (decision) debited += bytes, holds -= bytes;
    return decision;
  }
  void give_back(Peer& peer, std::size_t bytes) noexcept override {
    EXPECT_EQ(&peer, last_peer);
    given_back += bytes;
    holds += bytes;
  }
  std::uint64_t kept() const { return debited - given_back; }
  access::Decision decision;
  std::uint64_t holds = std::uint64_t{1} << 60;  // the allowance
  std::uint64_t given_back = 0;
  const Peer* last_peer = nullptr;
  std::uint64_t debited = 0;
  std::uint64_t asked = 0;
};

// Ask builds a request; the default is a confirmable GET /random.
struct Ask {
  Type type = Type::con;
  std::uint16_t id = 1;
  Buffer token{0x42};
  Code method = code::kGet;
  std::multimap<std::uint16_t, Buffer> options{};

  static Ask path(std::initializer_list<std::string_view> segments) {
    Ask ask;
    for (const auto segment : segments) ask.with(Option::uri_path, segment);
    return ask;
  }
  static Ask random(std::initializer_list<std::string_view> query = {}) {
    Ask ask = path({"random"});
    for (const auto parameter : query) ask.with(Option::uri_query, parameter);
    return ask;
  }
  Ask& with(Option option, Bytes value) {
    options.emplace(number(option), buffer(value));
    return *this;
  }
  Ask& with(Option option, std::string_view value) { return with(option, bytes_of(value)); }
  Ask& with(Option option, const char* value) { return with(option, std::string_view(value)); }
  Ask& with(Option option, std::uint32_t value) { return with(option, encode_uint(value).span()); }
  Ask& block(std::uint32_t num, std::uint8_t szx) { return with(Option::block2, encode_block({num, false, szx})->span()); }
  Ask& mid(std::uint16_t value) { return id = value, *this; }
  Ask& of_type(Type value) { return type = value, *this; }
  Ask& named(std::uint8_t value) { return token = {value}, *this; }
  Ask& by(Code value) { return method = value, *this; }

  Buffer encode() const {
    Buffer into(2048);
    MessageWriter writer(into, type, method, id, Token::of(token).value_or(Token{}));
    for (const auto& [option, value] : options) writer.option(Option{option}, Bytes{value});
    const auto size = writer.finish();
    EXPECT_TRUE(size.has_value());
    into.resize(size.value_or(0));
    return into;
  }
};

// FakeForwarder notes what it is asked; the test finishes a fetch when it likes.
class FakeForwarder : public Forwarder {
 public:
  Result<Ticket> start(const FetchRequest& request, Done done) override {
    if (error) return fail(*error);
    asked.push_back(request);
    waiting.emplace(asked.size(), std::move(done));
    return asked.size();
  }
  void cancel(Ticket ticket) noexcept override { cancelled += waiting.erase(ticket); }
  // finish ends the fetch that was started as the number-th.
  void finish(Ticket number, Result<FetchAnswer> answer, TimePoint now) {
    ASSERT_EQ(waiting.count(number), 1u);
    const Done done = std::move(waiting.extract(number).mapped());
    done(std::move(answer), now);
  }
  static FetchAnswer answer(std::string_view body, std::string_view cache_control = {}, std::string_view etag = {}) {
    FetchAnswer made;
    made.status = 200;
    made.content_type = "application/json";
    made.cache_control = cache_control;
    made.etag = etag;
    made.body = SecretBytes(bytes_of(body));
    return made;
  }

  std::vector<FetchRequest> asked;
  std::map<Ticket, Done> waiting;
  std::optional<Error> error;
  std::size_t cancelled = 0;
};

class World {
 public:
  explicit World(const Limits& limits = {}, const Proxy& proxy = {})
      : endpoint(Seams{draw, gate, [this] { return report; }, proxy}, Secret<32>(std::span<const std::uint8_t, 32>(kSeed)), limits) {
    report.version = "test";
    report.min_sources = 1;
    report.healthy = 1;
    report.sources.resize(1);
    report.sources.front().id = "fake";
  }
  // give delivers a datagram and returns what the endpoint sent to that peer.
  std::vector<Reply> give(FakePeer& peer, Bytes datagram) {
    peer.sent.clear();
    endpoint.on_datagram(peer, datagram, now);
    return peer.take();
  }
  // ask expects exactly one answer.
  Reply ask(FakePeer& peer, const Ask& request) {
    const auto replies = give(peer, request.encode());
    EXPECT_EQ(replies.size(), 1u);
    return replies.empty() ? Reply(Bytes{kEmptyAck}) : replies.front();
  }
  void send_empty(FakePeer& peer, Type type, std::uint16_t id) {
    std::array<std::uint8_t, kHeaderBytes> message;
    write_empty(message, type, id);
    endpoint.on_datagram(peer, message, now);
  }
  // pass moves the clock, firing the timer at every deadline on the way.
  void pass(Clock::duration span) {
    const TimePoint until = now + span;
    for (auto next = endpoint.next_deadline(); next && *next <= until; next = endpoint.next_deadline()) {
      now = std::max(now, *next);
      endpoint.on_timer(now);
    }
    now = until;
  }
  bool left_behind(std::uint64_t draw_number, std::size_t size) const {
    const Buffer wanted = FakeDraw::bytes(draw_number, size);
    const Bytes memory = endpoint.exchanges().memory();
    return std::search(memory.begin(), memory.end(), wanted.begin(), wanted.end()) != memory.end();
  }

  FakeDraw draw;
  FakeGate gate;
  SourcesReport report;
  TimePoint now = TimePoint{} + std::chrono::hours(1000);
  Endpoint endpoint;

 private:
  static constexpr std::array<std::uint8_t, 4> kEmptyAck{0x60, 0, 0, 0};
  static constexpr std::array<std::uint8_t, 32> kSeed{1, 2, 3, 4, 5, 6, 7, 8};
};

// problem expects an RFC 9290 answer and gives its title.
std::string problem(const Reply& reply);

}  // namespace qeaas::coap::testing
