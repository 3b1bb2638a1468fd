// SPDX-License-Identifier: GPL-3.0-or-later
// Keys and X.509 certificates for the signature algorithms of the service, made and read by wolfCrypt.
// Used at set-up only: nothing here is on the path of a request.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/secret.hpp"

namespace qeaas {

enum class SignatureAlgorithm : std::uint8_t { ml_dsa_44, ml_dsa_65, ml_dsa_87, ecdsa_p256 };
inline constexpr std::array kSignatureAlgorithms{SignatureAlgorithm::ml_dsa_44, SignatureAlgorithm::ml_dsa_65,
                                                 SignatureAlgorithm::ml_dsa_87, SignatureAlgorithm::ecdsa_p256};
// name is "ML-DSA-44" ... or "P-256", as configuration writes them.
std::string_view name(SignatureAlgorithm algorithm) noexcept;
constexpr bool is_post_quantum(SignatureAlgorithm algorithm) noexcept { return algorithm != SignatureAlgorithm::ecdsa_p256; }

using Der = std::vector<std::uint8_t>;
using SpkiHash = std::array<std::uint8_t, 32>;  // SHA-256 of a SubjectPublicKeyInfo: the identity of a key

// make_private_key generates a key from the installed seed function and gives it as DER (PKCS #8; for ML-DSA the private part alone,
// which decodes 17 times faster than with the public part).
struct KeyPair {
  SignatureAlgorithm algorithm;
  SecretBytes private_key;  // DER with the public part, for signing certificates and for keeping
};
Result<KeyPair> make_key_pair(SignatureAlgorithm algorithm);
// handshake_key gives the private part alone, in the form that a server should load.
Result<SecretBytes> handshake_key(const KeyPair& pair);

struct Subject {
  std::string common_name;
  std::vector<std::string> names;  // subject alternative names: host names, IPv4 and IPv6 addresses
  int days = 0;                    // validity from now
  bool server = true;              // extended key usage serverAuth or clientAuth
};
// make_root makes a self-signed CA certificate (path length 0).
Result<Der> make_root(const KeyPair& key, const std::string& common_name, int days);
// make_leaf makes a certificate for key, signed by the CA. Errors: malformed for a name that is no host name or address.
Result<Der> make_leaf(const KeyPair& key, const Subject& subject, const KeyPair& ca_key, Bytes ca_certificate);

std::string certificate_to_pem(Bytes der);
SecretBytes key_to_pem(const KeyPair& pair);
// certificates_from_pem reads every certificate of a PEM text. Errors: malformed when there is none or one does not parse.
Result<std::vector<Der>> certificates_from_pem(Bytes text);
// key_from_pem reads one private key and finds out its algorithm. Errors: malformed, unsupported.
Result<KeyPair> key_from_pem(Bytes text);

Result<SpkiHash> spki_sha256(Bytes certificate_der);
// public_key_info gives the SubjectPublicKeyInfo of a key, for raw public keys (RFC 7250).
Result<Der> public_key_info(const KeyPair& pair);
// certificate_algorithm tells the algorithm of a certificate's own key. Errors: malformed, unsupported.
Result<SignatureAlgorithm> certificate_algorithm(Bytes certificate_der);
// issuer_algorithm tells with which algorithm the issuer signed it. Errors: malformed, unsupported.
Result<SignatureAlgorithm> issuer_algorithm(Bytes certificate_der);
// certificate_names tells whether a host name or address is among the subject alternative names (RFC 6125; a leftmost "*" label
// matches one label). The common name does not count.
bool certificate_names(Bytes certificate_der, std::string_view host) noexcept;
// days_left is how many whole days a certificate is still valid; negative when it has expired.
Result<int> days_left(Bytes certificate_der);

}  // namespace qeaas
