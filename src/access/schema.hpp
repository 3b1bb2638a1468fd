// SPDX-License-Identifier: GPL-3.0-or-later
// Inside access/ only: makes, checks and migrates access.db. What it cannot vouch for it refuses and leaves as it is.
#pragma once

#include <chrono>
#include <filesystem>

#include "access/sqlite.hpp"

namespace qeaas::access {

inline constexpr std::int64_t kApplicationId = 0x51454141;  // "QEAA", in the file's header

// open_database gives a connection in WAL mode on a file of mode 0600 with the current schema.
Outcome<Connection> open_database(const std::filesystem::path& path, std::chrono::milliseconds busy_timeout);
// migrate brings the schema from its PRAGMA user_version to kSchemaVersion in one transaction; unsupported when it is newer.
Outcome<void> migrate(sqlite3* connection, const std::string& path);

}  // namespace qeaas::access
