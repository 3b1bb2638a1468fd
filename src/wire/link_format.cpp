// SPDX-License-Identifier: GPL-3.0-or-later
// CoRE link format and its queries.
#include "wire/link_format.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/utf8.hpp"
#include "wire/text_writer.hpp"

namespace qeaas {
namespace {

bool fits(std::string_view value, const LinkFilter& filter) noexcept {
  return filter.prefix ? value.starts_with(filter.value) : value == filter.value;
}

// any_fits compares with each of the values that a space separates (RFC 6690 section 4.1).
bool any_fits(std::string_view values, const LinkFilter& filter) noexcept {
  while (!values.empty()) {
    const std::size_t end = std::min(values.find(' '), values.size());
    if (fits(values.substr(0, end), filter)) return true;
    values.remove_prefix(std::min(end + 1, values.size()));
  }
  return false;
}

bool number_fits(std::uint32_t value, const LinkFilter& filter) noexcept {
  std::array<char, 10> digits;
  const char* const end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  return fits({digits.data(), static_cast<std::size_t>(end - digits.data())}, filter);
}

// stands_unescaped: printable, and free of what ends a quoted string or an address in angle brackets.
bool stands_unescaped(std::string_view text, std::string_view forbidden) noexcept {
  const bool plain = std::none_of(text.begin(), text.end(), [&](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f || forbidden.find(c) != std::string_view::npos;
  });
  return plain && is_utf8(text);
}

void put_attribute(TextWriter& out, std::string_view name, std::string_view value) noexcept {
  if (value.empty()) return;
  if (!stands_unescaped(value, "\"\\")) out.set_error(Error::malformed);
  out.put(";").put(name).put("=\"").put(value).put("\"");
}

// put_formats: one format is a bare number, several are a quoted list (RFC 7252 7.2.1).
void put_formats(TextWriter& out, std::span<const std::uint16_t> formats) noexcept {
  if (formats.empty()) return;
  const std::string_view quote = formats.size() == 1 ? "" : "\"";
  out.put(";ct=").put(quote);
  for (std::size_t i = 0; i < formats.size(); ++i) out.put(i == 0 ? "" : " ").number(formats[i]);
  out.put(quote);
}

void put_link(TextWriter& out, const Link& link) noexcept {
  if (!stands_unescaped(link.path, "<> ")) out.set_error(Error::malformed);
  out.put("<").put(link.path).put(">");
  put_attribute(out, "rt", link.resource_type);
  put_attribute(out, "if", link.interface_description);
  put_formats(out, link.content_formats);
  if (link.observable) out.put(";obs");
  put_attribute(out, "title", link.title);
  if (link.size_bytes) out.put(";sz=").number(*link.size_bytes);
}

}  // namespace

Result<LinkFilter> parse_link_filter(std::string_view query) noexcept {
  const std::size_t equals = query.find('=');
  if (equals == std::string_view::npos || equals == 0) return fail(Error::malformed);
  LinkFilter filter{query.substr(0, equals), query.substr(equals + 1), false};
  if (filter.value.ends_with('*')) {
    filter.prefix = true;
    filter.value.remove_suffix(1);
  }
  return filter;
}

bool matches(const Link& link, const LinkFilter& filter) noexcept {
  if (filter.name.empty()) return true;
  if (filter.name == "href") return fits(link.path, filter);
  if (filter.name == "rt") return any_fits(link.resource_type, filter);
  if (filter.name == "if") return any_fits(link.interface_description, filter);
  if (filter.name == "title") return !link.title.empty() && fits(link.title, filter);
  if (filter.name == "sz") return link.size_bytes && number_fits(*link.size_bytes, filter);
  if (filter.name == "ct")
    return std::any_of(link.content_formats.begin(), link.content_formats.end(),
                       [&](std::uint16_t format) { return number_fits(format, filter); });
  return false;
}

Result<std::size_t> encode_links(std::span<const Link> links, const LinkFilter& filter, MutableBytes into) noexcept {
  TextWriter out(into);
  bool first = true;
  for (const Link& link : links) {
    if (!matches(link, filter)) continue;
    if (!first) out.put(",");
    put_link(out, link);
    first = false;
  }
  return out.finish();
}

}  // namespace qeaas
