// SPDX-License-Identifier: GPL-3.0-or-later
#include "source/device_source.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fcntl.h>
#include <sys/sysmacros.h>
#include <thread>
#include <unistd.h>

#include "base/handle.hpp"
#include "source/test_folder.hpp"

namespace qeaas {
namespace {

using test::has;

class DeviceTest : public test::FolderTest {
 protected:
  DeviceSettings settings(const std::filesystem::path& path) const {
    DeviceSettings settings;
    settings.id = "dev";
    settings.path = path;
    settings.timeout = 10s;
    settings.rng_current = folder_ / "rng_current";
    return settings;
  }
  // make_node stands for a driver's device; only root may.
  bool make_node(const std::string& name, unsigned major_number, unsigned minor_number) const {
    return ::mknod((folder_ / name).c_str(), S_IFCHR | 0600, ::makedev(major_number, minor_number)) == 0;
  }
  static Outcome<SourceInfo> opened(DeviceSettings settings) {
    auto source = make_device_source(std::move(settings));
    if (auto done = source->open(); !done) return tl::unexpected(done.error());
    return source->info();
  }
  std::array<std::uint8_t, 64> samples_{};
};

TEST_F(DeviceTest, KernelGeneratorIsAlwaysOs) {
  std::filesystem::create_symlink("/dev/urandom", folder_ / "qrandom0");
  const auto info = opened(settings(folder_ / "qrandom0"));
  ASSERT_TRUE(info);
  EXPECT_EQ(info->tag.kind, SourceKind::os);
  EXPECT_TRUE(info->tag.conditioned);
  auto claimed = settings("/dev/random");
  claimed.kind = SourceKind::physical;
  EXPECT_EQ(opened(claimed).error().error, Error::refused);
  claimed.kind = SourceKind::os;
  EXPECT_TRUE(opened(claimed));
}

TEST_F(DeviceTest, OnlyCharacterDevices) {
  auto raw = settings(write("file", "abc"));
  EXPECT_EQ(opened(raw).error().error, Error::refused);
  EXPECT_TRUE(has(opened(raw).error().text, "not a character device"));
  EXPECT_EQ(opened(settings(folder_)).error().error, Error::refused);
  const auto missing = opened(settings(folder_ / "none"));
  EXPECT_EQ(missing.error().error, Error::not_found);
  EXPECT_TRUE(has(missing.error().text, "none"));
}

TEST_F(DeviceTest, RawDeviceMustStateItsEntropy) {
  EXPECT_EQ(opened(settings("/dev/zero")).error().error, Error::out_of_range);
  auto stated = settings("/dev/zero");
  stated.per_sample = MinEntropy::from_bits(0.5);
  stated.sample_bits = 1;
  const auto info = opened(stated);
  ASSERT_TRUE(info);
  EXPECT_EQ(info->tag.kind, SourceKind::physical);
  EXPECT_FALSE(info->tag.conditioned);
  EXPECT_EQ(info->per_sample, MinEntropy::from_bits(0.5));
  auto conditioned = settings("/dev/zero");
  conditioned.conditioned = true;
  EXPECT_EQ(opened(conditioned)->per_sample, MinEntropy::from_whole_bits(4)) << "half is credited";
  conditioned.sample_bits = 4;
  EXPECT_EQ(opened(conditioned).error().error, Error::out_of_range) << "half of a byte is not half of four bits";
}

TEST_F(DeviceTest, StandInTakesTheConfiguredKind) {
  if (!make_node("qrandom0", 1, 9) || !make_node("hw", 10, 183)) GTEST_SKIP() << "needs mknod";
  auto stand_in = settings(folder_ / "qrandom0");
  EXPECT_EQ(opened(stand_in)->tag.kind, SourceKind::os) << "by its device number";
  stand_in.kind = SourceKind::quantum;
  stand_in.conditioned = true;
  auto source = make_device_source(stand_in);
  ASSERT_TRUE(source->open());
  EXPECT_EQ(source->info().tag.kind, SourceKind::quantum);
  EXPECT_TRUE(source->info().tag.conditioned);
  EXPECT_TRUE(source->read(samples_));
  EXPECT_NE(samples_, (std::array<std::uint8_t, 64>{}));
}

TEST_F(DeviceTest, HardwareGeneratorByWhatStandsBehindIt) {
  if (!make_node("hw", 10, 183)) GTEST_SKIP() << "needs mknod";
  const auto hardware = settings(folder_ / "hw");
  auto source = make_device_source(hardware);
  if (const auto first = source->open(); !first && first.error().error != Error::refused) GTEST_SKIP() << "no hw_random driver";
  EXPECT_EQ(source->info().tag.kind, SourceKind::os) << "an unreadable rng_current is not believed to be physical";
  write("rng_current", "virtio_rng.0\n");
  EXPECT_EQ(opened(hardware)->tag.kind, SourceKind::os);
  write("rng_current", "tpm-rng-0\n");
  EXPECT_EQ(opened(hardware)->tag.kind, SourceKind::physical);
  EXPECT_TRUE(opened(hardware)->tag.conditioned);
}

TEST_F(DeviceTest, HypervisorsBytesAreNotClaimedOtherwise) {
  write("rng_current", "virtio_rng.0\n");
  auto hardware = settings("/dev/hwrng");
  hardware.kind = SourceKind::physical;
  const auto refused = opened(hardware);
  if (!std::filesystem::exists("/dev/hwrng")) GTEST_SKIP() << "no /dev/hwrng";
  EXPECT_EQ(refused.error().error, Error::refused);
  EXPECT_TRUE(has(refused.error().text, "virtio_rng.0"));
}

TEST_F(DeviceTest, AGeneratorThatChangesIsGoneAndThenRefused) {
  if (!make_node("hw", 10, 183)) GTEST_SKIP() << "needs mknod";
  write("rng_current", "tpm-rng-0\n");
  auto source = make_device_source(settings(folder_ / "hw"));
  if (!source->open()) GTEST_SKIP() << "no hw_random driver";
  ASSERT_TRUE(source->read(samples_));
  write("rng_current", "virtio_rng.0\n");
  EXPECT_EQ(source->read(samples_).error(), Error::source_gone);
  EXPECT_EQ(source->open().error().error, Error::refused);
  EXPECT_EQ(source->info().tag.kind, SourceKind::physical) << "what was stated stays";
  write("rng_current", "tpm-rng-0\n");
  EXPECT_TRUE(source->open());
}

TEST_F(DeviceTest, ReadsLowBitsAndReportsTheEnd) {
  auto null = settings("/dev/null");
  null.conditioned = true;
  auto source = make_device_source(null);
  EXPECT_EQ(source->read(samples_).error(), Error::source_gone) << "not opened";
  ASSERT_TRUE(source->open());
  EXPECT_EQ(source->read(samples_).error(), Error::source_gone) << "end of file";
  auto narrow = settings("/dev/urandom");
  narrow.sample_bits = 2;
  narrow.per_sample = MinEntropy::from_whole_bits(1);
  source = make_device_source(narrow);
  ASSERT_TRUE(source->open());
  ASSERT_TRUE(source->read(samples_));
  EXPECT_TRUE(std::all_of(samples_.begin(), samples_.end(), [](std::uint8_t sample) { return sample < 4; }));
}

// A terminal's other end is a character device that is silent for as long as the test wants.
class TerminalTest : public DeviceTest {
 protected:
  void SetUp() override {
    DeviceTest::SetUp();
    terminal_.reset(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
    ASSERT_TRUE(terminal_);
    ASSERT_EQ(::grantpt(terminal_.get()), 0);
    ASSERT_EQ(::unlockpt(terminal_.get()), 0);
    std::array<char, 64> name{};
    ASSERT_EQ(::ptsname_r(terminal_.get(), name.data(), name.size()), 0);
    path_ = name.data();
  }
  std::unique_ptr<Source> source(std::chrono::milliseconds timeout) const {
    auto chosen = settings(path_);
    chosen.conditioned = true;
    chosen.timeout = timeout;
    return make_device_source(chosen);
  }
  FileDescriptor terminal_;
  std::string path_;
};

TEST_F(TerminalTest, SilenceIsATimeoutAndHangUpIsGone) {
  auto silent = source(1ms);
  ASSERT_TRUE(silent->open());
  EXPECT_EQ(silent->read(samples_).error(), Error::timeout);
  terminal_.reset();
  EXPECT_EQ(silent->read(samples_).error(), Error::source_gone);
}

TEST_F(TerminalTest, InterruptEndsAReadForEver) {
  auto silent = source(std::chrono::hours(1));
  ASSERT_TRUE(silent->open());
  std::thread other([&] { silent->interrupt(); });
  EXPECT_EQ(silent->read(samples_).error(), Error::closed);
  other.join();
  EXPECT_EQ(silent->read(samples_).error(), Error::closed);
  EXPECT_EQ(silent->open().error().error, Error::closed);
}

TEST(DevicePaths, ThatSpeakForThemselves) {
  EXPECT_TRUE(device_states_itself("/dev/qrandom7"));
  EXPECT_TRUE(device_states_itself("/dev/hwrng"));
  EXPECT_TRUE(device_states_itself("/dev/urandom"));
  EXPECT_FALSE(device_states_itself("/dev/qrandom"));
  EXPECT_FALSE(device_states_itself("/dev/qrandom0x"));
  EXPECT_FALSE(device_states_itself("/tmp/qrandom0"));
}

}  // namespace
}  // namespace qeaas
