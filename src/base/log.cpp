// SPDX-License-Identifier: GPL-3.0-or-later
// Logging by spdlog. Kept out of the header, so that a change of library or format touches this file alone.
#include "base/log.hpp"

#include <memory>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace qeaas::log {
namespace {

spdlog::logger& logger() {
  static const auto instance = [] {
    auto made = std::make_shared<spdlog::logger>("qeaas", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l %v");
    made->flush_on(spdlog::level::info);
    return made;
  }();
  return *instance;
}

spdlog::level::level_enum translate(Level level) noexcept {
  switch (level) {
    case Level::debug: return spdlog::level::debug;
    case Level::info: return spdlog::level::info;
    case Level::warning: return spdlog::level::warn;
    case Level::error: return spdlog::level::err;
  }
  return spdlog::level::err;
}

}  // namespace

void set_level(Level level) noexcept { logger().set_level(translate(level)); }

void write(Level level, std::string_view text) noexcept {
  try {
    logger().log(translate(level), spdlog::string_view_t(text.data(), text.size()));
  } catch (...) {  // a log line that cannot be written must not stop the service
  }
}

}  // namespace qeaas::log
