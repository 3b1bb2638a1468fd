// SPDX-License-Identifier: GPL-3.0-or-later
// RAII over wolfCrypt's private keys.
#include "crypto/asymmetric.hpp"

namespace qeaas::crypto {
namespace {

constexpr std::size_t kMaxKeyDerBytes = 8192;  // an ML-DSA-87 key with its public part is 7.5 kB (FIPS 204 table 2)

// encode runs one of wolfCrypt's "to DER" functions into memory that is wiped.
template <class Function>
Result<SecretBytes> encode(Function&& to_der) noexcept {
  SecretBytes der(kMaxKeyDerBytes);
  const int size = to_der(der.span().data(), static_cast<word32>(der.size()));
  if (size <= 0) return fail(Error::crypto);
  der.shrink(static_cast<std::size_t>(size));
  return der;
}

// Level is what wolfCrypt calls the parameters of an algorithm.
struct Level {
  int key_type;
  int signature_type;
  byte ml_dsa;  // 0: no ML-DSA
};
Level level_of(SignatureAlgorithm algorithm) noexcept {
  switch (algorithm) {
    case SignatureAlgorithm::ml_dsa_44: return {ML_DSA_44_TYPE, CTC_ML_DSA_44, WC_ML_DSA_44};
    case SignatureAlgorithm::ml_dsa_65: return {ML_DSA_65_TYPE, CTC_ML_DSA_65, WC_ML_DSA_65};
    case SignatureAlgorithm::ml_dsa_87: return {ML_DSA_87_TYPE, CTC_ML_DSA_87, WC_ML_DSA_87};
    case SignatureAlgorithm::ecdsa_p256: break;
  }
  return {ECC_TYPE, CTC_SHA256wECDSA, 0};
}

}  // namespace

PrivateKey::PrivateKey(SignatureAlgorithm algorithm) : algorithm_(algorithm) {
  if (const auto level = level_of(algorithm).ml_dsa; level != 0) {
    ml_dsa_ = std::make_unique<wc_MlDsaKey>();
    wc_MlDsaKey_Init(ml_dsa_.get(), nullptr, INVALID_DEVID);
    wc_MlDsaKey_SetParams(ml_dsa_.get(), level);
  } else {
    ecc_ = std::make_unique<ecc_key>();
    wc_ecc_init(ecc_.get());
  }
}

PrivateKey::~PrivateKey() {
  if (ml_dsa_) wc_MlDsaKey_Free(ml_dsa_.get());
  if (ecc_) wc_ecc_free(ecc_.get());
}

Status PrivateKey::generate(Rng& rng) noexcept {
  const int result = ml_dsa_ ? wc_MlDsaKey_MakeKey(ml_dsa_.get(), rng.get()) : wc_ecc_make_key_ex(rng.get(), 32, ecc_.get(), ECC_SECP256R1);
  if (result != 0) return fail(Error::crypto);
  return {};
}

Status PrivateKey::decode(Bytes der) noexcept {
  word32 index = 0;
  const auto size = static_cast<word32>(der.size());
  if (ml_dsa_) {
    if (wc_MlDsaKey_PrivateKeyDecode(ml_dsa_.get(), der.data(), size, &index) != 0) return fail(Error::malformed);
    return {};
  }
  if (wc_EccPrivateKeyDecode(der.data(), &index, ecc_.get(), size) != 0) return fail(Error::malformed);
  if (wc_ecc_get_curve_id(ecc_->idx) != ECC_SECP256R1) return fail(Error::unsupported);
  if (ecc_->type == ECC_PRIVATEKEY_ONLY && wc_ecc_make_pub(ecc_.get(), nullptr) != 0) return fail(Error::malformed);
  return {};
}

Result<SecretBytes> PrivateKey::encode_whole() noexcept {
  return encode([this](byte* out, word32 size) {
    return ml_dsa_ ? wc_MlDsaKey_KeyToDer(ml_dsa_.get(), out, size) : wc_EccKeyToDer(ecc_.get(), out, size);
  });
}

Result<SecretBytes> PrivateKey::encode_private() noexcept {
  if (!ml_dsa_) return encode_whole();
  return encode([this](byte* out, word32 size) { return wc_MlDsaKey_PrivateKeyToDer(ml_dsa_.get(), out, size); });
}

Result<Der> PrivateKey::encode_public() noexcept {
  Der der(kMaxKeyDerBytes);
  const auto room = static_cast<word32>(der.size());
  const int size =
      ml_dsa_ ? wc_MlDsaKey_PublicKeyToDer(ml_dsa_.get(), der.data(), room, 1) : wc_EccPublicKeyToDer(ecc_.get(), der.data(), room, 1);
  if (size <= 0) return fail(Error::crypto);
  der.resize(static_cast<std::size_t>(size));
  return der;
}

void* PrivateKey::get() noexcept { return ml_dsa_ ? static_cast<void*>(ml_dsa_.get()) : static_cast<void*>(ecc_.get()); }
int PrivateKey::type() const noexcept { return level_of(algorithm_).key_type; }
int PrivateKey::signature_type() const noexcept { return level_of(algorithm_).signature_type; }

}  // namespace qeaas::crypto
