// SPDX-License-Identifier: GPL-3.0-or-later
// What was compiled in is what lies in web/, all of it, under the names that the page uses, and within its size.
#include "web/assets.hpp"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <set>
#include <string>

namespace qeaas::web {
namespace {

const std::filesystem::path kFolder = std::filesystem::path(QEAAS_SOURCE_DIR) / "web";

std::string file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string content(const Asset& asset) { return {asset.content.begin(), asset.content.end()}; }

TEST(Assets, AreTheFilesOfTheFolder) {
  std::size_t files = 0, bytes = 0;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    const auto name = entry.path().filename().string();
    const auto* asset = find_asset(name == "index.html" ? "/" : "/web/" + name);
    ASSERT_NE(asset, nullptr) << name << " is not in src/web/CMakeLists.txt";
    EXPECT_EQ(content(*asset), file(entry.path())) << name;
    ++files;
    bytes += asset->content.size();
  }
  EXPECT_EQ(assets().size(), files);
  EXPECT_LT(bytes, 40'000U);
}

TEST(Assets, HaveATypeAndATagOfTheirOwn) {
  std::set<std::string_view> tags;
  for (const auto& asset : assets()) {
    EXPECT_TRUE(tags.insert(asset.etag).second);
    EXPECT_EQ(asset.etag.size(), 66U);
    EXPECT_EQ(asset.etag.front(), '"');
    EXPECT_EQ(asset.etag.back(), '"');
    EXPECT_NE(asset.content_type.find("charset=utf-8"), std::string_view::npos);
  }
  EXPECT_EQ(find_asset("/")->content_type, "text/html; charset=utf-8");
  EXPECT_EQ(find_asset("/web/style.css")->content_type, "text/css; charset=utf-8");
  EXPECT_EQ(find_asset("/web/app.js")->content_type, "text/javascript; charset=utf-8");
}

TEST(Assets, NothingElseIsFound) {
  for (const auto* path : {"", "/web/", "/web/../web/app.js", "/index.html", "app.js", "/web/app.js?x"})
    EXPECT_EQ(find_asset(path), nullptr);
}

TEST(Assets, LeadNowhereElse) {
  for (const auto& asset : assets()) {
    auto text = content(asset);
    for (const std::string_view allowed : {"http://www.w3.org/2000/svg"})  // the name of a language, not an address that is asked
      for (auto at = text.find(allowed); at != std::string::npos; at = text.find(allowed)) text.erase(at, allowed.size());
    for (const auto* forbidden : {"http:", "https:", "innerHTML", "outerHTML", "insertAdjacentHTML", "eval(", " style=", "@import"})
      EXPECT_EQ(text.find(forbidden), std::string::npos) << asset.path << " has " << forbidden;
  }
}

}  // namespace
}  // namespace qeaas::web
