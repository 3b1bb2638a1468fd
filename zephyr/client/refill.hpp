// SPDX-License-Identifier: GPL-3.0-or-later
// Refill: one round with the configured servers, the first that answers or all of them, until the pool has got what was fetched. Belongs to
// the client's thread.
#pragma once

#include <qeaas/client.h>

#include "fetch.hpp"
#include "server_choice.hpp"

struct device;

namespace qeaas::device {

// device_name shadows nothing: the C struct of Zephyr's is ::device.
using PoolDevice = const struct ::device*;

class Refill {
 public:
  constexpr Refill() noexcept = default;
  // begin comes first, once.
  void begin(PoolDevice pool) noexcept;

  // set_servers forgets sessions, tickets and back-offs.
  void set_servers(const ServerList& servers) noexcept;
  // round gives the bytes that were mixed, or a DeviceError; no_server when there is none, resting when none may be asked yet.
  int round() noexcept;
  void forgive() noexcept { choice_.forgive(); }
  // next_try_ms is when a round may succeed, after one that failed.
  std::int64_t next_try_ms() const noexcept;
  std::size_t server_count() const noexcept { return servers_.count; }
  const ServerList& servers() const noexcept { return servers_; }
  void count_into(qeaas_client_status& status) const noexcept;

 private:
  int first_that_answers() noexcept;
  int all_combined() noexcept;
  // fetch has take(bytes) do with an answer what is to be done: a number of bytes, or a DeviceError, which is then the result.
  template <typename Take>
  int fetch(std::size_t index, Take take) noexcept;
  int mix(std::span<const std::uint8_t> bytes, unsigned bits) noexcept;
  int hold(std::span<const std::uint8_t> bytes, bool another) noexcept;
  std::size_t needed() const noexcept;  // servers that must answer
  void report_failure(std::size_t index, const ExchangeResult& result) noexcept;

  PoolDevice pool_ = nullptr;
  ServerList servers_;
  ServerChoice choice_;
  FetchCounts counts_;
  std::uint32_t fetches_ = 0;
  std::uint32_t failures_ = 0;
  std::uint32_t mixed_bytes_ = 0;
  std::uint32_t credited_bits_ = 0;
  std::uint16_t next_id_ = 0;
};

}  // namespace qeaas::device
