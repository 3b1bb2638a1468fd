// SPDX-License-Identifier: GPL-3.0-or-later
// From TOML to Config. The only file that includes toml++, which is compiled here without exceptions.
#include <algorithm>
#include <toml++/toml.h>

#include "config_keys.hpp"
#include "config_report.hpp"
#include "config_scan.hpp"
#include "wire/origin.hpp"

namespace qeaas::config {
namespace {

constexpr std::size_t kMaxTextBytes = 4096;  // of a list's element

Place place_of(const toml::source_region& region) noexcept {
  return {std::max<std::uint32_t>(region.begin.line, 1), std::max<std::uint32_t>(region.begin.column, 1)};
}

bool has_control(std::string_view text) noexcept {
  return std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

bool is_id(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_'; });
}

// short_name keeps an absurd key from filling the screen. It cuts between characters.
std::string short_name(std::string_view name) {
  std::size_t end = 64;
  if (name.size() <= end) return std::string(name);
  while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xc0) == 0x80) --end;
  return std::string(name.substr(0, end)) + "...";
}

// Reader walks the tree once. Whatever it finds wrong goes to the report with its place; it never stops early.
class Reader {
 public:
  Reader(Config& config, Places& places, Report& report) : config_(config), places_(places), report_(report) {}

  void read(const toml::table& root) {
    for (const auto& [name, node] : root) {
      const auto section = name.str();
      if (section == "source") {
        read_sources(node);
      } else if (!known_section(section)) {
        unknown_section(name);
      } else if (const auto* table = node.as_table()) {
        places_[std::string(section)] = place_of(name.source());
        read_keys(section, std::string(section), *table, nullptr);
      } else {
        report_.add(place_of(name.source()), Error::malformed,
                    std::string(section) + " is a section; write it as [" + std::string(section) + "]");
      }
    }
  }

 private:
  static bool known_section(std::string_view name) {
    return std::any_of(sections().begin(), sections().end(), [&](const Section& section) { return section.name == name; });
  }

  void unknown_section(const toml::key& name) {
    std::vector<std::string_view> candidates;
    for (const auto& section : sections()) candidates.push_back(section.name);
    unknown("unknown section '" + short_name(name.str()) + "'", name, candidates, "known sections: ");
  }

  void unknown(std::string text, const toml::key& name, const std::vector<std::string_view>& candidates, std::string_view list_head) {
    const auto near = nearest(name.str(), candidates);
    if (!near.empty()) {
      text += "; did you mean '" + std::string(near) + "'?";
    } else {
      text += "; " + std::string(list_head);
      for (std::size_t i = 0; i < candidates.size(); ++i) text += (i == 0 ? "" : ", ") + std::string(candidates[i]);
    }
    report_.add(place_of(name.source()), Error::unknown, std::move(text));
  }

  void read_sources(const toml::node& node) {
    const auto* array = node.as_array();
    if (array == nullptr || !std::all_of(array->begin(), array->end(), [](const toml::node& one) { return one.is_table(); })) {
      report_.add(place_of(node.source()), Error::malformed, "source is a repeated section; write each as [[source]]");
      return;
    }
    for (const auto& one : *array) {
      const auto path = "source." + std::to_string(config_.sources.size());
      places_[path] = place_of(one.source());
      SourceEntry entry;
      read_keys("source", path, *one.as_table(), &entry);
      config_.sources.push_back(std::move(entry));
    }
  }

  void read_keys(std::string_view section, const std::string& path, const toml::table& table, SourceEntry* entry) {
    SourceEntry unused;
    for (const auto& [name, node] : table) {
      const auto found = std::find_if(keys().begin(), keys().end(),
                                      [&, text = name.str()](const Key& key) { return key.section == section && key.name == text; });
      if (found == keys().end()) {
        unknown_key(section, name);
        continue;
      }
      places_[path + "." + std::string(name.str())] = place_of(name.source());
      fill(*found, found->slot(config_, entry == nullptr ? unused : *entry), node);
    }
  }

  void unknown_key(std::string_view section, const toml::key& name) {
    std::vector<std::string_view> candidates;
    for (const auto& key : keys()) {
      if (key.section == section) candidates.push_back(key.name);
    }
    unknown("unknown key '" + short_name(name.str()) + "' in [" + std::string(section) + "]", name, candidates, "known keys: ");
  }

  void wrong(const Key& key, const toml::node& node, Error error, const std::string& what) {
    report_.add(place_of(node.source()), error,
                std::string(key.section) + "." + std::string(key.name) + ": " + what + "; allowed: " + allowed(key));
  }

  void fill(const Key& key, const Slot& slot, const toml::node& node) {
    std::visit([&](auto* value) { fill_value(key, node, *value); }, slot);
  }

  // An optional value is filled like a plain one.
  template <class T>
  void fill_value(const Key& key, const toml::node& node, std::optional<T>& value) {
    T plain{};
    if (fill_value(key, node, plain)) value = plain;
  }

  bool fill_value(const Key& key, const toml::node& node, bool& value) {
    const auto* boolean = node.as_boolean();
    if (boolean == nullptr) return wrong(key, node, Error::malformed, "this is not true or false"), false;
    value = boolean->get();
    return true;
  }

  bool fill_value(const Key& key, const toml::node& node, std::uint64_t& value) {
    const auto* integer = node.as_integer();
    if (integer == nullptr) return wrong(key, node, Error::malformed, "this is not an integer"), false;
    const auto given = integer->get();
    if (given < 0 || static_cast<double>(given) < key.min || static_cast<double>(given) > key.max)
      return wrong(key, node, Error::out_of_range, std::to_string(given) + " is out of range"), false;
    value = static_cast<std::uint64_t>(given);
    return true;
  }

  bool fill_value(const Key& key, const toml::node& node, double& value) {
    const auto given = node.value<double>();  // takes an integer, too
    if (!node.is_number() || !given) return wrong(key, node, Error::malformed, "this is not a number"), false;
    // Written so that NaN fails.
    if (!(*given >= key.min && *given <= key.max)) return wrong(key, node, Error::out_of_range, "this is out of range"), false;
    value = *given;
    return true;
  }

  bool fill_value(const Key& key, const toml::node& node, std::string& value) {
    const auto* text = node.as_string();
    if (text == nullptr) return wrong(key, node, Error::malformed, "this is not a text in quotes"), false;
    const auto& given = text->get();
    if (key.shape != Shape::choice && (static_cast<double>(given.size()) < key.min || static_cast<double>(given.size()) > key.max))
      return wrong(key, node, Error::out_of_range, "a text of " + std::to_string(given.size()) + " bytes is out of range"), false;
    if (!valid_item(key, node, given)) return false;
    value = given;
    return true;
  }

  void fill_value(const Key& key, const toml::node& node, std::vector<std::string>& value) {
    const auto* array = node.as_array();
    if (array == nullptr) return wrong(key, node, Error::malformed, "this is not a list");
    if (static_cast<double>(array->size()) < key.min || static_cast<double>(array->size()) > key.max)
      return wrong(key, node, Error::out_of_range, "a list of " + std::to_string(array->size()) + " is out of range");
    std::vector<std::string> items;
    for (const auto& item : *array) {
      const auto* text = item.as_string();
      if (text == nullptr) return wrong(key, item, Error::malformed, "this is not a text in quotes");
      if (!valid_item(key, item, text->get())) return;
      // The words of a command line may repeat; nothing else may.
      if (key.shape != Shape::any && std::find(items.begin(), items.end(), text->get()) != items.end())
        return wrong(key, item, Error::out_of_range, toml_text(text->get()) + " stands here twice");
      items.push_back(text->get());
    }
    value = std::move(items);
  }

  // valid_item checks one text, alone or in a list.
  bool valid_item(const Key& key, const toml::node& node, const std::string& text) {
    // A zero byte would cut a path short at the system's interface; the others would garble a log line.
    if (has_control(text)) return wrong(key, node, Error::malformed, "this contains a control character"), false;
    if (text.size() > kMaxTextBytes) return wrong(key, node, Error::out_of_range, "this is too long"), false;
    if (key.shape == Shape::id && !is_id(text)) return wrong(key, node, Error::malformed, toml_text(text) + " has other characters"), false;
    if (key.shape == Shape::listen && !parse_listen(text))
      return wrong(key, node, Error::malformed, toml_text(text) + " is no address and port"), false;
    if (key.shape == Shape::origin && !parse_origin(text))
      return wrong(key, node, Error::malformed, toml_text(text) + " is no origin"), false;
    if (key.shape != Shape::choice || std::find(key.choices.begin(), key.choices.end(), text) != key.choices.end()) return true;
    const auto near = nearest(text, key.choices);
    const auto hint = near.empty() ? std::string() : " (did you mean " + toml_text(near) + "?)";
    wrong(key, node, Error::unknown, toml_text(text) + " is unknown" + hint);
    return false;
  }

  Config& config_;
  Places& places_;
  Report& report_;
};

}  // namespace
}  // namespace qeaas::config

namespace qeaas {

Outcome<Config> parse_config(std::string_view text, const std::string& name) {
  config::Report report(name);
  if (const auto mistake = config::scan(text)) {
    report.add(mistake->place, Error::malformed, std::string(mistake->text));
    return report.to_fault();
  }
  const auto parsed = toml::parse(text, name);
  if (parsed.failed()) {
    const auto& error = parsed.error();
    report.add(config::place_of(error.source()), Error::malformed, "this is not TOML: " + std::string(error.description()));
    return report.to_fault();
  }
  Config result;
  result.origin = name;
  config::Places places;
  config::Reader(result, places, report).read(parsed.table());
  config::check(result, places, report);
  if (!report.clean()) return report.to_fault();
  return result;
}

}  // namespace qeaas
