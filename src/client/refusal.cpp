// SPDX-License-Identifier: GPL-3.0-or-later
// Error responses turned into words.
#include "client/refusal.hpp"

#include <algorithm>

#include "base/utf8.hpp"
#include "wire/problem.hpp"

namespace qeaas {
namespace {

constexpr std::uint32_t kDefaultMaxAgeSeconds = 60;  // RFC 7252 5.10.5

Error error_of(coap::Code code) noexcept {
  switch (code.value) {
    case coap::code::kBadRequest.value: return Error::malformed;
    case coap::code::kUnauthorized.value: return Error::unauthorized;
    case coap::code::kForbidden.value: return Error::forbidden;
    case coap::code::kNotFound.value: return Error::not_found;
    case coap::code::kRequestEntityTooLarge.value: return Error::too_large;
    case coap::code::kTooManyRequests.value: return Error::over_quota;
    case coap::code::kServiceUnavailable.value: return Error::starved;
    case coap::code::kGatewayTimeout.value: return Error::timeout;
    case coap::code::kInternalServerError.value:
    case coap::code::kBadGateway.value: return Error::io;
    default: return Error::unsupported;
  }
}

std::string code_text(coap::Code code) {
  const auto detail = std::to_string(code.detail());
  return std::to_string(code.klass()) + (detail.size() == 1 ? ".0" : ".") + detail;
}

std::optional<std::chrono::seconds> retry_time(const coap::MessageView& response) {
  if (response.code != coap::code::kServiceUnavailable && response.code != coap::code::kTooManyRequests) return std::nullopt;
  const auto option = response.options.find(coap::Option::max_age);
  const auto seconds = option ? option->uint().value_or(kDefaultMaxAgeSeconds) : kDefaultMaxAgeSeconds;
  return std::chrono::seconds(seconds);
}

}  // namespace

tl::unexpected<Refusal> refuse(Error error, std::string text) { return refuse(Fault{error, std::move(text)}); }

std::string printable(std::string_view text) {
  if (!is_utf8(text)) return "(unreadable text)";
  std::string safe(text);
  // C0, DEL, and C1 as UTF-8 encodes it (C2 80 to C2 9F).
  for (std::size_t i = 0; i < safe.size(); ++i) {
    const auto byte = static_cast<unsigned char>(safe[i]);
    if (byte < 0x20 || byte == 0x7F) safe[i] = '?';
    if (byte == 0xC2 && i + 1 < safe.size() && static_cast<unsigned char>(safe[i + 1]) < 0xA0) safe.replace(i, 2, "??");
  }
  return safe;
}

Refusal refusal_of(const coap::MessageView& response) {
  Refusal refusal{{error_of(response.code), "the server answered " + code_text(response.code)}, retry_time(response)};
  const auto format = response.options.find(coap::Option::content_format);
  std::string detail;
  if (!format) detail = std::string(coap::text_of(response.payload));
  if (format && format->uint().value_or(0) == coap::format::kProblemDetailsCbor)
    if (const auto problem = decode_problem_cbor(response.payload)) {
      refusal.fault.error = problem->error.value_or(refusal.fault.error);
      detail = problem->title + (problem->detail.empty() ? "" : ": " + problem->detail);
    }
  auto& text = refusal.fault.text;
  if (!detail.empty()) text += ", " + printable(detail);
  if (refusal.retry_after) text += "; it says to try again in " + std::to_string(refusal.retry_after->count()) + " s";
  text += " (" + std::string(advice(refusal.fault.error)) + ")";
  return refusal;
}

}  // namespace qeaas
