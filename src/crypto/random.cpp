// SPDX-License-Identifier: GPL-3.0-or-later
// Where wolfSSL's own generators get their seed.
#include "crypto/random.hpp"

#include <atomic>
#include <cerrno>
#include <sys/random.h>

#include <wolfssl/options.h>
// options.h must come first
#include <wolfssl/ssl.h>
#include <wolfssl/wolfcrypt/random.h>

namespace qeaas {
namespace {

std::atomic<SeedFunction> installed{os_seed};

int seed_trampoline(OS_Seed* /*os*/, byte* seed, word32 size) noexcept { return seed_bytes({seed, size}) ? 0 : RNG_FAILURE_E; }

}  // namespace

Status os_seed(MutableBytes out) noexcept {
  while (!out.empty()) {
    const auto got = ::getrandom(out.data(), out.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return fail(Error::io);
    out = out.subspan(static_cast<std::size_t>(got));
  }
  return {};
}

Status initialise_crypto(SeedFunction seed) noexcept {
  installed.store(seed);
  // wolfSSL_Init sets its own seed callback, so ours comes after it.
  if (wolfSSL_Init() != WOLFSSL_SUCCESS) return fail(Error::crypto);
  if (wc_SetSeed_Cb(seed_trampoline) != 0) return fail(Error::crypto);
  return {};
}

Status seed_bytes(MutableBytes out) noexcept { return installed.load()(out); }

}  // namespace qeaas
