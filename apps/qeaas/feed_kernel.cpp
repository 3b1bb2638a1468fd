// SPDX-License-Identifier: GPL-3.0-or-later
// The kernel's entropy pool.
#include "feed_kernel.hpp"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <limits>
#include <linux/random.h>
#include <sys/ioctl.h>

#include "client/refusal.hpp"

namespace qeaas::cli {
namespace {

constexpr auto kDevice = "/dev/random";
constexpr std::size_t kHeadBytes = offsetof(rand_pool_info, buf);

// pool_info lays out what RNDADDENTROPY takes: a head of two ints, and the bytes behind it.
SecretBytes pool_info(Bytes bytes, std::uint32_t credit_bits) {
  SecretBytes memory(kHeadBytes + std::max<std::size_t>(bytes.size(), sizeof(std::uint32_t)));
  const int head[2] = {static_cast<int>(credit_bits), static_cast<int>(bytes.size())};
  static_assert(sizeof(head) == kHeadBytes);
  std::memcpy(memory.span().data(), head, sizeof(head));
  std::ranges::copy(bytes, memory.span().begin() + kHeadBytes);
  return memory;
}

std::string first_line(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

// environment_of gives a variable of another process; empty when it has none, or when we may not look.
std::string environment_of(const std::filesystem::path& path, const std::string& name) {
  std::ifstream file(path);
  std::string entry;
  while (std::getline(file, entry, '\0'))
    if (entry.starts_with(name + "=")) return entry.substr(name.size() + 1);
  return "";
}

}  // namespace

Outcome<Pool> Pool::open() {
  FileDescriptor device(::open(kDevice, O_RDWR | O_CLOEXEC));
  if (!device) return fault(from_errno(errno), std::string("cannot open ") + kDevice + ": " + std::strerror(errno));
  const int descriptor = device.get();
  Pool pool([descriptor](unsigned long request, void* argument) { return ::ioctl(descriptor, request, argument) == 0 ? 0 : errno; });
  pool.device_ = std::move(device);
  return pool;
}

tl::unexpected<Fault> Pool::system_fault(const char* what, int number) const {
  if (number == EPERM || number == EACCES)
    return fault(Error::denied,
                 "the kernel does not let this process add entropy: run it as root of the machine itself, with CAP_SYS_ADMIN");
  if (number == ENOTTY || number == EINVAL) return fault(Error::unsupported, std::string("this kernel does not know ") + what);
  return fault(Error::io, std::string(what) + ": " + std::strerror(number));
}

Outcome<void> Pool::allowed() {
  auto nothing = pool_info({}, 0);
  if (const int number = ioctl_(RNDADDENTROPY, nothing.span().data()); number != 0) return system_fault("RNDADDENTROPY", number);
  return {};
}

Outcome<void> Pool::add(SecretBytes bytes, std::uint32_t credit_bits) {
  if (bytes.size() > std::numeric_limits<std::uint16_t>::max()) return fault(Error::too_large, "at most 65535 bytes at once");
  if (credit_bits > 8 * bytes.size()) return fault(Error::out_of_range, "more than 8 bits a byte are never credited");
  auto info = pool_info(bytes.span(), credit_bits);
  if (const int number = ioctl_(RNDADDENTROPY, info.span().data()); number != 0) return system_fault("RNDADDENTROPY", number);
  return {};
}

Outcome<void> Pool::reseed() {
  const int number = ioctl_(RNDRESEEDCRNG, nullptr);
  if (number == 0) return {};
  if (number == ENODATA)
    return fault(Error::starved, "the kernel's generator is not initialised yet; it will seed itself once 256 bits are in");
  return system_fault("RNDRESEEDCRNG", number);
}

std::optional<std::string> container_here(const std::filesystem::path& root) {
  std::error_code ignored;
  const auto there = [&](const char* path) { return std::filesystem::exists(root / path, ignored); };
  if (there("proc/vz") && !there("proc/bc")) return "openvz";
  const auto release = first_line(root / "proc/sys/kernel/osrelease");
  if (release.find("Microsoft") != std::string::npos || release.find("WSL") != std::string::npos) return "wsl";
  if (auto manager = first_line(root / "run/host/container-manager"); !manager.empty()) return printable(manager);
  if (auto manager = first_line(root / "run/systemd/container"); !manager.empty()) return printable(manager);
  if (auto manager = environment_of(root / "proc/1/environ", "container"); !manager.empty()) return printable(manager);
  if (there("run/.containerenv")) return "podman";
  if (there(".dockerenv")) return "docker";
  return std::nullopt;
}

}  // namespace qeaas::cli
