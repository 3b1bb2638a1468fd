// SPDX-License-Identifier: GPL-3.0-or-later
// Answers of /random: exact encodings, round trips, the promised overhead, and every refusal.
#include "wire/random_answer.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "wire/vectors_test.hpp"

namespace qeaas {
namespace {

using test::bytes;

const SourceTag kRdseed{"rdseed", SourceKind::physical, true};
const SourceTag kPhotons{"photons", SourceKind::simulated, false};

Provenance provenance(EntropyType type, std::initializer_list<const SourceTag*> tags) {
  Provenance account;
  account.reset(type);
  for (const SourceTag* tag : tags) account.add(*tag);
  return account;
}

Result<std::vector<std::uint8_t>> encoded(AnswerFormat format, Bytes random, const Provenance& account) {
  std::vector<std::uint8_t> memory(max_answer_bytes(format, random.size()));
  const auto size = encode_random_answer(format, random, account, memory);
  if (!size) return fail(size.error());
  memory.resize(*size);
  return memory;
}

TEST(RandomAnswer, EncodesAsDocumented) {
  const auto account = provenance(EntropyType::mixed, {&kRdseed});
  EXPECT_EQ(to_hex(encoded(AnswerFormat::cbor, bytes("0102ff"), account).value()),
            "a5"
            "01430102ff"
            "02656d69786564"
            "0381"
            "83"
            "66726473656564"
            "68706879736963616c"
            "f5"
            "04f6"
            "05f4");
  const auto json = encoded(AnswerFormat::json, bytes("0102ff"), account).value();
  EXPECT_EQ(std::string(json.begin(), json.end()),
            R"({"random":"0102ff","type":"mixed","sources":[{"id":"rdseed","kind":"physical","conditioned":true}],"report":null,)"
            R"("simulated":false})");
}

TEST(RandomAnswer, ComesBackWithItsProvenance) {
  const auto account = provenance(EntropyType::direct, {&kRdseed, &kPhotons});
  for (const auto format : {AnswerFormat::cbor, AnswerFormat::json}) {
    const auto answer = decode_random_answer(format, encoded(format, bytes("00112233"), account).value());
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(to_hex(answer->random.span()), "00112233");
    EXPECT_EQ(answer->type, EntropyType::direct);
    ASSERT_EQ(answer->sources.size(), 2u);
    EXPECT_EQ(answer->sources[0].id, "rdseed");
    EXPECT_TRUE(answer->sources[0].conditioned);
    EXPECT_EQ(answer->sources[1].kind, SourceKind::simulated);
    EXPECT_FALSE(answer->report.has_value());
    EXPECT_TRUE(answer->simulated);
  }
}

TEST(RandomAnswer, SaysWhichSourcesCameOverAClassicalLink) {
  const SourceTag far{"far", SourceKind::quantum, true, true};
  const auto account = provenance(EntropyType::direct, {&kRdseed, &far});
  const auto cbor = encoded(AnswerFormat::cbor, bytes("01"), account).value();
  EXPECT_EQ(to_hex(cbor),
            "a6"
            "014101"
            "0266646972656374"
            "0382"
            "836672647365656468706879736963616cf5"
            "8363666172677175616e74756df5"
            "04f6"
            "05f4"
            "068101");
  const auto json = encoded(AnswerFormat::json, bytes("01"), account).value();
  EXPECT_EQ(std::string(json.begin(), json.end()),
            R"({"random":"01","type":"direct","sources":[{"id":"rdseed","kind":"physical","conditioned":true},)"
            R"({"id":"far","kind":"quantum","conditioned":true,"classical_link":true}],"report":null,"simulated":false})");
  std::vector<std::uint8_t> alone(kMaxProvenanceBytes);
  alone.resize(encode_provenance(account, alone).value());
  for (const auto& answer :
       {decode_random_answer(AnswerFormat::cbor, cbor), decode_random_answer(AnswerFormat::json, json), decode_provenance(alone)}) {
    ASSERT_TRUE(answer.has_value());
    ASSERT_EQ(answer->sources.size(), 2U);
    EXPECT_FALSE(answer->sources[0].classical_link);
    EXPECT_TRUE(answer->sources[1].classical_link);
  }
}

TEST(RandomAnswer, FitsThePromisedMemoryAtItsWorst) {
  std::vector<SourceTag> tags;
  for (std::size_t i = 0; i < kMaxSources; ++i)
    tags.push_back({std::string(kMaxSourceIdBytes, '\x01'), SourceKind::simulated, false, true});
  Provenance account;
  account.reset(EntropyType::direct);
  for (const auto& tag : tags) account.add(tag);
  const std::vector<std::uint8_t> random(65536, 0xa5);
  for (const auto format : {AnswerFormat::cbor, AnswerFormat::json}) {
    const auto whole = encoded(format, random, account);
    ASSERT_TRUE(whole.has_value());
    EXPECT_LE(whole->size(), kMaxAnswerBytes);
    EXPECT_EQ(decode_random_answer(format, *whole)->sources.size(), kMaxSources);
  }
}

TEST(RandomAnswer, AnEncodingThatFailsLeavesNoRandomBytesBehind) {
  const auto account = provenance(EntropyType::mixed, {&kRdseed});
  for (const auto format : {AnswerFormat::cbor, AnswerFormat::json}) {
    const auto whole = encoded(format, bytes("aabbccdd"), account).value();
    for (std::size_t room = 0; room < whole.size(); ++room) {
      std::vector<std::uint8_t> memory(room, 0xee);
      EXPECT_EQ(encode_random_answer(format, bytes("aabbccdd"), account, memory), fail(Error::no_space));
      EXPECT_TRUE(std::all_of(memory.begin(), memory.end(), [](auto b) { return b == 0; })) << room;
    }
  }
}

TEST(RandomAnswer, SourceIdsHaveRules) {
  const SourceTag too_long{std::string(kMaxSourceIdBytes + 1, 'a'), SourceKind::physical, false};
  const SourceTag no_text{"\xff", SourceKind::physical, false};
  for (const auto format : {AnswerFormat::cbor, AnswerFormat::json}) {
    EXPECT_EQ(encoded(format, bytes("01"), provenance(EntropyType::mixed, {&too_long})).error(), Error::too_large);
    EXPECT_EQ(encoded(format, bytes("01"), provenance(EntropyType::mixed, {&no_text})).error(), Error::malformed);
  }
}

Error cbor_error(std::string_view hex) {
  const auto answer = decode_random_answer(AnswerFormat::cbor, bytes(hex));
  EXPECT_FALSE(answer.has_value()) << hex;
  return answer ? Error::crypto : answer.error();
}
Error json_error(std::string_view text) {
  const auto answer = decode_random_answer(AnswerFormat::json, bytes_of(text));
  EXPECT_FALSE(answer.has_value()) << text;
  return answer ? Error::crypto : answer.error();
}

TEST(RandomAnswer, RefusesMalformedCbor) {
  for (const auto* hex : {"",
                          "80",
                          "a0",
                          "a1014101",
                          "a5 01 01 02 656d69786564 03 80 04 f6 05 f4",
                          "a5 01 40 02 01 03 80 04 f6 05 f4",
                          "a5 01 40 02 656d69786564 03 01 04 f6 05 f4",
                          "a5 01 40 02 656d69786564 03 80 04 01 05 f4",
                          "a5 01 40 02 656d69786564 03 80 04 f6 05 01",
                          "a5 01 40 02 656d69786564 03 80 04 f6 05 f4 00",
                          "a5 01 40 02 656d69786564 03 81 82 6161 6161 04 f6 05 f4",
                          "a5 01 40 02 656d69786564 03 81 01 04 f6 05 f4",
                          "a5 01 40 02 656d69786564 03 81 83 01 626f73 f4 04 f6 05 f4",
                          "a5 01 40 02 656d69786564 03 81 83 6161 01 f4 04 f6 05 f4",
                          "a5 01 40 02 656d69786564 03 81 83 6161 626f73 01 04 f6 05 f4",
                          "a1 6161 01",
                          "a6 01 40 02 656d69786564 03 80 04 f6 05 f4 06 8100",
                          "a6 01 40 02 656d69786564 03 81 83 6161 626f73 f4 04 f6 05 f4 06 8101",
                          "a6 01 40 02 656d69786564 03 80 04 f6 05 f4 06 00",
                          "a6 01 40 02 656d69786564 03 81 83 6161 626f73 f4 04 f6 05 f4 06 8120"})
    EXPECT_EQ(cbor_error(hex), Error::malformed) << hex;
  EXPECT_EQ(cbor_error("a5 01 40 02 6178 03 80 04 f6 05 f4"), Error::unknown);
  EXPECT_EQ(cbor_error("a5 01 40 02 656d69786564 03 81 83 6161 6178 f4 04 f6 05 f4"), Error::unknown);
  EXPECT_EQ(cbor_error("a5 01 40 02 656d69786564 03 9f"), Error::unsupported);
}

TEST(RandomAnswer, RefusesMalformedJson) {
  for (const auto* text : {"", "[]", "{}", R"({"random":"0g","type":"mixed","sources":[],"report":null,"simulated":false})",
                           R"({"random":1,"type":"mixed","sources":[],"report":null,"simulated":false})",
                           R"({"random":"00","type":"mixed","sources":{},"report":null,"simulated":false})",
                           R"({"random":"00","type":"mixed","sources":[1],"report":null,"simulated":false})",
                           R"({"random":"00","type":"mixed","sources":[],"report":1,"simulated":false})",
                           R"({"random":"00","type":"mixed","sources":[{"id":"a","kind":"os","conditioned":true,"classical_link":1}],)"
                           R"("report":null,"simulated":false})",
                           R"({"random":"00","type":"mixed","sources":[],"simulated":false})",
                           R"({"random":"00","type":"mixed","sources":[],"report":null,"simulated":0})"})
    EXPECT_EQ(json_error(text), Error::malformed) << text;
  EXPECT_EQ(json_error(R"({"random":"00","type":"x","sources":[],"report":null,"simulated":false})"), Error::unknown);
  EXPECT_EQ(json_error(R"({"random":"00","type":"drbg","sources":[{"id":"a","kind":"x","conditioned":true}],)"
                       R"("report":null,"simulated":false})"),
            Error::unknown);
}

TEST(RandomAnswer, ASimulatedSourceInAnUnmarkedAnswerIsRefused) {
  EXPECT_EQ(cbor_error("a5 01 40 02 656d69786564 03 81 83 6161 6973696d756c61746564 f4 04 f6 05 f4"), Error::malformed);
  EXPECT_EQ(json_error(R"({"random":"","type":"drbg","sources":[{"id":"a","kind":"simulated","conditioned":true}],)"
                       R"("report":null,"simulated":false})"),
            Error::malformed);
}

TEST(RandomAnswer, SizesAreBounded) {
  std::string sources;
  for (std::size_t i = 0; i <= kMaxSources; ++i) sources += std::string(i == 0 ? "" : ",") + R"({"id":"a","kind":"os","conditioned":true})";
  EXPECT_EQ(json_error(R"({"random":"","type":"drbg","sources":[)" + sources + R"(],"report":null,"simulated":false})"), Error::too_large);
  EXPECT_EQ(json_error(std::string(kMaxAnswerBytes + 1, ' ')), Error::too_large);
}

TEST(RandomAnswer, ReadsAReportAndSkipsWhatIsNew) {
  const auto cbor = decode_random_answer(AnswerFormat::cbor, bytes("a6 01 40 02 656d69786564 03 80 04 6172 05 f5 07 820102"));
  ASSERT_TRUE(cbor.has_value());
  EXPECT_EQ(cbor->report, "r");
  EXPECT_TRUE(cbor->simulated);
  const auto json = decode_random_answer(AnswerFormat::json,
                                         bytes_of(R"({"random":"","type":"drbg","sources":[],"report":"r","simulated":true,"new":1.5})"));
  ASSERT_TRUE(json.has_value());
  EXPECT_EQ(json->report, "r");
}

TEST(RandomAnswer, ProvenanceAloneIsTheSameAccountWithoutBytes) {
  const auto account = provenance(EntropyType::direct, {&kRdseed, &kPhotons});
  std::vector<std::uint8_t> memory(kMaxProvenanceBytes);
  memory.resize(encode_provenance(account, memory).value());
  EXPECT_EQ(to_hex(memory), "a402666469726563740382836672647365656468706879736963616cf5836770686f746f6e736973696d756c61746564f404f605f5");
  const auto decoded = decode_provenance(memory);
  ASSERT_TRUE(decoded);
  EXPECT_TRUE(decoded->random.empty());
  EXPECT_EQ(decoded->type, EntropyType::direct);
  ASSERT_EQ(decoded->sources.size(), 2U);
  EXPECT_EQ(decoded->sources[1].id, "photons");
  EXPECT_TRUE(decoded->simulated);
}

TEST(RandomAnswer, ProvenanceAloneRefusesWhatItIsNot) {
  const auto account = provenance(EntropyType::mixed, {&kRdseed});
  EXPECT_EQ(decode_provenance(encoded(AnswerFormat::cbor, bytes("00"), account).value()).error(), Error::malformed);
  EXPECT_EQ(decode_provenance(bytes("a3026464726267038005f4")).error(), Error::malformed);      // no report
  EXPECT_EQ(decode_provenance(bytes("a4026464726267030004f605f4")).error(), Error::malformed);  // sources are a number
  EXPECT_EQ(decode_provenance(bytes("a4026464726268038004f605f4")).error(), Error::unknown);    // type "drbh"
  EXPECT_EQ(decode_provenance(std::vector<std::uint8_t>(kMaxProvenanceBytes + 1)).error(), Error::too_large);
  // Marked as not simulated, with a simulated source in it.
  EXPECT_EQ(decode_provenance(bytes("a402666469726563740381836161"
                                    "6973696d756c61746564"
                                    "f404f605f4"))
                .error(),
            Error::malformed);
  std::vector<std::uint8_t> small(8);
  EXPECT_EQ(encode_provenance(account, small).error(), Error::no_space);
}

}  // namespace
}  // namespace qeaas
