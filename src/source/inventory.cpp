// SPDX-License-Identifier: GPL-3.0-or-later
// What this machine has.
#include "source/inventory.hpp"

#include "base/log.hpp"
#include "source/device_source.hpp"
#include "source/jitter_source.hpp"
#include "source/rdseed_source.hpp"

namespace qeaas {
namespace {

constexpr int kQuantisDevices = 8;

std::unique_ptr<Source> device(std::string id, std::string path) {
  DeviceSettings settings;
  settings.id = std::move(id);
  settings.path = std::move(path);
  return make_device_source(std::move(settings));
}

}  // namespace

std::vector<std::unique_ptr<Source>> keep_physical(std::vector<std::unique_ptr<Source>> candidates) {
  std::vector<std::unique_ptr<Source>> kept;
  for (auto& source : candidates) {
    const auto opened = source->open();
    source->close();
    if (!opened) {
      log::debug("not used: " + opened.error().text);
      continue;
    }
    const auto kind = source->info().tag.kind;
    if (kind == SourceKind::quantum || kind == SourceKind::physical) kept.push_back(std::move(source));
  }
  return kept;
}

std::vector<std::unique_ptr<Source>> physical_sources_of_this_machine() {
  std::vector<std::unique_ptr<Source>> candidates;
  for (int i = 0; i < kQuantisDevices; ++i) {
    const auto number = std::to_string(i);
    candidates.push_back(device("quantis" + number, "/dev/qrandom" + number));
  }
  candidates.push_back(device("hwrng", "/dev/hwrng"));
  candidates.push_back(make_rdseed_source("rdseed"));
  candidates.push_back(make_jitter_source("jitter"));
  return keep_physical(std::move(candidates));
}

}  // namespace qeaas
