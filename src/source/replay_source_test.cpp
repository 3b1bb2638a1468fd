// SPDX-License-Identifier: GPL-3.0-or-later
#include "source/replay_source.hpp"

#include <array>
#include <type_traits>

#include "source/test_folder.hpp"

namespace qeaas {
namespace {

static_assert(!std::is_convertible_v<std::initializer_list<int>, NamedByConfiguration>);

class ReplayTest : public test::FolderTest {
 protected:
  static std::unique_ptr<Source> source(const std::filesystem::path& path, bool loop = false, unsigned bits = 8) {
    return make_replay_source(
        {.id = "replay", .path = path, .sample_bits = bits, .per_sample = MinEntropy::from_whole_bits(1), .loop = loop},
        NamedByConfiguration());
  }
  std::array<std::uint8_t, 4> samples_{};
};

TEST_F(ReplayTest, ServesEverySampleOnce) {
  auto replay = source(write("rec", "abcdefghij"));
  EXPECT_EQ(replay->info().tag.kind, SourceKind::simulated);
  EXPECT_EQ(replay->read(samples_).error(), Error::source_gone) << "not opened";
  ASSERT_TRUE(replay->open());
  ASSERT_TRUE(replay->read(samples_));
  EXPECT_EQ(samples_, (std::array<std::uint8_t, 4>{'a', 'b', 'c', 'd'}));
  ASSERT_TRUE(replay->open()) << "opened again, it goes on";
  ASSERT_TRUE(replay->read(samples_));
  EXPECT_EQ(samples_[0], 'e');
  EXPECT_EQ(replay->read(samples_).error(), Error::source_gone) << "two samples are too few for four";
  EXPECT_EQ(replay->open().error().error, Error::source_gone) << "at its end";
}

TEST_F(ReplayTest, LoopsWhenTold) {
  auto replay = source(write("rec", "abc"), true);
  ASSERT_TRUE(replay->open());
  ASSERT_TRUE(replay->read(samples_));
  EXPECT_EQ(samples_, (std::array<std::uint8_t, 4>{'a', 'b', 'c', 'a'}));
  write("rec", "");
  EXPECT_EQ(replay->read(samples_).error(), Error::source_gone) << "an emptied file is no endless loop";
}

TEST_F(ReplayTest, LowBits) {
  auto replay = source(write("rec", "\xFF\x02\x05\x04"), false, 2);
  ASSERT_TRUE(replay->open());
  ASSERT_TRUE(replay->read(samples_));
  EXPECT_EQ(samples_, (std::array<std::uint8_t, 4>{3, 2, 1, 0}));
}

TEST_F(ReplayTest, RefusesWhatIsNoRecording) {
  EXPECT_EQ(source("/dev/urandom")->open().error().error, Error::refused);
  EXPECT_EQ(source(folder_)->open().error().error, Error::refused);
  EXPECT_EQ(source(folder_ / "none")->open().error().error, Error::not_found);
  EXPECT_EQ(source(write("empty", ""))->open().error().error, Error::out_of_range);
  auto stopped = source(write("rec", "abcd"));
  ASSERT_TRUE(stopped->open());
  stopped->interrupt();
  EXPECT_EQ(stopped->read(samples_).error(), Error::closed);
  EXPECT_EQ(stopped->open().error().error, Error::closed);
}

}  // namespace
}  // namespace qeaas
