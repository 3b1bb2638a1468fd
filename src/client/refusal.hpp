// SPDX-License-Identifier: GPL-3.0-or-later
// Refusal: why a server gave nothing, in words for a person, and when to try again if it said so.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "wire/coap_message.hpp"

namespace qeaas {

struct Refusal {
  Fault fault;
  std::optional<std::chrono::seconds> retry_after;
};
template <class T>
using Answered = tl::expected<T, Refusal>;

tl::unexpected<Refusal> refuse(Error error, std::string text);
inline tl::unexpected<Refusal> refuse(Fault fault) { return tl::unexpected(Refusal{std::move(fault), std::nullopt}); }

// refusal_of reads an error response: problem details (RFC 9290) or a diagnostic payload (RFC 7252 5.5.2), and Max-Age of 5.03 and
// 4.29 (RFC 7252 5.9.3.4, RFC 8516).
Refusal refusal_of(const coap::MessageView& response);

// printable replaces control characters, so that what a server says cannot steer a person's terminal.
std::string printable(std::string_view text);

}  // namespace qeaas
