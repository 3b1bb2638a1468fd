// SPDX-License-Identifier: GPL-3.0-or-later
// The link format against the forms of RFC 6690 section 5, and its filters.
#include "wire/link_format.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace qeaas {
namespace {

constexpr std::uint16_t kThreeFormats[] = {42, 50, 60};
constexpr std::uint16_t kOneFormat[] = {41};
const Link kLinks[] = {
    {.path = "/random",
     .resource_type = "qeaas.random",
     .interface_description = "core.rp",
     .content_formats = kThreeFormats,
     .observable = true,
     .title = "Random bytes",
     .size_bytes = 65536},
    {.path = "/sensors/temp", .resource_type = "temperature-c x.y", .interface_description = "sensor", .content_formats = kOneFormat},
    {.path = "/bare"}};

std::string encoded(std::string_view query, std::size_t room = 512) {
  LinkFilter filter;
  if (!query.empty()) {
    const auto parsed = parse_link_filter(query);
    if (!parsed) return "filter: " + std::string(name(parsed.error()));
    filter = *parsed;
  }
  std::vector<std::uint8_t> memory(room);
  const auto size = encode_links(kLinks, filter, memory);
  return size ? std::string(memory.begin(), memory.begin() + static_cast<std::ptrdiff_t>(*size)) : std::string(name(size.error()));
}

const std::string kRandom = R"(</random>;rt="qeaas.random";if="core.rp";ct="42 50 60";obs;title="Random bytes";sz=65536)";
const std::string kTemp = R"(</sensors/temp>;rt="temperature-c x.y";if="sensor";ct=41)";

TEST(LinkFormat, ListsEverything) { EXPECT_EQ(encoded(""), kRandom + "," + kTemp + ",</bare>"); }

TEST(LinkFormat, FiltersByEachAttribute) {
  EXPECT_EQ(encoded("href=/random"), kRandom);
  EXPECT_EQ(encoded("rt=temperature-c"), kTemp);
  EXPECT_EQ(encoded("rt=x.y"), kTemp);
  EXPECT_EQ(encoded("if=core.rp"), kRandom);
  EXPECT_EQ(encoded("ct=50"), kRandom);
  EXPECT_EQ(encoded("ct=41"), kTemp);
  EXPECT_EQ(encoded("sz=65536"), kRandom);
  EXPECT_EQ(encoded("title=Random bytes"), kRandom);
}

TEST(LinkFormat, AStarIsAPrefix) {
  EXPECT_EQ(encoded("href=/sensors*"), kTemp);
  EXPECT_EQ(encoded("href=/*"), kRandom + "," + kTemp + ",</bare>");
  EXPECT_EQ(encoded("rt=qeaas*"), kRandom);
  EXPECT_EQ(encoded("rt=*"), kRandom + "," + kTemp);
  EXPECT_EQ(encoded("title=Ran*"), kRandom);
  EXPECT_EQ(encoded("title=*"), kRandom);
}

TEST(LinkFormat, WhatMatchesNothingIsEmpty) {
  for (const auto* query : {"rt=x", "rt=", "rt=temperature", "href=/rand", "ct=4", "sz=1", "obs=1", "anchor=/random", "title=Random"})
    EXPECT_EQ(encoded(query), "") << query;
}

TEST(LinkFormat, AQueryNeedsANameAndAValue) {
  for (const auto* query : {"rt", "=x", "="}) EXPECT_EQ(encoded(query), "filter: malformed") << query;
}

TEST(LinkFormat, EverySizeThatIsTooSmallIsNoSpace) {
  for (std::size_t room = 0; room < kTemp.size(); ++room) EXPECT_EQ(encoded("ct=41", room), "no_space") << room;
  EXPECT_EQ(encoded("ct=41", kTemp.size()), kTemp);
}

TEST(LinkFormat, TextThatNeedsEscapingIsMalformed) {
  std::vector<std::uint8_t> memory(256);
  for (const Link& link : {Link{.path = "/a>"}, Link{.path = "/a", .title = "\""}, Link{.path = "/a", .resource_type = "\\"},
                           Link{.path = "/a", .title = "\x01"}, Link{.path = "/a", .title = "\xff"}})
    EXPECT_EQ(encode_links({&link, 1}, {}, memory), fail(Error::malformed));
}

}  // namespace
}  // namespace qeaas
