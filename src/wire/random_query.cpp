// SPDX-License-Identifier: GPL-3.0-or-later
// The parameters of /random.
#include "wire/random_query.hpp"

#include "base/decimal.hpp"

namespace qeaas {
namespace {

using Step = tl::expected<void, QueryFault>;

tl::unexpected<QueryFault> query_fault(Error error, std::string_view text) noexcept { return tl::unexpected(QueryFault{error, text}); }

}  // namespace

Step RandomQueryParser::add_bytes(std::string_view text) noexcept {
  if (seen_bytes_) return query_fault(Error::malformed, "n is given more than once");
  const auto value = decimal(text);
  if (!value && value.error() == Error::malformed) return query_fault(Error::malformed, "n is no decimal number");
  if (!value || *value > kMaxRandomBytes) return query_fault(Error::too_large, "n is more than 65536 bytes");
  if (*value == 0) return query_fault(Error::out_of_range, "n must be 1 to 65536 bytes");
  seen_bytes_ = true;
  query_.bytes = static_cast<std::uint32_t>(*value);
  return {};
}

Step RandomQueryParser::add_type(std::string_view text) noexcept {
  if (seen_type_) return query_fault(Error::malformed, "t is given more than once");
  const auto type = entropy_type(text);
  if (!type) return query_fault(Error::unknown, "t must be direct, mixed or drbg");
  seen_type_ = true;
  query_.type = *type;
  return {};
}

Step RandomQueryParser::add_every(std::string_view text) noexcept {
  if (query_.every_seconds) return query_fault(Error::malformed, "every is given more than once");
  const auto value = decimal(text);
  if (!value && value.error() == Error::malformed) return query_fault(Error::malformed, "every is no decimal number");
  if (!value || *value == 0 || *value > kMaxEverySeconds) return query_fault(Error::out_of_range, "every must be 1 to 86400 seconds");
  query_.every_seconds = static_cast<std::uint32_t>(*value);
  return {};
}

Step RandomQueryParser::add(std::string_view parameter) noexcept {
  const std::size_t equals = parameter.find('=');
  if (equals == std::string_view::npos) return query_fault(Error::malformed, "a parameter has no value: use n=, t= or every=");
  const std::string_view name = parameter.substr(0, equals);
  const std::string_view value = parameter.substr(equals + 1);
  if (name == "n") return add_bytes(value);
  if (name == "t") return add_type(value);
  if (name == "every") return add_every(value);
  return query_fault(Error::unknown, "unknown parameter: only n, t and every are defined");
}

QueryResult parse_random_query(const coap::Options& options) noexcept {
  RandomQueryParser parser;
  for (const coap::OptionView& option : options) {
    if (option.number != coap::Option::uri_query) continue;
    if (const auto step = parser.add(option.text()); !step) return tl::unexpected(step.error());
  }
  return parser.query();
}

QueryResult parse_random_query(std::string_view text) noexcept {
  RandomQueryParser parser;
  bool more = !text.empty();
  while (more) {
    const std::size_t end = text.find('&');
    if (const auto step = parser.add(text.substr(0, end)); !step) return tl::unexpected(step.error());
    more = end != std::string_view::npos;
    if (more) text.remove_prefix(end + 1);
  }
  return parser.query();
}

}  // namespace qeaas
