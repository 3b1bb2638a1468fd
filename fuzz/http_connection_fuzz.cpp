// SPDX-License-Identifier: GPL-3.0-or-later
// One HTTP connection with every shape switched on: the input is a script of requests, raw bytes, pieces, time, and a client that takes
// its answers now and then. Properties:
//  1. what waits to be sent, and what is kept of the input, stays within limits, however little the client takes;
//  2. whatever is sent begins with a status line, and until a WebSocket is opened every answer follows upon the one before: a head,
//     a Content-Length, and that many bytes;
//  3. every byte that is drawn was debited before, what is sent stays debited, and what could not be drawn is given back;
//  4. nothing is drawn after the end, and HEAD and OPTIONS draw nothing;
//  5. the scratch memory holds no random byte between requests;
//  6. the loop runs out of work when the connection is gone.
#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "http/connection.hpp"
#include "http/limits.hpp"

using namespace qeaas;
using namespace qeaas::http;

namespace {

void require(bool holds, const char* property) {
  if (holds) return;
  std::fprintf(stderr, "property violated: %s\n", property);
  std::abort();
}

constexpr std::uint8_t kRandom = 0x99;  // in no text, and no head of CBOR that is used here
constexpr std::size_t kMaxOutput = kHighWaterBytes + Scratch::kTextBytes + 8192;

class Seams final : public Draw, public Gate {
 public:
  access::Decision admit(const Caller& /*caller*/, std::size_t bytes, TimePoint) noexcept override {
    ++asked_;
    if (bytes > burst) return access::Decision::no(Error::too_large);
    if (refusal) return access::Decision::no(*refusal, *refusal == Error::over_quota ? 2s : 0s);
    debited += bytes;
    return {};
  }
  void give_back(const Caller& /*caller*/, std::size_t bytes) noexcept override {
    require(bytes <= debited - returned, "3: given back more than was debited");
    returned += bytes;
  }
  std::optional<std::int64_t> token_identity(const access::Digest& token) noexcept override {
    return token[0] % 2 == 0 ? std::optional<std::int64_t>(2) : std::nullopt;
  }
  std::optional<Allowance> allowance(const Caller& /*caller*/, TimePoint) noexcept override {
    return Allowance{"second", 1 << 20, 1, debited % 1000, 1};
  }
  bool admit_handshake(const Address& /*from*/, TimePoint) noexcept override { return true; }

  Status fill(MutableBytes out, EntropyType type, Provenance& provenance) noexcept override {
    provenance.reset(type);
    require(!over, "4: a draw after the end");
    require(debited >= drawn + out.size(), "3: drawn before it was debited");
    if (failure && ++draws_ % 3 == 0) {
      wipe(out);
      return fail(*failure);
    }
    std::ranges::fill(out, kRandom);
    drawn += out.size();
    provenance.add(draws_ % 64 == 63 ? simulated_ : source_);
    return {};
  }
  std::chrono::seconds retry_after() const noexcept override { return 1s; }

  std::size_t burst = 1 << 20;
  std::optional<Error> refusal;
  std::optional<Error> failure;
  std::uint64_t debited = 0;
  std::uint64_t returned = 0;
  std::uint64_t drawn = 0;
  bool over = false;

 private:
  std::uint64_t asked_ = 0;
  std::uint64_t draws_ = 0;
  SourceTag source_{"fuzz", SourceKind::physical, false};
  SourceTag simulated_{"photons", SourceKind::simulated, false};
};

// Reader follows what is sent, and knows where answers begin.
class Reader {
 public:
  void take(std::string_view text) {
    while (!text.empty() && !web_socket) {
      if (body_ > 0) {
        const auto size = std::min<std::uint64_t>(body_, text.size());
        random_bytes += static_cast<std::uint64_t>(
            std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(size), static_cast<char>(kRandom)));
        body_ -= size;
        text.remove_prefix(static_cast<std::size_t>(size));
        continue;
      }
      head_ += text.front();
      text.remove_prefix(1);
      require(head_.starts_with(std::string_view("HTTP/1.1 ").substr(0, head_.size())), "2: no status line");
      if (head_.ends_with("\r\n\r\n")) judge();
      require(head_.size() < 8192, "2: a head without an end");
    }
  }
  bool web_socket = false;
  std::uint64_t random_bytes = 0;  // seen in bodies that are not encoded

 private:
  void judge() {
    unsigned status = 0;
    const auto parsed = std::from_chars(head_.data() + 9, head_.data() + 12, status);
    require(parsed.ptr == head_.data() + 12 && status >= 100 && status < 600, "2: no status");
    require(status != 405 || head_.find("\r\nAllow: ") != std::string::npos, "2: 405 without Allow");
    web_socket = status == 101;
    if (const auto field = head_.find("\r\nContent-Length: "); field != std::string::npos && !head_only())
      std::from_chars(head_.data() + field + 18, head_.data() + head_.size(), body_);
    head_.clear();
  }
  // head_only: the script marks what it asks by HEAD, and 304 has no body.
  bool head_only() const { return heads_ || head_.starts_with("HTTP/1.1 304"); }

 public:
  bool heads_ = false;

 private:
  std::string head_;
  std::uint64_t body_ = 0;
};

class Script {
 public:
  explicit Script(Bytes script) : script_(script) {
    // A script asks by HEAD always or never, so that the reader knows which answers have bodies.
    reader_.heads_ = take() % 4 == 0;
  }
  ~Script() { kept() = std::move(site_.scratch); }
  Script(const Script&) = delete;
  Script& operator=(const Script&) = delete;

  void run() {
    {
      Connection connection(site_, Caller{}, [] {});
      connection_ = &connection;
      for (int i = 0; i < 200 && !script_.empty() && !connection.aborted(); ++i) step();
      end();
    }
    seams_.over = true;
    loop_.restart();
    loop_.poll();
    require(loop_.stopped(), "6: work is left");
    if (reader_.heads_) require(seams_.drawn == 0, "4: HEAD draws nothing");
    require(seams_.debited - seams_.returned <= seams_.drawn, "3: debited and never drawn");
  }

 private:
  std::uint8_t take() {
    if (script_.empty()) return 0;
    const auto byte = script_.front();
    script_ = script_.subspan(1);
    return byte;
  }
  std::string raw() {
    const auto bytes = script_.first(std::min<std::size_t>(take(), script_.size()));
    script_ = script_.subspan(bytes.size());
    // Without D there is no HEAD, whose answers the reader would take for others.
    std::string text(bytes.begin(), bytes.end());
    std::ranges::replace(text, 'D', 'd');
    return text;
  }

  std::string request() {
    static constexpr std::string_view kTargets[] = {"/v1/random?bytes=",
                                                    "/random_number/",
                                                    "/API/jsonI.php?type=hex16&length=",
                                                    "/api/v1/quantum-entropy?size=",
                                                    "/v1/stream?frame=",
                                                    "/v1/capabilities?",
                                                    "/v1/healthtest?",
                                                    "/v1/sources?",
                                                    "/openapi.json?",
                                                    "/?",
                                                    "/readyz?",
                                                    "/nowhere/",
                                                    "http://h/v1/random?bytes=",
                                                    "/v1/random?type=drbg&bytes=",
                                                    "/v1/random?type=direct&bytes=",
                                                    "/metrics?"};
    static constexpr std::string_view kSizes[] = {"1", "32", "256", "1024", "60000", "70000", "1000000", "1000000000"};
    static constexpr std::string_view kFields[] = {
        "Accept: application/json\r\n",  "Accept: text/plain\r\n", "Accept: application/cbor\r\n", "X-API-KEY: k\r\n",
        "Authorization: Bearer tok\r\n", "Connection: close\r\n",  "Expect: 100-continue\r\n",     "Origin: http://evil\r\n"};
    const auto shape = take(), fields = take(), choice = take();
    const bool post = !reader_.heads_ && (shape & 0x80) != 0;
    std::string text = reader_.heads_ ? "HEAD " : post ? "POST " : (choice & 0xc0) == 0xc0 ? "OPTIONS " : "GET ";
    if (post)
      text += (shape & 1) != 0 ? "/v1/entropy" : "/";
    else
      text.append(kTargets[shape % 16]).append(kSizes[choice % 8]);
    text += (choice & 0x20) != 0 ? " HTTP/1.0\r\nHost: h\r\n" : " HTTP/1.1\r\nHost: h\r\n";
    for (unsigned i = 0; i < 8; ++i)
      if ((fields >> i & 1) != 0 && (fields & 0x11) != 0x11) text += kFields[i];
    if (shape % 16 == 4)
      text += "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    if (!post) return text + "\r\n";
    const auto body = (choice & 8) != 0 ? "challenge=" + raw()
                                        : R"({"block_size": )" + std::to_string(1 + choice * 300U % 66000) + R"(,"block_count":)" +
                                              std::to_string(1 + choice % 17) + "}";
    if ((choice & 16) == 0) return text + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    std::array<char, 8> size{};
    const auto end = std::to_chars(size.data(), size.data() + size.size(), body.size(), 16).ptr;
    return text + "Transfer-Encoding: chunked\r\n\r\n" + std::string(size.data(), end) + ";x=\"y\"\r\n" + body + "\r\n0\r\nT: u\r\n\r\n";
  }

  static std::string frame(std::uint8_t opcode, std::string_view data) {
    std::string made{static_cast<char>(0x80 | opcode), static_cast<char>(0x80 | data.size()), 0, 0, 0, 0};
    return made.append(data);
  }

  void say(std::string_view text, std::size_t piece) {
    while (!text.empty()) {
      const auto part = text.substr(0, piece);
      // The owner reads no more than the connection wants, though what it has read is delivered.
      if (!connection_->wants_data()) receive(16384);
      connection_->on_data(bytes_of(part), now_);
      text.remove_prefix(part.size());
    }
    check();
  }
  void receive(std::size_t most) {
    auto& output = connection_->output();
    const auto size = std::min(most, output.size());
    const auto part = output.waiting().first(size);
    reader_.take({reinterpret_cast<const char*>(part.data()), part.size()});
    output.take_off(size);
    connection_->pump(now_);
    turn();
    check();
  }
  void turn() {
    loop_.restart();
    loop_.poll();
  }
  void check() {
    const auto& output = connection_->output();
    require(output.size() <= kMaxOutput && output.capacity() <= 3 * kMaxOutput, "1: output");
    const auto scratch = site_.scratch.draw.span();
    require(std::memchr(scratch.data(), kRandom, scratch.size()) == nullptr, "5: the scratch memory");
    require(reader_.random_bytes <= seams_.debited - seams_.returned, "3: sent and not debited");
    require(counters_.random_bytes.get() <= seams_.drawn, "3: the counter");
  }

  void step() {
    static constexpr Error kRefusals[] = {Error::over_quota, Error::forbidden, Error::io, Error::too_large};
    static constexpr Error kFailures[] = {Error::starved, Error::alarmed, Error::io, Error::starved};
    const auto what = take();
    const std::size_t piece = std::size_t{1} << (what >> 4);
    // A malformed request is answered with a body, whatever its method was to be.
    if (reader_.heads_ && ((what & 15) == 0 || (what & 15) == 8 || (what & 15) == 9)) return turn();
    switch (what & 15) {
      case 0: return say(raw(), piece);
      case 1: {
        auto text = request();
        if (!text.empty()) text[take() % text.size()] ^= static_cast<char>(reader_.heads_ ? 0 : take());
        return say(text, piece);
      }
      case 2: return receive(piece * 64);
      case 3: return receive(1 << 24);
      case 4: now_ += std::chrono::milliseconds(take() * 20); return connection_->pump(now_);
      case 5: seams_.refusal = what & 16 ? std::optional(kRefusals[take() % 4]) : std::nullopt; return;
      case 6: seams_.failure = what & 16 ? std::optional(kFailures[take() % 4]) : std::nullopt; return;
      case 7: seams_.burst = std::size_t{1} << (take() % 21); return;
      case 8: return say(frame(1, R"({"credit":)" + std::to_string(take() * 1000U + 1) + "}"), piece);
      case 9: return say(frame(what & 16 ? 9 : 8, ""), piece);
      case 10: return turn();
      case 11: return what == 0xfb ? connection_->give_up(now_) : what == 0xeb ? connection_->drain(now_) : void();
      case 12: return say(request() + request() + request(), piece);
      default: return say(request(), piece);
    }
  }

  void end() {
    receive(1 << 17);
    connection_->on_end(now_);
    for (int i = 0; i < 4; ++i) receive(1 << 17);
  }

  Bytes script_;
  TimePoint now_ = TimePoint{} + std::chrono::hours(100);
  Seams seams_;
  Counters counters_;
  boost::asio::io_context loop_;
  // kept is the scratch memory of one script after the other: it is large.
  static Scratch& kept() {
    static Scratch scratch;
    return scratch;
  }
  static std::string text() { return "{}"; }
  Site site_{seams_,
             seams_,
             Reports{[] { return SourcesReport{}; }, text, text, text, text, [] { return true; }},
             Features{true, true, true, true, true},
             counters_,
             loop_,
             {},
             std::move(kept())};
  Connection* connection_ = nullptr;
  Reader reader_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Script({data, size}).run();
  return 0;
}
