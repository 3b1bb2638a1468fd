// SPDX-License-Identifier: GPL-3.0-or-later
// OSSL_PARAM without libcrypto: the module links none, so that it fits whichever copy of OpenSSL has loaded it.
#pragma once

#include <cstdint>
#include <string_view>

#include <openssl/core.h>

namespace qeaas::provider {

// locate gives the parameter of that name in an array that ends with a null key, or null. The array may be null.
OSSL_PARAM* locate(OSSL_PARAM* params, std::string_view key) noexcept;
// The set functions answer a parameter that OpenSSL asks for; false when it is of a type or size that cannot hold the value. A null
// parameter was not asked for, which is fine.
bool set_number(OSSL_PARAM* param, std::uint64_t value) noexcept;
// set_text: where OpenSSL wants a pointer, text must live as long as the provider and end with a null byte.
bool set_text(OSSL_PARAM* param, std::string_view text) noexcept;

}  // namespace qeaas::provider
