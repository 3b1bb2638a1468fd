// SPDX-License-Identifier: GPL-3.0-or-later
// Requests byte by byte, and the head of an answer.
#include "local/egd.hpp"

#include <gtest/gtest.h>
#include <vector>

namespace qeaas::local {
namespace {

using Buffer = std::vector<std::uint8_t>;

TEST(Egd, ParsesEveryCommand) {
  EXPECT_EQ(parse_request(Buffer{0x00})->command, Command::level);
  EXPECT_EQ(parse_request(Buffer{0x04, 0x99})->length, 1U);
  const auto now = parse_request(Buffer{0x01, 0xff});
  EXPECT_EQ(now->command, Command::read_now);
  EXPECT_EQ(now->count, 255U);
  EXPECT_EQ(parse_request(Buffer{0x02, 0x00})->count, 0U);
  const auto draw = parse_request(Buffer{0x51, 0x12, 0x34, 0x07});
  EXPECT_EQ(draw->command, Command::draw);
  EXPECT_EQ(draw->count, 0x1234U);
  EXPECT_EQ(draw->type, 7);
  EXPECT_EQ(draw->length, 4U);
}

TEST(Egd, AWriteCarriesItsBytesAndItsClaimIsIgnored) {
  const Buffer wire{0x03, 0xff, 0xff, 3, 'a', 'b', 'c', 0x00};
  const auto write = parse_request(wire);
  EXPECT_EQ(write->command, Command::write);
  EXPECT_EQ(Buffer(write->data.begin(), write->data.end()), (Buffer{'a', 'b', 'c'}));
  EXPECT_EQ(write->length, 7U);
  EXPECT_TRUE(parse_request(Buffer{0x03, 0, 0, 0})->data.empty());
}

TEST(Egd, APartOfARequestAsksForMore) {
  for (const auto& whole : {Buffer{0x01, 5}, Buffer{0x02, 5}, Buffer{0x03, 0, 0, 2, 1, 2}, Buffer{0x51, 0, 1, 0}}) {
    for (std::size_t size = 0; size < whole.size(); ++size)
      EXPECT_EQ(parse_request(Bytes(whole).first(size)).error(), Error::would_block) << size;
    EXPECT_EQ(parse_request(whole)->length, whole.size());
  }
  EXPECT_LE(4U + 255U, kMaxRequestBytes);
}

TEST(Egd, EverythingElseIsUnknown) {
  for (unsigned byte = 0; byte < 256; ++byte) {
    if (byte <= 4 || byte == 0x51) continue;
    EXPECT_EQ(parse_request(Buffer{static_cast<std::uint8_t>(byte), 0, 0, 0}).error(), Error::unknown) << byte;
  }
}

TEST(Egd, TheHeadSaysCodeRetryAndTwoLengths) {
  std::array<std::uint8_t, kDrawHeadBytes> head{};
  const auto written = [&](Code code, std::chrono::seconds retry, std::size_t count, std::size_t provenance) {
    write_draw_head(head, code, retry, count, provenance);
    return Buffer(head.begin(), head.end());
  };
  using std::chrono::seconds;
  EXPECT_EQ(written(Code::ok, seconds(0), 65535, 0x0102), (Buffer{0, 0, 0xff, 0xff, 1, 2}));
  EXPECT_EQ(written(Code::starved, seconds(60), 0, 0), (Buffer{2, 60, 0, 0, 0, 0}));
  EXPECT_EQ(written(Code::over_quota, seconds(86400), 0, 0), (Buffer{4, 255, 0, 0, 0, 0}));
}

TEST(Egd, EveryErrorOfADrawHasItsCode) {
  EXPECT_EQ(code_of(Error::starved), Code::starved);
  EXPECT_EQ(code_of(Error::source_gone), Code::starved);
  EXPECT_EQ(code_of(Error::alarmed), Code::alarmed);
  EXPECT_EQ(code_of(Error::over_quota), Code::over_quota);
  EXPECT_EQ(code_of(Error::forbidden), Code::forbidden);
  EXPECT_EQ(code_of(Error::too_large), Code::too_large);
  EXPECT_EQ(code_of(Error::io), Code::failed);
  EXPECT_EQ(code_of(Error::crypto), Code::failed);
}

TEST(Egd, AClientsRequestIsReadAsItWasWritten) {
  std::array<std::uint8_t, kDrawRequestBytes> request{};
  write_draw_request(request, 0x1234, EntropyType::drbg);
  EXPECT_EQ(Buffer(request.begin(), request.end()), (Buffer{0x51, 0x12, 0x34, 2}));
  EXPECT_EQ(parse_request(request)->count, 0x1234U);
}

TEST(Egd, AClientReadsTheHeadThatTheServerWrote) {
  std::array<std::uint8_t, kDrawHeadBytes> head{};
  write_draw_head(head, Code::over_quota, std::chrono::seconds(9), 0x0102, 0x0304);
  auto parsed = parse_draw_head(head);
  EXPECT_EQ(parsed.code, Code::over_quota);
  EXPECT_EQ(parsed.retry.count(), 9);
  EXPECT_EQ(parsed.count, 0x0102U);
  EXPECT_EQ(parsed.provenance_bytes, 0x0304U);
  head[0] = 200;
  EXPECT_EQ(parse_draw_head(head).code, Code::failed);
}

TEST(Egd, AClientIsToldWhyAndByWhom) {
  EXPECT_EQ(refusal(Code::starved, "/run/a").error, Error::starved);
  EXPECT_EQ(refusal(Code::alarmed, "/run/a").error, Error::alarmed);
  EXPECT_EQ(refusal(Code::over_quota, "/run/a").error, Error::over_quota);
  EXPECT_EQ(refusal(Code::forbidden, "/run/a").error, Error::forbidden);
  EXPECT_EQ(refusal(Code::too_large, "/run/a").error, Error::too_large);
  EXPECT_EQ(refusal(Code::bad_request, "/run/a").error, Error::malformed);
  EXPECT_EQ(refusal(Code::failed, "/run/a").error, Error::io);
  EXPECT_NE(refusal(Code::starved, "/run/a").text.find("/run/a"), std::string::npos);
}

}  // namespace
}  // namespace qeaas::local
