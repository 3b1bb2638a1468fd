// SPDX-License-Identifier: GPL-3.0-or-later
// JSON text: escapes, numbers, and the two errors.
#include "wire/json_writer.hpp"

#include <gtest/gtest.h>

#include <functional>

#include "wire/vectors_test.hpp"

namespace qeaas {
namespace {

using namespace std::string_view_literals;

std::string written(const std::function<void(JsonWriter&)>& fill, std::size_t room = 256) {
  std::vector<std::uint8_t> memory(room);
  JsonWriter out(memory);
  fill(out);
  const auto size = out.finish();
  return size ? std::string(memory.begin(), memory.begin() + static_cast<std::ptrdiff_t>(*size)) : std::string(name(size.error()));
}

TEST(JsonWriter, EscapesWhatRfc8259Demands) {
  EXPECT_EQ(written([](JsonWriter& out) { out.text("plain"); }), R"("plain")");
  EXPECT_EQ(written([](JsonWriter& out) { out.text("a\"b\\c"); }), R"("a\"b\\c")");
  EXPECT_EQ(written([](JsonWriter& out) { out.text("\n\r\t\x01\x1f\x00"sv); }), R"("\n\r\t\u0001\u001f\u0000")");
  EXPECT_EQ(written([](JsonWriter& out) { out.text("\u00fc\x7f"); }), "\"\u00fc\x7f\"");
  EXPECT_EQ(written([](JsonWriter& out) { out.text(""); }), R"("")");
}

TEST(JsonWriter, WritesNumbersFlagsAndHex) {
  EXPECT_EQ(written([](JsonWriter& out) { out.number(0).raw(",").number(UINT64_MAX); }), "0,18446744073709551615");
  EXPECT_EQ(written([](JsonWriter& out) { out.boolean(true).raw(",").boolean(false); }), "true,false");
  EXPECT_EQ(written([](JsonWriter& out) { out.hex(test::bytes("00ff10")); }), R"("00ff10")");
  EXPECT_EQ(written([](JsonWriter& out) { out.hex({}); }), R"("")");
}

TEST(JsonWriter, TextThatIsNoUtf8IsMalformed) {
  EXPECT_EQ(written([](JsonWriter& out) { out.text("\xc3"); }), "malformed");
}

TEST(JsonWriter, EverySizeThatIsTooSmallIsNoSpace) {
  const auto fill = [](JsonWriter& out) { out.text("a\x01").hex(test::bytes("ab")).number(12); };
  const std::string whole = written(fill);
  EXPECT_EQ(whole, "\"a\\u0001\"\"ab\"12");
  for (std::size_t room = 0; room < whole.size(); ++room) EXPECT_EQ(written(fill, room), "no_space") << room;
  EXPECT_EQ(written(fill, whole.size()), whole);
}

TEST(JsonWriter, Base64IsQuotedAndChecked) {
  std::array<std::uint8_t, 16> room{};
  const std::array<std::uint8_t, 4> value{0xff, 0x00, 0x10, 0x80};
  ASSERT_EQ(JsonWriter(room).base64(value).finish().value(), 10U);
  EXPECT_EQ(std::string(room.begin(), room.begin() + 10), "\"/wAQgA==\"");
  EXPECT_EQ(JsonWriter(MutableBytes(room).first(9)).base64(value).finish().error(), Error::no_space);
}

}  // namespace
}  // namespace qeaas
