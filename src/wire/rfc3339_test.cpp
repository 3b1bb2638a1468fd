// SPDX-License-Identifier: GPL-3.0-or-later
// Times in text.
#include "wire/rfc3339.hpp"

#include <gtest/gtest.h>

namespace qeaas {
namespace {

using std::chrono::milliseconds;
using std::chrono::sys_days;
using std::chrono::system_clock;
using std::chrono::year;

TEST(Rfc3339, IsUtcToTheMillisecond) {
  EXPECT_EQ(rfc3339(system_clock::time_point{}), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(rfc3339(system_clock::time_point(milliseconds(1'234'567'890'123))), "2009-02-13T23:31:30.123Z");
  EXPECT_EQ(rfc3339(system_clock::time_point(milliseconds(-1))), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(rfc3339(sys_days(year(2028) / 2 / 29)), "2028-02-29T00:00:00.000Z");
}

}  // namespace
}  // namespace qeaas
