// SPDX-License-Identifier: GPL-3.0-or-later
// Listener: the socket in the file system. It takes the place of one that a process left behind and never of one that is served, gets its
// mode and group before anybody can connect, and is removed at the end if it is still ours.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <sys/stat.h>
#include <vector>

#include "base/error.hpp"
#include "base/handle.hpp"

namespace qeaas::local {

class Listener {
 public:
  // open locks path + ".lock" for as long as it listens, so that of two servers that start at once one wins. Without a group the socket
  // keeps ours. Errors: in_use (served; the text names by whom), refused (something else is there), denied, io.
  static Outcome<std::unique_ptr<Listener>> open(const std::filesystem::path& path, mode_t mode, std::optional<gid_t> group);
  // adopt takes one that listens already, opened by a service manager, whose file it then stays. Error: io (it is none).
  static Outcome<std::unique_ptr<Listener>> adopt(FileDescriptor socket);
  ~Listener() { close(); }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  int descriptor() const noexcept { return socket_.get(); }
  const std::filesystem::path& path() const noexcept { return path_; }
  // adopted: the service manager made the file, and its mode and group are those of the manager's unit.
  bool adopted() const noexcept { return adopted_; }
  // keeps_out gives those of groups whose members the file does not let in, whatever the server would say: connecting takes write
  // permission. None when there is no file to look at.
  std::vector<gid_t> keeps_out(const std::vector<gid_t>& groups) const;
  // accept: would_block when nobody waits, no_space when descriptors or memory have run out, closed after close, io otherwise.
  Result<FileDescriptor> accept() noexcept;
  // close lets nobody else in: the socket is gone from the file system, and another server may take its place.
  void close() noexcept;

 private:
  Listener(std::filesystem::path path, FileDescriptor lock, FileDescriptor socket, const struct stat& made)
      : path_(std::move(path)), lock_(std::move(lock)), socket_(std::move(socket)), made_(made), adopted_(!lock_) {}

  std::filesystem::path path_;
  FileDescriptor lock_;
  FileDescriptor socket_;
  struct stat made_;  // which file is ours; none without a lock
  bool adopted_;
};

}  // namespace qeaas::local
