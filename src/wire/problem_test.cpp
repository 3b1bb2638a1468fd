// SPDX-License-Identifier: GPL-3.0-or-later
// Problem details: exact encodings, every error of the enum both ways, and the refusals.
#include "wire/problem.hpp"

#include <gtest/gtest.h>

#include "wire/vectors_test.hpp"

namespace qeaas {
namespace {

using test::bytes;

std::string cbor_of(Error error, std::string_view detail, std::size_t room = kMaxProblemBytes) {
  std::vector<std::uint8_t> memory(room);
  const auto size = encode_problem_cbor(error, detail, memory);
  return size ? to_hex(Bytes(memory).first(*size)) : std::string(name(size.error()));
}
std::string json_of(Error error, std::string_view detail, std::size_t room = kMaxProblemBytes) {
  std::vector<std::uint8_t> memory(room);
  const auto size = encode_problem_json(error, 503, detail, memory);
  return size ? std::string(memory.begin(), memory.begin() + static_cast<std::ptrdiff_t>(*size)) : std::string(name(size.error()));
}

TEST(Problem, EncodesAsRfc9290And9457) {
  EXPECT_EQ(cbor_of(Error::starved, "wait"),
            "a220"
            "6773746172766564"
            "21"
            "6477616974");
  EXPECT_EQ(cbor_of(Error::starved, ""),
            "a120"
            "6773746172766564");
  EXPECT_EQ(json_of(Error::starved, "\"wait\""), R"({"title":"starved","status":503,"detail":"\"wait\""})");
  EXPECT_EQ(json_of(Error::alarmed, ""), R"({"title":"alarmed","status":503})");
}

TEST(Problem, EveryErrorComesBack) {
  for (std::uint8_t i = 0; i < kErrorCount; ++i) {
    const auto error = static_cast<Error>(i);
    const auto cbor = decode_problem_cbor(bytes(cbor_of(error, "d")));
    const auto json = decode_problem_json(bytes_of(json_of(error, "d")));
    ASSERT_TRUE(cbor.has_value() && json.has_value());
    EXPECT_EQ(cbor->error, error);
    EXPECT_EQ(json->error, error);
    EXPECT_EQ(cbor->title, name(error));
    EXPECT_EQ(json->detail, "d");
  }
}

TEST(Problem, LongDetailsAreCutBetweenCharacters) {
  std::string detail(kMaxProblemDetailBytes - 1, 'a');
  detail += "\xC3\xBC";  // would straddle the limit
  const auto problem = decode_problem_cbor(bytes(cbor_of(Error::starved, detail)));
  ASSERT_TRUE(problem.has_value());
  EXPECT_EQ(problem->detail, std::string(kMaxProblemDetailBytes - 1, 'a'));
  const std::string worst(kMaxProblemDetailBytes, '\x01');
  EXPECT_EQ(decode_problem_json(bytes_of(json_of(Error::not_trusted, worst)))->detail, worst);
}

TEST(Problem, ReadsForeignProblems) {
  // Title, detail, instance (-3), response code (-4), a custom entry with a text key.
  const auto problem = decode_problem_cbor(bytes("a5 20 6174 21 6164 22 6169 23 18a3 6178 a0"));
  ASSERT_TRUE(problem.has_value());
  EXPECT_EQ(problem->title, "t");
  EXPECT_EQ(problem->detail, "d");
  EXPECT_FALSE(problem->error.has_value());
  EXPECT_TRUE(decode_problem_cbor(bytes("a1 1bffffffffffffffff f6")).has_value());
  EXPECT_EQ(decode_problem_json(bytes_of(R"({"type":"about:blank","other":[1.5]})"))->title, "");
}

TEST(Problem, RefusesWhatIsNone) {
  for (const auto* hex : {"", "80", "a1", "a12001", "a2206174", "a0f6", "a2216164206174", "a120", "a1f6", "a120f6"})
    EXPECT_EQ(decode_problem_cbor(bytes(hex)).error(), Error::malformed) << hex;
  for (const auto* hex : {"a1 20 d826 826161 6162", "bf ff", "a1 f90000 01", "a1 6178 f90000"})
    EXPECT_EQ(decode_problem_cbor(bytes(hex)).error(), Error::unsupported) << hex;
  for (const auto* json : {"", "[]", "{", R"({"title":1})", R"({"detail":null})"})
    EXPECT_EQ(decode_problem_json(bytes_of(json)).error(), Error::malformed) << json;
  EXPECT_EQ(decode_problem_cbor(std::vector<std::uint8_t>(20000)).error(), Error::too_large);
  EXPECT_EQ(decode_problem_json(std::vector<std::uint8_t>(20000)).error(), Error::too_large);
}

TEST(Problem, EncodingErrors) {
  EXPECT_EQ(cbor_of(Error::starved, "\xff"), "malformed");
  EXPECT_EQ(json_of(Error::starved, "\xff"), "malformed");
  EXPECT_EQ(cbor_of(Error::starved, "wait", 14), "no_space");
  EXPECT_EQ(json_of(Error::starved, "wait", 20), "no_space");
  EXPECT_EQ(error_named("nobody"), std::nullopt);
}

}  // namespace
}  // namespace qeaas
