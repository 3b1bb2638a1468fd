// SPDX-License-Identifier: GPL-3.0-or-later
// How a session fails when there is no server: each failure has its error, and gives all memory back.
#include <zephyr/ztest.h>

#include <array>

#include "dtls.hpp"
#include "dtls_platform.h"
#include "entropy.h"
#include "made_certificate.hpp"

using namespace qeaas::device;

namespace {

constexpr std::array<std::uint8_t, kPinBytes> kPin{};
constexpr std::array<std::uint8_t, 16> kKey{};

DtlsSession session;

sockaddr_in nobody() {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(9);  // discard: nothing listens there
  address.sin_addr.s_addr = htonl(0x7F000001);
  return address;
}

int open(const DtlsConfig& config, k_timeout_t time = K_MSEC(50)) {
  const auto address = nobody();
  const auto used_before = dtls_heap_use().used;
  const int result = session.open(reinterpret_cast<const sockaddr*>(&address), sizeof(address), config, sys_timepoint_calc(time));
  zassert_equal(dtls_heap_use().used, used_before, "%d leaks", result);
  zassert_false(session.is_open());
  return result;
}

DtlsConfig pinned() { return {.pin = kPin}; }

void after(void*) { entropy_fails = false; }

}  // namespace

// The first session sets wolfSSL up, which stays; it is not a leak.
ZTEST_SUITE(
    session, nullptr, nullptr, [](void*) { session.drop(); }, after, nullptr);

ZTEST(session, test_nobody_answers) {
  zassert_equal(open(pinned()), failure(DeviceError::timeout));
  zassert_true(session.report().datagrams_sent > 0);
  zassert_equal(session.report().datagrams_received, 0);
}

ZTEST(session, test_flights_are_repeated) {
  auto config = pinned();
  config.first_timeout_ms = 20;
  zassert_equal(open(config, K_MSEC(500)), failure(DeviceError::timeout));
  zassert_true(session.report().retransmissions >= 2, "%u", session.report().retransmissions);
}

ZTEST(session, test_needs_something_to_trust) { zassert_equal(open({}), failure(DeviceError::no_trust)); }

ZTEST(session, test_bad_arguments) {
  const auto expect_invalid = [](auto change) {
    auto config = pinned();
    change(config);
    zassert_equal(open(config), failure(DeviceError::invalid_argument));
  };
  expect_invalid([](DtlsConfig& config) { config.pin = config.pin.first(31); });
  expect_invalid([](DtlsConfig& config) { config.mtu = 575; });
  expect_invalid([](DtlsConfig& config) { config.mtu = 1501; });
  expect_invalid([](DtlsConfig& config) { config.first_timeout_ms = 0; });
  expect_invalid([](DtlsConfig& config) {
    config.psk_identity = "device";
    config.psk_key = std::span(kKey).first(15);
  });
  expect_invalid([](DtlsConfig& config) {
    config.psk_identity = "an identity that is longer than the 64 bytes that a server takes.";
    config.psk_key = kKey;
  });
  expect_invalid([](DtlsConfig& config) {
    config.psk_identity = "";
    config.psk_key = kKey;
  });
  const auto config = pinned();
  zassert_equal(session.open(nullptr, 0, config, sys_timepoint_calc(K_NO_WAIT)), failure(DeviceError::invalid_argument));
}

ZTEST(session, test_roots) {
  const Octets rubbish{0x30, 0x03, 0x02, 0x01, 0x00};
  const Octets unsigned_root = make({.not_after = text(0x18, "99991231235959Z")});
  const Octets expired_root = make({});
  const auto open_with = [](const Octets& root, std::int64_t floor, const char* name) {
    const Bytes roots[] = {root};
    return open({.server_name = name, .roots = roots, .floor_date = floor});
  };
  zassert_equal(open_with(rubbish, 1, "a.example"), failure(DeviceError::bad_root));
  zassert_equal(open_with(unsigned_root, 1, "a.example"), failure(DeviceError::bad_root), "no CA");
  zassert_equal(open_with(expired_root, 1800000000, "a.example"), failure(DeviceError::expired));
  zassert_equal(open_with(unsigned_root, 1, nullptr), failure(DeviceError::invalid_argument),
                "a root without a name trusts everyone's server");
}

ZTEST(session, test_groups_that_are_not_compiled_in) {
  const Group groups[] = {Group::p256};
  auto config = pinned();
  config.groups = groups;
  zassert_equal(open(config), failure(DeviceError::unsupported));
}

ZTEST(session, test_no_seed_no_session) {
  entropy_fails = true;
  zassert_equal(open(pinned()), failure(DeviceError::no_entropy));
  zassert_equal(session.report().datagrams_sent, 0);
}

ZTEST(session, test_full_heap) {
  void* hog = qeaas_dtls_malloc(CONFIG_QEAAS_DTLS_HEAP_BYTES - 1500 - dtls_heap_use().used, 0);
  zassert_not_null(hog);
  const auto refusals = dtls_heap_use().refusals;
  zassert_equal(open(pinned()), failure(DeviceError::no_memory));
  zassert_true(dtls_heap_use().refusals > refusals);
  qeaas_dtls_free(hog, 0);
  zassert_equal(open(pinned()), failure(DeviceError::timeout), "and it works again");
}

ZTEST(session, test_calls_without_a_session) {
  std::array<std::uint8_t, 8> room{};
  const auto now = sys_timepoint_calc(K_NO_WAIT);
  zassert_equal(session.send(room, now), failure(DeviceError::not_open));
  zassert_equal(session.receive(room, now), failure(DeviceError::not_open));
  zassert_equal(session.rebind(), failure(DeviceError::not_open));
  session.close();
  zassert_false(session.has_ticket());
}

ZTEST(session, test_heap_is_counted) {
  dtls_heap_reset_peak();
  const auto before = dtls_heap_use();
  zassert_equal(before.size, CONFIG_QEAAS_DTLS_HEAP_BYTES);
  void* some = qeaas_dtls_malloc(1000, 0);
  qeaas_dtls_free(some, 0);
  zassert_equal(dtls_heap_use().used, before.used);
  zassert_true(dtls_heap_use().peak >= before.used + 1000);
}
