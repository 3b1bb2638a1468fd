// SPDX-License-Identifier: GPL-3.0-or-later
// CoAP messages against the exchanges of RFC 7252 appendix A (vectors/coap), in both directions.
#include "wire/coap_message.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "base/hex.hpp"
#include "wire/vectors_test.hpp"

namespace qeaas::coap {
namespace {

using test::bytes;
using test::vector_lines;

constexpr std::string_view kTemperature = "22.3 C";

// written builds what the figures show: a GET of /temperature, a 2.05 with the temperature, or an Empty message.
std::vector<std::uint8_t> written(const MessageView& like) {
  std::vector<std::uint8_t> memory(64);
  MessageWriter writer(memory, like.type, like.code, like.id, like.token);
  if (like.code == code::kGet) writer.option(Option::uri_path, "temperature");
  if (like.code == code::kContent) writer.payload(bytes_of(kTemperature));
  const auto size = writer.finish();
  EXPECT_TRUE(size.has_value());
  memory.resize(size.value_or(0));
  return memory;
}

MessageView message(Type type, Code code, std::uint16_t id, std::initializer_list<std::uint8_t> token = {}) {
  MessageView view;
  view.type = type;
  view.code = code;
  view.id = id;
  view.token = *Token::of(Bytes(token.begin(), token.size()));
  return view;
}

void expect_like(const MessageView& seen, const MessageView& wanted) {
  EXPECT_EQ(seen.type, wanted.type);
  EXPECT_EQ(seen.code, wanted.code);
  EXPECT_EQ(seen.id, wanted.id);
  EXPECT_EQ(seen.token, wanted.token);
  const auto path = seen.options.find(Option::uri_path);
  ASSERT_EQ(path.has_value(), wanted.code == code::kGet);
  if (path) {
    EXPECT_EQ(path->text(), "temperature");
  }
  EXPECT_EQ(text_of(seen.payload), wanted.code == code::kContent ? kTemperature : "");
}

// expect_exchange checks that each line parses to what the figure says and is written back to the same bytes.
void expect_exchange(const std::string& figure, const std::vector<MessageView>& wanted) {
  const auto lines = vector_lines("coap/rfc7252-figure-" + figure + ".hex");
  ASSERT_EQ(lines.size(), wanted.size());
  for (std::size_t i = 0; i < lines.size(); ++i) {
    SCOPED_TRACE("figure " + figure + " message " + std::to_string(i));
    const auto datagram = bytes(lines[i]);
    const auto seen = parse(datagram);
    ASSERT_TRUE(seen.has_value());
    expect_like(*seen, wanted[i]);
    EXPECT_EQ(to_hex(written(wanted[i])), lines[i]);
  }
}

TEST(CoapMessage, FollowsFigures16To19PiggybackedResponses) {
  expect_exchange("16", {message(Type::con, code::kGet, 0x7d34), message(Type::ack, code::kContent, 0x7d34)});
  expect_exchange("17", {message(Type::con, code::kGet, 0x7d35, {0x20}), message(Type::ack, code::kContent, 0x7d35, {0x20})});
  expect_exchange("18", {message(Type::con, code::kGet, 0x7d36, {0x31}), message(Type::ack, code::kContent, 0x7d36, {0x31})});
  expect_exchange("19", {message(Type::con, code::kGet, 0x7d37, {0x42}), message(Type::ack, code::kContent, 0x7d37, {0x42})});
}

TEST(CoapMessage, FollowsFigures20To22SeparateAndNonConfirmableResponses) {
  expect_exchange("20", {message(Type::con, code::kGet, 0x7d38, {0x53}), message(Type::ack, code::kEmpty, 0x7d38),
                         message(Type::con, code::kContent, 0xad7b, {0x53}), message(Type::ack, code::kEmpty, 0xad7b)});
  expect_exchange("21", {message(Type::con, code::kGet, 0x7d39, {0x64}), message(Type::ack, code::kEmpty, 0x7d39),
                         message(Type::con, code::kContent, 0xad7c, {0x64}), message(Type::rst, code::kEmpty, 0xad7c)});
  expect_exchange("22", {message(Type::non, code::kGet, 0x7d40, {0x75}), message(Type::non, code::kContent, 0xad7d, {0x75})});
}

TEST(CoapMessage, AcceptsTheUnusualButLegal) {
  const auto lines = vector_lines("coap/accept.hex");
  ASSERT_EQ(lines.size(), 9u);
  for (const auto& line : lines) EXPECT_TRUE(parse(bytes(line)).has_value()) << line;
}

TEST(CoapMessage, TellsAPingFromARequest) {
  EXPECT_TRUE(parse(bytes("40001234"))->is_ping());
  EXPECT_FALSE(parse(bytes("40011234"))->is_ping());
  EXPECT_FALSE(parse(bytes("60001234"))->is_ping());
}

TEST(CoapMessage, IteratesOverOptionsInOrder) {
  const auto datagram = bytes("40011234b161016231014411223344ff2a");
  const auto seen = parse(datagram);
  ASSERT_TRUE(seen.has_value());
  std::vector<std::pair<int, std::string>> options;
  for (const OptionView& option : seen->options) options.emplace_back(number(option.number), to_hex(option.value));
  const std::vector<std::pair<int, std::string>> wanted{{11, "61"}, {11, "62"}, {14, "01"}, {18, "11223344"}};
  EXPECT_EQ(options, wanted);
  EXPECT_EQ(to_hex(seen->payload), "2a");
  EXPECT_EQ(to_hex(seen->options.encoded()), "b161016231014411223344");
}

TEST(CoapMessage, FindsTheFirstOfANumberAndNothingForOthers) {
  const auto datagram = bytes("40011234b16101624163");
  const auto seen = parse(datagram);
  ASSERT_TRUE(seen.has_value());
  EXPECT_EQ(seen->options.find(Option::uri_path)->text(), "a");
  EXPECT_EQ(seen->options.find(Option::uri_query)->text(), "c");
  EXPECT_FALSE(seen->options.find(Option::content_format).has_value());
  EXPECT_FALSE(seen->options.find(Option::block2).has_value());
}

TEST(CoapMessage, IterationOverUncheckedBytesStopsAtTheFirstFault) {
  // Options is only ever made by parse; that it stays inside its memory must not depend on it.
  for (const std::string_view text : {"f0", "b5", "d0", "0fff", "e0ffffe0ffff"}) {
    const auto encoded = bytes(text);
    std::size_t count = 0;
    for (const OptionView& option : Options(encoded)) count += option.value.size() <= encoded.size() ? 1 : 100;
    EXPECT_LE(count, 1u) << text;
  }
}

}  // namespace
}  // namespace qeaas::coap
