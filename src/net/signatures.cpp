// SPDX-License-Identifier: GPL-3.0-or-later
// Signature algorithms of TLS 1.3 by name and code point.
#include "net/signatures.hpp"

#include <algorithm>
#include <array>

#include "base/ascii.hpp"

namespace qeaas {
namespace {

struct SignatureAlias {
  std::string_view plain;  // lower case, without - and _
  SignatureAlgorithm algorithm;
};
constexpr std::array<SignatureAlias, 8> kSignatureAliases{{{"mldsa44", SignatureAlgorithm::ml_dsa_44},
                                                           {"mldsa65", SignatureAlgorithm::ml_dsa_65},
                                                           {"mldsa87", SignatureAlgorithm::ml_dsa_87},
                                                           {"p256", SignatureAlgorithm::ecdsa_p256},
                                                           {"ecdsap256", SignatureAlgorithm::ecdsa_p256},
                                                           {"ecdsa p256", SignatureAlgorithm::ecdsa_p256},  // as statistics write it
                                                           {"ecdsasecp256r1sha256", SignatureAlgorithm::ecdsa_p256},
                                                           {"ecdsa", SignatureAlgorithm::ecdsa_p256}}};

std::string plain(std::string_view name) {
  std::string kept;
  for (const char c : name)
    if (c != '-' && c != '_') kept.push_back(ascii::lower(c));
  return kept;
}

}  // namespace

std::uint16_t code_point(SignatureAlgorithm algorithm) noexcept {
  switch (algorithm) {
    case SignatureAlgorithm::ml_dsa_44: return 0x0904;
    case SignatureAlgorithm::ml_dsa_65: return 0x0905;
    case SignatureAlgorithm::ml_dsa_87: return 0x0906;
    case SignatureAlgorithm::ecdsa_p256: break;
  }
  return 0x0403;  // ecdsa_secp256r1_sha256
}

std::optional<SignatureAlgorithm> find_signature(std::string_view name) {
  const auto wanted = plain(name);
  const auto found = std::ranges::find_if(kSignatureAliases, [&](const SignatureAlias& one) { return one.plain == wanted; });
  if (found == kSignatureAliases.end()) return std::nullopt;
  return found->algorithm;
}

Outcome<std::vector<SignatureAlgorithm>> parse_signatures(std::span<const std::string> names) {
  std::vector<SignatureAlgorithm> algorithms;
  for (const auto& one : names) {
    const auto algorithm = find_signature(one);
    if (!algorithm) {
      std::string known;
      for (const auto other : kSignatureAlgorithms) known += (known.empty() ? "" : ", ") + std::string(name(other));
      return fault(Error::unknown, "unknown signature algorithm '" + one + "'; known are " + known);
    }
    if (std::ranges::find(algorithms, *algorithm) == algorithms.end()) algorithms.push_back(*algorithm);
  }
  if (algorithms.empty()) return fault(Error::out_of_range, "no signature algorithm is named; name at least one");
  return algorithms;
}

}  // namespace qeaas
