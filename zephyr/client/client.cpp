// SPDX-License-Identifier: GPL-3.0-or-later
// The client's thread, and the calls of qeaas/client.h. The pool's listener and the callers only leave a word and wake it; sockets, DTLS
// and the list of servers belong to the thread alone. It starts with the kernel and waits: no boot ever waits for it.
#include <qeaas/client.h>

#include <errno.h>

#include <zephyr/init.h>
#include <zephyr/logging/log.h>
#include <zephyr/random/random.h>

#include <qeaas/entropy.h>

#include "pool/pool.hpp"

#include "client_state.hpp"
#include "refill.hpp"
#include "schedule.hpp"

LOG_MODULE_DECLARE(qeaas_client, CONFIG_QEAAS_CLIENT_LOG_LEVEL);

#if DT_HAS_CHOSEN(qeaas_client_pool)
#define QEAAS_CLIENT_POOL DEVICE_DT_GET(DT_CHOSEN(qeaas_client_pool))
static_assert(DT_NODE_HAS_COMPAT(DT_CHOSEN(qeaas_client_pool), qeaas_entropy_pool), "qeaas,client-pool must be a qeaas,entropy-pool");
#else
#define QEAAS_CLIENT_POOL DEVICE_DT_GET(DT_COMPAT_GET_ANY_STATUS_OKAY(qeaas_entropy_pool))
#endif

namespace qeaas::device {

PoolDevice client_pool() noexcept { return QEAAS_CLIENT_POOL; }

namespace {

constexpr int kCreditBits = CONFIG_QEAAS_CLIENT_BYTES * CONFIG_QEAAS_CLIENT_CREDIT;
// As many rounds as fill a pool. One that is low again after these was drawn from meanwhile: its next turn comes after the interval.
constexpr int kMostRounds = kCreditBits == 0 ? 1 : (qeaas::kPoolStateBits + kCreditBits - 1) / kCreditBits;
constexpr Pace kPace{.period_ms = std::int64_t{1000} * CONFIG_QEAAS_CLIENT_PERIOD_S,
                     .interval_ms = std::int64_t{1000} * CONFIG_QEAAS_CLIENT_INTERVAL_S};

enum Word : atomic_val_t { kPoolLow = 1, kFetchNow = 2, kNetworkUp = 4, kNewServers = 8 };

K_SEM_DEFINE(wake, 0, 1);
K_MUTEX_DEFINE(guard);       // of everything below it
K_CONDVAR_DEFINE(finished);  // a fetch that somebody asked for
ServerList new_servers;
qeaas_client_status last_status;
LinkReport last_report;
ServerList last_servers;
std::uint32_t asked = 0;     // fetches that were asked for
std::uint32_t answered = 0;  // of these, begun before the last outcome
int outcome = 0;             // of the last round that was asked for
atomic_t words = ATOMIC_INIT(0);

class Guard {
 public:
  Guard() noexcept { k_mutex_lock(&guard, K_FOREVER); }
  ~Guard() { k_mutex_unlock(&guard); }
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;
};

void say(Word word) noexcept {
  atomic_or(&words, word);
  k_sem_give(&wake);
}

class Client {
 public:
  constexpr Client() noexcept = default;

  [[noreturn]] void run(PoolDevice pool) noexcept {
    pool_ = pool;
    refill_.begin(pool);
    take_servers();
    while (true) {
      publish();
      k_sem_take(&wake, wait());
      const auto heard = atomic_clear(&words);
      if ((heard & kNewServers) != 0) take_servers();
      if ((heard & (kNetworkUp | kFetchNow)) != 0) refill_.forgive();
      if ((heard & kFetchNow) != 0) {
        serve_caller();
      } else if (schedule_.due(k_uptime_get()) || worth_it(heard)) {
        refill();
      }
    }
  }

 private:
  // worth_it: while a failure's wait is running, a pool that is low again changes nothing; a network that came back does.
  bool worth_it(atomic_val_t heard) noexcept {
    const auto now = k_uptime_get();
    const bool turn = schedule_.take_turn(now);
    if (schedule_.failing()) return (heard & kNetworkUp) != 0;
    return (turn || heard != 0) && wanted() && schedule_.asked(now);
  }

  bool wanted() const noexcept {
    struct qeaas_pool_status status {};
    return qeaas_pool_status(pool_, &status) == 0 && status.wants_refill;
  }

  k_timeout_t wait() const noexcept {
    const auto next_ms = schedule_.next_ms();
    return next_ms == 0 ? K_FOREVER : K_TIMEOUT_ABS_MS(next_ms);
  }

  void take_servers() noexcept {
    ServerList servers;
    {
      Guard lock;
      servers = new_servers;
    }
    refill_.set_servers(servers);
    result_ = 0;
    schedule_.restart(k_uptime_get(), servers.count != 0);
  }

  // refill fetches until the pool is content. Without credit the pool cannot become so: once is enough then.
  void refill() noexcept {
    for (int round = 0; round < kMostRounds; ++round) {
      result_ = refill_.round();
      if (result_ < 0) break;
      last_mixed_ms_ = k_uptime_get();
      publish();
      if (!wanted()) break;
    }
    plan();
  }

  // plan sets the next attempt. A device without servers waits to be given some. A pool that wants more although it has been credited does
  // not ask again by itself: its turn is kept.
  void plan() noexcept {
    const auto now = k_uptime_get();
    if (result_ < 0) {
      schedule_.failed(now, refill_.server_count() == 0 ? 0 : refill_.next_try_ms());
      return;
    }
    schedule_.succeeded(now, sys_rand32_get());
    if (kCreditBits != 0 && wanted()) schedule_.asked(now);
  }

  void serve_caller() noexcept {
    std::uint32_t serving;
    {
      Guard lock;
      serving = asked;
    }
    result_ = refill_.round();
    if (result_ >= 0) last_mixed_ms_ = k_uptime_get();
    plan();
    publish();
    Guard lock;
    outcome = result_;
    answered = serving;
    k_condvar_broadcast(&finished);
  }

  void publish() noexcept {
    Guard lock;
    refill_.count_into(last_status);
    last_status.last_result = result_ < 0 ? result_ : 0;
    last_status.last_mixed_ms = last_mixed_ms_;
    last_status.next_try_ms = schedule_.next_ms();
    last_report = link_report();
    last_servers = refill_.servers();
  }

  PoolDevice pool_ = nullptr;
  Refill refill_;
  int result_ = 0;
  std::int64_t last_mixed_ms_ = 0;
  Schedule schedule_{kPace};
};

void on_low(PoolDevice, void*) { say(kPoolLow); }

constinit Client client;

// An application may have named other servers before this thread ran.
void configure_servers() noexcept {
  Guard lock;
  if ((atomic_get(&words) & kNewServers) != 0) return;
  if (!parse_servers(CONFIG_QEAAS_CLIENT_SERVERS, CONFIG_QEAAS_CLIENT_PORT, new_servers)) {
    LOG_ERR("CONFIG_QEAAS_CLIENT_SERVERS is not a list of servers: '%s'", CONFIG_QEAAS_CLIENT_SERVERS);
  }
  if (new_servers.count == 0) LOG_WRN("%s", text(DeviceError::no_server));
}

void client_thread(void*, void*, void*) {
  const auto* pool = client_pool();
  configure_servers();
  if (IS_ENABLED(CONFIG_QEAAS_CLIENT_PLAIN_COAP)) LOG_WRN("plain CoAP: what is fetched is neither secret nor authentic");
  if (const auto result = qeaas_pool_on_low(pool, on_low, nullptr); result != 0) LOG_ERR("%s is not a pool: %d", pool->name, result);
  client.run(pool);
}

K_THREAD_DEFINE(qeaas_client, CONFIG_QEAAS_CLIENT_STACK_SIZE, client_thread, nullptr, nullptr, nullptr,
                K_PRIO_PREEMPT(CONFIG_QEAAS_CLIENT_THREAD_PRIORITY), 0, 0);

}  // namespace

void network_is_up() noexcept { say(kNetworkUp); }

void copy_state(LinkReport& report, ServerList& servers) noexcept {
  Guard lock;
  report = last_report;
  servers = last_servers;
}

}  // namespace qeaas::device

using namespace qeaas::device;

extern "C" {

int qeaas_client_fetch(k_timeout_t timeout) {
  const auto deadline = sys_timepoint_calc(timeout);
  Guard lock;
  const auto mine = ++asked;
  say(kFetchNow);
  while (static_cast<std::int32_t>(answered - mine) < 0) {
    if (k_condvar_wait(&finished, &guard, sys_timepoint_timeout(deadline)) != 0) return -EAGAIN;
  }
  return outcome;
}

const char* qeaas_client_text(int result) { return result >= 0 ? "fine" : text(result); }

int qeaas_client_set_servers(const char* servers) {
  ServerList list;
  if (servers == nullptr || !parse_servers(servers, CONFIG_QEAAS_CLIENT_PORT, list)) return -EINVAL;
  {
    Guard lock;
    new_servers = list;
    say(kNewServers);
  }
  return 0;
}

void qeaas_client_get_status(qeaas_client_status* status) {
  Guard lock;
  *status = last_status;
}
}
