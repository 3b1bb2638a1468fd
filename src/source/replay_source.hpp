// SPDX-License-Identifier: GPL-3.0-or-later
// Replay of a recorded file, one sample a byte. Always labelled simulated. A recording that does not loop is used once: opening it
// again goes on where it stopped and fails at its end, so that no sample is served twice.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "source/simulated.hpp"
#include "source/source.hpp"

namespace qeaas {

struct ReplaySettings {
  std::string id{};
  std::filesystem::path path{};
  unsigned sample_bits = 8;  // the low bits of every byte
  MinEntropy per_sample{};
  bool loop = false;
};

std::unique_ptr<Source> make_replay_source(ReplaySettings settings, NamedByConfiguration named);

}  // namespace qeaas
