// SPDX-License-Identifier: GPL-3.0-or-later
// The standard output of a child process, for generators that come with a vendor's tool. No shell: an argument vector, an
// absolute program, an almost empty environment, its own process group, killed and reaped on close.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "source/source.hpp"

namespace qeaas {

struct ProcessSettings {
  std::string id{};
  std::vector<std::string> argv{};  // argv[0] is the absolute path of the program
  SourceKind kind = SourceKind::physical;
  bool conditioned = false;
  unsigned sample_bits = 8;  // the low bits of every byte
  MinEntropy per_sample{};
  std::chrono::milliseconds timeout{5000};  // the longest wait without a byte
};

std::unique_ptr<Source> make_process_source(ProcessSettings settings);

}  // namespace qeaas
