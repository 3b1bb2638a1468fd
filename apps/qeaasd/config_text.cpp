// SPDX-License-Identifier: GPL-3.0-or-later
// The default file and the documentation page, written from the table of keys.
#include <algorithm>
#include <array>

#include "config_keys.hpp"

namespace qeaas {
namespace {

using config::Key;
using config::Section;

constexpr std::size_t kLineWidth = 100;

// wrapped breaks text into comment lines.
std::string wrapped(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    auto end = text.size();
    if (end > kLineWidth) {
      end = text.rfind(' ', kLineWidth);
      if (end == std::string_view::npos) end = std::min(text.find(' '), text.size());
    }
    result += "# " + std::string(text.substr(0, end)) + "\n";
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return result;
}

std::string types_of(const Key& key) { return key.types.empty() ? "all types" : "type " + config::listed(key.types); }

// What a source cannot do without, where it has the key at all; config_check enforces it.
bool required(const Key& key) {
  constexpr std::array<std::string_view, 5> kRequired{"id", "type", "path", "argv", "url"};
  return std::find(kRequired.begin(), kRequired.end(), key.name) != kRequired.end();
}

std::string default_of(const Key& key) {
  Config config;
  SourceEntry entry;
  if (key.section == "source") return required(key) ? "none, required" : "the type's own";
  return config::shown(key.slot(config, entry));
}

std::string described(const Key& key) {
  auto text = std::string(key.doc) + " Allowed: " + config::allowed(key) + ". Default: " + default_of(key) + ".";
  if (key.section == "source") text += " For " + types_of(key) + ".";
  return text;
}

std::string key_text(const Key& key) {
  Config config;
  SourceEntry entry;
  const auto name = std::string(key.name);
  if (key.section == "source") return wrapped(described(key)) + "#" + name + " = " + std::string(key.example) + "\n";
  return wrapped(described(key)) + name + " = " + config::shown(key.slot(config, entry)) + "\n";
}

std::string section_text(const Section& section) {
  const bool repeated = section.name == "source";
  auto text = "\n" + wrapped(section.doc);
  text += repeated ? "#[[source]]\n" : "[" + std::string(section.name) + "]\n";
  for (const auto& key : config::keys()) {
    if (key.section == section.name) text += key_text(key);
  }
  return text;
}

std::string table_row(const Key& key) {
  auto row = "| `" + std::string(key.name) + "` | " + config::allowed(key) + " | " + default_of(key) + " | " + std::string(key.doc);
  if (key.section == "source") row += " (" + types_of(key) + ")";
  return row + " |\n";
}

}  // namespace

std::string default_config_text() {
  std::string text =
      "# Configuration of qeaasd. Every key stands here with its default; a file needs only what it changes.\n"
      "# Searched: --config FILE, $XDG_CONFIG_HOME/qeaas/qeaasd.toml, /etc/qeaas/qeaasd.toml, these defaults.\n";
  for (const auto& section : config::sections()) text += section_text(section);
  return text;
}

std::string config_markdown() {
  std::string text =
      "# Configuration of qeaasd\n\n"
      "`qeaasd --print-config` prints a commented file with every default. Searched: `--config FILE`, "
      "`$XDG_CONFIG_HOME/qeaas/qeaasd.toml`,\n"
      "`/etc/qeaas/qeaasd.toml`, the built-in defaults. Unknown keys and values out of range are errors that name the line and column.\n";
  for (const auto& section : config::sections()) {
    const auto name = std::string(section.name);
    text += "\n## " + (name == "source" ? "[[source]]" : "[" + name + "]") + "\n\n" + std::string(section.doc) + "\n\n";
    text += "| key | allowed | default | meaning |\n|---|---|---|---|\n";
    for (const auto& key : config::keys()) {
      if (key.section == section.name) text += table_row(key);
    }
  }
  return text;
}

}  // namespace qeaas
