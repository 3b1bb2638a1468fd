// SPDX-License-Identifier: GPL-3.0-or-later
// For the tests of the configuration.
#pragma once

#include <gtest/gtest.h>

#include "config.hpp"

namespace qeaas {

// The whole message is compared: it is what a person has to work with.
inline void expect_mistake(std::string_view text, Error error, const std::string& message) {
  const auto outcome = parse_config(text, "t.toml");
  ASSERT_FALSE(outcome.has_value()) << text;
  EXPECT_EQ(outcome.error().text, message);
  EXPECT_EQ(outcome.error().error, error);
}

}  // namespace qeaas
