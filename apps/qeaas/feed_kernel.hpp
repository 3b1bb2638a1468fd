// SPDX-License-Identifier: GPL-3.0-or-later
// The kernel's entropy pool: bytes in with their credit, and a reseed of its generator; and whether this process should touch it at all.
// The system calls are injected, so that tests need neither a kernel nor the privilege. One thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "base/error.hpp"
#include "base/handle.hpp"
#include "base/secret.hpp"

namespace qeaas::cli {

// Pool is /dev/random as an ioctl sees it (random(4)).
class Pool {
 public:
  // Ioctl gives 0 or an errno value. The argument is what ioctl(2) takes for the request, or null.
  using Ioctl = std::function<int(unsigned long request, void* argument)>;
  explicit Pool(Ioctl ioctl) : ioctl_(std::move(ioctl)) {}
  // open is the real one. Errors: not_found, denied, io.
  static Outcome<Pool> open();

  // allowed asks the kernel whether this process may credit, by adding nothing. Errors: denied (CAP_SYS_ADMIN of the machine itself is
  // missing), unsupported, io.
  Outcome<void> allowed();
  // add moves the bytes into the pool and credits at most 8 bits a byte, in one call: the kernel credits when all of them are in, or not
  // at all. The bytes are wiped whatever happens, so that nothing is ever credited twice. Errors: denied, io.
  Outcome<void> add(SecretBytes bytes, std::uint32_t credit_bits);
  // reseed has the generator take the pool up now instead of at its own pace. Errors: starved (the pool never had 256 bits: the kernel
  // reseeds by itself when it does), denied, unsupported (before Linux 4.14), io.
  Outcome<void> reseed();

 private:
  tl::unexpected<Fault> system_fault(const char* what, int number) const;
  FileDescriptor device_;
  Ioctl ioctl_;
};

// container_here names the container that this process runs in, if any, by the marks that systemd-detect-virt looks for too. root is
// where / is; tests put another there.
std::optional<std::string> container_here(const std::filesystem::path& root = "/");

}  // namespace qeaas::cli
