// SPDX-License-Identifier: GPL-3.0-or-later
// Handshakes one after the other: the client's wall time, and the server's CPU from its schedstat before and after each.
// --group NAME, --count N, --verify 0|1 with --ca FILE (does the client verify the chain), --resume 1 (by ticket), --psk-id and --psk-key.
#include <cmath>
#include <cstdio>

#include "base/file.hpp"
#include "crypto/cert.hpp"
#include "load.hpp"
#include "process_meter.hpp"

namespace qeaas::bench {
namespace {

struct Series {
  std::vector<double> values;
  double mean() const {
    double sum = 0;
    for (const double value : values) sum += value;
    return values.empty() ? 0 : sum / static_cast<double>(values.size());
  }
  double deviation() const {
    double sum = 0;
    for (const double value : values) sum += (value - mean()) * (value - mean());
    return values.size() < 2 ? 0 : std::sqrt(sum / static_cast<double>(values.size() - 1));
  }
};

DtlsClientOptions options_of(const Arguments& arguments) {
  auto options = unverified(arguments.text("group", "MLKEM512"));
  if (arguments.number("verify", 0) != 0) {
    const auto text = read_file(arguments.text("ca"));
    if (!text) die(text.error().text);
    auto roots = certificates_from_pem(text->span());
    if (!roots) die("--ca holds no certificate");
    options.roots = std::move(*roots);
    options.verify = true;
  }
  if (const auto id = arguments.text("psk-id"); !id.empty()) {
    const auto key = arguments.text("psk-key");
    options.psk = PskCredential{id, SecretBytes(bytes_of(key))};
  }
  return options;
}

// Run is one series of handshakes with the same server.
struct Run {
  Fleet fleet;
  ProcessMeter meter;
  DtlsClientOptions options;
  bool resume;
  SessionTicket ticket;
  Series wall;
  Series cpu;
  Series worker;
  std::size_t failed = 0;
  std::size_t resumed = 0;
  std::string group;
  std::string signature;

  void handshake(bool counted) {
    auto offer = options.duplicate();
    if (resume) offer.ticket = ticket;
    const auto before = meter.usage();
    const auto began = Clock::now();
    auto& host = fleet.add(std::move(offer));
    while (host.client->state() == DtlsClient::State::handshaking) fleet.pump(5);
    const double took = std::chrono::duration<double, std::micro>(Clock::now() - began).count();
    const bool good = host.client->state() == DtlsClient::State::established;
    fleet.settle(2);  // the server's part after the client's Finished, tickets included, is still to come
    const auto used = meter.usage() - before;
    if (!good && ++failed == 1) std::fprintf(stderr, "bench: handshake: %s\n", host.client->failure().text.c_str());
    if (good && counted) {
      wall.values.push_back(took);
      cpu.values.push_back(used.cpu_us);
      worker.values.push_back(used.worker_us);
    }
    if (good && counted && host.client->report().resumed) ++resumed;
    if (good) {
      group = host.client->report().group;
      if (host.client->report().signature) signature = name(*host.client->report().signature);
      if (resume) ticket = host.client->ticket();
    }
    host.client->close();
    fleet.settle(1);
    fleet.remove(host);
  }
};

}  // namespace

void measure_handshakes(const Arguments& arguments) {
  Run run{Fleet(arguments.server()),
          ProcessMeter(static_cast<int>(arguments.number("pid", 0))),
          options_of(arguments),
          arguments.number("resume", 0) != 0,
          nullptr,
          {},
          {},
          {},
          0,
          0,
          "",
          ""};
  const auto count = arguments.number("count", 100);
  const auto limit = Clock::now() + std::chrono::seconds(arguments.number("seconds", 30));
  for (int i = 0; i < 3; ++i) run.handshake(false);
  for (long i = 0; i < count && Clock::now() < limit; ++i) run.handshake(true);
  std::printf(
      "handshakes count=%zu failed=%zu resumed=%zu group=%s signature=%s wall_us=%.1f wall_std=%.1f cpu_us=%.1f worker_us=%.1f "
      "worker_std=%.1f\n",
      run.wall.values.size(), run.failed, run.resumed, run.group.c_str(), run.signature.empty() ? "none" : run.signature.c_str(),
      run.wall.mean(), run.wall.deviation(), run.cpu.mean(), run.worker.mean(), run.worker.deviation());
}

}  // namespace qeaas::bench
