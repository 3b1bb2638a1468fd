// SPDX-License-Identifier: GPL-3.0-or-later
// The test frame of tests that run on the host and on a bare Cortex-M3: here it is GoogleTest. They use TEST, EXPECT_TRUE, EXPECT_FALSE,
// EXPECT_EQ, EXPECT_NE, EXPECT_LT, EXPECT_GT and ASSERT_TRUE, no heap, and nothing that allocates. target/frame has the other half.
#pragma once

#include <gtest/gtest.h>
