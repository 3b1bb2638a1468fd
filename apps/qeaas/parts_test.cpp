// SPDX-License-Identifier: GPL-3.0-or-later
// The parts of the program: where bytes are written, which CA is trusted, how many bytes an amount is, what the progress bar shows.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

#include "account.hpp"
#include "client/test_folder.hpp"
#include "clients_quota.hpp"
#include "connection.hpp"
#include "doctor_openssl.hpp"
#include "get.hpp"
#include "output.hpp"
#include "progress.hpp"
#include "text.hpp"

namespace qeaas::cli {
namespace {

namespace fs = std::filesystem;

class Parts : public ::testing::Test {
 protected:
  static std::string content(const fs::path& path) {
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  std::size_t files() const { return static_cast<std::size_t>(std::distance(fs::directory_iterator(path("")), fs::directory_iterator())); }
  fs::path path(const std::string& name) const { return scratch_.path() / name; }
  // written gives the file after the bytes came in pieces.
  std::string written(Encoding encoding, std::initializer_list<std::vector<std::uint8_t>> pieces) const {
    auto output = Output::open(path("out").string(), encoding).value();
    for (const auto& piece : pieces) EXPECT_TRUE(output.write(piece));
    EXPECT_TRUE(output.finish());
    return content(path("out"));
  }
  TestFolder scratch_;
};

TEST_F(Parts, PiecesMakeOneText) {
  EXPECT_EQ(written(Encoding::hex, {{0x00, 0x01}, {0xFF}}), "0001ff\n");
  EXPECT_EQ(written(Encoding::raw, {{'a'}, {'b', '\n'}}), "ab\n");
  EXPECT_EQ(written(Encoding::base64, {{'f'}, {'o', 'o', 'b'}, {'a', 'r'}}), "Zm9vYmFy\n");  // RFC 4648 10
  EXPECT_EQ(written(Encoding::base64, {{'f', 'o', 'o', 'b'}}), "Zm9vYg==\n");
  EXPECT_EQ(written(Encoding::base64, {{'f', 'o'}, {'o'}, {'b', 'a'}}), "Zm9vYmE=\n");
}

TEST_F(Parts, AFileAppearsWholeAndPrivate) {
  std::ofstream(path("out")) << "old";
  ::chmod(path("out").c_str(), 0644);
  auto output = Output::open(path("out").string(), Encoding::raw).value();
  ASSERT_TRUE(output.write(std::vector<std::uint8_t>{'n', 'e', 'w'}));
  EXPECT_EQ(content(path("out")), "old");
  ASSERT_TRUE(output.finish());
  EXPECT_EQ(content(path("out")), "new");
  struct stat status {};
  ASSERT_EQ(::stat(path("out").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600u);
  EXPECT_EQ(files(), 1u);
}

TEST_F(Parts, AnUnfinishedFileVanishes) {
  {
    auto output = Output::open(path("out").string(), Encoding::raw).value();
    ASSERT_TRUE(output.write(std::vector<std::uint8_t>{'x'}));
    EXPECT_EQ(files(), 1u);
  }
  EXPECT_EQ(files(), 0u);
}

TEST_F(Parts, ALinkKeepsPointingAtWhatIsReplaced) {
  std::ofstream(path("target")) << "old";
  fs::create_symlink(path("target"), path("out"));
  EXPECT_EQ(written(Encoding::hex, {{0xAB}}), "ab\n");
  EXPECT_TRUE(fs::is_symlink(path("out")));
  EXPECT_EQ(content(path("target")), "ab\n");
}

TEST_F(Parts, WhatIsNoRegularFileIsWrittenAndNotReplaced) {
  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
  const FileDescriptor reader(::open(path("pipe").c_str(), O_RDONLY | O_NONBLOCK));
  auto output = Output::open(path("pipe").string(), Encoding::hex).value();
  ASSERT_TRUE(output.write(std::vector<std::uint8_t>{0x42}));
  ASSERT_TRUE(output.finish());
  std::array<char, 8> got{};
  EXPECT_EQ(::read(reader.get(), got.data(), got.size()), 3);
  EXPECT_STREQ(got.data(), "42\n");
  EXPECT_TRUE(fs::is_fifo(path("pipe")));
}

TEST_F(Parts, RawBytesDoNotGoToATerminal) {
  const FileDescriptor master(::posix_openpt(O_RDWR | O_NOCTTY));
  if (!master || ::grantpt(master.get()) != 0 || ::unlockpt(master.get()) != 0) GTEST_SKIP() << "no pseudo-terminals here";
  const std::string terminal = ::ptsname(master.get());
  EXPECT_EQ(Output::open(terminal, Encoding::raw).error().error, Error::refused);
  EXPECT_TRUE(Output::open(terminal, Encoding::hex));
}

TEST_F(Parts, ErrorsOfTheSystemAreNamed) {
  EXPECT_EQ(Output::open(path("none/out").string(), Encoding::raw).error().error, Error::not_found);
  auto full = Output::open("/dev/full", Encoding::raw).value();
  EXPECT_EQ(full.write(std::vector<std::uint8_t>{1}).error().error, Error::no_space);
}

TEST(Amount, SuffixesArePowersOf1024) {
  EXPECT_EQ(parse_amount("1"), 1u);
  EXPECT_EQ(parse_amount("64k"), 65536u);
  EXPECT_EQ(parse_amount("64K"), 65536u);
  EXPECT_EQ(parse_amount("10M"), 10u << 20);
  EXPECT_EQ(parse_amount("3G"), std::uint64_t{3} << 30);
  EXPECT_EQ(parse_amount("1048576G"), std::uint64_t{1} << 50);
  for (const auto* text : {"", "k", "1kk", "0x10", " 1", "1 ", "+1", "-1", "1.5k"})
    EXPECT_EQ(parse_amount(text).error().error, Error::malformed) << text;
  for (const auto* text : {"0", "0k", "1048577G", "18446744073709551616"})
    EXPECT_EQ(parse_amount(text).error().error, Error::out_of_range) << text;
}

TEST_F(Parts, TheTrustedCaIsChosenInOrder) {
  ::setenv("HOME", path("home").c_str(), 1);
  ::setenv("XDG_STATE_HOME", path("xdg").c_str(), 1);
  ::unsetenv("STATE_DIRECTORY");
  ::setenv("QEAAS_CA", "/named/by/environment", 1);
  ConnectionOptions options;
  options.ca = "/named/by/option";
  EXPECT_EQ(find_ca(options), "/named/by/option");
  options.ca.clear();
  EXPECT_EQ(find_ca(options), "/named/by/environment");
  ::unsetenv("QEAAS_CA");
  EXPECT_EQ(find_ca(options), std::nullopt);
  fs::create_directories(path("xdg/qeaas"));
  std::ofstream(path("xdg/qeaas/ca.pem")) << "x";
  EXPECT_EQ(find_ca(options), path("xdg/qeaas/ca.pem"));
  fs::create_directories(path("home/.config/qeaas"));
  std::ofstream(path("home/.config/qeaas/ca.pem")) << "x";
  EXPECT_EQ(find_ca(options), path("home/.config/qeaas/ca.pem"));
}

TEST(Account, TheLineOfTheHandshakeIsAsDocumented) {
  LinkReport link;
  EXPECT_EQ(negotiated(link), "group=none signature=none verified=no");
  link.dtls.emplace();
  link.dtls->group = "ML-KEM-512";
  link.dtls->signature = SignatureAlgorithm::ml_dsa_44;
  link.dtls->verified = true;
  EXPECT_EQ(negotiated(link), "group=ML-KEM-512 signature=ML-DSA-44 verified=yes");
  link.dtls->resumed = true;
  EXPECT_EQ(negotiated(link), "group=ML-KEM-512 signature=resumed verified=yes");
}

TEST(Account, SourcesAreListedAndCannotSteerATerminal) {
  FetchReport report;
  report.servers.emplace_back();
  report.servers[0].sources.push_back({"rd\033[2Jseed", SourceKind::physical, true});
  const auto text = describe(report, EntropyType::mixed);
  EXPECT_NE(text.find("\nsource=rd?[2Jseed kind=physical conditioned=yes\n"), std::string::npos) << text;
  EXPECT_NE(text.find("\ntype=mixed bytes=0 combined=0 simulated=no"), std::string::npos) << text;
}

TEST(Text, TableAlignsAndProgressFillsUp) {
  EXPECT_EQ(table({{"A", "BB"}, {"long", "x"}}), "A     BB\nlong  x");
  EXPECT_EQ(ProgressBar::line(0, 1 << 20), "[                              ]   0 %  0 of 1024 KiB");
  EXPECT_EQ(ProgressBar::line(1 << 19, 1 << 20), "[===============               ]  50 %  512 of 1024 KiB");
  EXPECT_EQ(ProgressBar::line(1 << 20, 1 << 20), "[==============================] 100 %  1024 of 1024 KiB");
}

TEST(Quotas, AmountsHaveUnits) {
  EXPECT_EQ(parse_quantity("0"), 0u);
  EXPECT_EQ(parse_quantity("unlimited"), 0u);
  EXPECT_EQ(parse_quantity("4096"), 4096u);
  EXPECT_EQ(parse_quantity("64k"), 64'000u);
  EXPECT_EQ(parse_quantity("64Ki"), 65'536u);
  EXPECT_EQ(parse_quantity("2T"), 2'000'000'000'000u);
  EXPECT_EQ(parse_quantity("1Ti"), std::uint64_t{1} << 40);
  for (const auto* text : {"", "k", "-1", "1.5M", "64K", "64kB", "64 k", "fast", "1ki"})
    EXPECT_EQ(parse_quantity(text).error().error, Error::malformed) << text;
  EXPECT_EQ(parse_quantity("99999999999T").error().error, Error::out_of_range);
  EXPECT_EQ(parse_quantity("99999999999999999999").error().error, Error::out_of_range);
}

TEST(Quotas, WhatIsNotNamedStays) {
  using access::Quota;
  const Quota old{1000, 70'000, 5000};
  EXPECT_EQ(*changed_quota({}, std::nullopt), std::nullopt);
  EXPECT_EQ(*changed_quota({}, old), old);
  EXPECT_EQ(*changed_quota({.per_second = "2k"}, old), (Quota{2000, 70'000, 5000}));
  EXPECT_EQ(*changed_quota({.per_second = "2k"}, std::nullopt), (Quota{2000, 0, 0}));
  EXPECT_EQ(*changed_quota({.per_second = "0"}, old), (Quota{0, 0, 5000}));
  EXPECT_EQ(*changed_quota({.per_day = "unlimited"}, old), (Quota{1000, 70'000, 0}));
  EXPECT_EQ(*changed_quota({.to_default = true}, old), std::nullopt);
  EXPECT_EQ(*changed_quota({.unlimited = true}, old), Quota{});
  EXPECT_EQ(changed_quota({.burst = "5"}, std::nullopt).error().error, Error::out_of_range);
  EXPECT_EQ(changed_quota({.per_day = "100T"}, std::nullopt).error().error, Error::out_of_range);
}

TEST(Quotas, AreShownAsTheyAct) {
  EXPECT_EQ(quota_text(std::nullopt), "default");
  EXPECT_EQ(quota_text(access::Quota{}), "unlimited");
  EXPECT_EQ(quota_text(access::Quota{100, 0, 0}), "100/s, burst 65536");
  EXPECT_EQ(quota_text(access::Quota{100, 7, 900}), "100/s, burst 7, 900/day");
  EXPECT_EQ(quota_text(access::Quota{0, 0, 900}), "900/day");
}

TEST(DoctorOpenssl, TheProbesLinesAreFindingsAndValues) {
  const auto probed =
      read_probe("ok\tprovider\t0.1.0\nvalue\tseed-bytes\t80\nnonsense\nFAIL\tsource\tbypassed: \x1b[31m\nvalue\tprovider\ta");
  ASSERT_EQ(probed.findings.size(), 2U);
  EXPECT_EQ(probed.findings[0].check, "provider");
  EXPECT_EQ(probed.findings[1].verdict, Verdict::fail);
  EXPECT_EQ(probed.findings[1].text.find('\x1b'), std::string::npos);
  ASSERT_EQ(probed.values.size(), 2U);
  EXPECT_EQ(probed.values[0], (std::pair<std::string, std::string>("seed-bytes", "80")));
}

}  // namespace
}  // namespace qeaas::cli
