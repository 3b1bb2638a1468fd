// SPDX-License-Identifier: GPL-3.0-or-later
// The query of /random (docs/protocol.md) as a strict structure: n, t and every. On the hot path: nothing allocates.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/error.hpp"
#include "base/provenance.hpp"
#include "wire/coap_message.hpp"

namespace qeaas {

inline constexpr std::uint32_t kDefaultRandomBytes = 32;
inline constexpr std::uint32_t kMaxRandomBytes = 65536;
inline constexpr std::uint32_t kMaxEverySeconds = 86400;

// RandomQuery is what a client asks of /random.
struct RandomQuery {
  std::uint32_t bytes = kDefaultRandomBytes;   // n=1..65536
  EntropyType type = EntropyType::mixed;       // t=direct|mixed|drbg
  std::optional<std::uint32_t> every_seconds;  // every=1..86400, with Observe only
  friend bool operator==(const RandomQuery&, const RandomQuery&) noexcept = default;
};

// QueryFault names the parameter; its text is static. Errors: malformed (no number, repeated), out_of_range, too_large (n beyond
// kMaxRandomBytes), unknown (a parameter or type that nobody defined).
struct QueryFault {
  Error error = Error::malformed;
  std::string_view text;
};
using QueryResult = tl::expected<RandomQuery, QueryFault>;

// RandomQueryParser takes one parameter ("n=32") at a time; it is how both front ends read their own query syntax.
class RandomQueryParser {
 public:
  tl::expected<void, QueryFault> add(std::string_view parameter) noexcept;
  const RandomQuery& query() const noexcept { return query_; }

 private:
  tl::expected<void, QueryFault> add_bytes(std::string_view value) noexcept;
  tl::expected<void, QueryFault> add_type(std::string_view value) noexcept;
  tl::expected<void, QueryFault> add_every(std::string_view value) noexcept;

  RandomQuery query_;
  bool seen_bytes_ = false;
  bool seen_type_ = false;
};

// parse_random_query reads every Uri-Query option of a request.
QueryResult parse_random_query(const coap::Options& options) noexcept;
// The same for the text form "n=32&t=direct"; empty text gives the defaults.
QueryResult parse_random_query(std::string_view text) noexcept;

}  // namespace qeaas
