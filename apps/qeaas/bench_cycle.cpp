// SPDX-License-Identifier: GPL-3.0-or-later
// The whole delivery cycle of a device: the paper's table 4.
#include "bench_network.hpp"
#include "crypto/random.hpp"
#include "pool/pool.hpp"
#include "wire/random_number.hpp"

namespace qeaas::cli {
namespace {

using Kind = BenchColumn::Kind;
using Sample = Answered<std::pair<BenchRow, std::optional<BenchPeer>>>;

BenchRun run_of(const BenchTarget& target) {
  BenchRun run;
  run.measure = "cycle";
  run.numbers = {{"mtu", target.path_mtu}, {"entropy_bytes", target.bytes}};
  run.columns = {{"us", Kind::microseconds, "request to extracted bytes"},
                 {"request_us", Kind::microseconds, "of it the round trip through the proxy"},
                 {"parse_us", Kind::microseconds, "of it reading the JSON"},
                 {"inject_us", Kind::microseconds, "of it the injection"},
                 {"extract_us", Kind::microseconds, "of it the extraction"},
                 {"bytes_out", Kind::count, ""},
                 {"bytes_in", Kind::count, ""},
                 {"round_trips", Kind::count, ""},
                 {"retransmissions", Kind::count, ""}};
  run.requested = target.count;
  run.has_peer = true;
  return run;
}

Sample sample(const BenchTarget& target, BenchSession& session, EntropyPool& pool) {
  SecretBytes drawn(target.bytes);
  const auto before = session.traffic();
  const auto counts = session.statistics();
  const auto start = Clock::now();
  const auto payload = session.ask(target, target.cycle);
  const auto answered = Clock::now();
  if (!payload) return tl::unexpected(payload.error());
  const auto random = decode_random_number(payload->span(), target.bytes);
  const auto parsed = Clock::now();
  if (!random) return refuse(explain(random.error(), "the answer through the proxy is none of /random_number/n for --bytes").value());
  pool.add(random->span(), static_cast<unsigned>(8 * random->size()));
  const auto injected = Clock::now();
  const bool seeded = pool.extract(drawn.span());
  const auto end = Clock::now();
  if (!seeded) return refuse(Error::starved, "the pool is not seeded");
  const auto moved = session.traffic() - before;
  const auto number = [](auto value) { return static_cast<double>(value); };
  BenchRow row{microseconds(end - start),
               microseconds(answered - start),
               microseconds(parsed - answered),
               microseconds(injected - parsed),
               microseconds(end - injected),
               number(moved.bytes_out),
               number(moved.bytes_in),
               number(session.statistics().round_trips - counts.round_trips),
               number(session.statistics().retransmissions - counts.retransmissions)};
  return std::pair(std::move(row), std::optional(session.peer()));
}

}  // namespace

void measure_cycle(const BenchTarget& target, BenchBook& book) {
  book.begin(run_of(target));
  EntropyPool pool;
  Secret<EntropyPool::kKeyBytes> seed;
  if (const auto seeded = seed_bytes(seed.span()); !seeded) return book.fail("the system gives no random bytes to start the pool with");
  pool.add(seed.span(), kPoolStateBits);
  std::optional<BenchSession> session;
  measure_repeatedly(target, book, [&]() -> Sample {
    if (auto ready = require_session(target, target.cycle, session); !ready) return tl::unexpected(ready.error());
    auto taken = sample(target, *session, pool);
    if (!taken && taken.error().fault.error == Error::closed) session.reset();
    return taken;
  });
}

}  // namespace qeaas::cli
