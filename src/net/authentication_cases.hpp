// SPDX-License-Identifier: GPL-3.0-or-later
// Who may come in: every way of client authentication that a server can ask for, against clients that offer nothing, the right
// credential and the wrong one. The same for both transports.
#pragma once

#include <gtest/gtest.h>

#include "crypto/hash.hpp"
#include "net/test_network.hpp"

namespace qeaas::testing_net {

inline constexpr std::uint64_t kPskOwner = 11;
inline constexpr std::uint64_t kMlDsaOwner = 12;
inline constexpr std::uint64_t kP256Owner = 13;
inline constexpr std::uint64_t kRawKeyOwner = 14;
inline constexpr std::uint64_t kRefused = ~0ULL;  // no session at all

enum class Offer {
  nothing,
  psk,
  wrong_psk_key,
  unknown_psk,
  ml_dsa,
  p256,
  unlisted_certificate,  // of the right CA, but not in the identity table
  foreign_certificate,
  raw_key,
  raw_p256_key,
  unknown_raw_key,
  bare_certificate_key,  // listed as a certificate, shown as a raw key
};

// Clients are the credentials of every client of these tests, made once.
struct Clients {
  struct RawKey {
    Der info;
    SecretBytes key;
  };
  static RawKey raw(SignatureAlgorithm algorithm) {
    const auto pair = make_key_pair(algorithm).value();
    return {public_key_info(pair).value(), handshake_key(pair).value()};
  }
  Authority::Pair ml_dsa = Authority::make(SignatureAlgorithm::ml_dsa_44, false);
  Authority::Pair p256 = Authority::make(SignatureAlgorithm::ecdsa_p256, false);
  Authority::Pair foreign = Authority::make(SignatureAlgorithm::ml_dsa_44, false);
  KeyPair unlisted_key = make_key_pair(SignatureAlgorithm::ml_dsa_44).value();
  Der unlisted = make_leaf(unlisted_key, {"unlisted", {}, 5, false}, ml_dsa.ca_key, ml_dsa.root).value();
  RawKey listed_raw = raw(SignatureAlgorithm::ml_dsa_44);
  RawKey listed_raw_p256 = raw(SignatureAlgorithm::ecdsa_p256);
  KeyPair both_key = make_key_pair(SignatureAlgorithm::ml_dsa_44).value();
  Der both = make_leaf(both_key, {"both", {}, 5, false}, ml_dsa.ca_key, ml_dsa.root).value();
  RawKey bare{public_key_info(both_key).value(), handshake_key(both_key).value()};
  RawKey unknown_raw = raw(SignatureAlgorithm::ml_dsa_44);
};

inline const Clients& clients() {
  static_cast<void>(authority());  // prepares wolfSSL
  static const Clients made;
  return made;
}

inline std::vector<std::uint8_t> psk_key() { return std::vector<std::uint8_t>(32, 0x21); }

inline void with_psk(DtlsClientOptions& options, const std::string& identity, const std::vector<std::uint8_t>& key) {
  options.psk = PskCredential{identity, SecretBytes(Bytes(key))};
}

inline void with_raw(DtlsClientOptions& options, const Clients::RawKey& raw) {
  options.certificate = Credential{raw.info, SecretBytes(raw.key.span())};
  options.raw_public_key = true;
}

inline void apply(Offer offer, DtlsClientOptions& options) {
  const auto& all = clients();
  switch (offer) {
    case Offer::nothing: return;
    case Offer::psk: return with_psk(options, "device", psk_key());
    case Offer::wrong_psk_key: return with_psk(options, "device", std::vector<std::uint8_t>(32, 0x22));
    case Offer::unknown_psk: return with_psk(options, "nobody", psk_key());
    case Offer::ml_dsa: options.certificate = Authority::credential(all.ml_dsa); return;
    case Offer::p256: options.certificate = Authority::credential(all.p256); return;
    case Offer::unlisted_certificate: options.certificate = Credential{all.unlisted, handshake_key(all.unlisted_key).value()}; return;
    case Offer::foreign_certificate: options.certificate = Authority::credential(all.foreign); return;
    case Offer::raw_key: return with_raw(options, all.listed_raw);
    case Offer::raw_p256_key: return with_raw(options, all.listed_raw_p256);
    case Offer::unknown_raw_key: return with_raw(options, all.unknown_raw);
    case Offer::bare_certificate_key: return with_raw(options, all.bare);
  }
}

inline ClientAuthentication asking(bool none, bool psk, bool certificate, bool raw_public_key) {
  ClientAuthentication all{none, psk, certificate, raw_public_key, {}};
  if (certificate) all.roots = {clients().ml_dsa.root, clients().p256.root};
  return all;
}

inline void list_everybody(Identities& identities) {
  identities.psks["device"] = {kPskOwner, psk_key()};
  identities.keys[spki_sha256(clients().ml_dsa.leaf).value()] = kMlDsaOwner;
  identities.keys[spki_sha256(clients().p256.leaf).value()] = kP256Owner;
  identities.keys[spki_sha256(clients().both).value()] = kMlDsaOwner;
  identities.raw_keys[sha256(clients().listed_raw.info)] = kRawKeyOwner;
  identities.raw_keys[sha256(clients().listed_raw_p256.info)] = kRawKeyOwner;
}

struct Case {
  const char* name;
  ClientAuthentication (*server)();
  Offer offer;
  std::uint64_t identity;  // kRefused, kAnonymous, or whose
};

inline ClientAuthentication none_only() { return asking(true, false, false, false); }
inline ClientAuthentication psk_only() { return asking(false, true, false, false); }
inline ClientAuthentication psk_or_none() { return asking(true, true, false, false); }
inline ClientAuthentication certificate_only() { return asking(false, false, true, false); }
inline ClientAuthentication certificate_or_none() { return asking(true, false, true, false); }
inline ClientAuthentication psk_or_certificate() { return asking(false, true, true, false); }
inline ClientAuthentication raw_only() { return asking(false, false, false, true); }
inline ClientAuthentication raw_or_none() { return asking(true, false, false, true); }
inline ClientAuthentication raw_or_certificate() { return asking(false, false, true, true); }

inline auto authentication_cases() {
  return testing::Values(
      Case{"NoneNothing", none_only, Offer::nothing, kAnonymous}, Case{"NoneIgnoresAPsk", none_only, Offer::psk, kAnonymous},
      Case{"NoneIgnoresACertificate", none_only, Offer::ml_dsa, kAnonymous}, Case{"PskNothing", psk_only, Offer::nothing, kRefused},
      Case{"PskRight", psk_only, Offer::psk, kPskOwner}, Case{"PskWrongKey", psk_only, Offer::wrong_psk_key, kRefused},
      Case{"PskUnknown", psk_only, Offer::unknown_psk, kRefused}, Case{"PskGetsACertificate", psk_only, Offer::ml_dsa, kRefused},
      Case{"PskGetsARawKey", psk_only, Offer::raw_key, kRefused}, Case{"PskOrNoneNothing", psk_or_none, Offer::nothing, kAnonymous},
      Case{"PskOrNoneRight", psk_or_none, Offer::psk, kPskOwner}, Case{"PskOrNoneWrongKey", psk_or_none, Offer::wrong_psk_key, kRefused},
      Case{"PskOrNoneUnknown", psk_or_none, Offer::unknown_psk, kAnonymous},
      Case{"CertificateNothing", certificate_only, Offer::nothing, kRefused},
      Case{"CertificateMlDsa", certificate_only, Offer::ml_dsa, kMlDsaOwner},
      Case{"CertificateP256", certificate_only, Offer::p256, kP256Owner},
      Case{"CertificateUnlisted", certificate_only, Offer::unlisted_certificate, kRefused},
      Case{"CertificateForeign", certificate_only, Offer::foreign_certificate, kRefused},
      Case{"CertificateGetsAPsk", certificate_only, Offer::psk, kRefused},
      Case{"CertificateGetsARawKey", certificate_only, Offer::raw_key, kRefused},
      Case{"CertificateOrNoneNothing", certificate_or_none, Offer::nothing, kAnonymous},
      Case{"CertificateOrNoneRight", certificate_or_none, Offer::p256, kP256Owner},
      Case{"CertificateOrNoneUnlisted", certificate_or_none, Offer::unlisted_certificate, kAnonymous},
      Case{"CertificateOrNoneForeign", certificate_or_none, Offer::foreign_certificate, kRefused},
      Case{"PskOrCertificateNothing", psk_or_certificate, Offer::nothing, kRefused},
      Case{"PskOrCertificateByPsk", psk_or_certificate, Offer::psk, kPskOwner},
      Case{"PskOrCertificateByCertificate", psk_or_certificate, Offer::ml_dsa, kMlDsaOwner},
      Case{"RawNothing", raw_only, Offer::nothing, kRefused}, Case{"RawRight", raw_only, Offer::raw_key, kRawKeyOwner},
      Case{"RawP256", raw_only, Offer::raw_p256_key, kRawKeyOwner}, Case{"RawUnknown", raw_only, Offer::unknown_raw_key, kRefused},
      Case{"RawGetsACertificate", raw_only, Offer::ml_dsa, kRefused}, Case{"RawOrNoneNothing", raw_or_none, Offer::nothing, kAnonymous},
      Case{"RawOrNoneUnknown", raw_or_none, Offer::unknown_raw_key, kRefused},
      Case{"RawOrCertificateByKey", raw_or_certificate, Offer::raw_key, kRawKeyOwner},
      Case{"RawOrCertificateByCertificate", raw_or_certificate, Offer::p256, kP256Owner},
      Case{"RawOrCertificateByTheBareKeyOfACertificate", raw_or_certificate, Offer::bare_certificate_key, kRefused},
      Case{"RawOrCertificateNothing", raw_or_certificate, Offer::nothing, kRefused});
}

}  // namespace qeaas::testing_net
