// SPDX-License-Identifier: GPL-3.0-or-later
// CPU timing jitter by the jitterentropy library, with its own health tests forced on and without its timer thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <sys/types.h>

#include "source/source.hpp"

struct rand_data;

namespace qeaas {

// JitterLibrary is the part of jitterentropy that is used, so that tests can make every call fail.
struct JitterLibrary {
  int (*initialise)() noexcept;                                                   // 0, or one of the library's codes
  rand_data* (*allocate)() noexcept;                                              // null when it fails
  ssize_t (*read)(rand_data** collector, char* data, std::size_t size) noexcept;  // negative when it fails; may replace the collector
  void (*release)(rand_data* collector) noexcept;
};
JitterLibrary machine_jitter() noexcept;

// jitter_fault says what a code of jent_entropy_init means.
Fault jitter_fault(int code);

std::unique_ptr<Source> make_jitter_source(std::string id, std::optional<MinEntropy> per_sample = std::nullopt,
                                           JitterLibrary library = machine_jitter());

}  // namespace qeaas
