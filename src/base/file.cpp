// SPDX-License-Identifier: GPL-3.0-or-later
// Files and the state folder.
#include "base/file.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

namespace qeaas {
namespace {

Outcome<void> write_all(int descriptor, Bytes content, const std::string& what) {
  while (!content.empty()) {
    const auto written = ::write(descriptor, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return system_fault(errno, what);
    content = content.subspan(static_cast<std::size_t>(written));
  }
  if (::fsync(descriptor) != 0) return system_fault(errno, what);
  return {};
}

}  // namespace

std::string environment(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): set-up is one thread
  return value == nullptr ? std::string() : std::string(value);
}

void FileDescriptor::reset(int descriptor) noexcept {
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = descriptor;
}

Outcome<SecretBytes> read_file(const std::filesystem::path& path) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return system_fault(errno, "cannot read " + path.string());
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return system_fault(errno, "cannot read " + path.string());
  if (!S_ISREG(status.st_mode)) return fault(Error::refused, path.string() + " is not a regular file");
  if (static_cast<std::size_t>(status.st_size) > kMaxFileBytes)
    return fault(Error::too_large, path.string() + " is larger than 1 MiB; this is not a key, certificate or configuration");
  SecretBytes content(static_cast<std::size_t>(status.st_size));
  std::size_t filled = 0;
  while (filled < content.size()) {
    const auto got = ::read(file.get(), content.span().data() + filled, content.size() - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_fault(errno, "cannot read " + path.string());
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  content.shrink(filled);
  return content;
}

Outcome<void> write_private_file(const std::filesystem::path& path, Bytes content, unsigned mode) {
  std::string scratch = path.string() + ".XXXXXX";
  const FileDescriptor file(::mkostemp(scratch.data(), O_CLOEXEC));
  if (!file) return system_fault(errno, "cannot write " + path.string());
  auto written = ::fchmod(file.get(), mode) == 0 ? write_all(file.get(), content, "cannot write " + path.string())
                                                 : Outcome<void>(system_fault(errno, "cannot write " + path.string()));
  if (written && ::rename(scratch.c_str(), path.c_str()) != 0) written = system_fault(errno, "cannot write " + path.string());
  if (!written) ::unlink(scratch.c_str());
  return written;
}

Outcome<void> make_state_folder(const std::filesystem::path& path) {
  std::error_code code;
  std::filesystem::create_directories(path.parent_path(), code);
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return system_fault(errno, "cannot make the state folder " + path.string());
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return system_fault(errno, "state folder " + path.string());
  if (!S_ISDIR(status.st_mode)) return fault(Error::refused, "state folder " + path.string() + " is not a folder");
  if (status.st_uid != ::geteuid())
    return fault(Error::refused, "state folder " + path.string() + " belongs to another user; choose one with --state");
  if ((status.st_mode & 077) != 0)
    return fault(Error::refused, "state folder " + path.string() + " is open to others; run: chmod 700 " + path.string());
  return {};
}

std::filesystem::path home_folder() {
  const auto home = environment("HOME");
  if (!home.empty()) return home;
  const auto* entry = ::getpwuid(::geteuid());  // NOLINT(concurrency-mt-unsafe): set-up is one thread
  return entry == nullptr ? "/" : entry->pw_dir;
}

std::filesystem::path state_folder(const std::string& argument) {
  if (!argument.empty()) return argument;
  // systemd gives a colon-separated list when several are asked for; ours is the first.
  const auto service = environment("STATE_DIRECTORY");
  if (!service.empty()) return service.substr(0, service.find(':'));
  const auto xdg = environment("XDG_STATE_HOME");
  if (!xdg.empty()) return std::filesystem::path(xdg) / "qeaas";
  if (::geteuid() == 0) return "/var/lib/qeaas";
  return home_folder() / ".local/state/qeaas";
}

}  // namespace qeaas
