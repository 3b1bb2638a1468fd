// SPDX-License-Identifier: GPL-3.0-or-later
// Permit: who may use the local socket, by the credentials that the kernel keeps for its peer (SO_PEERCRED, SO_PEERGROUPS).
#pragma once

#include <string>
#include <vector>

#include "base/error.hpp"
#include "local/site.hpp"

namespace qeaas::local {

// group_of finds a group by name or number. Errors: unknown (the system has no such name), refused (the kernel's overflow group, often
// "nogroup": every group that a user namespace hides looks like it). Set-up only.
Outcome<gid_t> group_of(const std::string& text);

// peer_of and groups_of ask the kernel about a connected socket: the peer when it connected (of a listening socket's peer: when it
// listened), and its supplementary groups. Error: io.
Result<Peer> peer_of(int socket) noexcept;
Result<std::vector<gid_t>> groups_of(int socket);

class Permit {
 public:
  // groups: besides root and our own user, whose members may connect.
  explicit Permit(std::vector<gid_t> groups);
  // allows: belongs is the peer's supplementary groups.
  bool allows(const Peer& peer, const std::vector<gid_t>& belongs) const noexcept;
  // trusted: root and our own user, to whom no limit for users applies.
  bool trusted(const Peer& peer) const noexcept { return peer.uid == 0 || peer.uid == own_; }

 private:
  bool listed(gid_t group) const noexcept;
  std::vector<gid_t> groups_;
  uid_t own_;
};

}  // namespace qeaas::local
