// SPDX-License-Identifier: GPL-3.0-or-later
#include "refill.hpp"

#include <algorithm>

#include <zephyr/kernel.h>
#include <zephyr/logging/log.h>
#include <zephyr/net/coap.h>
#include <zephyr/random/random.h>

#include <qeaas/entropy.h>

#include "crypto/blake2s.hpp"

LOG_MODULE_REGISTER(qeaas_client, CONFIG_QEAAS_CLIENT_LOG_LEVEL);

namespace qeaas::device {
namespace {

constexpr std::size_t kBytes = CONFIG_QEAAS_CLIENT_BYTES;
constexpr unsigned kCreditBits = kBytes * CONFIG_QEAAS_CLIENT_CREDIT;
constexpr BackOffPolicy kBackOff{.first_ms = CONFIG_QEAAS_CLIENT_BACK_OFF_FIRST_MS,
                                 .longest_ms = CONFIG_QEAAS_CLIENT_BACK_OFF_LONGEST_S * 1000U};
constexpr EntropyType kType = IS_ENABLED(CONFIG_QEAAS_CLIENT_TYPE_DIRECT) ? EntropyType::direct
                              : IS_ENABLED(CONFIG_QEAAS_CLIENT_TYPE_DRBG) ? EntropyType::drbg
                                                                          : EntropyType::mixed;

// One datagram, with the secret in it: static, so that no stack keeps copies. held is the last answer of several that are
// combined; the linker leaves it out of builds that do not.
std::array<std::uint8_t, kBytes + kAnswerOverhead> room;
std::array<std::uint8_t, kBytes> held;

#if defined(CONFIG_COAP_RANDOMIZE_ACK_TIMEOUT)
constexpr std::uint16_t kRandomPercent = CONFIG_COAP_ACK_RANDOM_PERCENT;
#else
constexpr std::uint16_t kRandomPercent = 100;
#endif

RetransmissionPolicy timing() noexcept {
  const auto configured = coap_get_transmission_parameters();
  return {.ack_timeout_ms = configured.ack_timeout, .random_percent = kRandomPercent, .repetitions = configured.max_retransmission};
}

#if defined(CONFIG_QEAAS_CLIENT_COMBINE)
constexpr std::size_t kNeed = CONFIG_QEAAS_CLIENT_NEED;
#else
constexpr std::size_t kNeed = 0;
#endif

}  // namespace

void Refill::begin(PoolDevice pool) noexcept {
  pool_ = pool;
  next_id_ = static_cast<std::uint16_t>(sys_rand32_get());
}

void Refill::set_servers(const ServerList& servers) noexcept {
  the_link().forget();
  servers_ = servers;
  choice_ = ServerChoice(servers.count, kBackOff);
}

int Refill::round() noexcept {
  if (servers_.count == 0) return failure(DeviceError::no_server);
  return IS_ENABLED(CONFIG_QEAAS_CLIENT_COMBINE) ? all_combined() : first_that_answers();
}

std::int64_t Refill::next_try_ms() const noexcept { return choice_.ready_ms(needed(), k_uptime_get()); }

std::size_t Refill::needed() const noexcept {
  if (!IS_ENABLED(CONFIG_QEAAS_CLIENT_COMBINE)) return 1;
  return kNeed == 0 || kNeed > servers_.count ? servers_.count : kNeed;
}

int Refill::first_that_answers() noexcept {
  auto result = failure(DeviceError::resting);
  for (auto index = choice_.pick(k_uptime_get()); index.has_value(); index = choice_.pick(k_uptime_get(), *index + 1)) {
    result = fetch(*index, [this](std::span<const std::uint8_t> bytes) { return mix(bytes, kCreditBits); });
    if (result > 0) return result;
  }
  return result;
}

// Every server is asked before anything is credited, and the last answer then carries the credit, that of one server: the handshakes with
// the servers that come later would otherwise draw from what the earlier ones had filled, and the pool be low again at the end.
int Refill::all_combined() noexcept {
  std::size_t answered = 0;
  auto result = failure(DeviceError::resting);
  for (std::size_t index = 0; index < servers_.count; ++index) {
    if (choice_.pick(k_uptime_get(), index) != index) continue;
    const auto fetched = fetch(index, [this, answered](std::span<const std::uint8_t> bytes) { return hold(bytes, answered != 0); });
    if (fetched > 0) {
      ++answered;
    } else {
      result = fetched;
    }
  }
  const auto need = needed();
  const auto mixed = answered == 0 ? 0 : mix(held, answered >= need ? kCreditBits : 0U);
  erase(held);
  if (mixed < 0) return mixed;
  if (answered >= need) return static_cast<int>(answered) * mixed;
  if (answered > 0)
    LOG_WRN("%u of %u servers answered, %u are needed: nothing is credited", static_cast<unsigned>(answered),
            static_cast<unsigned>(servers_.count), static_cast<unsigned>(need));
  return result;
}

// hold keeps an answer until the next one comes; the one before goes into the pool, uncredited.
int Refill::hold(std::span<const std::uint8_t> bytes, bool another) noexcept {
  if (another) {
    if (const auto mixed = mix(held, 0); mixed < 0) return mixed;
  }
  std::copy(bytes.begin(), bytes.end(), held.begin());
  return static_cast<int>(bytes.size());
}

template <typename Take>
int Refill::fetch(std::size_t index, Take take) noexcept {
  const auto& server = servers_.servers[index];
  Request request{.id = next_id_++, .bytes = kBytes, .type = kType};
  sys_rand_get(request.token.data(), request.token.size());
  const FetchPlan plan{.timing = timing(), .random = sys_rand32_get};
  const auto answer = fetch_from(the_link(), index, server, request, plan, room, counts_);
  auto result = answer.result;
  if (result == 0) result = take(answer.bytes);
  erase(room);
  if (!IS_ENABLED(CONFIG_QEAAS_CLIENT_KEEP_OPEN)) the_link().close(true);
  if (result < 0) {
    report_failure(index, answer);
    choice_.failed(index, k_uptime_get(), answer.retry_after_s, sys_rand32_get());
    return result;
  }
  choice_.succeeded(index);
  return result;
}

int Refill::mix(std::span<const std::uint8_t> bytes, unsigned bits) noexcept {
  if (const auto added = entropy_add_entropy(pool_, bytes.data(), bytes.size(), bits); added != 0) {
    LOG_ERR("the pool took nothing: %d", added);
    return failure(DeviceError::invalid_argument);
  }
  ++fetches_;
  mixed_bytes_ += bytes.size();
  credited_bits_ += bits;
  LOG_INF("mixed %u bytes, credited %u bits", static_cast<unsigned>(bytes.size()), bits);
  return static_cast<int>(bytes.size());
}

void Refill::report_failure(std::size_t index, const ExchangeResult& result) noexcept {
  ++failures_;
  const auto& server = servers_.servers[index];
  const auto detail = link_report().detail;
  if (result.code != 0) {
    LOG_WRN("%s:%u: %s (%u.%02u)", server.host.data(), server.port, text(result.result), result.code >> 5, result.code & 31U);
  } else if (result.result <= failure(DeviceError::refused) && result.result >= failure(DeviceError::handshake)) {
    LOG_WRN("%s:%u: %s (%d)", server.host.data(), server.port, text(result.result), detail);
  } else {
    LOG_WRN("%s:%u: %s", server.host.data(), server.port, text(result.result));
  }
}

void Refill::count_into(qeaas_client_status& status) const noexcept {
  status.fetches = fetches_;
  status.failures = failures_;
  status.sessions = counts_.sessions;
  status.moves = counts_.moves;
  status.mixed_bytes = mixed_bytes_;
  status.credited_bits = credited_bits_;
}

}  // namespace qeaas::device
