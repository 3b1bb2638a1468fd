// SPDX-License-Identifier: GPL-3.0-or-later
// A progress bar on standard error, for downloads of 256 KiB and more, and only where that is a terminal.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.hpp"

namespace qeaas::cli {

// write_now writes to standard error at once.
void write_now(const std::string& text);

class ProgressBar {
 public:
  explicit ProgressBar(std::uint64_t total_bytes);
  // show draws at most ten times a second.
  void show(std::uint64_t done_bytes);
  void clear();

  // line is what show draws: "[=====     ]  50 %  128 of 256 KiB".
  static std::string line(std::uint64_t done_bytes, std::uint64_t total_bytes);

 private:
  std::uint64_t total_bytes_;
  bool visible_;
  bool drawn_ = false;
  TimePoint next_{};
};

}  // namespace qeaas::cli
