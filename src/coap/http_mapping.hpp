// SPDX-License-Identifier: GPL-3.0-or-later
// From HTTP to CoAP (RFC 7252 10.1, RFC 8075): status to code, media type to content format, freshness, entity tags. Pure functions.
#pragma once

#include <optional>
#include <string_view>

#include "coap/answer.hpp"
#include "wire/fetch.hpp"

namespace qeaas::coap {

struct MappedStatus {
  Code code;
  Error error;  // title of the problem detail; no meaning with a success
};
// map_status of a final answer; 304 must have been dealt with. What CoAP has no code for is the general code of its class, a redirect
// that was not followed 5.02.
MappedStatus map_status(unsigned status) noexcept;

// content_format_of is none for what has no content format, or has parameters that change its meaning.
std::optional<std::uint16_t> content_format_of(std::string_view content_type) noexcept;
// media_type_of is empty for content formats that we know no media type of.
std::string_view media_type_of(std::uint32_t content_format) noexcept;

// Freshness (RFC 9111) as one shared cache sees it. Without an explicit lifetime an answer is stale at once: nothing is guessed.
struct Freshness {
  std::uint32_t seconds = 0;
  bool may_store = false;
};
Freshness freshness_of(const FetchAnswer& answer) noexcept;

// is_validator: a strong entity tag of a sane length (RFC 9110 8.8.3).
bool is_validator(std::string_view etag) noexcept;
// etag_of makes the CoAP ETag of a validator: the start of its hash, since an entity tag may be longer than 8 bytes.
Etag etag_of(std::string_view validator) noexcept;

}  // namespace qeaas::coap
