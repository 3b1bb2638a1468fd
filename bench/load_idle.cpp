// SPDX-License-Identifier: GPL-3.0-or-later
// Memory of idle sessions: the growth of the server's resident memory while --count sessions open, and again while each of them
// makes one request. --warm sessions come first, so that what the server sets up once is not counted. --placement one puts load and
// server on one core, as in item a.
#include <cstdio>

#include "load.hpp"
#include "process_meter.hpp"

namespace qeaas::bench {

void measure_idle(const Arguments& arguments) {
  Fleet fleet(arguments.server());
  const ProcessMeter meter(static_cast<int>(arguments.number("pid", 0)));
  const int core = arguments.text("placement") == "one" ? 0 : -1;
  pin_task(0, core);
  meter.pin(core);
  const auto count = static_cast<std::size_t>(arguments.number("count", 5000));
  const auto limit = std::chrono::seconds(arguments.number("seconds", 60));
  const auto options = [] { return unverified("MLKEM512"); };
  const auto request = get_request(arguments.text("path"), arguments.text("query"), 1);
  std::size_t answers = 0;
  fleet.on_message([&](Host&, Bytes) { ++answers; });
  const auto ask = [&](std::size_t from) {
    for (std::size_t i = from; i < fleet.size(); ++i) {
      if (fleet.at(i).client->state() == DtlsClient::State::established) static_cast<void>(fleet.at(i).client->send(request));
      if (i % 16 == 15) fleet.pump(100);
    }
    fleet.settle(100);
  };
  const auto warm = fleet.open(static_cast<std::size_t>(arguments.number("warm", 100)), options, 16, limit);
  ask(0);
  answers = 0;
  const auto before = meter.resident_bytes();
  const auto usage_before = meter.usage();
  const auto opened = fleet.open(count, options, static_cast<std::size_t>(arguments.number("at-once", 16)), limit);
  const auto used = meter.usage() - usage_before;
  const auto open_bytes = meter.resident_bytes();
  ask(warm);
  const auto asked_bytes = meter.resident_bytes();
  const auto per = [&](std::uint64_t now) {
    return opened == 0 ? 0.0 : (static_cast<double>(now) - static_cast<double>(before)) / static_cast<double>(opened);
  };
  std::printf(
      "idle opened=%zu of=%zu answers=%zu resident_before=%llu bytes_per_session=%.0f bytes_per_session_asked=%.0f worker_us=%.1f\n",
      opened, count, answers, static_cast<unsigned long long>(before), per(open_bytes), per(asked_bytes),
      opened == 0 ? 0.0 : used.worker_us / static_cast<double>(opened));
}

}  // namespace qeaas::bench
