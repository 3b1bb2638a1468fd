// SPDX-License-Identifier: GPL-3.0-or-later
// A progress bar on standard error.
#include "progress.hpp"

#include <algorithm>
#include <cstdio>
#include <unistd.h>

namespace qeaas::cli {
namespace {

constexpr std::uint64_t kLeastBytes = 256 << 10;
constexpr std::uint64_t kWidth = 30;
constexpr auto kPace = 100ms;

}  // namespace

void write_now(const std::string& text) {
  static_cast<void>(std::fwrite(text.data(), 1, text.size(), stderr));
  static_cast<void>(std::fflush(stderr));
}

ProgressBar::ProgressBar(std::uint64_t total_bytes)
    : total_bytes_(total_bytes), visible_(total_bytes >= kLeastBytes && ::isatty(STDERR_FILENO) == 1) {}

std::string ProgressBar::line(std::uint64_t done_bytes, std::uint64_t total_bytes) {
  const double share = total_bytes == 0 ? 1.0 : std::min(1.0, static_cast<double>(done_bytes) / static_cast<double>(total_bytes));
  const auto filled = static_cast<std::size_t>(share * kWidth);
  const auto percent = std::to_string(static_cast<unsigned>(share * 100));
  return "[" + std::string(filled, '=') + std::string(kWidth - filled, ' ') + "] " + std::string(3 - percent.size(), ' ') + percent +
         " %  " + std::to_string(done_bytes >> 10) + " of " + std::to_string(total_bytes >> 10) + " KiB";
}

void ProgressBar::show(std::uint64_t done_bytes) {
  const auto now = Clock::now();
  if (!visible_ || now < next_) return;
  next_ = now + kPace;
  drawn_ = true;
  write_now("\r" + line(done_bytes, total_bytes_));
}

void ProgressBar::clear() {
  if (drawn_) write_now("\r\033[K");
  drawn_ = false;
}

}  // namespace qeaas::cli
