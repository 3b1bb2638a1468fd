// SPDX-License-Identifier: GPL-3.0-or-later
// Where the local socket lies.
#include "local/place.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.hpp"
#include "base/handle.hpp"

namespace qeaas::local {
namespace {

constexpr auto kSocketName = "entropy.sock";

Outcome<void> check_length(const std::filesystem::path& path) {
  if (path.native().size() <= kMaxPathBytes) return {};
  return fault(Error::too_large,
               path.string() + " is longer than a socket's path can be; allowed: " + std::to_string(kMaxPathBytes) + " bytes");
}

// own_folder checks one that is there already: ours or root's, and for its owner alone to write.
Outcome<void> own_folder(const std::filesystem::path& folder) {
  struct stat status {};
  if (::lstat(folder.c_str(), &status) != 0) return system_fault(errno, "cannot look at " + folder.string());
  if (!S_ISDIR(status.st_mode)) return fault(Error::refused, folder.string() + " is not a folder; remove it");
  if (status.st_uid != ::geteuid() && status.st_uid != 0)
    return fault(Error::refused, folder.string() + " belongs to another user: sockets in it could be theirs");
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    return fault(Error::refused, folder.string() + " may be written by others; run: chmod go-w " + folder.string());
  return {};
}

Outcome<void> make_folder(const std::filesystem::path& folder, mode_t mode) {
  if (::mkdir(folder.c_str(), mode) != 0) {
    if (errno != EEXIST) return system_fault(errno, "cannot make the folder " + folder.string());
    return own_folder(folder);
  }
  // The umask may have taken more than we want. The descriptor is of the folder itself, whatever its name leads to by now.
  const FileDescriptor made(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!made || ::fchmod(made.get(), mode) != 0) return system_fault(errno, "cannot make the folder " + folder.string());
  return {};
}

}  // namespace

Outcome<std::filesystem::path> default_place() {
  std::filesystem::path folder;
  const bool root = ::geteuid() == 0;
  // systemd gives a colon-separated list when several are asked for; ours is the first.
  const auto service = environment("RUNTIME_DIRECTORY");
  const auto session = environment("XDG_RUNTIME_DIR");
  if (!service.empty())
    folder = service.substr(0, service.find(':'));
  else if (root)
    folder = "/run/qeaas";
  else if (!session.empty())
    folder = std::filesystem::path(session) / "qeaas";
  else
    return fault(Error::not_found, "neither $RUNTIME_DIRECTORY nor $XDG_RUNTIME_DIR says where the local socket should be");
  if (const auto fits = check_length(folder / kSocketName); !fits) return tl::unexpected(fits.error());
  const auto made = service.empty() ? make_folder(folder, root ? 0755 : 0700) : own_folder(folder);
  if (!made) return tl::unexpected(made.error());
  return folder / kSocketName;
}

Outcome<void> check_place(const std::filesystem::path& path) {
  if (auto fits = check_length(path); !fits) return fits;
  const auto folder = path.parent_path();
  struct stat status {};
  if (::stat(folder.c_str(), &status) != 0) return system_fault(errno, "the folder of the local socket, " + folder.string());
  if (!S_ISDIR(status.st_mode)) return fault(Error::refused, folder.string() + " is not a folder");
  if ((status.st_mode & S_IWOTH) != 0 && (status.st_mode & S_ISVTX) == 0)
    return fault(Error::refused,
                 folder.string() + " may be written by everybody, who could put another socket there; run: chmod o-w " + folder.string());
  return {};
}

}  // namespace qeaas::local
