// SPDX-License-Identifier: GPL-3.0-or-later
#include "source/qrng_client.hpp"

#include <array>
#include <thread>

#include "source/test_folder.hpp"
#include "source/test_server.hpp"

namespace qeaas {
namespace {

using test::has;
using test::http_answer;
using test::TestServer;

const std::string kCapabilities = R"({"entropy":{"max_block_size":64,"entropy_types":["direct"]}})";

class ClientTest : public test::FolderTest {
 protected:
  // fetch_error serves good capabilities and then the answer; gives the fault of fetching three bytes, or none.
  std::string fetch_error(const TestServer::Answer& answer, Error& error, std::chrono::milliseconds timeout = 10s) {
    TestServer server([&](const std::string& request) {
      return request.starts_with("GET") ? std::optional(http_answer(200, kCapabilities)) : answer(request);
    });
    QrngClient client({.url = server.url(), .timeout = timeout});
    const auto connected = client.connect();
    EXPECT_TRUE(connected) << connected.error().text;
    const auto fetched = client.fetch(block_, "direct");
    if (fetched) return "none";
    EXPECT_TRUE(has(fetched.error().text, server.url())) << "the server is named";
    error = fetched.error().error;
    return fetched.error().text;
  }
  void expect(const TestServer::Answer& answer, Error wanted, const std::string& words = {}) {
    Error error{};
    const auto text = fetch_error(answer, error);
    EXPECT_EQ(name(error), name(wanted)) << text;
    EXPECT_TRUE(has(text, words)) << text;
  }
  void expect(const std::string& answer, Error wanted, const std::string& words = {}) {
    expect([=](const std::string&) { return answer; }, wanted, words);
  }
  std::array<std::uint8_t, 3> block_{};
};

TEST_F(ClientTest, FetchesABlock) {
  TestServer server([](const std::string& request) {
    return http_answer(200, request.starts_with("GET /v1/capabilities ") ? kCapabilities : R"({"entropy":["AQID"]})",
                       "Entropy-Simulated: false\r\n");
  });
  QrngClient client({.url = server.url() + "/", .token_file = write("token", "abc.def\n")});
  const auto capabilities = client.connect();
  ASSERT_TRUE(capabilities) << capabilities.error().text;
  EXPECT_EQ(capabilities->max_block_bytes, 64U);
  ASSERT_TRUE(client.fetch(block_, "direct"));
  ASSERT_TRUE(client.fetch(block_, ""));
  EXPECT_EQ(block_, (std::array<std::uint8_t, 3>{1, 2, 3}));
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 3U);
  EXPECT_TRUE(requests[1].starts_with("POST /v1/entropy HTTP/1.1\r\n"));
  EXPECT_TRUE(has(requests[1], "Authorization: Bearer abc.def\r\n"));
  EXPECT_TRUE(has(requests[1], R"({"block_size":3,"block_count":1,"entropy_type":"direct"})"));
  EXPECT_TRUE(has(requests[2], R"({"block_size":3,"block_count":1})"));
}

TEST_F(ClientTest, BadAnswers) {
  expect(http_answer(200, "not json"), Error::malformed, "QRNG Open API");
  expect(http_answer(200, R"({"entropy":["A*ID"]})"), Error::malformed);
  expect(http_answer(200, R"({"entropy":["AQ=="]})"), Error::out_of_range);
  expect(http_answer(200, R"({"entropy":["AQID"]})").substr(0, 70), Error::unreachable);
  expect(std::string("what is this\r\n\r\n"), Error::malformed);
  expect(std::string(), Error::unreachable);
}

TEST_F(ClientTest, Statuses) {
  expect(http_answer(503, ""), Error::starved, "503");
  expect(http_answer(401, ""), Error::unauthorized, "token_file");
  expect(http_answer(403, ""), Error::forbidden);
  expect(http_answer(404, ""), Error::unsupported, "url");
  expect(http_answer(422, ""), Error::out_of_range, "entropy_type");
  expect(http_answer(429, ""), Error::over_quota);
  expect(http_answer(500, ""), Error::io, "500");
}

TEST_F(ClientTest, RedirectsAreNotFollowed) {
  TestServer elsewhere([](const std::string&) { return http_answer(200, R"({"entropy":["AQID"]})"); });
  expect(http_answer(307, "", "Location: " + elsewhere.url() + "/v1/entropy\r\n"), Error::refused, "redirect");
  EXPECT_TRUE(elsewhere.requests().empty());
}

TEST_F(ClientTest, LargeAnswersAreCutOff) {
  expect(http_answer(200, std::string(kMaxRemoteAnswerBytes + 1, ' ')), Error::too_large);
  expect(http_answer(200, R"({"entropy":["AQID"]})", "X: " + std::string(20'000, 'x') + "\r\n"), Error::too_large);
  std::array<std::uint8_t, kMaxRemoteBlockBytes + 1> large{};
  QrngClient client({.url = "http://127.0.0.1:1"});
  EXPECT_EQ(client.fetch(large, "").error().error, Error::too_large);
  EXPECT_EQ(client.fetch(block_, "a\"b").error().error, Error::malformed) << "no injection into the request";
  EXPECT_EQ(client.fetch(block_, "").error().error, Error::source_gone) << "not connected";
}

TEST_F(ClientTest, SimulatedBytesAreRefused) {
  for (const auto* value : {"true", "1", "?1", "", "perhaps"})
    expect(http_answer(200, R"({"entropy":["AQID"]})", std::string("eNTROPY-simulated: ") + value + "\r\n"), Error::refused, "simulated");
}

TEST_F(ClientTest, SilenceIsATimeout) {
  Error error{};
  fetch_error([](const std::string&) { return std::nullopt; }, error, 100ms);
  EXPECT_EQ(name(error), name(Error::timeout));
}

TEST_F(ClientTest, InterruptEndsATransfer) {
  QrngClient* waiting = nullptr;
  TestServer server([&](const std::string& request) -> std::optional<std::string> {
    if (request.starts_with("GET")) return http_answer(200, kCapabilities);
    waiting->interrupt();  // from the server's thread, while the client waits for this very answer
    return std::nullopt;
  });
  QrngClient client({.url = server.url(), .timeout = std::chrono::minutes(5)});
  server.change([&] { waiting = &client; });
  ASSERT_TRUE(client.connect());
  EXPECT_EQ(client.fetch(block_, "").error().error, Error::closed);
  client.disconnect();
}

TEST_F(ClientTest, ConnectRefusesBadSettings) {
  const auto error_of = [](QrngClientSettings settings) {
    QrngClient client(std::move(settings));
    const auto connected = client.connect();
    return connected ? std::string("none") : std::string(name(connected.error().error));
  };
  EXPECT_EQ(error_of({.url = "http://127.0.0.1:1"}), "unreachable");
  EXPECT_EQ(error_of({.url = "ftp://127.0.0.1"}), "refused");
  EXPECT_EQ(error_of({.url = "http://127.0.0.1:1", .token_file = folder_ / "none"}), "not_found");
  EXPECT_EQ(error_of({.url = "http://127.0.0.1:1", .token_file = write("open", "abc", 0644)}), "refused");
  EXPECT_EQ(error_of({.url = "http://127.0.0.1:1", .token_file = write("lines", "a\nb\n")}), "malformed");
  EXPECT_EQ(error_of({.url = "http://127.0.0.1:1", .token_file = write("empty", "\n")}), "malformed");
  TestServer server([](const std::string&) { return http_answer(200, "{}"); });
  EXPECT_EQ(error_of({.url = server.url()}), "malformed") << "no capabilities";
  EXPECT_EQ(error_of({.url = server.url("https")}), "unreachable") << "no TLS there";
  EXPECT_EQ(error_of({.url = server.url("https"), .ca_file = folder_ / "none"}), "not_trusted");
}

TEST(RemoteUrl, OnlyHttpsAndLoopbackHttp) {
  for (const auto* good : {"https://example.org", "https://example.org:6066/api", "http://127.0.0.1:6065", "http://127.1.2.3",
                           "http://[::1]:6065", "http://localhost:6065"})
    EXPECT_TRUE(check_remote_url(good)) << good;
  for (const auto* bad : {"http://example.org", "http://10.0.0.1", "http://128.0.0.1", "http://localhost.example.org", "ftp://127.0.0.1",
                          "file:///etc/passwd", "https://user:word@example.org", "https://example.org/?a=b", "https://example.org/#a"})
    EXPECT_EQ(check_remote_url(bad).error().error, Error::refused) << bad;
  for (const auto* bad : {"", "example.org", "https://", "https://a b"})
    EXPECT_EQ(check_remote_url(bad).error().error, Error::malformed) << bad;
}

}  // namespace
}  // namespace qeaas
