// SPDX-License-Identifier: GPL-3.0-or-later
// The fetcher against an origin on the same loop: what it asks, what it collects, where it refuses to go, and that its limits hold.
#include "net/http_fetcher.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "net/test_origin.hpp"

namespace qeaas {
namespace {

using test::http_answer;
using test::TestOrigin;
using ::testing::HasSubstr;
using ::testing::Not;

struct Fetching {
  explicit Fetching(TestOrigin::Answer answer) : origin(loop, std::move(answer)) { list(origin.url()); }

  void list(const std::string& url) {
    origins.push_back(*parse_origin(url));
    options.origins = OriginList(origins);
  }
  HttpFetcher& fetcher() {
    if (!made) made = std::make_unique<HttpFetcher>(loop, options);
    return *made;
  }
  Result<HttpFetcher::Ticket> start(const std::string& url, const std::string& accept = {}, const std::string& tag = {}) {
    return fetcher().start({*parse_http_uri(url), accept, tag},
                           [this](Result<FetchAnswer> answer) { answers.push_back(std::move(answer)); });
  }
  void run_until(const std::function<bool()>& reached) {
    while (!reached() && loop.run_one_for(std::chrono::seconds(60)) != 0) {
    }
    EXPECT_TRUE(reached()) << "nothing more happens";
  }
  Result<FetchAnswer> get(const std::string& url, const std::string& accept = {}, const std::string& tag = {}) {
    answers.clear();
    if (const auto started = start(url, accept, tag); !started) return fail(started.error());
    EXPECT_TRUE(answers.empty()) << "never inside start";
    run_until([&] { return !answers.empty(); });
    EXPECT_EQ(answers.size(), 1u);
    return answers.empty() ? Result<FetchAnswer>(fail(Error::io)) : std::move(answers.front());
  }
  // error gives how a fetch failed; io for one that did not.
  Error error(const std::string& url) {
    const auto answer = get(url);
    return answer ? Error::io : answer.error();
  }

  boost::asio::io_context loop{1};
  TestOrigin origin;
  std::vector<Origin> origins;
  HttpFetcherOptions options;
  std::vector<Result<FetchAnswer>> answers;
  std::unique_ptr<HttpFetcher> made;
};

std::string text(const FetchAnswer& answer) {
  const auto bytes = answer.body.span();
  return {bytes.begin(), bytes.end()};
}

TEST(HttpFetcherTest, FetchesAndReadsTheHead) {
  Fetching f([](const std::string&) {
    return http_answer(200, "{\"return\": 0}",
                       "Content-Type:  application/json \r\nETag: \"x1\"\r\nCACHE-CONTROL: max-age=5\r\ncache-control: public\r\n"
                       "Vary: Accept\r\nAge: 3\r\nRetry-After: 7\r\n");
  });
  const auto answer = f.get(f.origin.url() + "/random_number/8?q=%2F", "application/json", "\"x0\"");
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->status, 200u);
  EXPECT_EQ(text(*answer), "{\"return\": 0}");
  EXPECT_EQ(answer->content_type, "application/json");
  EXPECT_EQ(answer->etag, "\"x1\"");
  EXPECT_EQ(answer->cache_control, "max-age=5, public");
  EXPECT_EQ(answer->vary, "Accept");
  EXPECT_EQ(answer->age_seconds, 3u);
  EXPECT_EQ(answer->retry_after_seconds, 7u);
  EXPECT_FALSE(answer->personal || answer->entropy || answer->encoded);
  EXPECT_EQ(answer->origin, f.origins.front());
  const auto& asked = f.origin.requests.front();
  EXPECT_TRUE(asked.starts_with("GET /random_number/8?q=%2F HTTP/1.1\r\n")) << asked;
  EXPECT_THAT(asked, HasSubstr("Accept: application/json\r\n"));
  EXPECT_THAT(asked, HasSubstr("If-None-Match: \"x0\"\r\n"));
  EXPECT_THAT(asked, Not(HasSubstr("Cookie")));
  EXPECT_THAT(asked, Not(HasSubstr("Authorization")));
  EXPECT_THAT(asked, Not(HasSubstr("Accept-Encoding")));
}

TEST(HttpFetcherTest, MarksWhatIsForNobodyElse) {
  Fetching f(
      [](const std::string&) { return http_answer(200, "x", "Set-Cookie: a=b\r\nEntropy-Type: direct\r\nContent-Encoding: gzip\r\n"); });
  const auto answer = f.get(f.origin.url() + "/");
  ASSERT_TRUE(answer.has_value());
  EXPECT_TRUE(answer->personal && answer->entropy && answer->encoded);
}

TEST(HttpFetcherTest, HeadersAfterTheBodyAndOfInterimAnswersDoNotCount) {
  Fetching f([](const std::string&) {
    return std::string("HTTP/1.1 103 Early Hints\r\nCache-Control: max-age=9\r\n\r\n") +
           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: ETag\r\n\r\n3\r\nabc\r\n0\r\nETag: \"late\"\r\n\r\n";
  });
  const auto answer = f.get(f.origin.url() + "/");
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(text(*answer), "abc");
  EXPECT_EQ(answer->cache_control, "");
  EXPECT_EQ(answer->etag, "");
}

TEST(HttpFetcherTest, ErrorsOfTheOriginAreAnswers) {
  Fetching f([](const std::string& request) { return http_answer(request.find("/404") != std::string::npos ? 404 : 503, "no"); });
  EXPECT_EQ(f.get(f.origin.url() + "/404")->status, 404u);
  EXPECT_EQ(f.get(f.origin.url() + "/503")->status, 503u);
  EXPECT_EQ(f.origin.connections, 1u) << "the connection is kept";
}

TEST(HttpFetcherTest, OnlyListedOrigins) {
  Fetching f([](const std::string&) { return http_answer(200, "never"); });
  const auto port = std::to_string(f.origin.port());
  for (const auto& url :
       {"http://127.0.0.2:" + port + "/", "http://localhost:" + port + "/", "https://127.0.0.1:" + port + "/",
        "http://[::ffff:127.0.0.1]:" + port + "/", std::string("http://127.0.0.1/"), std::string("http://169.254.169.254/latest/")})
    EXPECT_EQ(f.error(url), Error::refused) << url;
  EXPECT_EQ(f.origin.connections, 0u);
}

TEST(HttpFetcherTest, AListedNameThatLeadsToASpecialAddressIsRefused) {
  for (const auto* address :
       {"127.0.0.1", "10.0.0.1", "169.254.169.254", "[::1]", "[::ffff:127.0.0.1]", "[fe80::1]", "0.0.0.0", "127.0.0.1,8.8.8.8"}) {
    Fetching f([](const std::string&) { return http_answer(200, "never"); });
    const auto port = std::to_string(f.origin.port());
    f.list("http://rebound.example:" + port);
    f.options.resolved_names = {"rebound.example:" + port + ":" + address};
    EXPECT_EQ(f.error("http://rebound.example:" + port + "/"), Error::refused) << address;
    EXPECT_EQ(f.origin.connections, 0u) << address;
  }
}

TEST(HttpFetcherTest, LocalhostIsANameLikeAnyOther) {
  Fetching f([](const std::string&) { return http_answer(200, "never"); });
  f.list(f.origin.url("localhost"));
  EXPECT_EQ(f.error(f.origin.url("localhost") + "/"), Error::refused);
  EXPECT_EQ(f.origin.connections, 0u);
}

TEST(HttpFetcherTest, TheEnvironmentsProxyIsNotUsed) {
  Fetching f([](const std::string&) { return http_answer(200, "direct"); });
  ::setenv("http_proxy", "http://127.0.0.1:1", 1);
  ::setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
  const auto answer = f.get(f.origin.url() + "/");
  ::unsetenv("http_proxy");
  ::unsetenv("ALL_PROXY");
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(text(*answer), "direct");
}

TEST(HttpFetcherTest, RedirectsGoToListedOriginsOnly) {
  std::string location;
  Fetching f([&](const std::string& request) {
    if (request.starts_with("GET /end ")) return http_answer(200, "arrived");
    return http_answer(302, "elsewhere", "Location: " + location + "\r\n");
  });
  TestOrigin other(f.loop, [](const std::string&) { return http_answer(200, "other"); });
  TestOrigin forbidden(f.loop, [](const std::string&) { return http_answer(200, "never"); });
  f.list(other.url());
  const std::pair<std::string, std::string> allowed[] = {
      {"/end", "arrived"}, {"end", "arrived"}, {f.origin.url() + "/end#part", "arrived"}, {other.url() + "/x", "other"}};
  for (const auto& [to, body] : allowed) {
    location = to;
    const auto answer = f.get(f.origin.url() + "/start");
    ASSERT_TRUE(answer.has_value()) << to;
    EXPECT_EQ(text(*answer), body);
    EXPECT_TRUE(answer->redirected);
    EXPECT_EQ(answer->origin, *parse_origin(body == "other" ? other.url() : f.origin.url()));
  }
  for (const auto& to : {forbidden.url() + "/", std::string("file:///etc/passwd"), std::string("gopher://127.0.0.1:1/_x"),
                         "http://user@127.0.0.1:" + std::to_string(other.port()) + "/", std::string("http://169.254.169.254/"),
                         "http://2130706434:" + std::to_string(other.port()) + "/", "//localhost:" + std::to_string(other.port()) + "/",
                         "https://127.0.0.1:" + std::to_string(other.port()) + "/"}) {
    location = to;
    EXPECT_EQ(f.error(f.origin.url() + "/start"), Error::refused) << to;
  }
  EXPECT_EQ(forbidden.connections, 0u);
}

TEST(HttpFetcherTest, RedirectsAreCounted) {
  Fetching f([](const std::string&) { return http_answer(307, "", "Location: /again\r\n"); });
  EXPECT_EQ(f.error(f.origin.url() + "/"), Error::malformed);
  EXPECT_EQ(f.origin.requests.size(), 1u + f.options.max_redirects);
}

TEST(HttpFetcherTest, BodiesAreLimited) {
  std::string body(1000, 'b');
  std::string mode;
  Fetching f([&](const std::string&) {
    if (mode == "length") return http_answer(200, body);
    return "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + body;
  });
  f.options.max_body_bytes = 1000;
  for (const auto* how : {"length", "connection"}) {
    mode = how;
    f.origin.end_after_answer = mode == "connection";
    body.resize(1000, 'b');
    const auto whole = f.get(f.origin.url() + "/");
    ASSERT_TRUE(whole.has_value()) << how;
    EXPECT_EQ(text(*whole), body);
    body.resize(1001, 'b');
    EXPECT_EQ(f.error(f.origin.url() + "/"), Error::too_large) << how;
  }
}

TEST(HttpFetcherTest, LargeBodiesGrowWhole) {
  std::string body;
  for (int i = 0; i < 65'536; ++i) body += static_cast<char>('a' + i % 23);
  Fetching f([&](const std::string&) { return "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + body; });
  f.origin.end_after_answer = true;
  const auto answer = f.get(f.origin.url() + "/");
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(text(*answer), body);
}

TEST(HttpFetcherTest, HeadsAreLimited) {
  Fetching f([](const std::string&) {
    std::string lines;
    for (int i = 0; i < 300; ++i) lines += "X-Filler-" + std::to_string(i) + ": " + std::string(80, 'x') + "\r\n";
    return http_answer(200, "x", lines);
  });
  EXPECT_EQ(f.error(f.origin.url() + "/"), Error::too_large);
}

TEST(HttpFetcherTest, ASilentOriginTimesOut) {
  Fetching f([](const std::string&) { return std::nullopt; });
  f.options.timeout = std::chrono::milliseconds(50);
  EXPECT_EQ(f.error(f.origin.url() + "/"), Error::timeout);
  EXPECT_EQ(f.fetcher().running(), 0u);
}

TEST(HttpFetcherTest, AnOriginThatIsDownIsUnreachable) {
  Fetching f([](const std::string&) { return std::nullopt; });
  std::string url;
  {
    const TestOrigin gone(f.loop, [](const std::string&) { return std::nullopt; });
    url = gone.url();
  }
  f.list(url);
  EXPECT_EQ(f.error(url + "/"), Error::unreachable);
}

TEST(HttpFetcherTest, WhatIsNoHttpIsMalformed) {
  for (const auto* reply : {"SSH-2.0-OpenSSH_9.2\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\nConnection: close\r\n\r\nabc",
                            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc"}) {
    Fetching f([&](const std::string&) { return std::string(reply); });
    f.origin.end_after_answer = true;
    const auto answer = f.get(f.origin.url() + "/");
    ASSERT_FALSE(answer.has_value()) << reply;
    EXPECT_THAT(answer.error(), ::testing::AnyOf(Error::malformed, Error::unreachable)) << reply;
  }
}

TEST(HttpFetcherTest, AFileWithoutCertificatesTrustsNobody) {
  Fetching f([](const std::string&) { return http_answer(200, "never"); });
  const auto url = "https://127.0.0.1:" + std::to_string(f.origin.port());
  f.list(url);
  f.options.ca_file = "/nonexistent/ca.pem";
  EXPECT_EQ(f.error(url + "/"), Error::not_trusted);
}

TEST(HttpFetcherTest, AtMostSoManyAtOnce) {
  Fetching f([](const std::string&) { return std::nullopt; });
  f.options.max_concurrent = 3;
  std::vector<HttpFetcher::Ticket> tickets;
  for (int i = 0; i < 3; ++i) tickets.push_back(f.start(f.origin.url() + "/").value_or(0));
  EXPECT_EQ(f.start(f.origin.url() + "/").error(), Error::no_space);
  f.run_until([&] { return f.origin.requests.size() == 3; });
  f.fetcher().cancel(tickets[1]);
  f.fetcher().cancel(tickets[1]);
  f.run_until([&] { return f.origin.closed == 1; });
  EXPECT_EQ(f.fetcher().running(), 2u);
  EXPECT_TRUE(f.start(f.origin.url() + "/").has_value());
  f.run_until([&] { return f.origin.requests.size() == 4; });
  EXPECT_TRUE(f.answers.empty());
  f.made.reset();
  f.run_until([&] { return f.origin.closed == 4; });
  EXPECT_TRUE(f.answers.empty()) << "nobody is called after the end";
}

}  // namespace
}  // namespace qeaas
