// SPDX-License-Identifier: GPL-3.0-or-later
// The printed defaults parse to the defaults and document every key, and every example works; so does the page, docs/configuration.md.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>

#include "config_keys.hpp"

namespace qeaas {
namespace {

TEST(ConfigText, TheDefaultFileParsesToTheDefaults) {
  const auto config = parse_config(default_config_text(), "default");
  ASSERT_TRUE(config) << config.error().text;
  const Config defaults;
  EXPECT_EQ(config->server, defaults.server);
  EXPECT_EQ(config->service, defaults.service);
  EXPECT_EQ(config->sources, defaults.sources);
  EXPECT_EQ(config->coaps, defaults.coaps);
  EXPECT_EQ(config->coap, defaults.coap);
  EXPECT_EQ(config->limits, defaults.limits);
  EXPECT_TRUE(config->warnings.empty());
}

TEST(ConfigText, TheDefaultFileHasEveryKeyOnceWithItsDefault) {
  const auto text = default_config_text();
  for (const auto& section : config::sections()) {
    const auto head = section.name == "source" ? std::string("\n#[[source]]\n") : "\n[" + std::string(section.name) + "]\n";
    const auto begin = text.find(head);
    ASSERT_NE(begin, std::string::npos) << section.name;
    const auto body = text.substr(begin, text.find("\n\n", begin) - begin);
    for (const auto& key : config::keys()) {
      if (key.section != section.name) continue;
      const auto line = (section.name == "source" ? "\n#" : "\n") + std::string(key.name) + " = ";
      EXPECT_NE(body.find(line), std::string::npos) << section.name << "." << key.name;
    }
  }
}

TEST(ConfigText, EveryDefaultIsWithinItsOwnLimits) {
  // A default that the table forbids would be refused when somebody writes it down.
  for (const auto& key : config::keys()) {
    if (key.section == "source") continue;
    Config defaults;
    SourceEntry unused;
    const auto text =
        "[" + std::string(key.section) + "]\n" + std::string(key.name) + " = " + config::shown(key.slot(defaults, unused)) + "\n";
    const auto outcome = parse_config(text, "t.toml");
    EXPECT_TRUE(outcome) << (outcome ? "" : outcome.error().text);
  }
}

TEST(ConfigText, EverySourceExampleParsesWithOneOfItsTypes) {
  for (const auto& key : config::keys()) {
    if (key.section != "source" || key.name == "id" || key.name == "type") continue;
    const auto type = std::string(key.types.empty() ? "rdseed" : key.types.substr(0, key.types.find(' ')));
    auto text = "[[source]]\nid = \"a\"\ntype = \"" + type + "\"\n" + std::string(key.name) + " = " + std::string(key.example) + "\n";
    if ((type == "device" || type == "replay") && key.name != "path") text += "path = \"/dev/x\"\n";
    if (type == "process" && key.name != "argv") text += "argv = [\"/bin/x\"]\n";
    if (type == "remote" && key.name != "url") text += "url = \"https://x\"\n";
    const auto outcome = parse_config(text, "t.toml");
    ASSERT_TRUE(outcome) << (outcome ? "" : outcome.error().text);
    auto entry = outcome->sources.front();
    Config unused;
    EXPECT_EQ(config::shown(key.slot(unused, entry)), key.example) << key.name;  // it reached its own slot
  }
}

TEST(ConfigText, NoKeyIsDescribedTwice) {
  for (const auto& a : config::keys()) {
    int same = 0;
    for (const auto& b : config::keys()) same += a.section == b.section && a.name == b.name ? 1 : 0;
    EXPECT_EQ(same, 1) << a.name;
    EXPECT_FALSE(a.doc.empty()) << a.name;
  }
}

TEST(ConfigText, LinesAreShort) {
  const auto text = default_config_text();
  std::size_t begin = 0;
  while (begin < text.size()) {
    const auto end = text.find('\n', begin);
    if (text[begin] == '#') {
      EXPECT_LE(end - begin, 102U) << text.substr(begin, end - begin);
    }
    begin = end + 1;
  }
}

TEST(ConfigText, ThePageHasEveryKeyWithWhatIsAllowed) {
  const auto page = config_markdown();
  for (const auto& key : config::keys()) {
    const auto row = "| `" + std::string(key.name) + "` | " + config::allowed(key) + " | ";
    EXPECT_NE(page.find(row), std::string::npos) << row;
  }
  EXPECT_NE(page.find("| `mtu` | an integer from 576 to 16384 (bytes) | 1280 | "), std::string::npos);
}

// The page is generated: with QEAAS_UPDATE_DOCS set this test writes it before it looks.
TEST(ConfigText, ThePageOfTheRepositoryIsThisOne) {
  const auto path = std::filesystem::path(QEAAS_SOURCE_DIR) / "docs/configuration.md";
  if (std::getenv("QEAAS_UPDATE_DOCS") != nullptr) std::ofstream(path) << config_markdown();
  std::ifstream file(path);
  const std::string text(std::istreambuf_iterator<char>(file), {});
  EXPECT_EQ(text, config_markdown()) << "write it anew: QEAAS_UPDATE_DOCS=1 qeaas_config_test --gtest_filter='ConfigText.*'";
}

TEST(ConfigText, NearestIsWithinTwoEdits) {
  const std::vector<std::string_view> words{"listen", "groups", "mtu"};
  EXPECT_EQ(config::nearest("listn", words), "listen");
  EXPECT_EQ(config::nearest("gruops", words), "groups");
  EXPECT_EQ(config::nearest("mut", words), "mtu");
  EXPECT_EQ(config::nearest("xyz", words), "");  // three edits would turn it into anything
  EXPECT_EQ(config::nearest(std::string(100'000, 'm'), words), "");
}

}  // namespace
}  // namespace qeaas
