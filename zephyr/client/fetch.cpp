// SPDX-License-Identifier: GPL-3.0-or-later
#include "fetch.hpp"

namespace qeaas::device {
namespace {

// An open session is asked twice before it is doubted: a whole RFC 7252 time-out would be over a minute.
constexpr std::uint8_t kRepetitionsInDoubt = 1;

// dead tells failures of the way from answers of the server.
bool dead(const ExchangeResult& result) noexcept {
  switch (static_cast<DeviceError>(result.result)) {
    case DeviceError::timeout:
    case DeviceError::closed:
    case DeviceError::network:
    case DeviceError::not_open: return result.code == 0;
    default: return false;
  }
}

}  // namespace

ExchangeResult fetch_from(Link& link, std::size_t index, const ServerAddress& server, const Request& request, const FetchPlan& plan,
                          std::span<std::uint8_t> room, FetchCounts& counts) {
  if (link.is_open(index)) {
    auto doubtful = plan.timing;
    doubtful.repetitions = kRepetitionsInDoubt;
    auto result = exchange(link, request, Retransmission(doubtful, plan.random()), room);
    if (!dead(result)) return result;
    if (result.result != failure(DeviceError::closed) && link.move()) {
      ++counts.moves;
      result = exchange(link, request, Retransmission(doubtful, plan.random()), room);
      if (!dead(result)) return result;
    }
    link.close(false);
  }
  if (const auto opened = link.open(index, server); opened != 0) return {.result = opened};
  ++counts.sessions;
  const auto result = exchange(link, request, Retransmission(plan.timing, plan.random()), room);
  if (dead(result)) link.give_up();
  return result;
}

}  // namespace qeaas::device
