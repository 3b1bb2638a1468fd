// SPDX-License-Identifier: GPL-3.0-or-later
// OpenSSL's side of the module.
#include "core.hpp"

#include <array>
#include <cstdarg>
#include <cstdlib>

#include "base/secret.hpp"

namespace qeaas::provider {

Core::Core(const OSSL_CORE_HANDLE* handle, const OSSL_DISPATCH* functions) noexcept : handle_(handle) {
  for (; functions->function_id != 0; ++functions) switch (functions->function_id) {
      case OSSL_FUNC_CORE_GET_PARAMS: get_params_ = OSSL_FUNC_core_get_params(functions); break;
      case OSSL_FUNC_CORE_NEW_ERROR: new_error_ = OSSL_FUNC_core_new_error(functions); break;
      case OSSL_FUNC_CORE_SET_ERROR_DEBUG: set_error_debug_ = OSSL_FUNC_core_set_error_debug(functions); break;
      case OSSL_FUNC_CORE_VSET_ERROR: vset_error_ = OSSL_FUNC_core_vset_error(functions); break;
      case OSSL_FUNC_CRYPTO_SECURE_MALLOC: secure_malloc_ = OSSL_FUNC_CRYPTO_secure_malloc(functions); break;
      case OSSL_FUNC_CRYPTO_SECURE_CLEAR_FREE: secure_clear_free_ = OSSL_FUNC_CRYPTO_secure_clear_free(functions); break;
      default: break;
    }
}

Outcome<Settings> Core::settings() const {
  const auto keys = known_keys();
  std::vector<const char*> values(keys.size(), nullptr);
  std::vector<OSSL_PARAM> wanted;
  for (std::size_t i = 0; i < keys.size(); ++i)
    wanted.push_back({keys[i].data(), OSSL_PARAM_UTF8_PTR, &values[i], sizeof(values[i]), OSSL_PARAM_UNMODIFIED});
  wanted.push_back({nullptr, 0, nullptr, 0, 0});
  if (get_params_ == nullptr || get_params_(handle_, wanted.data()) == 0)
    return fault(Error::unsupported, "OpenSSL does not tell its providers what the configuration says");
  std::vector<Given> given;
  for (std::size_t i = 0; i < keys.size(); ++i)
    if (values[i] != nullptr) given.push_back({keys[i], values[i]});
  return read_settings(given);
}

void Core::set_error(std::uint32_t reason, const char* format, ...) const noexcept {
  va_list arguments;
  va_start(arguments, format);
  vset_error_(handle_, reason, format, arguments);
  va_end(arguments);
}

void Core::raise(const Fault& fault) const noexcept {
  if (new_error_ == nullptr || vset_error_ == nullptr) return;
  new_error_(handle_);
  if (set_error_debug_ != nullptr) set_error_debug_(handle_, "qeaas-provider", 0, "");
  set_error(static_cast<std::uint32_t>(fault.error) + 1, "%s", fault.text.c_str());
}

std::uint8_t* Core::allocate(std::size_t size) const noexcept {
  const bool secure = secure_malloc_ != nullptr && secure_clear_free_ != nullptr;
  return static_cast<std::uint8_t*>(secure ? secure_malloc_(size, "qeaas-provider", 0) : std::malloc(size));
}

void Core::release(std::uint8_t* memory, std::size_t size) const noexcept {
  if (memory == nullptr) return;
  wipe({memory, size});
  if (secure_malloc_ != nullptr && secure_clear_free_ != nullptr)
    secure_clear_free_(memory, size, "qeaas-provider", 0);
  else
    std::free(memory);
}

const OSSL_ITEM* reason_strings() noexcept {
  static const auto items = [] {
    std::array<OSSL_ITEM, kErrorCount + 1> made{};
    for (unsigned i = 0; i < kErrorCount; ++i) made[i] = {i + 1, const_cast<char*>(name(static_cast<Error>(i)).data())};
    return made;
  }();
  return items.data();
}

}  // namespace qeaas::provider
