// SPDX-License-Identifier: GPL-3.0-or-later
#include "source/source_spec.hpp"

#include <cmath>
#include <gtest/gtest.h>

namespace qeaas {
namespace {

using Specs = std::vector<SourceSpec>;

SourceSpec device() { return {.id = "d", .type = SourceType::device, .path = "/dev/zero", .min_entropy = 1.0}; }
SourceSpec process() {
  return {.id = "p", .type = SourceType::process, .argv = {"/bin/true"}, .kind = SourceKind::physical, .min_entropy = 1.0};
}
SourceSpec remote() { return {.id = "r", .type = SourceType::remote, .url = "https://example.org"}; }
SourceSpec replay() { return {.id = "f", .type = SourceType::replay, .path = "/no/file", .min_entropy = 1.0}; }
SourceSpec simple(SourceType type) { return {.id = "s", .type = type}; }
// with changes one field of a good spec.
template <class Change>
SourceSpec with(SourceSpec spec, Change change) {
  change(spec);
  return spec;
}
// expect_fault: the error, and a text that names the source and the key.
void expect_fault(const SourceSpec& spec, Error error, const std::string& key) {
  const auto made = make_source(spec);
  ASSERT_FALSE(made) << key;
  EXPECT_EQ(name(made.error().error), name(error)) << made.error().text;
  EXPECT_NE(made.error().text.find(key), std::string::npos) << made.error().text;
  if (error != Error::malformed) {
    EXPECT_NE(made.error().text.find("'" + spec.id + "'"), std::string::npos) << made.error().text;
  }
}

TEST(SourceSpec, EveryTypeIsMadeAndKeepsItsWords) {
  const Specs specs{device(),
                    process(),
                    remote(),
                    replay(),
                    simple(SourceType::rdseed),
                    simple(SourceType::jitter),
                    simple(SourceType::os),
                    simple(SourceType::photon)};
  const std::vector<SourceKind> kinds{SourceKind::physical, SourceKind::physical, SourceKind::remote, SourceKind::simulated,
                                      SourceKind::physical, SourceKind::physical, SourceKind::os,     SourceKind::simulated};
  for (std::size_t i = 0; i < specs.size(); ++i) {
    const auto made = make_source(specs[i]);
    ASSERT_TRUE(made) << made.error().text;
    EXPECT_EQ((*made)->info().tag.id, specs[i].id);
    EXPECT_EQ((*made)->info().tag.kind, kinds[i]) << name(specs[i].type);
    EXPECT_GT((*made)->info().per_sample, MinEntropy());
    EXPECT_FALSE((*made)->info().claim.empty());
  }
}

TEST(SourceSpec, TypeNames) {
  for (const auto* text : {"device", "rdseed", "jitter", "os", "process", "remote", "photon", "replay"}) {
    ASSERT_TRUE(source_type(text)) << text;
    EXPECT_EQ(name(*source_type(text)), text);
  }
  EXPECT_FALSE(source_type("Device"));
}

TEST(SourceSpec, Ids) {
  for (const auto* id : {"a", "quantis_0-x", "0123456789012345678901234567890"})
    EXPECT_TRUE(make_source(with(device(), [&](auto& s) { s.id = id; }))) << id;
  for (const auto* id : {"", "A", "a b", "a/b", "\xC3\xA9", "01234567890123456789012345678901"})
    expect_fault(with(device(), [&](auto& s) { s.id = id; }), Error::malformed, "id");
}

TEST(SourceSpec, KeysOfOtherTypesAreRefused) {
  expect_fault(with(simple(SourceType::rdseed), [](auto& s) { s.path = "/x"; }), Error::refused, "path");
  expect_fault(with(simple(SourceType::jitter), [](auto& s) { s.kind = SourceKind::quantum; }), Error::refused, "kind");
  expect_fault(with(simple(SourceType::os), [](auto& s) { s.sample_bits = 8; }), Error::refused, "sample_bits");
  expect_fault(with(device(), [](auto& s) { s.argv = {"/x"}; }), Error::refused, "argv");
  expect_fault(with(device(), [](auto& s) { s.fault = PhotonFault{}; }), Error::refused, "fault");
  expect_fault(with(process(), [](auto& s) { s.url = "https://x"; }), Error::refused, "url");
  expect_fault(with(remote(), [](auto& s) { s.loop = true; }), Error::refused, "loop");
  expect_fault(with(replay(), [](auto& s) { s.seed = 1; }), Error::refused, "seed");
  expect_fault(with(replay(), [](auto& s) { s.kind = SourceKind::quantum; }), Error::refused, "kind");
  expect_fault(with(simple(SourceType::photon), [](auto& s) { s.timeout = std::chrono::seconds(1); }), Error::refused, "timeout");
}

TEST(SourceSpec, NeededKeys) {
  expect_fault({.id = "x", .type = SourceType::device}, Error::out_of_range, "path");
  expect_fault({.id = "x", .type = SourceType::device, .path = "/dev/zero"}, Error::out_of_range, "min_entropy");
  expect_fault({.id = "x", .type = SourceType::device, .path = "/dev/qrandom0", .sample_bits = 4}, Error::out_of_range, "min_entropy");
  EXPECT_TRUE(make_source({.id = "x", .type = SourceType::device, .path = "/dev/qrandom0"}));
  EXPECT_TRUE(make_source({.id = "x", .type = SourceType::device, .path = "/dev/zero", .conditioned = true}));
  expect_fault(with(process(), [](auto& s) { s.argv.clear(); }), Error::out_of_range, "argv");
  expect_fault(with(process(), [](auto& s) { s.kind.reset(); }), Error::out_of_range, "kind");
  expect_fault(with(process(), [](auto& s) { s.min_entropy.reset(); }), Error::out_of_range, "min_entropy");
  expect_fault(with(remote(), [](auto& s) { s.url.clear(); }), Error::out_of_range, "url");
  expect_fault(with(replay(), [](auto& s) { s.path.clear(); }), Error::out_of_range, "path");
  expect_fault(with(replay(), [](auto& s) { s.min_entropy.reset(); }), Error::out_of_range, "min_entropy");
}

TEST(SourceSpec, Ranges) {
  for (const double bits : {0.0, -1.0, 8.5, std::nan(""), HUGE_VAL, 1e-9})
    expect_fault(with(device(), [&](auto& s) { s.min_entropy = bits; }), Error::out_of_range, "min_entropy");
  expect_fault(with(device(), [](auto& s) { s.sample_bits = 1, s.min_entropy = 1.5; }), Error::out_of_range, "min_entropy");
  expect_fault(with(process(), [](auto& s) { s.min_entropy = 9; }), Error::out_of_range, "min_entropy");
  expect_fault(with(replay(), [](auto& s) { s.min_entropy = 9; }), Error::out_of_range, "min_entropy");
  expect_fault(with(simple(SourceType::photon), [](auto& s) { s.min_entropy = 9; }), Error::out_of_range, "min_entropy");
  expect_fault(with(simple(SourceType::rdseed), [](auto& s) { s.min_entropy = 5; }), Error::out_of_range, "min_entropy");
  expect_fault(with(remote(), [](auto& s) { s.min_entropy = 5; }), Error::out_of_range, "min_entropy");
  for (const unsigned bits : {0U, 9U})
    expect_fault(with(device(), [&](auto& s) { s.sample_bits = bits; }), Error::out_of_range, "sample_bits");
  for (const auto timeout : {std::chrono::milliseconds(0), std::chrono::milliseconds(300'001)})
    expect_fault(with(device(), [&](auto& s) { s.timeout = timeout; }), Error::out_of_range, "timeout");
  expect_fault(with(simple(SourceType::photon), [](auto& s) { s.mean_counts = 1000; }), Error::out_of_range, "mean_counts");
}

TEST(SourceSpec, KindsThatCannotBeClaimed) {
  expect_fault(with(device(), [](auto& s) { s.kind = SourceKind::remote; }), Error::refused, "kind");
  expect_fault(with(process(), [](auto& s) { s.kind = SourceKind::remote; }), Error::refused, "kind");
  expect_fault(with(process(), [](auto& s) { s.argv = {"true"}; }), Error::refused, "argv");
  expect_fault(with(remote(), [](auto& s) { s.kind = SourceKind::quantum; }), Error::refused, "trust_far_end");
  expect_fault(with(remote(), [](auto& s) { s.trust_far_end = true; }), Error::out_of_range, "kind");
  expect_fault(with(remote(), [](auto& s) { s.kind = SourceKind::simulated; }), Error::refused, "simulated");
  expect_fault(with(remote(), [](auto& s) { s.url = "http://example.org"; }), Error::refused, "url");
  const auto trusted = make_source(with(remote(), [](auto& s) { s.trust_far_end = true, s.kind = SourceKind::quantum; }));
  ASSERT_TRUE(trusted);
  EXPECT_EQ((*trusted)->info().tag.kind, SourceKind::quantum);
}

}  // namespace
}  // namespace qeaas
