// SPDX-License-Identifier: GPL-3.0-or-later
// The pools of the devicetree as entropy devices, and the C interface of qeaas/entropy.h.
#define DT_DRV_COMPAT qeaas_entropy_pool

#include <zephyr/device.h>
#include <zephyr/devicetree.h>
#include <zephyr/init.h>

#include <array>
#include <initializer_list>

#include "pool_device.hpp"
#include "pool_seed.hpp"

namespace {

using qeaas::PoolDevice;
using qeaas::PoolSettings;
using qeaas::PoolSource;
using qeaas::Reading;

PoolDevice& pool_in(const device* dev) { return *static_cast<PoolDevice*>(dev->data); }

int get_entropy(const device* dev, std::uint8_t* buffer, std::uint16_t length) {
  if (buffer == nullptr && length != 0) return -EINVAL;
  return pool_in(dev).extract({buffer, length}, qeaas::reading_here()) ? 0 : -EAGAIN;
}

int get_entropy_isr(const device* dev, std::uint8_t* buffer, std::uint16_t length, std::uint32_t flags) {
  if (buffer == nullptr && length != 0) return -EINVAL;
  const auto reading = (flags & ENTROPY_BUSYWAIT) != 0 ? Reading::busy_wait : Reading::no_wait;
  return pool_in(dev).extract({buffer, length}, reading) ? length : -EAGAIN;
}

// A pool whose sources fail is a device all the same: entropy may come from outside, and until then it says -EAGAIN.
int init(const device* dev) {
  pool_in(dev).begin(*dev, *static_cast<const PoolSettings*>(dev->config));
  pool_in(dev).gather(qeaas::reading_here());
  return 0;
}

DEVICE_API(entropy, pool_api) = {.get_entropy = get_entropy, .get_entropy_isr = get_entropy_isr};

// credits_of is the property source-credit, or the default for each where there is none. What the property lacks is 0, which is refused.
template <std::size_t N>
constexpr std::array<std::uint8_t, N> credits_of(std::initializer_list<int> given) {
  std::array<std::uint8_t, N> credits{};
  for (std::size_t i = 0; i < N; ++i) {
    const int bits = given.size() == 0 ? CONFIG_QEAAS_ENTROPY_SOURCE_CREDIT : i < given.size() ? given.begin()[i] : 0;
    credits[i] = bits >= 1 && bits <= 8 ? static_cast<std::uint8_t>(bits) : 0;
  }
  return credits;
}

template <std::size_t N>
constexpr bool credible(const std::array<std::uint8_t, N>& credits) {
  for (const auto bits : credits)
    if (bits == 0) return false;
  return true;
}

using Devices = std::initializer_list<const device*>;

template <std::size_t Trusted, std::size_t Untrusted>
constexpr std::array<PoolSource, Trusted + Untrusted> sources_of(Devices trusted, const std::array<std::uint8_t, Trusted>& credits,
                                                                 Devices untrusted) {
  std::array<PoolSource, Trusted + Untrusted> sources{};
  for (std::size_t i = 0; i < Trusted; ++i) sources[i] = {trusted.begin()[i], credits[i]};
  for (std::size_t i = 0; i < Untrusted; ++i) sources[Trusted + i] = {untrusted.begin()[i], 0};
  return sources;
}

}  // namespace

// Outside of every namespace, because Zephyr refers to the devices by name.
#ifdef CONFIG_QEAAS_ENTROPY_POOL_POST_KERNEL
#define POOL_LEVEL POST_KERNEL
#else
#define POOL_LEVEL PRE_KERNEL_1
#endif

static_assert(!IS_ENABLED(CONFIG_QEAAS_ENTROPY_POOL_POST_KERNEL) ||
                  CONFIG_QEAAS_ENTROPY_POOL_INIT_PRIORITY < CONFIG_QEAAS_ENTROPY_POOL_START_PRIORITY,
              "with CONFIG_QEAAS_ENTROPY_POOL_POST_KERNEL the pools' init priority must be smaller than their start priority: "
              "lower CONFIG_QEAAS_ENTROPY_POOL_INIT_PRIORITY, or raise CONFIG_QEAAS_ENTROPY_POOL_START_PRIORITY");

#define POOL_COUNT(n, prop) DT_INST_PROP_LEN_OR(n, prop, 0)
#define POOL_SOURCE(node, prop, index) DEVICE_DT_GET(DT_PHANDLE_BY_IDX(node, prop, index)),
#define POOL_SOURCES(n, prop) \
  { COND_CODE_1(DT_INST_NODE_HAS_PROP(n, prop), (DT_INST_FOREACH_PROP_ELEM(n, prop, POOL_SOURCE)), ()) }

#define POOL_PARTITION(n) DT_INST_PHANDLE(n, seed_partition)
#define POOL_SEED(n)                                                                                                                   \
  static_assert(IS_ENABLED(CONFIG_QEAAS_ENTROPY_BOOT_SEED), "qeaas,entropy-pool: seed-partition needs CONFIG_FLASH=y");                \
  static constinit qeaas::PoolSeed seed_##n(                                                                                           \
      {DEVICE_DT_GET(DT_MTD_FROM_FIXED_PARTITION(POOL_PARTITION(n))), DT_REG_ADDR(POOL_PARTITION(n)), DT_REG_SIZE(POOL_PARTITION(n))}, \
      {!DT_INST_PROP(n, seed_without_credit), CONFIG_QEAAS_ENTROPY_SEED_RESEEDS});

#define POOL_DEFINE(n)                                                                                                                   \
  static_assert(POOL_COUNT(n, source_credit) == 0 || POOL_COUNT(n, source_credit) == POOL_COUNT(n, sources),                             \
                "qeaas,entropy-pool: source-credit needs one number for each of the sources");                                           \
  static constexpr auto credits_##n = credits_of<POOL_COUNT(n, sources)>(DT_INST_PROP_OR(n, source_credit, {}));                         \
  static_assert(credible(credits_##n), "qeaas,entropy-pool: source-credit is 1 to 8 bits per byte; worse belongs to untrusted-sources"); \
  static constinit const auto sources_##n = sources_of<POOL_COUNT(n, sources), POOL_COUNT(n, untrusted_sources)>(                        \
      POOL_SOURCES(n, sources), credits_##n, POOL_SOURCES(n, untrusted_sources));                                                        \
  COND_CODE_1(DT_INST_NODE_HAS_PROP(n, seed_partition), (POOL_SEED(n)), ())                                                              \
  static constinit const PoolSettings settings_##n{sources_##n,                                                                          \
                                                   {DT_INST_PROP(n, full_bits), DT_INST_PROP(n, low_bits)},                              \
                                                   COND_CODE_1(DT_INST_NODE_HAS_PROP(n, seed_partition), (&seed_##n), (nullptr))};       \
  static constinit PoolDevice pool_##n;                                                                                                  \
  DEVICE_DT_INST_DEFINE(n, init, nullptr, &pool_##n, &settings_##n, POOL_LEVEL, CONFIG_QEAAS_ENTROPY_POOL_INIT_PRIORITY, &pool_api);

DT_INST_FOREACH_STATUS_OKAY(POOL_DEFINE)

#define POOL_START(n) pool_##n.start();

static int start_all() {
  DT_INST_FOREACH_STATUS_OKAY(POOL_START)
  return 0;
}

SYS_INIT(start_all, POST_KERNEL, CONFIG_QEAAS_ENTROPY_POOL_START_PRIORITY);

namespace qeaas {

PoolDevice* pool_of(const device* dev) noexcept {
  return dev != nullptr && dev->api == &pool_api ? static_cast<PoolDevice*>(dev->data) : nullptr;
}

}  // namespace qeaas

extern "C" {

int z_impl_entropy_add_entropy(const device* dev, const std::uint8_t* data, std::size_t len, std::size_t entropy_bits) {
  auto* pool = qeaas::pool_of(dev);
  if (pool == nullptr) return -ENOTSUP;
  if (!device_is_ready(dev)) return -ENODEV;
  if ((data == nullptr && len != 0) || len > SIZE_MAX / 8 || entropy_bits > 8 * len) return -EINVAL;
  pool->inject({data, len}, entropy_bits);
  return 0;
}

int z_impl_qeaas_pool_status(const device* dev, struct qeaas_pool_status* status) {
  auto* pool = qeaas::pool_of(dev);
  if (pool == nullptr) return -ENOTSUP;
  if (status == nullptr) return -EINVAL;
  pool->status(*status);
  return 0;
}

int qeaas_pool_on_low(const device* dev, qeaas_pool_low_t callback, void* user_data) {
  auto* pool = qeaas::pool_of(dev);
  if (pool == nullptr) return -ENOTSUP;
  pool->on_low(callback, user_data);
  return 0;
}
}
