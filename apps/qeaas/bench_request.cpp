// SPDX-License-Identifier: GPL-3.0-or-later
// Requests on one open session: the round trip, and the round trip after the client's address has changed.
#include "bench_network.hpp"

namespace qeaas::cli {
namespace {

using Kind = BenchColumn::Kind;
using Sample = Answered<std::pair<BenchRow, std::optional<BenchPeer>>>;

BenchRun run_of(const BenchTarget& target, bool wake) {
  BenchRun run;
  run.measure = wake ? "wake" : "request";
  run.numbers = {{"mtu", target.path_mtu}, {"entropy_bytes", target.bytes}};
  run.columns = {{"us", Kind::microseconds, wake ? "request to answer, from a new port" : "request to answer"},
                 {"bytes_out", Kind::count, ""},
                 {"bytes_in", Kind::count, ""},
                 {"datagrams_out", Kind::count, ""},
                 {"datagrams_in", Kind::count, ""},
                 {"payload_bytes", Kind::count, ""},
                 {"round_trips", Kind::count, ""},
                 {"retransmissions", Kind::count, ""}};
  if (wake) run.columns.push_back({"kept", Kind::flag, ""});
  run.requested = target.count;
  run.has_peer = true;
  return run;
}

Sample sample(const BenchTarget& target, BenchSession& session) {
  const auto before = session.traffic();
  const auto counts = session.statistics();
  const auto start = Clock::now();
  const auto payload = session.ask(target, target.request);
  const auto end = Clock::now();
  if (!payload) return tl::unexpected(payload.error());
  const auto moved = session.traffic() - before;
  const auto number = [](auto value) { return static_cast<double>(value); };
  BenchRow row{microseconds(end - start),
               number(moved.bytes_out),
               number(moved.bytes_in),
               number(moved.datagrams_out),
               number(moved.datagrams_in),
               number(payload->size()),
               number(session.statistics().round_trips - counts.round_trips),
               number(session.statistics().retransmissions - counts.retransmissions)};
  return std::pair(std::move(row), std::optional(session.peer()));
}

}  // namespace

void measure_request(const BenchTarget& target, BenchBook& book) {
  book.begin(run_of(target, false));
  std::optional<BenchSession> session;
  measure_repeatedly(target, book, [&]() -> Sample {
    if (auto ready = require_session(target, target.request, session); !ready) return tl::unexpected(ready.error());
    auto taken = sample(target, *session);
    if (!taken && taken.error().fault.error == Error::closed) session.reset();
    return taken;
  });
}

void measure_wake(const BenchTarget& target, BenchBook& book) {
  book.begin(run_of(target, true));
  std::optional<BenchSession> session;
  measure_repeatedly(target, book, [&]() -> Sample {
    if (auto ready = require_session(target, target.request, session); !ready) return tl::unexpected(ready.error());
    if (const auto moved = session->channel().rebind(); !moved) return refuse(explain(moved.error(), "a new local port").value());
    auto taken = sample(target, *session);
    // What an answer shows is that the session was kept: nothing but its keys could have made one, and there was no handshake.
    if (taken)
      taken->first.push_back(1);
    else
      session.reset();
    return taken;
  });
}

}  // namespace qeaas::cli
