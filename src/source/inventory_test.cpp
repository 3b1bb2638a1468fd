// SPDX-License-Identifier: GPL-3.0-or-later
#include "source/inventory.hpp"

#include <gtest/gtest.h>

#include "source/jitter_source.hpp"
#include "source/os_source.hpp"
#include "source/rdseed_source.hpp"

namespace qeaas {
namespace {

TEST(Inventory, KeepsWhatOpensAndIsPhysical) {
  const RdseedUnit present{.supported = +[]() noexcept { return true; }, .step = +[](std::uint64_t&) noexcept { return true; }};
  const RdseedUnit absent{.supported = +[]() noexcept { return false; }, .step = present.step};
  std::vector<std::unique_ptr<Source>> candidates;
  candidates.push_back(make_rdseed_source("absent", std::nullopt, absent));
  candidates.push_back(make_os_source("os"));
  candidates.push_back(make_rdseed_source("present", std::nullopt, present));
  const auto kept = keep_physical(std::move(candidates));
  ASSERT_EQ(kept.size(), 1U);
  EXPECT_EQ(kept.front()->info().tag.id, "present");
}

TEST(Inventory, OfThisMachineHoldsNothingThatMayNotFeedDirect) {
  const auto sources = physical_sources_of_this_machine();
  for (const auto& source : sources) {
    const auto kind = source->info().tag.kind;
    EXPECT_TRUE(kind == SourceKind::quantum || kind == SourceKind::physical) << source->info().tag.id;
    EXPECT_TRUE(source->open()) << source->info().tag.id;
  }
  const auto listed = [&](std::string_view id) {
    return std::any_of(sources.begin(), sources.end(), [&](const auto& source) { return source->info().tag.id == id; });
  };
  EXPECT_EQ(listed("rdseed"), machine_rdseed().supported());
}

}  // namespace
}  // namespace qeaas
