// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/file.hpp"

#include <cstdlib>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

namespace qeaas {
namespace {

class FileTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "qeaas-file-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::filesystem::path folder_;
};

unsigned mode_of(const std::filesystem::path& path) {
  struct stat status {};
  EXPECT_EQ(::stat(path.c_str(), &status), 0);
  return status.st_mode & 07777;
}

TEST_F(FileTest, WritesPrivatelyAndReadsBack) {
  const std::array<std::uint8_t, 3> content{1, 2, 3};
  ASSERT_TRUE(write_private_file(folder_ / "key", content));
  EXPECT_EQ(mode_of(folder_ / "key"), 0600U);
  const auto back = read_file(folder_ / "key");
  ASSERT_TRUE(back);
  EXPECT_TRUE(equal_in_constant_time(back->span(), content));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1) << "no scratch file stays";
}

TEST_F(FileTest, ErrorsNameTheFile) {
  EXPECT_EQ(read_file(folder_ / "none").error().error, Error::not_found);
  EXPECT_NE(read_file(folder_ / "none").error().text.find("none"), std::string::npos);
  EXPECT_EQ(read_file(folder_).error().error, Error::refused);
  EXPECT_EQ(write_private_file(folder_ / "no" / "key", {}).error().error, Error::not_found);
  ASSERT_EQ(::truncate((folder_ / "big").c_str(), 0), -1);
  ASSERT_TRUE(write_private_file(folder_ / "big", {}));
  ASSERT_EQ(::truncate((folder_ / "big").c_str(), kMaxFileBytes + 1), 0);
  EXPECT_EQ(read_file(folder_ / "big").error().error, Error::too_large);
}

TEST_F(FileTest, StateFolderIsPrivateOrRefused) {
  ASSERT_TRUE(make_state_folder(folder_ / "deep" / "state"));
  EXPECT_EQ(mode_of(folder_ / "deep" / "state"), 0700U);
  ASSERT_TRUE(make_state_folder(folder_ / "deep" / "state")) << "an existing one is taken";
  ASSERT_EQ(::chmod((folder_ / "deep" / "state").c_str(), 0755), 0);
  EXPECT_EQ(make_state_folder(folder_ / "deep" / "state").error().error, Error::refused);
  ASSERT_TRUE(write_private_file(folder_ / "file", {}));
  EXPECT_EQ(make_state_folder(folder_ / "file").error().error, Error::refused);
}

TEST_F(FileTest, StateFolderChoice) {
  ::unsetenv("STATE_DIRECTORY");
  ::setenv("XDG_STATE_HOME", "/x", 1);
  EXPECT_EQ(state_folder("/a"), "/a");
  EXPECT_EQ(state_folder(""), "/x/qeaas");
  ::setenv("STATE_DIRECTORY", "/s:/t", 1);
  EXPECT_EQ(state_folder(""), "/s");
  ::unsetenv("STATE_DIRECTORY");
  ::unsetenv("XDG_STATE_HOME");
  EXPECT_EQ(state_folder(""), ::geteuid() == 0 ? std::filesystem::path("/var/lib/qeaas") : home_folder() / ".local/state/qeaas");
}

}  // namespace
}  // namespace qeaas
