// SPDX-License-Identifier: GPL-3.0-or-later
// What becomes of an HTTP answer in CoAP, table by table.
#include "coap/http_mapping.hpp"

#include <gtest/gtest.h>

namespace qeaas::coap {
namespace {

TEST(HttpMapping, StatusToCode) {
  const std::pair<unsigned, Code> cases[] = {{200, code::kContent},
                                             {203, code::kContent},
                                             {204, code::kContent},
                                             {201, code::kBadGateway},
                                             {206, code::kBadGateway},
                                             {300, code::kBadGateway},
                                             {302, code::kBadGateway},
                                             {400, code::kBadRequest},
                                             {401, code::kUnauthorized},
                                             {403, code::kForbidden},
                                             {404, code::kNotFound},
                                             {405, code::kMethodNotAllowed},
                                             {406, code::kNotAcceptable},
                                             {410, code::kNotFound},
                                             {412, code::kPreconditionFailed},
                                             {413, code::kRequestEntityTooLarge},
                                             {415, code::kUnsupportedContentFormat},
                                             {418, code::kBadRequest},
                                             {429, code::kTooManyRequests},
                                             {500, code::kInternalServerError},
                                             {501, code::kNotImplemented},
                                             {502, code::kBadGateway},
                                             {503, code::kServiceUnavailable},
                                             {504, code::kGatewayTimeout},
                                             {599, code::kInternalServerError},
                                             {99, code::kBadGateway},
                                             {700, code::kBadGateway}};
  for (const auto& [status, expected] : cases) EXPECT_EQ(map_status(status).code, expected) << status;
  EXPECT_EQ(map_status(404).error, Error::not_found);
  EXPECT_EQ(map_status(503).error, Error::starved);
}

TEST(HttpMapping, MediaTypes) {
  const std::pair<std::string_view, std::optional<std::uint16_t>> cases[] = {{"application/json", 50},
                                                                             {"Application/JSON", 50},
                                                                             {"application/json; charset=utf-8", 50},
                                                                             {"application/json ; charset=\"UTF-8\"", 50},
                                                                             {"application/json; charset=utf-16", std::nullopt},
                                                                             {"application/cbor", 60},
                                                                             {"application/cbor;", 60},
                                                                             {"application/cbor; x=y", std::nullopt},
                                                                             {"application/octet-stream", 42},
                                                                             {"text/plain", 0},
                                                                             {"text/plain;charset=utf-8", 0},
                                                                             {"text/plain;charset=us-ascii", 0},
                                                                             {"text/plain;charset=iso-8859-1", std::nullopt},
                                                                             {"text/plain;format=flowed", std::nullopt},
                                                                             {"text/html", std::nullopt},
                                                                             {"", std::nullopt},
                                                                             {";", std::nullopt},
                                                                             {"application/jsonx", std::nullopt}};
  for (const auto& [text, expected] : cases) EXPECT_EQ(content_format_of(text), expected) << text;
  for (const std::uint16_t number : {format::kTextPlain, format::kLinkFormat, format::kOctetStream, format::kJson, format::kCbor})
    EXPECT_EQ(content_format_of(media_type_of(number)), number);
  EXPECT_EQ(media_type_of(65'000), "");
}

Freshness fresh(std::string_view cache_control, std::uint32_t age = 0) {
  FetchAnswer answer;
  answer.cache_control = cache_control;
  answer.age_seconds = age;
  return freshness_of(answer);
}

TEST(HttpMapping, Freshness) {
  const std::pair<std::string_view, std::uint32_t> cases[] = {{"", 0},
                                                              {"public", 0},
                                                              {"max-age=60", 60},
                                                              {"MAX-AGE = \"60\" , public", 60},
                                                              {"max-age=60, s-maxage=5", 5},
                                                              {"s-maxage=70, max-age=1", 70},
                                                              {"max-age=60, max-age=5", 5},
                                                              {"max-age=60, no-store", 0},
                                                              {"no-store", 0},
                                                              {"private, max-age=60", 0},
                                                              {"private=\"x, y\", max-age=60", 0},
                                                              {"no-cache, max-age=60", 0},
                                                              {"max-age", 0},
                                                              {"max-age=", 0},
                                                              {"max-age=-1", 0},
                                                              {"max-age=1x", 0},
                                                              {"max-age=99999999999999999999", 31'536'000},
                                                              {"extension=\"max-age=60\"", 0},
                                                              {"extension=\"a\\\", no-store\", max-age=9", 9},
                                                              {",,max-age=3,,", 3}};
  for (const auto& [text, seconds] : cases) {
    EXPECT_EQ(fresh(text).seconds, seconds) << text;
    EXPECT_EQ(fresh(text).may_store, seconds > 0) << text;
  }
  EXPECT_EQ(fresh("max-age=60", 20).seconds, 40u);
  EXPECT_FALSE(fresh("max-age=60", 60).may_store);
}

TEST(HttpMapping, WhatIsForOneClientOnlyIsNotStored) {
  FetchAnswer answer;
  answer.cache_control = "max-age=60";
  EXPECT_TRUE(freshness_of(answer).may_store);
  answer.vary = "Accept";
  EXPECT_TRUE(freshness_of(answer).may_store) << "Accept is part of the key, and we send nothing else that varies";
  answer.vary = "Accept, *";
  EXPECT_FALSE(freshness_of(answer).may_store);
  answer.vary.clear();
  answer.personal = true;
  EXPECT_FALSE(freshness_of(answer).may_store);
  answer.personal = false;
  answer.entropy = true;
  EXPECT_FALSE(freshness_of(answer).may_store);
  answer.entropy = false;
  answer.redirected = true;
  EXPECT_FALSE(freshness_of(answer).may_store);
}

TEST(HttpMapping, Validators) {
  for (const auto* good : {"\"\"", "\"x\"", "\"abc-123!\""}) EXPECT_TRUE(is_validator(good)) << good;
  for (const auto* bad : {"", "\"", "x", "W/\"x\"", "\"a b\"", "\"a\"b\"", "\"a\r\nX: y\"", "'x'"}) EXPECT_FALSE(is_validator(bad)) << bad;
  EXPECT_TRUE(is_validator("\"" + std::string(126, 'a') + "\""));
  EXPECT_FALSE(is_validator("\"" + std::string(127, 'a') + "\""));
  EXPECT_EQ(etag_of("\"a\""), etag_of("\"a\""));
  EXPECT_NE(etag_of("\"a\""), etag_of("\"b\""));
}

}  // namespace
}  // namespace qeaas::coap
