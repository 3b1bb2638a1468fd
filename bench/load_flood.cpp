// SPDX-License-Identifier: GPL-3.0-or-later
// A flood of first ClientHellos, each from another address, while honest clients complete their handshakes. A window bounds how many
// hellos are unanswered, so that it is the server which is measured and not the socket's buffer; a window that stays unanswered for
// 50 ms counts as lost and moves on. --count N, --honest N, --window N, --seconds N for the whole.
#include <algorithm>
#include <cstdio>
#include <random>

#include "load.hpp"
#include "process_meter.hpp"

namespace qeaas::bench {
namespace {

constexpr std::size_t kRandomAt = 13 + 12 + 2;  // record header, handshake header, version (RFC 9147 5.2)
constexpr std::size_t kRandomBytes = 32;

std::vector<std::uint8_t> first_hello() {
  std::vector<std::uint8_t> hello;
  auto client = DtlsClient::make(
      unverified("MLKEM512"), [&](Bytes bytes) { hello.assign(bytes.begin(), bytes.end()); }, [](Bytes) {});
  if (!client) die(client.error().text);
  (*client)->start(Clock::now());
  if (hello.size() < kRandomAt + kRandomBytes) die("no ClientHello");
  return hello;
}

std::size_t established(Fleet& fleet) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < fleet.size(); ++i)
    if (fleet.at(i).client->state() == DtlsClient::State::established) ++count;
  return count;
}

class Flood {
 public:
  Flood(Fleet& fleet, std::size_t count, std::size_t window) : fleet_(fleet), count_(count), window_(window), hello_(first_hello()) {}
  bool done() const { return sent_ >= count_ && under_way() == 0; }
  std::size_t sent() const { return sent_; }
  std::size_t answered() const { return fleet_.spoofed_answers(); }
  std::size_t hello_bytes() const { return hello_.size(); }

  void step() {
    const auto now = Clock::now();
    if (answered() != seen_) {
      seen_ = answered();
      heard_ = now;
    }
    if (under_way() > 0 && now - heard_ > 50ms) {
      given_up_ = sent_ - answered();
      heard_ = now;
    }
    for (int batch = 0; batch < 32 && sent_ < count_ && under_way() < window_; ++batch) {
      for (std::size_t i = 0; i < kRandomBytes; ++i) hello_[kRandomAt + i] = static_cast<std::uint8_t>(random_());
      fleet_.net().send(Fleet::kSpoofed + static_cast<std::uint32_t>(sent_++ % (HostNet::kHosts / 2)), hello_);
    }
  }

 private:
  std::size_t under_way() const { return sent_ - std::min(sent_, answered() + given_up_); }
  Fleet& fleet_;
  std::size_t count_;
  std::size_t window_;
  std::vector<std::uint8_t> hello_;
  std::mt19937 random_{1};
  std::size_t sent_ = 0;
  std::size_t seen_ = 0;
  std::size_t given_up_ = 0;
  TimePoint heard_ = Clock::now();
};

}  // namespace

void measure_flood(const Arguments& arguments) {
  Fleet fleet(arguments.server());
  const ProcessMeter meter(static_cast<int>(arguments.number("pid", 0)));
  const auto honest = static_cast<std::size_t>(arguments.number("honest", 50));
  const auto count = static_cast<std::size_t>(arguments.number("count", 100000));
  const auto limit = Clock::now() + std::chrono::seconds(arguments.number("seconds", 60));
  const auto options = [] { return unverified("MLKEM512"); };
  // The same number of honest handshakes without a flood: what they cost, and what the server sets up once.
  auto before = meter.usage();
  const auto calm = fleet.open(honest, options, 1, 20s);
  const double calm_us = (meter.usage() - before).worker_us;
  const auto resident = meter.resident_bytes();
  before = meter.usage();
  Flood flood(fleet, count, static_cast<std::size_t>(arguments.number("window", 256)));
  std::size_t begun = 0;
  std::uint64_t peak = resident;
  std::size_t turns = 0;
  const auto began = Clock::now();
  while (Clock::now() < limit && (!flood.done() || established(fleet) < calm + honest)) {
    if (begun < honest && flood.sent() >= count * begun / honest) {
      fleet.add(options());
      ++begun;
    }
    flood.step();
    fleet.pump(1);
    if (++turns % 256 == 0) peak = std::max(peak, meter.resident_bytes());
  }
  const double seconds = std::chrono::duration<double>(Clock::now() - began).count();
  fleet.settle(50);
  const double flood_us = (meter.usage() - before).worker_us;
  peak = std::max(peak, meter.resident_bytes());
  std::printf(
      "flood hellos=%zu hello_bytes=%zu answered=%zu honest=%zu completed=%zu calm=%zu growth_bytes=%lld seconds=%.2f worker_us=%.0f "
      "calm_us=%.0f\n",
      flood.sent(), flood.hello_bytes(), flood.answered(), honest, established(fleet) - calm, calm,
      static_cast<long long>(peak) - static_cast<long long>(resident), seconds, flood_us, calm_us);
}

}  // namespace qeaas::bench
