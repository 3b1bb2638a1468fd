// SPDX-License-Identifier: GPL-3.0-or-later
// The certificate and key loader. Properties:
//  - no input crashes it, reads outside the input or leaks;
//  - a certificate that was accepted parses again from its own PEM to the same bytes;
//  - every question about an accepted certificate has an answer or an error, and "" is nobody's name;
//  - a key that was accepted survives its own PEM.
#include <cstdint>
#include <cstdlib>

#include "crypto/cert.hpp"
#include "crypto/random.hpp"

namespace {

using namespace qeaas;

void require(bool condition) {
  if (!condition) std::abort();
}

void examine(const Der& certificate) {
  const auto again = certificates_from_pem(bytes_of(certificate_to_pem(certificate)));
  require(again && again->size() == 1 && again->front() == certificate);
  static_cast<void>(spki_sha256(certificate));
  static_cast<void>(certificate_algorithm(certificate));
  static_cast<void>(days_left(certificate));
  static_cast<void>(certificate_names(certificate, "localhost"));
  static_cast<void>(certificate_names(certificate, "127.0.0.1"));
  require(!certificate_names(certificate, ""));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const bool ready = initialise_crypto(os_seed).has_value();
  require(ready);
  const Bytes input(data, size);
  if (const auto certificates = certificates_from_pem(input))
    for (const auto& certificate : *certificates) examine(certificate);
  // The DER parsers also see bytes that no PEM reader has looked at: those of a peer in a handshake.
  static_cast<void>(spki_sha256(input));
  static_cast<void>(certificate_algorithm(input));
  static_cast<void>(days_left(input));
  static_cast<void>(certificate_names(input, "localhost"));
  if (const auto key = key_from_pem(input)) {
    const auto again = key_from_pem(key_to_pem(*key).span());
    require(again && again->algorithm == key->algorithm);
  }
  return 0;
}
