// SPDX-License-Identifier: GPL-3.0-or-later
// Where the socket lies by default, and the folders that are refused.
#include "local/place.hpp"

#include <cstdlib>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "local/test_folder.hpp"

namespace qeaas::local {
namespace {

namespace fs = std::filesystem;

class LocalPlace : public ::testing::Test {
 protected:
  test::Folder folder;
  void SetUp() override {
    ::unsetenv("RUNTIME_DIRECTORY");
    ::unsetenv("XDG_RUNTIME_DIR");
  }
  void TearDown() override { SetUp(); }
  static mode_t mode_of(const fs::path& path) {
    struct stat status {};
    return ::lstat(path.c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
  }
};

TEST_F(LocalPlace, TheServiceManagersFolderComesFirst) {
  ::chmod(folder.path.c_str(), 0755);
  ::setenv("RUNTIME_DIRECTORY", (folder.path.string() + ":/nonexistent").c_str(), 1);
  ::setenv("XDG_RUNTIME_DIR", "/nonexistent", 1);
  EXPECT_EQ(default_place().value(), folder.path / "entropy.sock");
}

TEST_F(LocalPlace, AFolderThatOthersMayWriteOrThatIsNoneIsRefused) {
  ::setenv("RUNTIME_DIRECTORY", folder.path.c_str(), 1);
  ::chmod(folder.path.c_str(), 0775);
  EXPECT_EQ(default_place().error().error, Error::refused);
  ::chmod(folder.path.c_str(), 01777);
  EXPECT_EQ(default_place().error().error, Error::refused);
  ::chmod(folder.path.c_str(), 0700);
  EXPECT_TRUE(default_place());
  fs::create_directory_symlink(folder.path, folder.path / "link");
  ::setenv("RUNTIME_DIRECTORY", (folder.path / "link").c_str(), 1);
  EXPECT_EQ(default_place().error().error, Error::refused);
  ::setenv("RUNTIME_DIRECTORY", (folder.path / "none").c_str(), 1);
  EXPECT_EQ(default_place().error().error, Error::not_found);
}

TEST_F(LocalPlace, AFolderOfAnotherUserIsRefused) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to give a folder away";
  ASSERT_EQ(::chown(folder.path.c_str(), 65534, 65534), 0);
  ::setenv("RUNTIME_DIRECTORY", folder.path.c_str(), 1);
  const auto place = default_place();
  ASSERT_FALSE(place);
  EXPECT_EQ(place.error().error, Error::refused);
  EXPECT_NE(place.error().text.find("another user"), std::string::npos);
}

TEST_F(LocalPlace, WithoutRootTheSessionsFolderGetsOneOfOurs) {
  // In a child that is nobody: the parent stays what it is.
  ASSERT_EQ(::chmod(folder.path.c_str(), 0755), 0);
  const auto mine = folder.path / "session";
  ASSERT_TRUE(fs::create_directory(mine));
  const bool root = ::geteuid() == 0;
  ASSERT_TRUE(!root || ::chown(mine.c_str(), 65534, 65534) == 0);
  EXPECT_EXIT(
      {
        if (root && ::setuid(65534) != 0) std::_Exit(10);
        if (default_place().error().error != Error::not_found) std::_Exit(11);
        ::setenv("XDG_RUNTIME_DIR", mine.c_str(), 1);
        ::umask(0277);
        const auto place = default_place();
        if (!place || *place != mine / "qeaas" / "entropy.sock") std::_Exit(12);
        if (mode_of(mine / "qeaas") != 0700) std::_Exit(13);
        if (!default_place()) std::_Exit(14);  // the folder is there by now
        ::chmod((mine / "qeaas").c_str(), 0720);
        if (default_place().error().error != Error::refused) std::_Exit(15);
        ::setenv("XDG_RUNTIME_DIR", "/nonexistent", 1);
        if (default_place().error().error != Error::not_found) std::_Exit(16);
        ::setenv("XDG_RUNTIME_DIR", "/sys", 1);
        if (default_place()) std::_Exit(17);
        std::_Exit(0);
      },
      ::testing::ExitedWithCode(0), "");
}

TEST_F(LocalPlace, APathOfTheConfigurationNeedsAFolderThatNotEverybodyWrites) {
  EXPECT_TRUE(check_place(folder.path / "e.sock"));
  EXPECT_TRUE(check_place("/tmp/e.sock"));  // sticky
  EXPECT_EQ(check_place(folder.path / "none" / "e.sock").error().error, Error::not_found);
  ::chmod(folder.path.c_str(), 0777);
  const auto open = check_place(folder.path / "e.sock");
  ASSERT_FALSE(open);
  EXPECT_EQ(open.error().error, Error::refused);
  EXPECT_NE(open.error().text.find("chmod o-w"), std::string::npos);
  EXPECT_EQ(check_place("/dev/null/e.sock").error().error, Error::refused);
  EXPECT_EQ(check_place("/" + std::string(kMaxPathBytes, 'x')).error().error, Error::too_large);
}

}  // namespace
}  // namespace qeaas::local
