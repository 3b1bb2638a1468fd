// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/timestamp.hpp"

#include <gtest/gtest.h>

namespace qeaas {
namespace {

using namespace std::chrono_literals;

TEST(Timestamp, TheExampleOfRfc9110AndOthers) {
  const std::chrono::system_clock::time_point sunday(784111777s);
  const auto date = http_date(sunday);
  EXPECT_EQ(std::string_view(date.data(), date.size()), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(rfc3339(sunday), "1994-11-06T08:49:37.000Z");
  EXPECT_EQ(rfc3339(sunday + 999ms), "1994-11-06T08:49:37.999Z");
  EXPECT_EQ(rfc3339(std::chrono::system_clock::time_point(-1ms)), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(rfc3339(std::chrono::system_clock::time_point(951782400s)), "2000-02-29T00:00:00.000Z");
}

}  // namespace
}  // namespace qeaas
