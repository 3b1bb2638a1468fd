// SPDX-License-Identifier: GPL-3.0-or-later
// Files and the state folder: whole-file reads with a limit, private atomic writes, and the places that docs/operate.md names.
#pragma once

#include <filesystem>
#include <string>

#include "base/error.hpp"
#include "base/handle.hpp"
#include "base/secret.hpp"

namespace qeaas {

inline constexpr std::size_t kMaxFileBytes = 1 << 20;  // keys, certificates and configurations are far smaller

// read_file reads a whole file of at most kMaxFileBytes into memory that is wiped afterwards.
Outcome<SecretBytes> read_file(const std::filesystem::path& path);
// write_private_file replaces path atomically by a file of mode 0600 (or the mode given); the folder must exist.
Outcome<void> write_private_file(const std::filesystem::path& path, Bytes content, unsigned mode = 0600);
// make_state_folder creates the folder with mode 0700, or refuses one that others may enter or that is not ours.
Outcome<void> make_state_folder(const std::filesystem::path& path);
// state_folder chooses: the argument if not empty, $STATE_DIRECTORY, $XDG_STATE_HOME/qeaas, /var/lib/qeaas (root) or
// ~/.local/state/qeaas.
std::filesystem::path state_folder(const std::string& argument);
std::filesystem::path home_folder();
// environment gives a variable's value, or nothing. Not for threads that run beside one that writes the environment.
std::string environment(const char* name);

}  // namespace qeaas
