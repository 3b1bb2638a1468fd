// SPDX-License-Identifier: GPL-3.0-or-later
// A client of the local socket for tools that draw now and then: one connection a draw, with a time limit for all of it, and the account
// of where the bytes came from. The provider has a client of its own, which lives in other people's processes.
#pragma once

#include <filesystem>

#include "base/clock.hpp"
#include "wire/random_answer.hpp"

namespace qeaas::local {

// local_draw asks for count bytes (1 to kMaxLocalDrawBytes) until the deadline, again whenever the server says so. Errors: not_found or
// unreachable (nobody serves the path), denied, closed (the server turned us away), timeout, malformed (not our protocol), and what the
// server answers: starved, alarmed, over_quota, forbidden, too_large, io.
Outcome<RandomAnswer> local_draw(const std::filesystem::path& path, std::size_t count, EntropyType type, TimePoint deadline);

}  // namespace qeaas::local
