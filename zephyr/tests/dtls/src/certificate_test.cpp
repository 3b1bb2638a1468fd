// SPDX-License-Identifier: GPL-3.0-or-later
// What the device reads from certificates, and how it judges dates, names and pins.
#include <zephyr/ztest.h>

#include <algorithm>
#include <utility>

#include "certificate.hpp"
#include "made_certificate.hpp"

using namespace qeaas::device;

namespace {

constexpr std::int64_t k2025 = 1735689600, k2026 = 1767225600;  // 1 January, UTC

Octets made;

Certificate read(const Recipe& recipe) {
  made = make(recipe);
  const auto certificate = read_certificate(made);
  zassert_true(certificate.has_value());
  return *certificate;
}

bool readable(const Recipe& recipe) { return read_certificate(make(recipe)).has_value(); }

std::int64_t clock_2025(void*) { return k2025 + 1; }
std::int64_t clock_unset(void*) { return 0; }
std::int64_t clock_given(void* context) { return *static_cast<std::int64_t*>(context); }

}  // namespace

ZTEST_SUITE(certificate, nullptr, nullptr, nullptr, nullptr, nullptr);

ZTEST(certificate, test_reads_dates_in_both_forms) {
  const auto utc = read({});
  zassert_equal(utc.not_before, k2025);
  zassert_equal(utc.not_after, k2026);
  const auto general = read({.not_before = text(0x17, "500101000000Z"), .not_after = text(0x18, "20510228235959Z")});
  zassert_equal(general.not_before, -631152000, "two-digit years from 50 on are of the last century");
  zassert_equal(general.not_after, 2561241599);
  zassert_equal(read({.not_after = text(0x17, "240229120000Z")}).not_after, 1709208000, "leap day");
  zassert_equal(read({.not_after = text(0x18, "99991231235959Z")}).not_after, 253402300799, "no expiry, RFC 5280 4.1.2.5");
}

ZTEST(certificate, test_refuses_other_dates) {
  for (const char* wrong : {"251301000000Z", "250100000000Z", "250132000000Z", "250101240000Z", "250101006000Z", "250101000060Z",
                            "250101000000", "2501010000Z", "2501010000000Z", "25010100000aZ", "250101000000+0000", ""})
    zassert_false(readable({.not_after = text(0x17, wrong)}), "%s", wrong);
  zassert_false(readable({.not_after = text(0x18, "250101000000Z")}));
  zassert_false(readable({.not_after = text(0x0C, "250101000000Z")}), "not a time at all");
}

ZTEST(certificate, test_refuses_what_is_cut_or_lengthened) {
  const auto whole = make({.names = text(0x82, "a.example")});
  zassert_true(read_certificate(whole).has_value());
  for (std::size_t size = 0; size < whole.size(); ++size)
    zassert_false(read_certificate(Bytes(whole).first(size)).has_value(), "%zu", size);
  zassert_false(read_certificate(join({whole, {0}})).has_value());
}

ZTEST(certificate, test_survives_any_changed_byte) {
  const auto whole = make({.names = text(0x82, "a.example")});
  for (std::size_t at = 0; at < whole.size(); ++at)
    for (const std::uint8_t value : {0x00, 0x7F, 0x80, 0x84, 0xFF}) {
      auto changed = whole;
      changed[at] = value;
      if (const auto certificate = read_certificate(changed)) carries_name(*certificate, "a.example");
    }
}

ZTEST(certificate, test_knows_the_key) {
  zassert_equal(read({.key = kMlDsaKey}).key, Signature::ml_dsa_44);
  auto other = kMlDsaKey;
  for (const auto& [last, kind] :
       {std::pair{18, Signature::ml_dsa_65}, {19, Signature::ml_dsa_87}, {16, Signature::other}, {20, Signature::other}}) {
    other.back() = static_cast<std::uint8_t>(last);
    zassert_equal(read({.key = other}).key, kind);
  }
  zassert_equal(read({.key = kEcKey}).key, Signature::ecdsa);
  zassert_equal(read({.key = {0x06, 0x03, 0x2B, 0x65, 0x70}}).key, Signature::other);
  const auto certificate = read({});
  const auto expected = key_info({});
  zassert_true(std::equal(expected.begin(), expected.end(), certificate.public_key_info.begin(), certificate.public_key_info.end()));
}

ZTEST(certificate, test_names_of_hosts) {
  const auto certificate = read({.names = join({text(0x81, "mail@m.example"), text(0x82, "Qrng.Example"), text(0x82, "*.pool.example"),
                                                text(0x82, "*.org"), text(0x86, "https://u.example")})});
  for (const char* good : {"qrng.example", "QRNG.example", "a.pool.example", "A.POOL.EXAMPLE"})
    zassert_true(carries_name(certificate, good), "%s", good);
  for (const char* bad : {"cn.example", "qrng.example.org", "pool.example", "a.b.pool.example", ".pool.example", "quantum.org", "u.example",
                          "m.example", "mail@m.example", "", "*.pool.examplf", "10.0.2.2"})
    zassert_false(carries_name(certificate, bad), "%s", bad);
}

ZTEST(certificate, test_names_of_addresses) {
  const auto certificate =
      read({.names = join({element(0x87, {10, 0, 2, 2}), element(0x87, {0x20, 1, 0xD, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}),
                           text(0x82, "10.0.2.3")}),
            .critical = true});
  for (const char* good : {"10.0.2.2", "2001:db8::1", "2001:DB8:0::1"}) zassert_true(carries_name(certificate, good), "%s", good);
  for (const char* bad : {"10.0.2.3", "10.0.2.22", "2001:db8::2", "::"}) zassert_false(carries_name(certificate, bad), "%s", bad);
}

ZTEST(certificate, test_without_names_carries_none) {
  const auto certificate = read({});
  for (const char* bad : {"cn.example", "10.0.2.2", ""}) zassert_false(carries_name(certificate, bad), "%s", bad);
}

ZTEST(certificate, test_pin_is_the_hash_of_the_key) {
  // sha256 of key_info({}), by another tool.
  constexpr std::array<std::uint8_t, 32> kPin{0xD4, 0x73, 0xB9, 0xA6, 0x8D, 0x5B, 0xE4, 0xB6, 0xE1, 0x3B, 0x6E,
                                              0x90, 0x67, 0x81, 0xA3, 0xDC, 0x1C, 0xBE, 0x5E, 0xBE, 0x8A, 0xAE,
                                              0x0D, 0x39, 0xF7, 0x7D, 0x11, 0x86, 0x93, 0x7F, 0x2C, 0xE6};
  zassert_true(matches_pin(read({}), kPin));
  zassert_true(matches_pin(read({.not_after = text(0x17, "270101000000Z")}), kPin), "a renewed certificate keeps its key");
  zassert_false(matches_pin(read({.key = kEcKey}), kPin));
  zassert_false(matches_pin(read({}), Bytes(kPin).first(31)));
}

ZTEST(certificate, test_today_is_clock_or_floor) {
  auto now = today({});
  zassert_equal(now.check, DateCheck::none);
  now = today({.floor_date = k2025});
  zassert_equal(now.check, DateCheck::floor);
  zassert_equal(now.seconds, k2025);
  now = today({.clock = clock_2025, .floor_date = k2025});
  zassert_equal(now.check, DateCheck::clock);
  zassert_equal(now.seconds, k2025 + 1);
  zassert_equal(today({.clock = clock_unset}).check, DateCheck::none);
  zassert_equal(today({.clock = clock_unset, .floor_date = k2025}).check, DateCheck::floor);
  now = today({.clock = clock_2025, .floor_date = k2026});
  zassert_equal(now.check, DateCheck::floor, "a clock that is behind the floor is not set");
  zassert_equal(now.seconds, k2026);
  std::int64_t told = 42;
  zassert_equal(today({.clock = clock_given, .clock_context = &told}).seconds, 42);
}

ZTEST(certificate, test_dates_against_the_clock) {
  const auto certificate = read({});
  const auto at = [&](std::int64_t seconds) { return check_dates(certificate, {DateCheck::clock, seconds}); };
  zassert_equal(at(k2025 - 1), failure(DeviceError::not_yet_valid));
  zassert_equal(at(k2025), 0);
  zassert_equal(at(k2026), 0);
  zassert_equal(at(k2026 + 1), failure(DeviceError::expired));
}

ZTEST(certificate, test_dates_against_a_floor) {
  const auto certificate = read({});
  const auto at = [&](std::int64_t seconds) { return check_dates(certificate, {DateCheck::floor, seconds}); };
  zassert_equal(at(k2025 - 86400), 0, "time may have passed since the floor: 'not yet' cannot be told");
  zassert_equal(at(k2026), 0);
  zassert_equal(at(k2026 + 1), failure(DeviceError::expired));
  zassert_equal(check_dates(certificate, {}), 0);
}
