// SPDX-License-Identifier: GPL-3.0-or-later
// Keys and X.509 certificates, made and read by wolfCrypt.
#include "crypto/cert.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <cstring>
#include <ctime>

#include "crypto/asymmetric.hpp"
#include "crypto/hash.hpp"

namespace qeaas {
namespace {

constexpr std::size_t kMaxCertificateBytes = 16384;
constexpr std::string_view kBeginCertificate = "-----BEGIN CERTIFICATE-----";
constexpr std::string_view kEndCertificate = "-----END CERTIFICATE-----";

// append_general_name adds one GeneralName (RFC 5280 4.2.1.6): dNSName [2] or iPAddress [7].
Status append_general_name(const std::string& name, Der& out) {
  std::array<std::uint8_t, 16> address{};
  std::size_t size = 0;
  if (::inet_pton(AF_INET, name.c_str(), address.data()) == 1)
    size = 4;
  else if (::inet_pton(AF_INET6, name.c_str(), address.data()) == 1)
    size = 16;
  if (size != 0) {
    out.push_back(0x87);
    out.push_back(static_cast<std::uint8_t>(size));
    out.insert(out.end(), address.begin(), address.begin() + static_cast<std::ptrdiff_t>(size));
    return {};
  }
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '*';
  };
  // One length byte: names of 128 characters and more do not occur in practice and are refused rather than mangled.
  if (name.empty() || name.size() > 127 || !std::all_of(name.begin(), name.end(), allowed)) return fail(Error::malformed);
  out.push_back(0x82);
  out.push_back(static_cast<std::uint8_t>(name.size()));
  out.insert(out.end(), name.begin(), name.end());
  return {};
}

// general_names wraps the names in a DER SEQUENCE.
Result<Der> general_names(const std::vector<std::string>& names) {
  Der body;
  for (const auto& name : names)
    if (const auto added = append_general_name(name, body); !added) return fail(added.error());
  if (body.size() > 0xFFFF) return fail(Error::too_large);
  // DER wants the shortest length (X.690 10.1); wolfSSL refuses a longer one.
  Der whole{0x30};
  if (body.size() > 0xFF)
    whole.insert(whole.end(), {0x82, static_cast<std::uint8_t>(body.size() >> 8)});
  else if (body.size() > 0x7F)
    whole.push_back(0x81);
  whole.push_back(static_cast<std::uint8_t>(body.size()));
  whole.insert(whole.end(), body.begin(), body.end());
  return whole;
}

struct CertificateRequest {
  crypto::PrivateKey& key;
  crypto::PrivateKey& signer;
  Bytes ca_certificate;  // empty: self-signed
};

// finish sets what every certificate has, makes its body and signs it.
Result<Der> finish(Cert& cert, CertificateRequest request) {
  crypto::Rng rng;
  if (!rng.ready()) return fail(Error::crypto);
  cert.sigType = request.signer.signature_type();
  const bool root = request.ca_certificate.empty();
  if (!root && wc_SetIssuerBuffer(&cert, request.ca_certificate.data(), static_cast<int>(request.ca_certificate.size())) != 0)
    return fail(Error::malformed);
  if (wc_SetSubjectKeyIdFromPublicKey_ex(&cert, request.key.type(), request.key.get()) != 0 ||
      wc_SetAuthKeyIdFromPublicKey_ex(&cert, request.signer.type(), request.signer.get()) != 0)
    return fail(Error::crypto);
  Der der(kMaxCertificateBytes);
  const auto room = static_cast<word32>(der.size());
  if (wc_MakeCert_ex(&cert, der.data(), room, request.key.type(), request.key.get(), rng.get()) < 0) return fail(Error::crypto);
  const int size = wc_SignCert_ex(cert.bodySz, cert.sigType, der.data(), room, request.signer.type(), request.signer.get(), rng.get());
  if (size < 0) return fail(Error::crypto);
  der.resize(static_cast<std::size_t>(size));
  return der;
}

Result<std::unique_ptr<Cert>> blank(const std::string& common_name, int days) {
  auto cert = std::make_unique<Cert>();
  if (wc_InitCert(cert.get()) != 0) return fail(Error::crypto);
  if (common_name.empty() || common_name.size() >= CTC_NAME_SIZE) return fail(Error::malformed);
  std::memcpy(cert->subject.commonName, common_name.c_str(), common_name.size() + 1);
  std::memcpy(cert->subject.org, "qeaas", 6);
  cert->daysValid = days;
  return cert;
}

std::string_view text_of(Bytes bytes) noexcept { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

class Parsed {
 public:
  explicit Parsed(Bytes der) noexcept {
    wc_InitDecodedCert(&cert_, der.data(), static_cast<word32>(der.size()), nullptr);
    parsed_ = wc_ParseCert(&cert_, CERT_TYPE, NO_VERIFY, nullptr) == 0;
  }
  ~Parsed() { wc_FreeDecodedCert(&cert_); }
  Parsed(const Parsed&) = delete;
  Parsed& operator=(const Parsed&) = delete;
  explicit operator bool() const noexcept { return parsed_; }
  const DecodedCert& get() const noexcept { return cert_; }

 private:
  DecodedCert cert_{};
  bool parsed_ = false;
};

bool same_name(std::string_view a, std::string_view b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return (x | 0x20) == (y | 0x20) && ((x ^ y) & ~0x20) == 0; });
}

bool matches_host(std::string_view pattern, std::string_view host) noexcept {
  if (!pattern.starts_with("*.")) return same_name(pattern, host);
  const auto dot = host.find('.');
  return dot != std::string_view::npos && dot > 0 && same_name(pattern.substr(1), host.substr(dot));
}

Result<std::unique_ptr<crypto::PrivateKey>> decode(const KeyPair& pair) {
  auto key = std::make_unique<crypto::PrivateKey>(pair.algorithm);
  if (const auto decoded = key->decode(pair.private_key.span()); !decoded) return fail(decoded.error());
  return key;
}

// WolfName is how wolfCrypt calls an algorithm in a parsed certificate: as that of the key, and as that of the issuer's signature.
struct WolfName {
  SignatureAlgorithm algorithm;
  word32 key;
  word32 signature;
};
constexpr WolfName kWolfNames[] = {{SignatureAlgorithm::ml_dsa_44, ML_DSA_44k, CTC_ML_DSA_44},
                                   {SignatureAlgorithm::ml_dsa_65, ML_DSA_65k, CTC_ML_DSA_65},
                                   {SignatureAlgorithm::ml_dsa_87, ML_DSA_87k, CTC_ML_DSA_87},
                                   {SignatureAlgorithm::ecdsa_p256, ECDSAk, CTC_SHA256wECDSA}};

Result<SignatureAlgorithm> find_algorithm(word32 WolfName::*side, word32 wanted) noexcept {
  for (const auto& one : kWolfNames)
    if (one.*side == wanted) return one.algorithm;
  return fail(Error::unsupported);
}

}  // namespace

std::string_view name(SignatureAlgorithm algorithm) noexcept {
  switch (algorithm) {
    case SignatureAlgorithm::ml_dsa_44: return "ML-DSA-44";
    case SignatureAlgorithm::ml_dsa_65: return "ML-DSA-65";
    case SignatureAlgorithm::ml_dsa_87: return "ML-DSA-87";
    case SignatureAlgorithm::ecdsa_p256: break;
  }
  return "P-256";
}

Result<KeyPair> make_key_pair(SignatureAlgorithm algorithm) {
  crypto::Rng rng;
  if (!rng.ready()) return fail(Error::crypto);
  crypto::PrivateKey key(algorithm);
  if (const auto made = key.generate(rng); !made) return fail(made.error());
  auto der = key.encode_whole();
  if (!der) return fail(der.error());
  return KeyPair{algorithm, std::move(*der)};
}

Result<SecretBytes> handshake_key(const KeyPair& pair) {
  auto key = decode(pair);
  if (!key) return fail(key.error());
  return (*key)->encode_private();
}

Result<Der> public_key_info(const KeyPair& pair) {
  auto key = decode(pair);
  if (!key) return fail(key.error());
  return (*key)->encode_public();
}

Result<Der> make_root(const KeyPair& pair, const std::string& common_name, int days) {
  auto key = decode(pair);
  if (!key) return fail(key.error());
  auto cert = blank(common_name, days);
  if (!cert) return fail(cert.error());
  (*cert)->isCA = 1;
  (*cert)->selfSigned = 1;
  if (wc_SetKeyUsage(cert->get(), "keyCertSign,cRLSign") != 0) return fail(Error::crypto);
  return finish(**cert, {**key, **key, {}});
}

Result<Der> make_leaf(const KeyPair& pair, const Subject& subject, const KeyPair& ca_pair, Bytes ca_certificate) {
  auto key = decode(pair);
  auto ca_key = decode(ca_pair);
  if (!key || !ca_key) return fail(Error::malformed);
  auto cert = blank(subject.common_name, subject.days);
  if (!cert) return fail(cert.error());
  if (!subject.names.empty()) {
    const auto names = general_names(subject.names);
    if (!names) return fail(names.error());
    if (names->size() > sizeof((*cert)->altNames)) return fail(Error::too_large);
    std::copy(names->begin(), names->end(), (*cert)->altNames);
    (*cert)->altNamesSz = static_cast<int>(names->size());
  }
  if (wc_SetKeyUsage(cert->get(), "digitalSignature") != 0 ||
      wc_SetExtKeyUsage(cert->get(), subject.server ? "serverAuth" : "clientAuth") != 0)
    return fail(Error::crypto);
  return finish(**cert, {**key, **ca_key, ca_certificate});
}

std::string certificate_to_pem(Bytes der) {
  std::string pem(der.size() * 2 + 128, '\0');
  const int size = wc_DerToPem(der.data(), static_cast<word32>(der.size()), reinterpret_cast<byte*>(pem.data()),
                               static_cast<word32>(pem.size()), CERT_TYPE);
  pem.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return pem;
}

SecretBytes key_to_pem(const KeyPair& pair) {
  SecretBytes pem(pair.private_key.size() * 2 + 128);
  const int type = pair.algorithm == SignatureAlgorithm::ecdsa_p256 ? ECC_PRIVATEKEY_TYPE : PKCS8_PRIVATEKEY_TYPE;
  const int size = wc_DerToPem(pair.private_key.span().data(), static_cast<word32>(pair.private_key.size()), pem.span().data(),
                               static_cast<word32>(pem.size()), type);
  pem.shrink(size > 0 ? static_cast<std::size_t>(size) : 0);
  return pem;
}

Result<std::vector<Der>> certificates_from_pem(Bytes text) {
  std::vector<Der> found;
  auto rest = text_of(text);
  for (auto begin = rest.find(kBeginCertificate); begin != std::string_view::npos; begin = rest.find(kBeginCertificate)) {
    const auto end = rest.find(kEndCertificate, begin);
    if (end == std::string_view::npos) return fail(Error::malformed);
    const auto one = rest.substr(begin, end - begin + kEndCertificate.size());
    Der der(one.size());
    const int size =
        wc_CertPemToDer(bytes_of(one).data(), static_cast<int>(one.size()), der.data(), static_cast<int>(der.size()), CERT_TYPE);
    if (size <= 0) return fail(Error::malformed);
    der.resize(static_cast<std::size_t>(size));
    if (!Parsed(der)) return fail(Error::malformed);
    found.push_back(std::move(der));
    rest.remove_prefix(end + kEndCertificate.size());
  }
  if (found.empty()) return fail(Error::malformed);
  return found;
}

Result<KeyPair> key_from_pem(Bytes text) {
  if (text_of(text).find("PRIVATE KEY-----") == std::string_view::npos) return fail(Error::malformed);
  SecretBytes der(text.size());
  const int size = wc_KeyPemToDer(text.data(), static_cast<int>(text.size()), der.span().data(), static_cast<int>(der.size()), nullptr);
  if (size <= 0) return fail(Error::malformed);
  der.shrink(static_cast<std::size_t>(size));
  for (const auto algorithm : kSignatureAlgorithms) {
    crypto::PrivateKey key(algorithm);
    const auto decoded = key.decode(der.span());
    if (!decoded) continue;
    auto whole = key.encode_whole();
    if (!whole) return fail(Error::unsupported);  // an ML-DSA key without its public part cannot sign certificates
    return KeyPair{algorithm, std::move(*whole)};
  }
  return fail(Error::unsupported);
}

Result<SpkiHash> spki_sha256(Bytes certificate_der) {
  std::array<std::uint8_t, 4096> info;
  auto size = static_cast<word32>(info.size());
  if (wc_GetSubjectPubKeyInfoDerFromCert(certificate_der.data(), static_cast<word32>(certificate_der.size()), info.data(), &size) != 0)
    return fail(Error::malformed);
  return sha256(Bytes(info).first(size));
}

Result<SignatureAlgorithm> certificate_algorithm(Bytes certificate_der) {
  const Parsed parsed(certificate_der);
  if (!parsed) return fail(Error::malformed);
  return find_algorithm(&WolfName::key, parsed.get().keyOID);
}

Result<SignatureAlgorithm> issuer_algorithm(Bytes certificate_der) {
  const Parsed parsed(certificate_der);
  if (!parsed) return fail(Error::malformed);
  return find_algorithm(&WolfName::signature, parsed.get().signatureOID);
}

bool certificate_names(Bytes certificate_der, std::string_view host) noexcept {
  const Parsed parsed(certificate_der);
  if (!parsed) return false;
  std::array<std::uint8_t, 16> address{};
  const std::string text(host);
  std::size_t size = 0;
  if (::inet_pton(AF_INET, text.c_str(), address.data()) == 1)
    size = 4;
  else if (::inet_pton(AF_INET6, text.c_str(), address.data()) == 1)
    size = 16;
  for (const auto* entry = parsed.get().altNames; entry != nullptr; entry = entry->next) {
    const std::string_view name(entry->name, static_cast<std::size_t>(entry->len));
    if (size != 0 && entry->type == ASN_IP_TYPE && name == std::string_view(reinterpret_cast<const char*>(address.data()), size))
      return true;
    if (size == 0 && entry->type == ASN_DNS_TYPE && matches_host(name, host)) return true;
  }
  return false;
}

Result<int> days_left(Bytes certificate_der) {
  const Parsed parsed(certificate_der);
  if (!parsed || parsed.get().afterDate == nullptr) return fail(Error::malformed);
  std::tm until{};
  const byte* date = nullptr;
  byte format = 0;
  int length = 0;
  if (wc_GetDateInfo(parsed.get().afterDate, parsed.get().afterDateLen, &date, &format, &length) != 0 ||
      wc_GetDateAsCalendarTime(date, length, format, &until) != 0)
    return fail(Error::malformed);
  return static_cast<int>(std::difftime(::timegm(&until), std::time(nullptr)) / 86400);
}

}  // namespace qeaas
