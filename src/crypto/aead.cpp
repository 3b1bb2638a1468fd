// SPDX-License-Identifier: GPL-3.0-or-later
// AES-256-GCM over wolfCrypt.
#include "crypto/aead.hpp"

#include <wolfssl/options.h>
// options.h must come first
#include <wolfssl/wolfcrypt/aes.h>

namespace qeaas {
namespace {

// AesKey is one expanded key; wolfCrypt wipes it in wc_AesFree.
class AesKey {
 public:
  explicit AesKey(std::span<const std::uint8_t, kAeadKeyBytes> key) noexcept
      : ready_(wc_AesInit(&aes_, nullptr, INVALID_DEVID) == 0 && wc_AesGcmSetKey(&aes_, key.data(), kAeadKeyBytes) == 0) {}
  ~AesKey() { wc_AesFree(&aes_); }
  AesKey(const AesKey&) = delete;
  AesKey& operator=(const AesKey&) = delete;
  bool ready() const noexcept { return ready_; }
  Aes* get() noexcept { return &aes_; }

 private:
  Aes aes_{};
  bool ready_;
};

}  // namespace

Status seal(std::span<const std::uint8_t, kAeadKeyBytes> key, std::span<const std::uint8_t, kAeadNonceBytes> nonce, Bytes associated,
            MutableBytes text, std::span<std::uint8_t, kAeadTagBytes> tag) noexcept {
  AesKey aes(key);
  if (!aes.ready() || wc_AesGcmEncrypt(aes.get(), text.data(), text.data(), static_cast<word32>(text.size()), nonce.data(), kAeadNonceBytes,
                                       tag.data(), kAeadTagBytes, associated.data(), static_cast<word32>(associated.size())) != 0)
    return fail(Error::crypto);
  return {};
}

Status open(std::span<const std::uint8_t, kAeadKeyBytes> key, std::span<const std::uint8_t, kAeadNonceBytes> nonce, Bytes associated,
            MutableBytes text, std::span<const std::uint8_t, kAeadTagBytes> tag) noexcept {
  AesKey aes(key);
  if (aes.ready() && wc_AesGcmDecrypt(aes.get(), text.data(), text.data(), static_cast<word32>(text.size()), nonce.data(), kAeadNonceBytes,
                                      tag.data(), kAeadTagBytes, associated.data(), static_cast<word32>(associated.size())) == 0)
    return {};
  wipe(text);
  return fail(Error::tampered);
}

}  // namespace qeaas
