// SPDX-License-Identifier: GPL-3.0-or-later
#include "source/os_source.hpp"

#include <array>
#include <gtest/gtest.h>

namespace qeaas {
namespace {

TEST(OsSource, IsKindOsAndNeverFeedsDirect) {
  auto source = make_os_source("os");
  EXPECT_EQ(source->info().tag.kind, SourceKind::os);
  EXPECT_FALSE(may_feed_direct(source->info().tag.kind));
  ASSERT_TRUE(source->open());
  std::array<std::uint8_t, 64> samples{};
  ASSERT_TRUE(source->read(samples));
  EXPECT_NE(samples, (std::array<std::uint8_t, 64>{}));
  source->interrupt();
  EXPECT_EQ(source->read(samples).error(), Error::closed);
  EXPECT_EQ(source->open().error().error, Error::closed);
}

TEST(OsSource, AFailureOfTheSystemIsGone) {
  auto source = make_os_source(
      "os", std::nullopt, +[](MutableBytes) noexcept -> Status { return fail(Error::io); });
  ASSERT_TRUE(source->open());
  std::array<std::uint8_t, 8> samples{};
  EXPECT_EQ(source->read(samples).error(), Error::source_gone);
}

}  // namespace
}  // namespace qeaas
