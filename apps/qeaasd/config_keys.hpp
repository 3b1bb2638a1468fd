// SPDX-License-Identifier: GPL-3.0-or-later
// The one description of every key. Validation (config_parse), the default file and the documentation (config_text) all read it,
// so that they cannot drift apart; defaults come from config.hpp's initialisers.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config.hpp"

namespace qeaas::config {

// Slot points at the value that a key fills. An optional one is empty until the key is given.
using Slot = std::variant<bool*, std::uint64_t*, std::string*, std::vector<std::string>*, std::optional<bool>*,
                          std::optional<std::uint64_t>*, std::optional<double>*>;

enum class Shape : std::uint8_t {
  any,     // text of min to max bytes, a number from min to max
  choice,  // one (or, in a list, some) of choices
  listen,  // IP:port
  id,      // [a-z0-9_-]
  origin,  // http://host:port
};

struct Key {
  std::string_view section;  // "source" is the repeated one
  std::string_view name;
  Slot (*slot)(Config&, SourceEntry&);
  std::string_view doc;  // one sentence or two, without the unit, the range and the default
  std::string_view unit = "";
  double min = 0;  // number: value; text: bytes; list: entries
  double max = 0;
  Shape shape = Shape::any;
  std::span<const std::string_view> choices = {};
  std::string_view types = "";    // source: the types that have this key; empty: all
  std::string_view example = "";  // source: a value for the default file
};

struct Section {
  std::string_view name;
  std::string_view doc;
};

std::span<const Section> sections() noexcept;
std::span<const Key> keys() noexcept;

// belongs_to tells whether a source of this type has the key.
bool belongs_to(const Key& key, std::string_view type) noexcept;
// listed is "device, replay" for "device replay".
std::string listed(std::string_view types);
// allowed describes the values in words: "an integer from 0 to 256 (threads)".
std::string allowed(const Key& key);
// shown is the value as TOML; empty for an optional that was not given.
std::string shown(const Slot& slot);
// toml_text is text as a TOML basic string.
std::string toml_text(std::string_view text);
// nearest is the candidate within two edits, or empty.
std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace qeaas::config
