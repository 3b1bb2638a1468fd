// SPDX-License-Identifier: GPL-3.0-or-later
// /.well-known/core: CoRE link format (RFC 6690) with the attributes of RFC 7252 7.2.1 (ct) and RFC 7641 6 (obs), filtered by query.
// Nothing allocates.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/error.hpp"
#include "base/secret.hpp"

namespace qeaas {

// Link is one resource. Texts must hold no quotation mark, backslash or control character; empty ones are left out.
struct Link {
  std::string_view path{};                           // "/random"
  std::string_view resource_type{};                  // rt; several are separated by a space
  std::string_view interface_description{};          // if
  std::span<const std::uint16_t> content_formats{};  // ct
  bool observable = false;                           // obs
  std::string_view title{};
  std::optional<std::uint32_t> size_bytes{};  // sz
};

// LinkFilter is one query of RFC 6690 4.1: name=value, where a value that ends in * is a prefix. An empty name selects everything.
struct LinkFilter {
  std::string_view name;
  std::string_view value;
  bool prefix = false;
};
// parse_link_filter: malformed without "=" or without a name. The text must outlive the filter.
Result<LinkFilter> parse_link_filter(std::string_view query) noexcept;
bool matches(const Link& link, const LinkFilter& filter) noexcept;

// encode_links gives the length written; nothing selected is length 0. Errors: no_space, malformed (a text that needs escaping).
Result<std::size_t> encode_links(std::span<const Link> links, const LinkFilter& filter, MutableBytes into) noexcept;

}  // namespace qeaas
