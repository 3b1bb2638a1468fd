// SPDX-License-Identifier: GPL-3.0-or-later
// Words about keys: what is allowed, what a value looks like, which name was probably meant.
#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "config_keys.hpp"

namespace qeaas::config {
namespace {

template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};
template <class... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;

std::string number(double value) {
  std::array<char, 32> text{};
  // Fixed notation: 1e+10 is no integer to a person who reads a range.
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed).ptr;
  return {text.data(), end};
}

std::string toml_real(double value) {
  auto text = number(value);
  return text.find('.') == std::string::npos ? text + ".0" : text;
}

std::string joined(std::span<const std::string_view> words) {
  std::string text;
  for (const auto word : words) text += (text.empty() ? "" : ", ") + std::string(word);
  return text;
}

std::string range(const Key& key) { return number(key.min) + " to " + number(key.max); }
std::string with_unit(const Key& key) { return key.unit.empty() ? "" : " (" + std::string(key.unit) + ")"; }

std::string allowed_text(const Key& key) {
  if (key.shape == Shape::choice) return "one of " + joined(key.choices);
  if (key.shape == Shape::id) return "text of " + range(key) + " characters a-z, 0-9, - and _";
  return "text of " + range(key) + " bytes";
}

std::string allowed_list(const Key& key) {
  const auto count = "a list of " + range(key) + " different ";
  if (key.shape == Shape::choice) return count + "of " + joined(key.choices);
  if (key.shape == Shape::listen) return count + "addresses like \"127.0.0.1:5684\" or \"[::1]:5684\"";
  if (key.shape == Shape::origin) return count + "origins like \"http://127.0.0.1:6065\" or \"https://example.org\", without a path";
  return "a list of " + range(key) + " texts";
}

std::string shown_list(const std::vector<std::string>& list) {
  std::string text = "[";
  for (const auto& item : list) text += (text.size() == 1 ? "" : ", ") + toml_text(item);
  return text + "]";
}

std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const auto replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

}  // namespace

bool belongs_to(const Key& key, std::string_view type) noexcept {
  auto rest = key.types;
  if (rest.empty()) return true;
  while (!rest.empty()) {
    const auto end = std::min(rest.find(' '), rest.size());
    if (rest.substr(0, end) == type) return true;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return false;
}

std::string listed(std::string_view types) {
  std::string text;
  for (const char c : types) text += c == ' ' ? std::string(", ") : std::string(1, c);
  return text;
}

std::string allowed(const Key& key) {
  Config config;
  SourceEntry entry;
  const auto integer = [&] { return "an integer from " + range(key) + with_unit(key); };
  return std::visit(
      Overloaded{[](bool*) -> std::string { return "true or false"; }, [](std::optional<bool>*) -> std::string { return "true or false"; },
                 [&](std::uint64_t*) { return integer(); }, [&](std::optional<std::uint64_t>*) { return integer(); },
                 [&](std::optional<double>*) { return "a number from " + range(key) + with_unit(key); },
                 [&](std::string*) { return allowed_text(key); }, [&](std::vector<std::string>*) { return allowed_list(key); }},
      key.slot(config, entry));
}

std::string toml_text(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result + "\"";
}

std::string shown(const Slot& slot) {
  const auto truth = [](bool value) -> std::string { return value ? "true" : "false"; };
  return std::visit(Overloaded{[&](const bool* value) { return truth(*value); },
                               [&](const std::optional<bool>* value) { return *value ? truth(**value) : std::string(); },
                               [](const std::uint64_t* value) { return std::to_string(*value); },
                               [](const std::optional<std::uint64_t>* value) { return *value ? std::to_string(**value) : std::string(); },
                               [](const std::optional<double>* value) { return *value ? toml_real(**value) : std::string(); },
                               [](const std::string* value) { return toml_text(*value); },
                               [](const std::vector<std::string>* value) { return shown_list(*value); }},
                    slot);
}

std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates) {
  constexpr std::size_t kLongestWord = 64;  // an absurdly long key is no typing mistake, and the comparison is quadratic
  std::string_view best;
  std::size_t best_distance = 3;
  if (word.size() > kLongestWord) return best;
  for (const auto candidate : candidates) {
    const auto apart = distance(word, candidate);
    if (apart >= best_distance || apart >= candidate.size()) continue;
    best = candidate;
    best_distance = apart;
  }
  return best;
}

}  // namespace qeaas::config
