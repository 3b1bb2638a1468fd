// SPDX-License-Identifier: GPL-3.0-or-later
#include <zephyr/logging/log.h>
#include <zephyr/settings/settings.h>

#include "floor_store.hpp"

LOG_MODULE_DECLARE(qeaas_client, CONFIG_QEAAS_CLIENT_LOG_LEVEL);

namespace qeaas::device {
namespace {

constexpr const char* kKey = "qeaas/floor";
constexpr std::int64_t kDay = 86400;
std::int64_t stored = 0;
bool loaded = false;

int take(const char*, size_t size, settings_read_cb read, void* context, void*) {
  std::int64_t value = 0;
  if (size == sizeof value && read(context, &value, sizeof value) == sizeof value && value > stored) stored = value;
  return 0;
}

}  // namespace

std::int64_t stored_floor() noexcept {
  if (!loaded) {
    loaded = true;
    if (settings_subsys_init() != 0 || settings_load_subtree_direct(kKey, take, nullptr) != 0) LOG_WRN("no floor date could be read");
  }
  return stored;
}

void raise_floor(std::int64_t now) noexcept {
  if (now == 0 || now <= stored_floor() + kDay) return;
  stored = now;
  if (settings_save_one(kKey, &now, sizeof now) != 0) LOG_WRN("the floor date could not be stored");
}

}  // namespace qeaas::device
