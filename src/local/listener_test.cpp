// SPDX-License-Identifier: GPL-3.0-or-later
// The socket in the file system: mode and group, what was left behind, what is served, what is no socket; and who is let in.
#include "local/listener.hpp"

#include <fcntl.h>
#include <fstream>
#include <gtest/gtest.h>
#include <unistd.h>

#include "local/permit.hpp"
#include "local/test_client.hpp"
#include "local/test_folder.hpp"

namespace qeaas::local {
namespace {

namespace fs = std::filesystem;
using test::Client;

class LocalListener : public ::testing::Test {
 protected:
  test::Folder folder;
  fs::path path = folder.path / "e.sock";
  Outcome<std::unique_ptr<Listener>> open(mode_t mode = 0660, std::optional<gid_t> group = {}) { return Listener::open(path, mode, group); }
  struct stat status() {
    struct stat found {};
    ::lstat(path.c_str(), &found);
    return found;
  }
  // left_behind makes a socket that nobody serves, as a server that was killed leaves it; bound is the same while it is open.
  void left_behind() const { static_cast<void>(bound()); }
  FileDescriptor bound() const {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const auto text = path.string();
    std::copy(text.begin(), text.end(), address.sun_path);
    FileDescriptor socket(::socket(AF_UNIX, SOCK_STREAM, 0));
    EXPECT_EQ(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    return socket;
  }
};

TEST_F(LocalListener, TheSocketHasItsModeWhateverTheUmask) {
  const auto before = ::umask(0);
  for (const mode_t mode : {0600, 0660, 0666}) {
    auto listener = open(mode);
    ASSERT_TRUE(listener) << listener.error().text;
    EXPECT_TRUE(S_ISSOCK(status().st_mode));
    EXPECT_EQ(status().st_mode & 07777, mode);
    EXPECT_FALSE(fs::exists(path.string() + ".new"));
  }
  ::umask(before);
}

TEST_F(LocalListener, TheSocketGetsItsGroup) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to give a socket to a group";
  auto listener = open(0660, 65534);
  ASSERT_TRUE(listener) << listener.error().text;
  EXPECT_EQ(status().st_gid, 65534U);
}

TEST_F(LocalListener, AcceptsAndKnowsTheOtherEnd) {
  auto listener = open();
  ASSERT_TRUE(listener);
  EXPECT_EQ((*listener)->accept().error(), Error::would_block);
  const Client client(path);
  ASSERT_TRUE(client.connected());
  const auto socket = (*listener)->accept();
  ASSERT_TRUE(socket);
  const auto peer = peer_of(socket->get());
  ASSERT_TRUE(peer);
  EXPECT_EQ(peer->pid, ::getpid());
  EXPECT_EQ(peer->uid, ::geteuid());
  EXPECT_TRUE(groups_of(socket->get()));
}

TEST_F(LocalListener, AFileOfTheServiceManagerStaysWhenTheServerGoes) {
  auto opened = bound();
  ASSERT_EQ(::listen(opened.get(), 1), 0);
  auto passed = Listener::adopt(std::move(opened));
  ASSERT_TRUE(passed);
  EXPECT_EQ((*passed)->path(), path);
  const Client client(path);
  EXPECT_TRUE((*passed)->accept());
  (*passed)->close();
  EXPECT_TRUE(fs::exists(path));
  EXPECT_EQ((*passed)->accept().error(), Error::closed);
  EXPECT_FALSE(Listener::adopt(FileDescriptor()));
}

TEST_F(LocalListener, SaysWhomTheFileKeepsOut) {
  const auto ours = ::getegid();
  const std::vector<gid_t> groups{ours, 4242};
  using Groups = std::vector<gid_t>;
  for (const bool adopted : {false, true}) {
    auto opened = adopted ? Listener::adopt(bound()) : open();
    ASSERT_TRUE(opened);
    auto& listener = **opened;
    EXPECT_EQ(listener.adopted(), adopted);
    fs::permissions(path, fs::perms(0600));
    EXPECT_EQ(listener.keeps_out(groups), groups);
    fs::permissions(path, fs::perms(0640));
    EXPECT_EQ(listener.keeps_out(groups), groups) << "connecting takes write permission";
    fs::permissions(path, fs::perms(0660));
    EXPECT_EQ(listener.keeps_out(groups), Groups{4242});
    fs::permissions(path, fs::perms(0666));
    EXPECT_EQ(listener.keeps_out(groups), Groups{});
    fs::remove(path);
    EXPECT_EQ(listener.keeps_out(groups), Groups{}) << "nothing to look at";
  }
}

TEST_F(LocalListener, CredentialsOfWhatIsNoSocketAreAnError) {
  const FileDescriptor null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(peer_of(null.get()).error(), Error::io);
  EXPECT_EQ(groups_of(null.get()).error(), Error::io);
}

TEST_F(LocalListener, WhatWasLeftBehindIsReplaced) {
  left_behind();
  ASSERT_TRUE(fs::exists(path));
  EXPECT_FALSE(Client(path).connected());
  auto listener = open();
  ASSERT_TRUE(listener) << listener.error().text;
  EXPECT_TRUE(Client(path).connected());
}

TEST_F(LocalListener, OneThatIsServedIsLeftAloneAndItsHolderNamed) {
  auto first = open();
  ASSERT_TRUE(first);
  const auto second = open();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().error, Error::in_use);
  EXPECT_NE(second.error().text.find("served by process " + std::to_string(::getpid()) + " ("), std::string::npos) << second.error().text;
  EXPECT_TRUE(Client(path).connected());
}

TEST_F(LocalListener, OneThatAnotherProgramServesIsLeftAloneToo) {
  auto other = open();
  ASSERT_TRUE(other);
  fs::remove(path.string() + ".lock");  // a program that knows of no lock
  const auto mine = open();
  ASSERT_FALSE(mine);
  EXPECT_EQ(mine.error().error, Error::in_use);
  EXPECT_TRUE(Client(path).connected());
}

TEST_F(LocalListener, OfTwoThatStartAtOnceOneWins) {
  auto first = open();
  ASSERT_TRUE(first);
  fs::remove(path);  // between two steps of the other: locked, and no socket yet
  const auto second = open();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().error, Error::in_use);
  EXPECT_NE(second.error().text.find("another process"), std::string::npos);
}

TEST_F(LocalListener, WhatIsNoSocketIsNeverRemoved) {
  std::ofstream(path) << "precious";
  const auto listener = open();
  ASSERT_FALSE(listener);
  EXPECT_EQ(listener.error().error, Error::refused);
  EXPECT_TRUE(fs::is_regular_file(path));
  fs::remove(path);
  fs::create_symlink(folder.path / "elsewhere", path);
  EXPECT_EQ(open().error().error, Error::refused);
}

TEST_F(LocalListener, AFolderThatIsNotThereIsAnError) {
  path = folder.path / "none" / "e.sock";
  EXPECT_EQ(open().error().error, Error::not_found);
  path = folder.path / std::string(120, 'x');
  EXPECT_FALSE(open());
}

TEST_F(LocalListener, CloseRemovesTheSocketAndMakesWay) {
  auto listener = open();
  ASSERT_TRUE(listener);
  (*listener)->close();
  EXPECT_FALSE(fs::exists(path));
  EXPECT_EQ((*listener)->accept().error(), Error::closed);
  EXPECT_TRUE(open());
}

TEST_F(LocalListener, CloseDoesNotRemoveWhatIsNotOurs) {
  auto listener = open();
  ASSERT_TRUE(listener);
  fs::remove(path);
  left_behind();
  (*listener)->close();
  EXPECT_TRUE(fs::exists(path));
}

TEST(LocalPermit, RootOurselvesAndMembersOfTheListedGroups) {
  const Permit permit({77, 78});
  EXPECT_TRUE(permit.allows({0, 0, 1}, {}));
  EXPECT_TRUE(permit.allows({::geteuid(), 5, 1}, {}));
  EXPECT_TRUE(permit.allows({4000, 78, 1}, {}));
  EXPECT_TRUE(permit.allows({4000, 4000, 1}, {5, 77}));
  EXPECT_FALSE(permit.allows({4000, 4000, 1}, {5, 76}));
  EXPECT_FALSE(permit.allows({4000, 0, 1}, {0}));  // group root is not root
  EXPECT_FALSE(permit.trusted({4000, 78, 1}));
  EXPECT_FALSE(Permit({}).allows({4000, 77, 1}, {77}));
}

TEST(LocalPermit, GroupsByNameAndNumber) {
  EXPECT_EQ(group_of("root").value(), 0U);
  EXPECT_EQ(group_of("1234").value(), 1234U);
  for (const auto* text : {"", "12x", "-1", "no-such-group", "99999999999"})
    EXPECT_EQ(group_of(text).error().error, Error::unknown) << text;
}

TEST(LocalPermit, TheGroupThatEveryHiddenGroupLooksLikeIsRefused) {
  for (const auto* text : {"65534", "nogroup"}) {
    const auto group = group_of(text);
    ASSERT_FALSE(group) << text;
    EXPECT_EQ(group.error().error, Error::refused) << text;
    EXPECT_NE(group.error().text.find("make a group for the purpose"), std::string::npos);
  }
}

}  // namespace
}  // namespace qeaas::local
