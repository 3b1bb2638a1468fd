// SPDX-License-Identifier: GPL-3.0-or-later
// The pool's BLAKE2s and that of the image's wolfSSL in one image: both work, and the pool's never allocates.
#include <stdlib.h>
#include <wolfssl/wolfcrypt/settings.h>
// settings.h must come first
#include <wolfssl/wolfcrypt/blake2.h>
#include <zephyr/kernel.h>
#include <zephyr/ztest.h>

#include <array>
#include <cstdint>

#include "pool/pool.hpp"

namespace {
unsigned allocations;
}

extern "C" {
void* counted_malloc(size_t size) {
  ++allocations;
  return k_malloc(size);
}
void* counted_realloc(void*, size_t) { return nullptr; }
void counted_free(void* memory) { k_free(memory); }
}

ZTEST_SUITE(beside_wolfssl, nullptr, nullptr, nullptr, nullptr, nullptr);

ZTEST(beside_wolfssl, test_the_pool_never_allocates_and_wolfssl_does) {
  std::array<std::uint8_t, 200> bytes{1, 2, 3};
  static qeaas::EntropyPool pool;
  pool.add(bytes, 256);
  zassert_true(pool.extract(bytes));
  zassert_equal(allocations, 0);
  ::Blake2s theirs;
  std::array<std::uint8_t, 32> their_digest, our_digest;
  zassert_ok(wc_InitBlake2s(&theirs, 32));
  zassert_ok(wc_Blake2sUpdate(&theirs, bytes.data(), bytes.size()));
  zassert_ok(wc_Blake2sFinal(&theirs, their_digest.data(), 32));
  zassert_true(allocations > 0, "the image's own settings make it allocate: the test looks in the right place");
  qeaas::Blake2s().update(bytes).finish(our_digest);
  zassert_true(our_digest == their_digest);
}
