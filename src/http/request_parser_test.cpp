// SPDX-License-Identifier: GPL-3.0-or-later
// Which bytes are a request, and which must never be taken for one: smuggling, limits, odd line ends, pieces of any size.
#include <gtest/gtest.h>

#include "crypto/hash.hpp"
#include "http/request_parser.hpp"

namespace qeaas::http {
namespace {

struct Parsed {
  Head head;
  std::string body;
  std::optional<Error> error;
  bool done = false;
  std::size_t used = 0;
};

// feed shows text in pieces, as a connection does: what was not used is shown again with the next piece.
std::unique_ptr<Parsed> feed(std::string_view text, std::size_t piece) {
  auto parsed = std::make_unique<Parsed>();
  RequestParser parser(parsed->head, parsed->body);
  for (std::size_t shown = 0; shown < text.size() && !parser.done();) {
    shown = std::min(shown + piece, text.size());
    for (bool moved = true; moved && !parser.done() && parsed->used < shown;) {
      const auto used = parser.parse(bytes_of(text.substr(parsed->used, shown - parsed->used)));
      if (!used) {
        parsed->error = used.error();
        return parsed;
      }
      moved = *used > 0;
      parsed->used += *used;
    }
  }
  parsed->done = parser.done();
  return parsed;
}

// parse wants the same from every cut, and returns it.
std::unique_ptr<Parsed> parse(std::string_view text) {
  auto whole = feed(text, text.size());
  for (const std::size_t piece : {1, 2, 3, 7, 61}) {
    const auto again = feed(text, piece);
    // Beast waits for the end of a head that comes in pieces before it looks for mistakes.
    if (again->error || text.find("\r\n\r\n") != std::string_view::npos) {
      EXPECT_EQ(again->error, whole->error) << piece << ": " << text;
    }
    EXPECT_EQ(again->done, whole->done) << piece << ": " << text;
    EXPECT_EQ(again->body, whole->body) << piece;
    if (whole->done) {
      EXPECT_EQ(again->head.target, whole->head.target) << piece;
      EXPECT_EQ(again->head.token, whole->head.token) << piece;
      EXPECT_EQ(again->used, whole->used) << piece;
    }
  }
  return whole;
}

std::string post(std::string_view fields, std::string_view body = "") {
  return "POST /p HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n" + std::string(body);
}

void expect_refused(const std::string& text, Error error = Error::malformed) {
  const auto parsed = parse(text);
  ASSERT_TRUE(parsed->error) << text;
  EXPECT_EQ(*parsed->error, error) << text;
}

TEST(RequestParser, TakesWhatMattersOutOfAHead) {
  const auto parsed = parse(
      "GET /v1/random?bytes=5 HTTP/1.1\r\nhost: example:6065\r\nAccept: a/b\r\nACCEPT: c/d;q=0.5\r\nX-Other: 1\r\n"
      "Origin:  http://x \t\r\nAuthorization: bearer   secret\r\nUpgrade: h2c, WebSocket\r\nConnection: keep-alive, Upgrade\r\n"
      "Sec-WebSocket-Key: k\r\nSec-WebSocket-Version: 13\r\nIf-None-Match: \"e\"\r\nContent-Type: t/u\r\n\r\nNEXT");
  ASSERT_TRUE(parsed->done);
  const auto& head = parsed->head;
  EXPECT_EQ(head.method, Method::get);
  EXPECT_EQ(head.target, "/v1/random?bytes=5");
  EXPECT_EQ(head.path(), "/v1/random");
  EXPECT_EQ(head.query(), "bytes=5");
  EXPECT_EQ(head.host, "example:6065");
  EXPECT_EQ(head.accept, "a/b,c/d;q=0.5");
  EXPECT_EQ(head.origin, "http://x");
  EXPECT_EQ(head.token, sha256(bytes_of("secret")));
  EXPECT_TRUE(head.upgrade_websocket && head.connection_upgrade && head.keep_alive);
  EXPECT_FALSE(head.http_1_0 || head.expects_continue);
  EXPECT_EQ(head.websocket_key, "k");
  EXPECT_EQ(head.websocket_version, "13");
  EXPECT_EQ(head.if_none_match, "\"e\"");
  EXPECT_EQ(head.content_type, "t/u");
}

TEST(RequestParser, TheTargetMayBeAbsolute) {
  EXPECT_EQ(parse("GET http://h:1/a/b?c=d HTTP/1.1\r\nHost: h\r\n\r\n")->head.path(), "/a/b");
  EXPECT_EQ(parse("GET http://h:1/a/b?c=d HTTP/1.1\r\nHost: h\r\n\r\n")->head.query(), "c=d");
  EXPECT_EQ(parse("GET https://h HTTP/1.1\r\nHost: h\r\n\r\n")->head.path(), "/");
  EXPECT_EQ(parse("GET /a?u=http://x/y HTTP/1.1\r\nHost: h\r\n\r\n")->head.path(), "/a");
  EXPECT_EQ(parse("GET HTTP://h?c=/d HTTP/1.1\r\nHost: h\r\n\r\n")->head.query(), "c=/d");
  EXPECT_EQ(parse("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n")->head.path(), "*");
  EXPECT_TRUE(parse("CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n")->done);
}

// A proxy in front that reads such a target in another way would allow what this server then does.
TEST(RequestParser, WhatIsNoTargetIsRefused) {
  for (const std::string target :
       {"foo?x=://evil/random_number/8", "://h/random_number/8", "ftp://h/v1/random", "foo://h/v1/random", "foo", "v1/random", "?bytes=1",
        "*", "http:/v1/random", "http://", "http:///v1/random", "https://?a", "xhttp://h/"}) {
    EXPECT_EQ(parse("GET " + target + " HTTP/1.1\r\nHost: h\r\n\r\n")->error, Error::malformed) << target;
  }
}

TEST(RequestParser, LengthsThatCouldBeReadInTwoWaysAreRefused) {
  for (const std::string fields : {
           "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
           "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
           "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
           "Content-Length: 5\r\nContent-Length: 6\r\n",
           "Content-Length: 5, 6\r\n",
           "Content-Length: +5\r\n",
           "Content-Length: -5\r\n",
           "Content-Length: 0x5\r\n",
           "Content-Length: 5 5\r\n",
           "Content-Length: \r\n",
           "Content-Length: 5,\r\n",
           "Content-Length: 18446744073709551617\r\n",
           "Content-Length : 5\r\n",
           " Content-Length: 5\r\n",
           "Content-Length\r\n",
           ": 5\r\n",
           "Transfer-Encoding : chunked\r\n",
       })
    expect_refused(post(fields, "hello"));
  for (const std::string fields :
       {"Transfer-Encoding: gzip\r\n", "Transfer-Encoding: chunked, gzip\r\n", "Transfer-Encoding: gzip, chunked\r\n",
        "Transfer-Encoding: chunked, chunked\r\n", "Transfer-Encoding: xchunked\r\n", "Transfer-Encoding:\r\n",
        "Transfer-Encoding: identity\r\n", "Transfer-Encoding: \"chunked\"\r\n"})
    expect_refused(post(fields, "0\r\n\r\n"), Error::unsupported);
  expect_refused("POST /p HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", Error::unsupported);
}

TEST(RequestParser, TheSameLengthTwiceIsThatLength) {
  EXPECT_EQ(parse(post("Content-Length: 5\r\nContent-Length: 5\r\n", "hello!"))->body, "hello");
  EXPECT_EQ(parse(post("Content-Length: 5, 5\r\n", "hello!"))->body, "hello");
  EXPECT_EQ(parse(post("Transfer-Encoding:\tCHUNKED\r\n", "5\r\nhello\r\n0\r\n\r\n"))->body, "hello");
}

TEST(RequestParser, LineEndsAreCrLfAndControlsAreNowhere) {
  using namespace std::string_literals;
  for (const auto& text : {
           "GET / HTTP/1.1\nHost: a\n\n"s, "GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n"s, "GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n"s,
           "GET / HTTP/1.1\r\nHost: a\r\n\rX: b\r\n\r\n"s, "GET / HTTP/1.1\r\nHost: a\r\nX: b\0c\r\n\r\n"s,
           "GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n"s, "GET / HTTP/1.1\r\nHost: a\r\nX\0: b\r\n\r\n"s,
           "GET / HTTP/1.1\r\nHost: a\r\nX: b\x7f\r\n\r\n"s, "GET  / HTTP/1.1\r\nHost: a\r\n\r\n"s, "GET /\r\n"s, "GET\r\n\r\n"s,
           "GET / HTTP/1.1\r\nHost: a\r\nX Y: b\r\n\r\n"s, "G@T / HTTP/1.1\r\nHost: a\r\n\r\n"s,
           "\x16\x03\x01\x02\x00\x01\x00\x01\xfc"s,  // TLS sent to the plain port
       })
    expect_refused(text);
}

TEST(RequestParser, AFoldedLineIsOneLine) {  // RFC 9112 5.2
  const auto parsed = parse("GET / HTTP/1.1\r\nHost: a\r\nAccept: text/plain,\r\n  application/json\r\n\r\n");
  ASSERT_TRUE(parsed->done);
  EXPECT_EQ(parsed->head.accept, "text/plain, application/json");
  EXPECT_EQ(parse(post("Transfer-Encoding:\r\n chunked\r\n", "1\r\nx\r\n0\r\n\r\n"))->body, "x");
  expect_refused(post("Content-Length: 1\r\n 2\r\n", "hello world!"));
}

TEST(RequestParser, OneValidHost) {
  for (const std::string fields : {"", "Host: a\r\nHost: a\r\n", "Host: a\r\nHost: b\r\n", "Host: a b\r\n", "Host: a,b\r\n",
                                   "Host: a/b\r\n", "Host: u@b\r\n", "Host: \xc3\xa4\r\n"})
    expect_refused("GET / HTTP/1.1\r\n" + fields + "\r\n");
  EXPECT_TRUE(parse("GET / HTTP/1.1\r\nHost:\r\n\r\n")->done);
  EXPECT_TRUE(parse("GET / HTTP/1.1\r\nHost: [::1]:6065\r\n\r\n")->done);
  EXPECT_TRUE(parse("GET / HTTP/1.0\r\n\r\n")->done);
}

TEST(RequestParser, VersionsAndWhetherTheConnectionStays) {
  EXPECT_FALSE(parse("GET / HTTP/1.0\r\n\r\n")->head.keep_alive);
  EXPECT_TRUE(parse("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n")->head.keep_alive);
  EXPECT_TRUE(parse("GET / HTTP/1.0\r\n\r\n")->head.http_1_0);
  EXPECT_FALSE(parse("GET / HTTP/1.1\r\nHost: a\r\nConnection: x, Close\r\n\r\n")->head.keep_alive);
  expect_refused("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Error::unsupported);
  expect_refused("GET / HTTP/1.2\r\nHost: a\r\n\r\n", Error::unsupported);
  expect_refused("GET / HTTP/0.9\r\n\r\n", Error::unsupported);
  expect_refused("GET / ICY/1.1\r\n\r\n");
  expect_refused("GET / HTTP/1.10\r\n\r\n");
}

TEST(RequestParser, Chunks) {
  const auto parsed = parse(post("Transfer-Encoding: chunked\r\n", "4;a=b;c=\"d;e\"\r\nWiki\r\n00A\r\n0123456789\r\n0;last\r\n\r\nNEXT"));
  ASSERT_TRUE(parsed->done);
  EXPECT_EQ(parsed->body, "Wiki0123456789");
  EXPECT_EQ(parse(post("Transfer-Encoding: chunked\r\n", "0\r\n\r\n"))->body, "");
  for (const std::string body :
       {"-1\r\nx\r\n0\r\n\r\n", "0x1\r\nx\r\n0\r\n\r\n", "1\nx\r\n0\r\n\r\n", "1\r\nxy\r\n0\r\n\r\n", "\r\n\r\n\r\n", "g\r\nx\r\n0\r\n\r\n",
        "1 \r\nx\r\n0\r\n\r\n", "1;a=\"\n\"\r\nx\r\n0\r\n\r\n", "1;\r\nx\r\n0\r\n\r\n", "0;a=\"\n\"\r\n\r\n", " 1\r\nx\r\n0\r\n\r\n"})
    expect_refused(post("Transfer-Encoding: chunked\r\n", body));
  expect_refused(post("Transfer-Encoding: chunked\r\n", "4001\r\n"), Error::too_large);
}

TEST(RequestParser, HugeChunkSizesDoNotWrapAround) {
  for (const std::string size : {"FFFFFFFFFFFFFFFF", "10000000000000000", "FFFFFFFFFFFFFFFFF"}) {
    const auto parsed = parse(post("Transfer-Encoding: chunked\r\n", size + "\r\nx\r\n0\r\n\r\n"));
    ASSERT_TRUE(parsed->error) << size;
  }
}

TEST(RequestParser, TrailersAreReadAndDoNotCount) {
  const auto parsed = parse(post("X-API-KEY: mine\r\nTransfer-Encoding: chunked\r\n",
                                 "1\r\nx\r\n0\r\nAuthorization: Bearer other\r\nHost: evil\r\nAccept: text/plain\r\nX: y\r\n\r\n"));
  ASSERT_TRUE(parsed->done);
  EXPECT_EQ(parsed->head.token, sha256(bytes_of("mine")));
  EXPECT_EQ(parsed->head.host, "a");
  EXPECT_EQ(parsed->head.accept, "");
  EXPECT_FALSE(parse(post("Transfer-Encoding: chunked\r\n", "0\r\nAuthorization: Bearer late\r\n\r\n"))->head.token);
  expect_refused(post("Transfer-Encoding: chunked\r\n", "0\r\nContent-Length: 3\r\n\r\n"));
}

TEST(RequestParser, TheHeadIsBoundedHoweverItComes) {
  const std::string start = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
  const auto of_size = [&](std::size_t size) { return start + std::string(size - start.size() - 4, 'x') + "\r\n\r\n"; };
  EXPECT_TRUE(parse(of_size(kMaxHeadBytes))->done);
  expect_refused(of_size(kMaxHeadBytes + 1), Error::no_space);
  expect_refused(of_size(3 * kMaxHeadBytes), Error::no_space);
  std::string many = "GET / HTTP/1.1\r\nHost: a\r\n";
  for (int i = 0; i < 2000; ++i) many += "A: b\r\n";
  expect_refused(many + "\r\n", Error::no_space);
  std::string few = "GET / HTTP/1.1\r\nHost: a\r\n";
  for (int i = 0; i < 1000; ++i) few += "A: b\r\n";
  EXPECT_TRUE(parse(few + "\r\n")->done);
}

// Pieces that end one byte into the next field keep Beast from counting.
TEST(RequestParser, AHeadThatComesFieldByFieldIsBounded) {
  Head head;
  std::string body;
  RequestParser parser(head, body);
  ASSERT_EQ(parser.parse(bytes_of("GET / HTTP/1.1\r\nA")).value(), 16U);
  Result<std::size_t> used = std::size_t{0};
  std::size_t total = 16;
  while (used && total < 3 * kMaxHeadBytes) {
    used = parser.parse(bytes_of("A: b\r\nA"));
    if (used) total += *used;
  }
  EXPECT_EQ(used.error(), Error::no_space);
  EXPECT_LE(total, kMaxHeadBytes);
}

TEST(RequestParser, KeptTextsAndBodiesAreBounded) {
  expect_refused("GET /" + std::string(2048, 'x') + " HTTP/1.1\r\nHost: a\r\n\r\n", Error::no_space);
  expect_refused("GET / HTTP/1.1\r\nHost: a\r\nAccept: " + std::string(2048, 'x') + "\r\n\r\n", Error::no_space);
  EXPECT_EQ(parse(post("Content-Length: 16384\r\n", std::string(16384, 'b')))->body.size(), 16384U);
  expect_refused(post("Content-Length: 16385\r\n"), Error::too_large);
  std::string chunks;
  for (int i = 0; i < 17; ++i) chunks += "400\r\n" + std::string(1024, 'c') + "\r\n";
  expect_refused(post("Transfer-Encoding: chunked\r\n", chunks), Error::too_large);
}

TEST(RequestParser, TokensMustAgree) {
  const auto both = parse("GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer t\r\nX-Api-Key: t\r\n\r\n");
  EXPECT_EQ(both->head.token, sha256(bytes_of("t")));
  expect_refused("GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer t\r\nX-Api-Key: u\r\n\r\n", Error::unauthorized);
  expect_refused("GET / HTTP/1.1\r\nHost: a\r\nX-Api-Key: t\r\nX-Api-Key: u\r\n\r\n", Error::unauthorized);
  EXPECT_FALSE(parse("GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Basic dTpw\r\n\r\n")->head.token);
}

TEST(RequestParser, FieldsThatAreGivenTwiceAreRefused) {
  for (const std::string name : {"Content-Type", "Origin", "If-None-Match", "Sec-WebSocket-Key", "Sec-WebSocket-Version"})
    expect_refused("GET / HTTP/1.1\r\nHost: a\r\n" + name + ": x\r\n" + name + ": x\r\n\r\n");
}

TEST(RequestParser, Expectations) {
  EXPECT_TRUE(parse(post("Expect: 100-Continue\r\nContent-Length: 1\r\n", "x"))->head.expects_continue);
  expect_refused(post("Expect: a miracle\r\nContent-Length: 1\r\n", "x"));
}

}  // namespace
}  // namespace qeaas::http
