// SPDX-License-Identifier: GPL-3.0-or-later
// Who may use the local socket.
#include "local/permit.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <fstream>
#include <grp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace qeaas::local {

namespace {

Outcome<gid_t> number_of(const std::string& text) {
  gid_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (!text.empty() && error == std::errc() && end == text.data() + text.size()) return number;
  const auto* entry = ::getgrnam(text.c_str());  // NOLINT(concurrency-mt-unsafe): set-up is one thread
  if (entry == nullptr) return fault(Error::unknown, "this machine has no group '" + text + "'; groupadd makes one");
  return entry->gr_gid;
}

gid_t overflow_group() {
  gid_t number = 65534;
  std::ifstream("/proc/sys/kernel/overflowgid") >> number;
  return number;
}

}  // namespace

Outcome<gid_t> group_of(const std::string& text) {
  auto number = number_of(text);
  if (number && *number == overflow_group())
    return fault(Error::refused,
                 "group '" + text + "' (" + std::to_string(*number) +
                     ") is how every group looks that a user namespace hides, so anybody might be in it; make a group for the purpose");
  return number;
}

Result<Peer> peer_of(int socket) noexcept {
  ucred credentials{};
  socklen_t size = sizeof(credentials);
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return fail(Error::io);
  return Peer{credentials.uid, credentials.gid, credentials.pid};
}

Result<std::vector<gid_t>> groups_of(int socket) {
  std::vector<gid_t> groups(64);
  auto size = static_cast<socklen_t>(groups.size() * sizeof(gid_t));
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &size) != 0) {
    if (errno != ERANGE) return fail(Error::io);
    groups.resize(size / sizeof(gid_t));  // the kernel has said how many there are
    if (::getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &size) != 0) return fail(Error::io);
  }
  groups.resize(size / sizeof(gid_t));
  return groups;
}

Permit::Permit(std::vector<gid_t> groups) : groups_(std::move(groups)), own_(::geteuid()) {}

bool Permit::listed(gid_t group) const noexcept { return std::find(groups_.begin(), groups_.end(), group) != groups_.end(); }

bool Permit::allows(const Peer& peer, const std::vector<gid_t>& belongs) const noexcept {
  if (trusted(peer) || listed(peer.gid)) return true;
  return std::any_of(belongs.begin(), belongs.end(), [this](gid_t group) { return listed(group); });
}

}  // namespace qeaas::local
