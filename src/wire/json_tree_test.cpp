// SPDX-License-Identifier: GPL-3.0-or-later
// The tree that JSON and CBOR share.
#include "wire/json_tree.hpp"

#include <gtest/gtest.h>

#include "wire/vectors_test.hpp"

namespace qeaas::json_tree {
namespace {

namespace bj = boost::json;

std::string cbor_of(std::string_view json) {
  const auto tree = from_json(bytes_of(json));
  if (!tree) return std::string(name(tree.error()));
  const auto encoded = to_cbor(*tree);
  return encoded ? to_hex(*encoded) : std::string(name(encoded.error()));
}

TEST(JsonTree, SortsKeysAsRfc8949Demands) {
  EXPECT_EQ(cbor_of(R"({"bb":1,"b":2,"a":[true,false,null,-1]})"),
            "a3616184f5f4f620616202626262"
            "01");
  EXPECT_EQ(cbor_of(R"({"text":"\u00fc","large":18446744073709551615})"), "a2647465787462c3bc656c617267651bffffffffffffffff");
}

TEST(JsonTree, ComesBackFromCbor) {
  for (const std::string_view json : {R"({"a":[1,-2,"x",null,true],"b":{"c":18446744073709551615}})", "[]", "{}", "null", "\"\""}) {
    const auto tree = from_json(bytes_of(json));
    ASSERT_TRUE(tree.has_value()) << json;
    const auto encoded = to_cbor(*tree);
    ASSERT_TRUE(encoded.has_value()) << json;
    const auto back = from_cbor(*encoded);
    ASSERT_TRUE(back.has_value()) << json;
    EXPECT_EQ(to_json(*back), std::string(json));
  }
}

TEST(JsonTree, RefusesWhatIsNoJson) {
  for (const std::string_view json : {"", "{", "{}x", "[1,]", "{\"a\":1,}", "nul", "'a'", "\"\xff\"", "// c\n1", "01", "NaN"})
    EXPECT_EQ(cbor_of(json), "malformed") << json;
  EXPECT_EQ(cbor_of(std::string(100, '[') + std::string(100, ']')), "malformed");
}

TEST(JsonTree, FloatsAndByteStringsHaveNoPlace) {
  EXPECT_EQ(cbor_of("1.5"), "unsupported");
  EXPECT_EQ(cbor_of("[{\"a\":1e3}]"), "unsupported");
  EXPECT_EQ(from_cbor(test::bytes("4101")).error(), Error::unsupported);
  EXPECT_EQ(from_cbor(test::bytes("a1018 0")).error(), Error::malformed);  // a key that is no text
  EXPECT_EQ(from_cbor(test::bytes("3bffffffffffffffff")).error(), Error::out_of_range);
  EXPECT_EQ(from_cbor(test::bytes("8101 00")).error(), Error::malformed);
  EXPECT_EQ(from_cbor(test::bytes("a16161f7")).error(), Error::unsupported);
}

TEST(JsonTree, TextThatIsNoUtf8IsNotWritten) {
  const bj::value tree = bj::array{bj::object{{"k", bj::string_view("\xc3", 1)}}};
  EXPECT_EQ(to_json(tree).error(), Error::malformed);
  EXPECT_EQ(to_cbor(tree).error(), Error::malformed);
}

TEST(JsonTree, FieldsSayWhatIsWrong) {
  const auto tree = *from_json(bytes_of(R"({"text":"x","flag":true,"count":3,"big":18446744073709551615,"below":-1,"items":[1]})"));
  std::string text;
  bool flag = false;
  std::uint64_t count = 0, big = 0;
  EXPECT_TRUE(Fields(tree).read("text", text).read("flag", flag).read("count", count).read("big", big).status().has_value());
  EXPECT_EQ(text, "x");
  EXPECT_TRUE(flag);
  EXPECT_EQ(count, 3u);
  EXPECT_EQ(big, UINT64_MAX);
  EXPECT_EQ(Fields(tree).items("items").size(), 1u);
  EXPECT_EQ(Fields(tree).read("below", count).status(), fail(Error::out_of_range));
  for (const std::string_view wrong : {"missing", "items"}) {
    EXPECT_EQ(Fields(tree).read(wrong, text).status(), fail(Error::malformed));
    EXPECT_EQ(Fields(tree).read(wrong, flag).status(), fail(Error::malformed));
    EXPECT_EQ(Fields(tree).read(wrong, count).status(), fail(Error::malformed));
  }
  Fields fields(tree);
  EXPECT_TRUE(fields.items("text").empty());
  EXPECT_EQ(fields.status(), fail(Error::malformed));
  EXPECT_EQ(Fields(bj::value(1)).read("text", text).status(), fail(Error::malformed));
}

}  // namespace
}  // namespace qeaas::json_tree
