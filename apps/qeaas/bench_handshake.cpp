// SPDX-License-Identifier: GPL-3.0-or-later
// Handshakes: full, by ticket, by PSK.
#include "bench_network.hpp"

namespace qeaas::cli {
namespace {

using Kind = BenchColumn::Kind;

BenchRun run_of(const BenchTarget& target, BenchProof need) {
  BenchRun run;
  run.measure = need == BenchProof::ticket ? "resume" : need == BenchProof::psk ? "psk" : "handshake";
  run.numbers = {{"mtu", target.path_mtu}, {"entropy_bytes", target.bytes}};
  run.columns = {{"us", Kind::microseconds, "session to first answer"},
                 {"handshake_us", Kind::microseconds, "of it to the finished handshake"},
                 {"setup_us", Kind::microseconds, "of it before the first hello"},
                 {"datagrams_out", Kind::count, ""},
                 {"datagrams_in", Kind::count, ""},
                 {"bytes_out", Kind::count, ""},
                 {"bytes_in", Kind::count, ""},
                 {"flights", Kind::count, ""},
                 {"handshake_datagrams_out", Kind::count, ""},
                 {"handshake_datagrams_in", Kind::count, ""},
                 {"handshake_bytes_out", Kind::count, ""},
                 {"handshake_bytes_in", Kind::count, ""},
                 {"payload_bytes", Kind::count, ""},
                 {"round_trips", Kind::count, ""},
                 {"retransmissions", Kind::count, ""}};
  run.requested = target.count;
  run.has_peer = true;
  return run;
}

BenchRow row_of(const BenchSession& session, const BenchTraffic& made, const DtlsReport* report, TimePoint start, TimePoint open,
                TimePoint end, std::size_t payload) {
  const auto all = session.traffic();
  const auto setup = report == nullptr ? open : report->began;
  const auto number = [](auto value) { return static_cast<double>(value); };
  return {microseconds(end - start),
          microseconds(open - start),
          microseconds(setup - start),
          number(all.datagrams_out),
          number(all.datagrams_in),
          number(all.bytes_out),
          number(all.bytes_in),
          number(report == nullptr ? 0 : report->flights),
          number(made.datagrams_out),
          number(made.datagrams_in),
          number(made.bytes_out),
          number(made.bytes_in),
          number(payload),
          number(session.statistics().round_trips),
          number(session.statistics().retransmissions)};
}

Answered<void> check(BenchProof need, const BenchPeer& peer) {
  if (need == BenchProof::ticket && peer.resumed != "ticket")
    return refuse(Error::unsupported, "the server did not resume the session: it made a full handshake instead");
  if (need == BenchProof::psk && peer.resumed != "psk")
    return refuse(Error::unauthorized, "the server did not take the pre-shared key: it answered with its certificate instead");
  return {};
}

}  // namespace

void measure_handshake(const BenchTarget& target, BenchBook& book, BenchProof need) {
  book.begin(run_of(target, need));
  SessionTicket ticket;
  if (need == BenchProof::ticket)
    if (auto first = BenchSession::open(target))
      if (first->ask(target, target.request)) ticket = first->channel().ticket();
  const auto once = [&]() -> Answered<std::pair<BenchRow, std::optional<BenchPeer>>> {
    const auto start = Clock::now();
    auto session = BenchSession::open(target, ticket);
    const auto open = Clock::now();
    if (!session) return tl::unexpected(session.error());
    const auto made = session->traffic();
    const auto payload = session->ask(target, target.request);
    const auto end = Clock::now();
    // The next sample resumes with this session's ticket: a ticket is used once, as RFC 8446 C.4 asks.
    if (need == BenchProof::ticket) ticket = session->channel().ticket();
    if (!payload) return tl::unexpected(payload.error());
    const auto peer = session->peer();
    if (auto fine = check(need, peer); !fine) return tl::unexpected(fine.error());
    return std::pair(row_of(*session, made, session->channel().report(), start, open, end, payload->size()), std::optional(peer));
  };
  measure_repeatedly(target, book, once);
}

}  // namespace qeaas::cli
