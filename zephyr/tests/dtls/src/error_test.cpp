// SPDX-License-Identifier: GPL-3.0-or-later
// Every DeviceError has a text of its own.
#include <zephyr/ztest.h>

#include <cstring>

#include "device_error.hpp"
#include "dtls.hpp"

using namespace qeaas::device;

ZTEST_SUITE(error, nullptr, nullptr, nullptr, nullptr, nullptr);

ZTEST(error, test_every_error_has_a_text_of_its_own) {
  constexpr int kLast = failure(DeviceError::unresolved);
  const char* unknown = text(1);
  zassert_not_null(unknown);
  int known = 0;
  for (int one = -1; one >= kLast; --one) {
    if (std::strcmp(text(one), unknown) == 0) continue;
    ++known;
    for (int other = -1; other > one; --other) zassert_true(std::strcmp(text(one), text(other)) != 0, "%d and %d", one, other);
  }
  zassert_equal(known, 29, "a new DeviceError needs a text, and this count");
}

ZTEST(error, test_names) {
  for (const auto group : default_groups()) zassert_true(std::strcmp(name(group), "unknown") != 0);
  zassert_equal(std::strcmp(name(Group::ml_kem_512), "ML-KEM-512"), 0);
  zassert_equal(std::strcmp(name(Signature::ml_dsa_44), "ML-DSA-44"), 0);
  zassert_equal(std::strcmp(name(Signature::ml_dsa_65), "ML-DSA-65"), 0);
  zassert_equal(std::strcmp(name(Signature::ml_dsa_87), "ML-DSA-87"), 0);
  zassert_equal(std::strcmp(name(DateCheck::floor), "floor"), 0);
}

ZTEST(error, test_default_group_is_post_quantum) {
  zassert_equal(default_groups().size(), 1);
  zassert_equal(default_groups()[0], Group::ml_kem_512);
}
