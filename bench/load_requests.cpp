// SPDX-License-Identifier: GPL-3.0-or-later
// Requests on open sessions: a closed loop with a fixed number under way, turn by turn over all targets, so that whatever else the
// machine does touches each of them alike. Targets: a CoAPS server with so many sessions, or the UDP echo. Placements: "one", server
// and load share a core, so that a server is woken once for all that is under way and every target gets the same batches; "free",
// the scheduler decides, and a server that is as slow as the load gets small batches.
#include <algorithm>
#include <cstdio>
#include <sstream>
#include <thread>

#include "load.hpp"
#include "process_meter.hpp"
#include "wire/coap_message.hpp"

namespace qeaas::bench {
namespace {

constexpr std::size_t kAnswerBytes = 32;
constexpr int kPatienceMs = 1000;

// Target is what is loaded: a number of places, each with at most one request under way (NSTART of RFC 7252 4.7).
class Target {
 public:
  explicit Target(std::map<std::string, std::string> values)
      : name(values["name"]), meter(std::atoi(values["pid"].c_str())), values_(std::move(values)) {}  // NOLINT(cert-err34-c)
  Target(const Target&) = delete;
  Target& operator=(const Target&) = delete;
  virtual ~Target() = default;
  virtual void prepare(std::size_t request_bytes, std::size_t answer_bytes) = 0;
  virtual std::size_t places() const = 0;
  // send sends from a place and tells whether it could.
  virtual bool send(std::size_t place) = 0;
  // receive gives the number of answers that arrived.
  virtual std::size_t receive(int wait_ms) = 0;
  virtual void forget() = 0;

  std::string value(const std::string& key) const {
    const auto found = values_.find(key);
    return found == values_.end() ? "" : found->second;
  }
  std::size_t number(const std::string& key, std::size_t otherwise) const {
    const auto text = value(key);
    return text.empty() ? otherwise : std::strtoul(text.c_str(), nullptr, 10);
  }

  std::string name;
  ProcessMeter meter;
  std::size_t request_bytes = 0;
  std::size_t answer_bytes = 0;
  std::size_t wrong = 0;
  std::size_t next_place = 0;

 protected:
  Address server() const {
    const auto address = Address::parse("127.0.0.1:" + value("port"));
    if (!address) die("target without a port");
    return *address;
  }

 private:
  std::map<std::string, std::string> values_;
};

class EchoTarget final : public Target {
 public:
  explicit EchoTarget(std::map<std::string, std::string> values)
      : Target(std::move(values)), net_(server()), waiting_(number("sessions", 64)) {}
  void prepare(std::size_t request, std::size_t answer) override {
    request_bytes = request;
    answer_bytes = answer;
    datagram_.assign(request, 0);
    datagram_[0] = static_cast<std::uint8_t>(answer >> 8);
    datagram_[1] = static_cast<std::uint8_t>(answer & 0xff);
  }
  std::size_t places() const override { return waiting_.size(); }
  bool send(std::size_t place) override {
    if (waiting_[place]) return false;
    net_.send(static_cast<std::uint32_t>(place), datagram_);
    return waiting_[place] = true;
  }
  std::size_t receive(int wait_ms) override {
    net_.flush();
    return net_.receive(wait_ms, [this](std::uint32_t host, Bytes answer) {
      if (host >= waiting_.size() || answer.size() != answer_bytes)
        ++wrong;
      else
        waiting_[host] = false;
    });
  }
  void forget() override { waiting_.assign(waiting_.size(), false); }

 private:
  HostNet net_;
  std::vector<bool> waiting_;
  std::vector<std::uint8_t> datagram_;
};

class CoapsTarget final : public Target {
 public:
  explicit CoapsTarget(std::map<std::string, std::string> values) : Target(std::move(values)), fleet_(server()) {
    request_ = get_request(value("path"), value("query"), 0);
    fleet_.on_message([this](Host& host, Bytes message) { on_message(host, message); });
  }
  void prepare(std::size_t /*request*/, std::size_t /*answer*/) override {
    const std::size_t wanted = number("sessions", 64);
    const auto began = Clock::now();
    const auto opened = fleet_.open(
        wanted, [] { return unverified("MLKEM512"); }, 16, 120s);
    std::printf("opened target=%s sessions=%zu of=%zu seconds=%.1f\n", name.c_str(), opened, wanted,
                std::chrono::duration<double>(Clock::now() - began).count());
    if (opened == 0) die(name + ": no session could be opened");
    for (std::size_t i = 0; i < fleet_.size(); ++i)
      if (fleet_.at(i).client->state() == DtlsClient::State::established) open_.push_back(&fleet_.at(i));
    if (!value("put").empty()) put();
    ask_once();
  }
  std::size_t places() const override { return open_.size(); }
  bool send(std::size_t place) override {
    auto& host = *open_[place];
    if (host.waiting) return false;
    const auto id = ++host.message_id;
    request_[2] = static_cast<std::uint8_t>(id >> 8);
    request_[3] = static_cast<std::uint8_t>(id & 0xff);
    host.waiting = true;
    if (!host.client->send(request_)) die(name + ": a session is closed");
    return true;
  }
  std::size_t receive(int wait_ms) override {
    answered_ = 0;
    fleet_.pump(wait_ms);
    return answered_;
  }
  void forget() override {
    for (auto* host : open_) host->waiting = false;
  }

 private:
  void on_message(Host& host, Bytes message) {
    const auto answer = coap::parse(message);
    if (!answer || answer->id != host.message_id) return;
    host.waiting = false;
    ++answered_;
    if (answer->code != coap::code::kContent || answer->payload.size() != kAnswerBytes) ++wrong;
  }
  void put() {
    const std::vector<std::uint8_t> content(kAnswerBytes, 'x');
    if (!open_[0]->client->send(put_request(value("path"), content, 0x7fff))) die(name + ": PUT");
    fleet_.settle(200);
  }
  // ask_once makes one request on every session: what a session allocates for its first request is there, and the sizes are known.
  void ask_once() {
    for (std::size_t i = 0; i < places(); ++i) {
      send(i);
      if (i % 16 == 15) receive(kPatienceMs);
    }
    fleet_.settle(100);
    forget();
    request_bytes = open_.back()->sent_bytes;
    answer_bytes = open_.back()->received_bytes;
    wrong = 0;
  }
  Fleet fleet_;
  std::vector<Host*> open_;
  std::vector<std::uint8_t> request_;
  std::size_t answered_ = 0;
};

std::unique_ptr<Target> make_target(const std::string& text) {
  std::map<std::string, std::string> values;
  std::istringstream parts(text);
  for (std::string part; std::getline(parts, part, ',');) {
    const auto split = part.find('=');
    if (split == std::string::npos) die("target: " + part);
    values[part.substr(0, split)] = part.substr(split + 1);
  }
  if (values["kind"] == "echo") return std::make_unique<EchoTarget>(std::move(values));
  return std::make_unique<CoapsTarget>(std::move(values));
}

struct Round {
  std::size_t count;
  std::size_t in_flight;
  int number;
  std::string placement;
  TimePoint limit;
};

// closed_loop gives the number of answers and of requests that were given up.
std::pair<std::size_t, std::size_t> closed_loop(Target& target, const Round& round, std::size_t& place) {
  std::size_t under_way = 0;
  std::size_t done = 0;
  std::size_t lost = 0;
  while (done + lost < round.count && Clock::now() < round.limit) {
    for (std::size_t tries = 0; under_way < round.in_flight && done + lost + under_way < round.count && tries < target.places(); ++tries) {
      if (target.send(place)) ++under_way;
      place = (place + 1) % target.places();
    }
    const auto got = target.receive(kPatienceMs);
    done += std::min(got, under_way);
    under_way -= std::min(got, under_way);
    if (got > 0) continue;
    lost += under_way;
    under_way = 0;
    target.forget();
  }
  return {done, lost};
}

void one_round(Target& target, const Round& round) {
  const int core = round.placement == "one" ? 0 : -1;
  pin_task(0, core);
  target.meter.pin(core);
  target.wrong = 0;
  const auto before = target.meter.usage();
  const auto began = Clock::now();
  const auto [done, lost] = closed_loop(target, round, target.next_place);
  const double wall = std::chrono::duration<double, std::micro>(Clock::now() - began).count();
  target.receive(2);
  // The sources refill what was drawn: their work belongs to the requests.
  std::this_thread::sleep_for(std::chrono::milliseconds(target.number("rest_ms", 0)));
  const auto used = target.meter.usage() - before;
  std::printf("round target=%s placement=%s round=%d requests=%zu lost=%zu wrong=%zu wall_us=%.0f cpu_us=%.1f worker_us=%.1f slices=%llu\n",
              target.name.c_str(), round.placement.c_str(), round.number, done, lost, target.wrong, wall, used.cpu_us, used.worker_us,
              static_cast<unsigned long long>(used.slices));
  std::fflush(stdout);
}

}  // namespace

void measure_requests(const Arguments& arguments) {
  std::vector<std::unique_ptr<Target>> targets;
  for (const auto& text : arguments.all("target")) targets.push_back(make_target(text));
  std::size_t request_bytes = 100;
  std::size_t answer_bytes = 100;
  // The CoAPS targets first: their datagrams tell the echo its sizes.
  for (auto& target : targets) {
    if (dynamic_cast<CoapsTarget*>(target.get()) == nullptr) continue;
    target->prepare(0, 0);
    if (target->value("kind") == "qeaas") request_bytes = target->request_bytes, answer_bytes = target->answer_bytes;
  }
  for (auto& target : targets) {
    if (dynamic_cast<EchoTarget*>(target.get()) != nullptr) target->prepare(request_bytes, answer_bytes);
    std::printf("target name=%s places=%zu request_bytes=%zu answer_bytes=%zu\n", target->name.c_str(), target->places(),
                target->request_bytes, target->answer_bytes);
  }
  Round round{0, static_cast<std::size_t>(arguments.number("in-flight", 32)), -1, "",
              Clock::now() + std::chrono::seconds(arguments.number("seconds", 60))};
  const auto count = static_cast<std::size_t>(arguments.number("count", 20000));
  for (; round.number < arguments.number("rounds", 5); ++round.number)  // round -1 warms up
    for (const auto& placement : arguments.all("placement"))
      for (auto& target : targets) {
        round.placement = placement;
        round.count = target->number("count", count);
        one_round(*target, round);
      }
}

}  // namespace qeaas::bench
