// SPDX-License-Identifier: GPL-3.0-or-later
// Logging: one line an event, to standard error. Nothing that is logged may be random bytes, key material or a token; callers
// pass names, counts and addresses only.
#pragma once

#include <string>
#include <string_view>

namespace qeaas::log {

enum class Level { debug, info, warning, error };

void set_level(Level level) noexcept;
void write(Level level, std::string_view text) noexcept;

inline void debug(std::string_view text) noexcept { write(Level::debug, text); }
inline void info(std::string_view text) noexcept { write(Level::info, text); }
inline void warning(std::string_view text) noexcept { write(Level::warning, text); }
inline void error(std::string_view text) noexcept { write(Level::error, text); }

}  // namespace qeaas::log
