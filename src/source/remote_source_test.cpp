// SPDX-License-Identifier: GPL-3.0-or-later
#include "source/remote_source.hpp"

#include <array>
#include <atomic>
#include <gtest/gtest.h>

#include "source/test_server.hpp"
#include "wire/base64.hpp"

namespace qeaas {
namespace {

using test::http_answer;
using test::TestServer;

// block_answer serves as many bytes as the request asks for, each equal to the size.
std::string block_answer(const std::string& request) {
  const auto size = std::stoul(request.substr(request.find("block_size\":") + 12));
  return http_answer(200, "{\"entropy\":[\"" + to_base64(std::vector<std::uint8_t>(size, static_cast<std::uint8_t>(size))) + "\"]}");
}

class RemoteTest : public testing::Test {
 protected:
  std::unique_ptr<Source> source(RemoteSettings settings = {}) {
    settings.id = "far";
    settings.server.url = server_.url();
    if (timeout_) settings.server.timeout = *timeout_;
    return make_remote_source(std::move(settings));
  }
  std::string capabilities_ = R"({"entropy":{"min_block_size":8,"max_block_size":16,"entropy_types":["mixed","direct"]}})";
  std::optional<std::chrono::milliseconds> timeout_;
  TestServer::Answer entropy_ = [](const std::string& request) { return block_answer(request); };
  TestServer server_{[this](const std::string& request) {
    return request.starts_with("GET") ? std::optional(http_answer(200, capabilities_)) : entropy_(request);
  }};
  std::array<std::uint8_t, 20> samples_{};
};

TEST_F(RemoteTest, SplitsAReadByTheServersLimits) {
  auto remote = source();
  ASSERT_TRUE(remote->open());
  ASSERT_TRUE(remote->read(samples_));
  EXPECT_EQ(samples_[15], 16) << "the first block has the largest size";
  EXPECT_EQ(samples_[19], 8) << "the last four samples come from a block of the smallest size";
  EXPECT_NE(server_.requests()[1].find("\"entropy_type\":\"direct\""), std::string::npos) << "direct is preferred";
}

TEST_F(RemoteTest, KindIsRemoteUnlessTrusted) {
  EXPECT_EQ(source({.far_end_kind = SourceKind::quantum})->info().tag.kind, SourceKind::remote);
  const auto trusted = source({.trust_far_end = true, .far_end_kind = SourceKind::quantum});
  EXPECT_EQ(trusted->info().tag.kind, SourceKind::quantum);
  EXPECT_NE(trusted->info().claim.find("trusts"), std::string::npos);
  RemoteSettings over_tls;
  over_tls.server.url = "https://example.org";
  EXPECT_NE(make_remote_source(over_tls)->info().claim.find("classical TLS"), std::string::npos);
  EXPECT_TRUE(trusted->info().tag.classical_link) << "loopback here, and who knows what a tunnel that ends there was";
  EXPECT_TRUE(make_remote_source(over_tls)->info().tag.classical_link);
  EXPECT_EQ(trusted->info().per_sample, MinEntropy::from_whole_bits(4));
}

TEST_F(RemoteTest, EntropyTypeMustBeOffered) {
  const auto opened = source({.entropy_type = "raw"})->open();
  EXPECT_EQ(opened.error().error, Error::unknown);
  EXPECT_NE(opened.error().text.find("mixed, direct"), std::string::npos);
  server_.change([&] { capabilities_ = R"({"entropy":{"max_block_size":16}})"; });
  EXPECT_TRUE(source({.entropy_type = "raw"})->open()) << "a server that lists none is asked";
}

TEST_F(RemoteTest, AsksAgainWhileTheFarEndHasNothingAtTheMoment) {
  auto remote = source();
  ASSERT_TRUE(remote->open());
  std::atomic<int> asked = 0;
  server_.change([&] {
    entropy_ = [&, good = entropy_](const std::string& body) {
      const int turn = asked++;
      return turn < 2 ? http_answer(turn == 0 ? 503 : 429, "") : good(body);
    };
  });
  EXPECT_TRUE(remote->read(samples_));
  EXPECT_GE(asked, 3);
}

TEST_F(RemoteTest, FailuresBecomeGoneTimeoutOrClosed) {
  timeout_ = std::chrono::milliseconds(100);
  auto remote = source();
  EXPECT_EQ(remote->read(samples_).error(), Error::source_gone) << "not opened";
  ASSERT_TRUE(remote->open());
  server_.change([&] { entropy_ = [](const std::string&) { return http_answer(503, ""); }; });
  EXPECT_EQ(remote->read(samples_).error(), Error::source_gone);
  server_.change([&] { capabilities_ = "{}"; });
  const auto opened = remote->open();
  EXPECT_EQ(opened.error().error, Error::malformed);
  EXPECT_NE(opened.error().text.find("far"), std::string::npos) << "the source is named";
  remote->interrupt();
  EXPECT_EQ(remote->read(samples_).error(), Error::closed);
  EXPECT_EQ(remote->open().error().error, Error::closed);
}

TEST_F(RemoteTest, SilenceIsATimeoutAndInterruptEndsIt) {
  timeout_ = std::chrono::milliseconds(100);
  auto hasty = source();
  ASSERT_TRUE(hasty->open());
  server_.change([&] { entropy_ = [](const std::string&) { return std::nullopt; }; });
  EXPECT_EQ(hasty->read(samples_).error(), Error::timeout);
  timeout_ = std::chrono::minutes(5);
  auto patient = source();
  ASSERT_TRUE(patient->open());
  server_.change([&] {
    entropy_ = [&](const std::string&) {
      patient->interrupt();
      return std::nullopt;
    };
  });
  EXPECT_EQ(patient->read(samples_).error(), Error::closed);
}

}  // namespace
}  // namespace qeaas
