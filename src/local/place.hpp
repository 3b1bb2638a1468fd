// SPDX-License-Identifier: GPL-3.0-or-later
// Place: where the local socket lies, and a folder for it that nobody else can put a socket of their own into. Set-up only.
#pragma once

#include <filesystem>

#include "base/error.hpp"

namespace qeaas::local {

inline constexpr std::size_t kMaxPathBytes = 100;  // sun_path holds 107, and the socket is made under a longer name first

// default_place is $RUNTIME_DIRECTORY/entropy.sock, /run/qeaas/entropy.sock for root, $XDG_RUNTIME_DIR/qeaas/entropy.sock for others.
// It makes the folder qeaas, 0755 for root and 0700 for others. Errors: not_found (no variable says where), denied, refused (a folder
// that is a link, belongs to another user, or may be written by others), too_large, io.
Outcome<std::filesystem::path> default_place();

// check_place is for a path of the configuration: its folder must be there, and not writable by everybody (a sticky one may be).
// Errors: not_found, refused, too_large (beyond kMaxPathBytes), io.
Outcome<void> check_place(const std::filesystem::path& path);

}  // namespace qeaas::local
