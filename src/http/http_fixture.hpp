// SPDX-License-Identifier: GPL-3.0-or-later
// For tests only: draws whose bytes say where they stand and whose errors are scripted, a gate that keeps accounts, a site that joins
// them, and a client that reads answers back as strictly as RFC 9112 lets it.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "base/hex.hpp"
#include "crypto/hash.hpp"
#include "http/connection.hpp"
#include "http/limits.hpp"

namespace qeaas::http::testing {

inline std::string hex(std::string_view bytes) {
  std::string text(2 * bytes.size(), ' ');
  write_hex(bytes_of(bytes), text);
  return text;
}
// unbase64 decodes strictly.
std::string unbase64(std::string_view text);
inline std::string text_of(Bytes bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

// FakeDraw gives one endless sequence of bytes, none of which is zero, in as many draws as are asked for.
class FakeDraw : public Draw {
 public:
  static std::uint8_t byte(std::uint64_t place) noexcept {
    const std::uint64_t mixed = (place + 1) * 0x9e3779b97f4a7c15u;
    return static_cast<std::uint8_t>(1 + (mixed ^ mixed >> 29) % 255);
  }
  static std::string bytes(std::uint64_t place, std::size_t size) {
    std::string made(size, '\0');
    for (std::size_t i = 0; i < size; ++i) made[i] = static_cast<char>(byte(place + i));
    return made;
  }
  Status fill(MutableBytes out, EntropyType type, Provenance& provenance) noexcept override {
    provenance.reset(type);
    last_type = type;
    ++draws;
    const auto wrong = script.find(draws);
    if (error || wrong != script.end()) {
      wipe(out);
      return fail(error ? *error : wrong->second);
    }
    if (quick) {
      std::ranges::fill(out, byte(given / kMaxDrawBytes));
      given += out.size();
    } else {
      for (auto& one : out) one = byte(given++);
    }
    provenance.add(draws >= simulated_from ? simulation : tag);
    return {};
  }
  std::chrono::seconds retry_after() const noexcept override { return std::chrono::seconds(7); }

  bool quick = false;                     // the same byte for a whole draw of the largest size
  std::uint64_t draws = 0;                // asked for
  std::uint64_t given = 0;                // bytes
  std::optional<Error> error;             // of every draw
  std::map<std::uint64_t, Error> script;  // of the draw of that number, from 1
  std::uint64_t simulated_from = ~0ULL;   // the first draw in which the simulator takes part
  EntropyType last_type = EntropyType::mixed;
  SourceTag tag{"fake", SourceKind::physical, false};
  SourceTag simulation{"photons", SourceKind::simulated, false};
};

class FakeGate : public Gate {
 public:
  access::Decision admit(const Caller& caller, std::size_t bytes, TimePoint now) noexcept override {
    ++asked;
    last_identity = caller.identity;
    if (bytes > burst) return access::Decision::no(Error::too_large);
    if (rate) {
      const auto step = rate->next(arrival_ns, bytes, access::nanoseconds(now));
      arrival_ns = step.arrival;
      if (!step.decision) return step.decision;
    }
    if (!decisions.empty()) {
      const auto next = decisions.front();
      decisions.pop_front();
      if (!next) return next;
    }
    if (decision) debited += bytes;
    return decision;
  }
  void give_back(const Caller& caller, std::size_t bytes) noexcept override {
    EXPECT_EQ(caller.identity, last_identity);
    given_back += bytes;
  }
  std::optional<std::int64_t> token_identity(const access::Digest& token) noexcept override {
    const auto found = tokens.find(token);
    return found == tokens.end() ? std::nullopt : std::optional(found->second);
  }
  std::optional<Allowance> allowance(const Caller&, TimePoint) noexcept override { return left; }
  bool admit_handshake(const Address&, TimePoint) noexcept override { return connections-- > 0; }

  void know(std::string_view token, std::int64_t identity) { tokens[sha256(bytes_of(token))] = identity; }

  access::Decision decision;               // of everything
  std::deque<access::Decision> decisions;  // of the next ones
  std::size_t burst = 1 << 30;
  std::optional<access::Rate> rate;
  std::int64_t arrival_ns = 0;
  std::map<access::Digest, std::int64_t> tokens;
  std::optional<Allowance> left;
  std::int64_t last_identity = -1;
  std::uint64_t asked = 0;
  std::uint64_t debited = 0;
  std::uint64_t given_back = 0;
  int connections = 1 << 30;
};

// World is a site with everything switched on, and a clock that the test moves.
struct World {
  World() {
    report.version = "test";
    report.sources.resize(1);
    report.sources.front().id = "fake";
    report.sources.front().state = SourceState::healthy;
  }
  bool scratch_is_clean() const {
    const auto zero = [](std::uint8_t byte) { return byte == 0; };
    return std::ranges::all_of(site.scratch.draw.span(), zero) && std::ranges::all_of(site.scratch.text.span(), zero);
  }

  FakeDraw draw;
  FakeGate gate;
  SourcesReport report;
  bool ready = true;
  Counters counters;
  boost::asio::io_context loop;
  Site site{
      draw,
      gate,
      Reports{[this] { return report; }, [] { return std::string(R"({"statistics":[]})"); }, [] { return std::string(R"({"alarms":[]})"); },
              [] { return std::string(R"({"sessions":[]})"); }, [] { return std::string("up 1\n"); }, [this] { return ready; }},
      Features{.dashboard = true, .seeds = true, .pollen = true, .anu = true, .qrypt = true},
      counters,
      loop,
      {},
      {}};
  TimePoint now = TimePoint{} + std::chrono::hours(1000);
};

// Answer is one answer, taken apart.
struct Answer {
  unsigned status = 0;
  std::multimap<std::string, std::string> fields;  // names in lower case
  std::string body;
  std::string head;

  std::string field(const std::string& name) const {
    EXPECT_LE(fields.count(name), 1U) << name;
    const auto found = fields.find(name);
    return found == fields.end() ? std::string() : found->second;
  }
  bool has(const std::string& name) const { return fields.contains(name); }
  boost::json::value json() const {
    boost::system::error_code code;
    auto value = boost::json::parse(body, code);
    EXPECT_FALSE(code) << body;
    return value;
  }
};

// take_answer cuts the first answer off text; none when it is not all there. head_only: the answer to HEAD.
std::optional<Answer> take_answer(std::string& text, bool head_only = false);

// Client is a connection, and what it has sent. It reads all the time unless told otherwise.
class Client {
 public:
  explicit Client(World& world, const Caller& caller = {}) : world_(world), connection(world.site, caller, [this] { ++woken; }) {}

  // say delivers bytes; read takes the output, pumping until nothing more comes.
  void say(std::string_view text) { connection.on_data(bytes_of(text), world_.now); }
  void say_slowly(std::string_view text) {
    for (const char& character : text) say({&character, 1});
  }
  const std::string& read() {
    while (!connection.output().empty()) read_some(connection.output().size());
    return heard;
  }
  void read_some(std::size_t most) {
    auto& output = connection.output();
    const auto size = std::min(most, output.size());
    heard += text_of(output.waiting().first(size));
    output.take_off(size);
    connection.pump(world_.now);
  }
  // next is the next answer in what was heard.
  Answer next(bool head_only = false) {
    read();
    auto answer = take_answer(heard, head_only);
    EXPECT_TRUE(answer) << "no whole answer in: " << heard.substr(0, 300);
    return answer.value_or(Answer());
  }
  // ask expects one answer and nothing behind it.
  Answer ask(std::string_view text, bool head_only = false) {
    say(text);
    auto answer = next(head_only);
    EXPECT_EQ(heard, "") << "after the answer to " << text;
    return answer;
  }
  Answer get(std::string_view target, std::string_view fields = "") {
    return ask("GET " + std::string(target) + " HTTP/1.1\r\nHost: here\r\n" + std::string(fields) + "\r\n");
  }
  Answer post(std::string_view target, std::string_view body, std::string_view fields = "") {
    return ask("POST " + std::string(target) + " HTTP/1.1\r\nHost: here\r\n" + std::string(fields) +
               "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body));
  }

 private:
  World& world_;

 public:
  Connection connection;
  std::string heard;
  int woken = 0;
};

// get asks on a connection of its own.
inline Answer get(World& world, std::string_view target, std::string_view fields = "") { return Client(world).get(target, fields); }

// expect_problem: RFC 9457, never to be stored, with exactly these members.
void expect_problem(const Answer& answer, unsigned status, std::string_view title, std::string_view detail);

}  // namespace qeaas::http::testing
