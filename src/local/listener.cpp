// SPDX-License-Identifier: GPL-3.0-or-later
// The socket in the file system.
#include "local/listener.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <string>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "local/permit.hpp"

namespace qeaas::local {
namespace {

constexpr int kBacklog = 128;

// with_address calls bind or connect. The path is known to fit (place.hpp), or the call fails with ENAMETOOLONG.
template <class Call>
int with_address(Call call, int socket, const std::string& path) noexcept {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) {
    errno = ENAMETOOLONG;
    return -1;
  }
  std::copy(path.begin(), path.end(), address.sun_path);
  return call(socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
}

FileDescriptor stream_socket() noexcept { return FileDescriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)); }

std::string process_name(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/comm");
  std::string name;
  std::getline(file, name);
  return "process " + std::to_string(pid) + (name.empty() ? "" : " (" + name + ")");
}

tl::unexpected<Fault> served(const std::string& path, const std::string& holder) {
  return fault(Error::in_use, "cannot listen on " + path + ": it is served by " + (holder.empty() ? "another process" : holder) +
                                  ". Stop that, or choose another path in [local] or enabled = false");
}

// probe asks whether somebody serves the socket at path: their name, or nothing when it was left behind. Errors: denied, io.
Outcome<std::optional<std::string>> probe(const std::string& path) {
  const auto socket = stream_socket();
  if (!socket) return system_fault(errno, "Unix socket");
  if (with_address(::connect, socket.get(), path) != 0 && errno != EAGAIN) {
    if (errno == ECONNREFUSED || errno == ENOENT) return std::optional<std::string>();
    if (errno == EPROTOTYPE) return std::optional<std::string>("another program");
    return system_fault(errno, "cannot find out who serves " + path);
  }
  const auto peer = peer_of(socket.get());
  return std::optional<std::string>(peer && peer->pid > 0 ? process_name(peer->pid) : "another process");
}

// require_free fails unless nothing is at path, or a socket that nobody serves.
Outcome<void> require_free(const std::string& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) {
    if (errno == ENOENT) return {};
    return system_fault(errno, "cannot look at " + path);
  }
  if (!S_ISSOCK(status.st_mode))
    return fault(Error::refused, path + " exists and is no socket; remove it or choose another path in [local]");
  const auto holder = probe(path);
  if (!holder) return tl::unexpected(holder.error());
  if (*holder) return served(path, **holder);
  return {};
}

Outcome<FileDescriptor> locked(const std::string& path) {
  FileDescriptor lock(::open((path + ".lock").c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!lock) return system_fault(errno, "cannot open " + path + ".lock");
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) == 0) return lock;
  if (errno != EWOULDBLOCK) return system_fault(errno, "cannot lock " + path + ".lock");
  const auto holder = probe(path);
  return served(path, holder && *holder ? **holder : std::string());
}

// bound makes the socket under another name and moves it into place when it is all that it should be: nobody can connect before.
Outcome<FileDescriptor> bound(const std::string& path, mode_t mode, std::optional<gid_t> group) {
  const auto scratch = path + ".new";
  const auto what = "cannot listen on " + path;
  FileDescriptor socket = stream_socket();
  if (!socket) return system_fault(errno, "Unix socket");
  ::unlink(scratch.c_str());  // the lock is ours, and so is what a crash left
  if (with_address(::bind, socket.get(), scratch) != 0) return system_fault(errno, what);
  const bool done = ::chmod(scratch.c_str(), mode) == 0 && (!group || ::lchown(scratch.c_str(), static_cast<uid_t>(-1), *group) == 0) &&
                    ::listen(socket.get(), kBacklog) == 0 && ::rename(scratch.c_str(), path.c_str()) == 0;
  if (done) return socket;
  const int number = errno;
  ::unlink(scratch.c_str());
  if (number == EPERM && group)
    return fault(Error::denied,
                 what +
                     ": the server's user is no member of the first of [local] groups, so the socket cannot be given to it; make it one "
                     "(usermod -aG GROUP USER) and restart, or set [local] mode = \"0666\": only members are served then, too");
  if (number == EINVAL && group)
    return fault(Error::denied, what + ": group " + std::to_string(*group) +
                                    " of [local] groups does not exist in this process's user namespace (PrivateUsers=, a container)");
  return system_fault(number, what);
}

}  // namespace

Outcome<std::unique_ptr<Listener>> Listener::open(const std::filesystem::path& path, mode_t mode, std::optional<gid_t> group) {
  auto lock = locked(path.string());
  if (!lock) return tl::unexpected(lock.error());
  if (const auto free = require_free(path.string()); !free) return tl::unexpected(free.error());
  auto socket = bound(path.string(), mode, group);
  if (!socket) return tl::unexpected(socket.error());
  struct stat made {};
  if (::lstat(path.c_str(), &made) != 0) return system_fault(errno, "cannot look at " + path.string());
  return std::unique_ptr<Listener>(new Listener(path, std::move(*lock), std::move(*socket), made));
}

Outcome<std::unique_ptr<Listener>> Listener::adopt(FileDescriptor socket) {
  sockaddr_un address{};
  socklen_t size = sizeof(address);
  if (::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0)
    return system_fault(errno, "a Unix socket that was passed on");
  const std::string path(address.sun_path, ::strnlen(address.sun_path, sizeof(address.sun_path)));
  return std::unique_ptr<Listener>(new Listener(path, FileDescriptor(), std::move(socket), {}));
}

std::vector<gid_t> Listener::keeps_out(const std::vector<gid_t>& groups) const {
  std::vector<gid_t> kept_out;
  struct stat there {};
  if (::lstat(path_.c_str(), &there) != 0 || (there.st_mode & S_IWOTH) != 0) return kept_out;
  for (const auto group : groups)
    if (group != there.st_gid || (there.st_mode & S_IWGRP) == 0) kept_out.push_back(group);
  return kept_out;
}

Result<FileDescriptor> Listener::accept() noexcept {
  if (!socket_) return fail(Error::closed);
  FileDescriptor socket(::accept4(socket_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (socket) return socket;
  const int number = errno;
  if (number == EAGAIN || number == EINTR || number == ECONNABORTED) return fail(Error::would_block);
  const bool exhausted = number == EMFILE || number == ENFILE || number == ENOBUFS || number == ENOMEM;
  return fail(exhausted ? Error::no_space : Error::io);
}

void Listener::close() noexcept {
  if (!socket_) return;
  struct stat there {};
  if (lock_ && ::lstat(path_.c_str(), &there) == 0 && there.st_dev == made_.st_dev && there.st_ino == made_.st_ino) ::unlink(path_.c_str());
  socket_.reset();
  lock_.reset();
}

}  // namespace qeaas::local
