// SPDX-License-Identifier: GPL-3.0-or-later
// One fetch from one server over a link that may be open from the last time: a session that has died (a server that restarted, an address
// that changed) is found out within two sendings, moved or made anew, and the request repeated. Pure: Link brings network and clock.
#pragma once

#include "link.hpp"

namespace qeaas::device {

struct FetchPlan {
  RetransmissionPolicy timing{};
  std::uint32_t (*random)() = nullptr;  // 32 uniform bits
};

struct FetchCounts {
  std::uint32_t sessions = 0;  // opened, successfully
  std::uint32_t moves = 0;
};

// fetch_from leaves the link open after an answer, also after a refusal. bytes of the result lie in room.
ExchangeResult fetch_from(Link& link, std::size_t index, const ServerAddress& server, const Request& request, const FetchPlan& plan,
                          std::span<std::uint8_t> room, FetchCounts& counts);

}  // namespace qeaas::device
