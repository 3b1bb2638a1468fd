// SPDX-License-Identifier: GPL-3.0-or-later
// Certificate: the few fields of an X.509 certificate that a device judges for itself: dates, key, names. wolfSSL verifies the signatures;
// it is built without its own date check, because it knows a clock or nothing, and a device may know a floor date. No allocation.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "dtls.hpp"

namespace qeaas::device {

// Certificate points into the DER that it was read from.
struct Certificate {
  std::int64_t not_before = 0;  // Unix seconds
  std::int64_t not_after = 0;
  Bytes public_key_info{};  // the whole SubjectPublicKeyInfo, as a pin is a hash of it
  Bytes names{};            // contents of the subject alternative names; empty without
  Signature key = Signature::other;
};

// read_certificate gives nothing if the DER is not a certificate as RFC 5280 has it.
std::optional<Certificate> read_certificate(Bytes der) noexcept;

// carries_name tells whether a host name or address is among the certificate's alternative names. A leftmost "*" label stands for one
// label (RFC 6125); the subject's common name counts for nothing.
bool carries_name(const Certificate& certificate, const char* host) noexcept;

// matches_pin tells whether a pin is the SHA-256 of the certificate's key.
bool matches_pin(const Certificate& certificate, Bytes pin) noexcept;

// Today is the date that certificates are held against.
struct Today {
  DateCheck check = DateCheck::none;
  std::int64_t seconds = 0;
};
Today today(const DtlsConfig& config) noexcept;

// check_dates gives 0, expired or not_yet_valid. Against a floor date only expiry can be told.
int check_dates(const Certificate& certificate, const Today& now) noexcept;

}  // namespace qeaas::device
