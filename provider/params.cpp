// SPDX-License-Identifier: GPL-3.0-or-later
// OSSL_PARAM(3) for the few types that a RAND uses.
#include "params.hpp"

#include <cstring>

namespace qeaas::provider {
namespace {

template <class T>
bool store(OSSL_PARAM& param, std::uint64_t value) noexcept {
  const auto narrow = static_cast<T>(value);
  if (static_cast<std::uint64_t>(narrow) != value || narrow < T{}) return false;
  std::memcpy(param.data, &narrow, sizeof(narrow));
  param.return_size = sizeof(narrow);
  return true;
}

}  // namespace

OSSL_PARAM* locate(OSSL_PARAM* params, std::string_view key) noexcept {
  for (; params != nullptr && params->key != nullptr; ++params)
    if (key == params->key) return params;
  return nullptr;
}

bool set_number(OSSL_PARAM* param, std::uint64_t value) noexcept {
  if (param == nullptr) return true;
  const bool is_signed = param->data_type == OSSL_PARAM_INTEGER;
  if (!is_signed && param->data_type != OSSL_PARAM_UNSIGNED_INTEGER) return false;
  if (param->data == nullptr) {
    param->return_size = sizeof(value);
    return true;
  }
  if (param->data_size == sizeof(std::uint32_t))
    return is_signed ? store<std::int32_t>(*param, value) : store<std::uint32_t>(*param, value);
  if (param->data_size == sizeof(std::uint64_t))
    return is_signed ? store<std::int64_t>(*param, value) : store<std::uint64_t>(*param, value);
  return false;
}

bool set_text(OSSL_PARAM* param, std::string_view text) noexcept {
  if (param == nullptr) return true;
  param->return_size = text.size();
  if (param->data_type == OSSL_PARAM_UTF8_PTR) {
    if (param->data == nullptr) return true;
    const char* pointer = text.data();
    std::memcpy(param->data, &pointer, sizeof(pointer));
    return true;
  }
  if (param->data_type != OSSL_PARAM_UTF8_STRING) return false;
  if (param->data == nullptr) return true;
  if (param->data_size < text.size()) return false;
  std::memcpy(param->data, text.data(), text.size());
  if (param->data_size > text.size()) static_cast<char*>(param->data)[text.size()] = '\0';
  return true;
}

}  // namespace qeaas::provider
