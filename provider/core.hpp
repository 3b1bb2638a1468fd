// SPDX-License-Identifier: GPL-3.0-or-later
// Core: what OpenSSL offers a provider: its parameters, its error queue, its secure memory. One for each time the module is loaded.
#pragma once

#include <string>
#include <vector>

#include <openssl/core.h>
#include <openssl/core_dispatch.h>
#include <openssl/params.h>

#include "base/error.hpp"
#include "settings.hpp"

namespace qeaas::provider {

class Core {
 public:
  Core(const OSSL_CORE_HANDLE* handle, const OSSL_DISPATCH* functions) noexcept;

  // settings reads the keys of the provider's section in the configuration. Errors: those of read_settings.
  Outcome<Settings> settings() const;
  // raise puts a fault into OpenSSL's error queue, for whoever looks at why RAND_bytes failed.
  void raise(const Fault& fault) const noexcept;
  // allocate is for seeds, which OpenSSL takes over and gives back through release. Null without memory.
  std::uint8_t* allocate(std::size_t size) const noexcept;
  void release(std::uint8_t* memory, std::size_t size) const noexcept;

 private:
  void set_error(std::uint32_t reason, const char* format, ...) const noexcept __attribute__((format(printf, 3, 4)));

  const OSSL_CORE_HANDLE* handle_;
  OSSL_FUNC_core_get_params_fn* get_params_ = nullptr;
  OSSL_FUNC_core_new_error_fn* new_error_ = nullptr;
  OSSL_FUNC_core_set_error_debug_fn* set_error_debug_ = nullptr;
  OSSL_FUNC_core_vset_error_fn* vset_error_ = nullptr;
  OSSL_FUNC_CRYPTO_secure_malloc_fn* secure_malloc_ = nullptr;
  OSSL_FUNC_CRYPTO_secure_clear_free_fn* secure_clear_free_ = nullptr;
};

// reason_strings names the reasons that raise uses, for OpenSSL's texts.
const OSSL_ITEM* reason_strings() noexcept;

}  // namespace qeaas::provider
