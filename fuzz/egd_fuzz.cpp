// SPDX-License-Identifier: GPL-3.0-or-later
// The local socket's protocol. Properties:
//  - the answers, and what is mixed in, do not depend on how the requests were cut into pieces;
//  - at most one answer is held, and it is never longer than the longest;
//  - what was debited is what was served;
//  - a connection that has ended, or waits, gives nothing.
// The first byte says how large the pieces are, the second how many blocks there are and whether the quota is used up.
#include <algorithm>
#include <cstdlib>

#include "local/connection.hpp"
#include "local/test_site.hpp"
#include "wire/random_answer.hpp"

namespace {

using namespace qeaas;
using namespace qeaas::local;
using Need = Connection::Need;

void require(bool holds) {
  if (!holds) std::abort();
}

struct Outcome {
  test::Buffer output;
  test::Buffer mixed_in;
  bool stopped = false;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

// answer takes off all output, in parts of three sizes.
Need answer(Connection& connection, Outcome& outcome) {
  const TimePoint now{std::chrono::hours(1)};
  std::size_t part = 1;
  for (;;) {
    const auto need = connection.step(now);
    const auto output = connection.output();
    if (need != Need::sending) {
      require(output.empty());
      require(need != Need::entropy || connection.retry_at() > now);
      return need;
    }
    require(!output.empty() && output.size() <= kDrawHeadBytes + 65535 + kMaxProvenanceBytes);
    const auto size = std::min(output.size(), part);
    outcome.output.insert(outcome.output.end(), output.begin(), output.begin() + static_cast<std::ptrdiff_t>(size));
    connection.sent(size);
    part = part * 7 + 1;
  }
}

Outcome run(Bytes requests, std::size_t piece, std::uint8_t setting) {
  test::TestSite world;
  world.draw.ready_blocks = setting & 0x7f;
  if ((setting & 0x80) != 0) world.gate.decision = access::Decision::no(Error::over_quota, std::chrono::seconds(3));
  Connection connection(world.site, Peer{});
  Outcome outcome;
  while (!requests.empty() && !outcome.stopped) {
    const auto room = connection.room();
    require(!room.empty());  // a connection that waits for input has room for it
    const auto size = std::min({requests.size(), piece, room.size()});
    std::copy_n(requests.begin(), size, room.begin());
    connection.received(size);
    requests = requests.subspan(size);
    outcome.stopped = answer(connection, outcome) != Need::input;
  }
  require(world.gate.taken == static_cast<std::int64_t>(connection.served_bytes()));
  require(connection.mixed_in_bytes() == world.mixed_in.size());
  outcome.mixed_in = world.mixed_in;
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const Bytes requests(data + 2, size - 2);
  require(run(requests, std::size_t{1} + data[0], data[1]) == run(requests, 1024, data[1]));
  return 0;
}
