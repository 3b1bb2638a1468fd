// SPDX-License-Identifier: GPL-3.0-or-later
// Accept, Content-Type and queries.
#include "http/negotiate.hpp"

#include "base/ascii.hpp"

namespace qeaas::http {
namespace {

// cut takes what stands before the separator, and moves on behind it.
std::string_view cut(std::string_view& text, char separator) noexcept {
  const auto end = text.find(separator);
  const auto head = text.substr(0, end);
  text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  return ascii::trimmed(head);
}

// weight reads a quality value as thousandths; what is no quality value counts as none.
unsigned weight(std::string_view text) noexcept {
  if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1') || (text.size() > 1 && text[1] != '.')) return 0;
  unsigned value = text[0] == '1' ? 1000 : 0;
  unsigned place = 100;
  for (std::size_t i = 2; i < text.size(); ++i, place /= 10) {
    if (text[i] < '0' || text[i] > '9') return 0;
    value += static_cast<unsigned>(text[i] - '0') * place;
  }
  return std::min(value, 1000U);
}

// Range is one element of Accept.
struct Range {
  std::string_view type;
  unsigned quality = 1000;
};

Range range_of(std::string_view element) noexcept {
  Range range{cut(element, ';')};
  while (!element.empty()) {
    auto parameter = cut(element, ';');
    const auto parameter_name = cut(parameter, '=');
    if (ascii::same_word(parameter_name, "q")) range.quality = weight(parameter);
  }
  return range;
}

// precedence: how exactly a range names a type; 0 when it does not.
unsigned precedence(std::string_view range, std::string_view type) noexcept {
  if (ascii::same_word(range, type)) return 3;
  if (range == "*/*" || range == "*") return 1;
  const bool group = range.size() > 2 && range.ends_with("/*");
  return group && ascii::same_word(range.substr(0, range.size() - 1), type.substr(0, range.size() - 1)) ? 2 : 0;
}

unsigned quality_of(std::string_view type, std::string_view accept) noexcept {
  unsigned best = 0;
  unsigned quality = 0;
  while (!accept.empty()) {
    const auto range = range_of(cut(accept, ','));
    const auto exact = precedence(range.type, type);
    if (exact <= best) continue;
    best = exact;
    quality = range.quality;
  }
  return quality;
}

}  // namespace

std::optional<std::string_view> choose(std::span<const std::string_view> offers, std::string_view accept) noexcept {
  if (ascii::trimmed(accept).empty()) return offers.front();
  std::optional<std::string_view> chosen;
  unsigned best = 0;
  for (const auto offer : offers) {
    const auto quality = quality_of(offer, accept);
    if (quality <= best) continue;
    best = quality;
    chosen = offer;
  }
  return chosen;
}

bool is_media_type(std::string_view field, std::string_view type) noexcept { return ascii::same_word(cut(field, ';'), type); }

Result<bool> QueryReader::next(Pair& pair) noexcept {
  while (rest_.starts_with('&')) rest_.remove_prefix(1);
  if (rest_.empty()) return false;
  const auto end = std::min(rest_.find('&'), rest_.size());
  const auto whole = rest_.substr(0, end);
  rest_.remove_prefix(end);
  const auto equals = whole.find('=');
  if (equals == std::string_view::npos) return fail(Error::malformed);
  pair.name = whole.substr(0, equals);
  std::size_t used = 0;
  for (std::size_t i = equals + 1; i < whole.size(); ++i) {
    if (used == kValueBytes) return fail(Error::too_large);
    char character = whole[i] == '+' ? ' ' : whole[i];
    if (character == '%') {
      const int high = i + 2 < whole.size() ? ascii::hex_value(whole[i + 1]) : -1;
      const int low = i + 2 < whole.size() ? ascii::hex_value(whole[i + 2]) : -1;
      if (high < 0 || low < 0) return fail(Error::malformed);
      character = static_cast<char>(high * 16 + low);
      i += 2;
    }
    value_[used++] = character;
  }
  pair.value = {value_, used};
  return true;
}

bool has_word(std::string_view list, std::string_view word) noexcept {
  while (!list.empty())
    if (ascii::same_word(cut(list, ','), word)) return true;
  return false;
}

}  // namespace qeaas::http
