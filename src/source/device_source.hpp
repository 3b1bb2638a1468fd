// SPDX-License-Identifier: GPL-3.0-or-later
// Character devices: a Quantis (/dev/qrandomN), the kernel's hardware generator (/dev/hwrng), or any other that the configuration
// names. What the path resolves to decides what may be said about it: the kernel's and the hypervisor's bytes are always kind os.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>

#include "source/source.hpp"

namespace qeaas {

struct DeviceSettings {
  std::string id{};
  std::filesystem::path path{};
  std::optional<SourceKind> kind{};         // what the configuration says; by the path and device numbers when empty
  unsigned sample_bits = 8;                 // the low bits of every byte read
  std::optional<MinEntropy> per_sample{};   // half of a byte when empty and conditioned; a raw device must state it
  std::optional<bool> conditioned{};        // true for Quantis and hw_random, which process their noise; false for others
  std::chrono::milliseconds timeout{5000};  // the longest wait without a byte
  std::filesystem::path rng_current = "/sys/class/misc/hw_random/rng_current";
};

std::unique_ptr<Source> make_device_source(DeviceSettings settings);

// device_states_itself is true for the paths whose nature needs no word from the configuration.
bool device_states_itself(const std::filesystem::path& path);

}  // namespace qeaas
