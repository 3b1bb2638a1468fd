// SPDX-License-Identifier: GPL-3.0-or-later
// RAII over wolfCrypt's private keys, shared by the certificate code of this folder. Includes wolfSSL headers: not for other folders.
#pragma once

#include <memory>

#include <wolfssl/options.h>
// options.h must come first
#include <wolfssl/wolfcrypt/asn.h>
#include <wolfssl/wolfcrypt/asn_public.h>
#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/random.h>
#include <wolfssl/wolfcrypt/wc_mldsa.h>

#include "crypto/cert.hpp"

namespace qeaas::crypto {

// Rng is wolfCrypt's generator, seeded from the installed seed function.
class Rng {
 public:
  Rng() noexcept : ready_(wc_InitRng(&rng_) == 0) {}
  ~Rng() {
    if (ready_) wc_FreeRng(&rng_);
  }
  Rng(const Rng&) = delete;
  Rng& operator=(const Rng&) = delete;
  bool ready() const noexcept { return ready_; }
  WC_RNG* get() noexcept { return &rng_; }

 private:
  WC_RNG rng_{};
  bool ready_;
};

// PrivateKey is one key of any of the algorithms; wolfCrypt wipes it when it ends.
class PrivateKey {
 public:
  explicit PrivateKey(SignatureAlgorithm algorithm);
  ~PrivateKey();
  PrivateKey(const PrivateKey&) = delete;
  PrivateKey& operator=(const PrivateKey&) = delete;

  Status generate(Rng& rng) noexcept;
  // decode reads DER; the public part is computed where the DER lacks it and the algorithm allows.
  Status decode(Bytes der) noexcept;
  Result<SecretBytes> encode_whole() noexcept;    // with the public part
  Result<SecretBytes> encode_private() noexcept;  // ML-DSA: the private part alone; P-256: the same as whole
  Result<Der> encode_public() noexcept;           // SubjectPublicKeyInfo

  void* get() noexcept;
  int type() const noexcept;            // wolfCrypt's key type
  int signature_type() const noexcept;  // wolfCrypt's signature algorithm identifier

 private:
  SignatureAlgorithm algorithm_;
  std::unique_ptr<wc_MlDsaKey> ml_dsa_;
  std::unique_ptr<ecc_key> ecc_;
};

}  // namespace qeaas::crypto
