// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/error.hpp"

#include <cerrno>
#include <gtest/gtest.h>
#include <set>

namespace qeaas {

TEST(Error, EveryValueHasItsOwnNameAndAdvice) {
  std::set<std::string_view> names;
  for (std::uint8_t value = 0; value < kErrorCount; ++value) {
    const auto error = static_cast<Error>(value);
    EXPECT_FALSE(name(error).empty());
    EXPECT_GT(advice(error).size(), 10U) << name(error);
    EXPECT_TRUE(names.insert(name(error)).second) << name(error);
  }
}

TEST(Error, NamesStandInTheOrderOfTheEnum) {
  EXPECT_EQ(name(Error::malformed), "malformed");
  EXPECT_EQ(name(Error::starved), "starved");
  EXPECT_EQ(name(Error::not_trusted), "not_trusted");
  EXPECT_EQ(name(Error::crypto), "crypto");
}

TEST(Error, ErrnoIsMapped) {
  EXPECT_EQ(from_errno(EAGAIN), Error::would_block);
  EXPECT_EQ(from_errno(ENOENT), Error::not_found);
  EXPECT_EQ(from_errno(EACCES), Error::denied);
  EXPECT_EQ(from_errno(EADDRINUSE), Error::in_use);
  EXPECT_EQ(from_errno(ECONNREFUSED), Error::unreachable);
  EXPECT_EQ(from_errno(ETIMEDOUT), Error::timeout);
  EXPECT_EQ(from_errno(EPIPE), Error::closed);
  EXPECT_EQ(from_errno(ENOMEM), Error::no_space);
  EXPECT_EQ(from_errno(EIO), Error::io);
}

TEST(Error, ExplainNamesTheThingTheErrorAndTheAdvice) {
  const Fault fault = explain(Error::timeout, "coaps://host").value();
  EXPECT_EQ(fault.error, Error::timeout);
  EXPECT_EQ(fault.text, "coaps://host: timeout (check that the server runs and that no firewall drops UDP)");
}

}  // namespace qeaas
