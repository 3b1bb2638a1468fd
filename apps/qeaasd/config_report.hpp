// SPDX-License-Identifier: GPL-3.0-or-later
// What is wrong with a configuration, and where: all mistakes are collected, so that a person corrects them in one go.
#pragma once

#include <algorithm>
#include <compare>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "config.hpp"

namespace qeaas::config {

struct Place {
  std::uint32_t line = 1;
  std::uint32_t column = 1;
  friend auto operator<=>(const Place&, const Place&) = default;
};

// Places remembers where values stood: "coaps.mtu", "source.1.id" (counted from 0), "source.1" for the entry.
using Places = std::map<std::string, Place>;

class Report {
 public:
  explicit Report(std::string name) : name_(std::move(name)) {}
  // add keeps the words on one line: a quoted key or the parser's own message may hold control characters.
  void add(Place place, Error error, std::string text) {
    std::replace_if(
        text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, '?');
    mistakes_.push_back({place, error, std::move(text)});
  }
  bool clean() const noexcept { return mistakes_.empty(); }

  // to_fault lists the mistakes in the order of the file, at most kMaxShown; the error is that of the first.
  tl::unexpected<Fault> to_fault() {
    std::stable_sort(mistakes_.begin(), mistakes_.end(), [](const auto& a, const auto& b) { return a.place < b.place; });
    std::string text;
    for (std::size_t i = 0; i < std::min(mistakes_.size(), kMaxShown); ++i) {
      const auto& [place, error, words] = mistakes_[i];
      text += (i == 0 ? "" : "\n") + name_ + ":" + std::to_string(place.line) + ":" + std::to_string(place.column) + ": " + words;
    }
    if (mistakes_.size() > kMaxShown) text += "\n" + name_ + ": and " + std::to_string(mistakes_.size() - kMaxShown) + " more";
    return fault(mistakes_.front().error, std::move(text));
  }

 private:
  static constexpr std::size_t kMaxShown = 20;
  struct Mistake {
    Place place;
    Error error;
    std::string text;
  };
  std::string name_;
  std::vector<Mistake> mistakes_;
};

// check adds what is wrong between keys to the report, and what is allowed but worth saying to config.warnings.
void check(Config& config, const Places& places, Report& report);

}  // namespace qeaas::config
