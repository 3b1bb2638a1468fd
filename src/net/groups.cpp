// SPDX-License-Identifier: GPL-3.0-or-later
// Key-exchange groups of TLS 1.3 by name.
#include "net/groups.hpp"

#include <algorithm>
#include <array>

#include "base/ascii.hpp"

namespace qeaas {
namespace {

constexpr std::array<Group, 9> kGroups{{
    {"MLKEM512", "ML-KEM-512", 0x0200, true},
    {"MLKEM768", "ML-KEM-768", 0x0201, true},
    {"MLKEM1024", "ML-KEM-1024", 0x0202, true},
    {"X25519MLKEM768", "X25519MLKEM768", 0x11EC, true},
    {"SecP256r1MLKEM768", "SecP256r1MLKEM768", 0x11EB, true},
    {"P-256", "P-256", 0x0017, false},
    {"P-384", "P-384", 0x0018, false},
    {"X25519", "X25519", 0x001D, false},
    {"X448", "X448", 0x001E, false},
}};
constexpr std::size_t kUsable = 8;  // X448 is not in the build; it is known so that a report can name it

struct GroupAlias {
  std::string_view other;
  std::string_view name;
};
// What wolfSSL and common tools call them.
constexpr std::array<GroupAlias, 8> kGroupAliases{{{"ML_KEM_512", "MLKEM512"},
                                                   {"ML_KEM_768", "MLKEM768"},
                                                   {"ML_KEM_1024", "MLKEM1024"},
                                                   {"SECP256R1", "P-256"},
                                                   {"SECP384R1", "P-384"},
                                                   {"P256", "P-256"},
                                                   {"P384", "P-384"},
                                                   {"SecP256r1_ML_KEM_768", "SecP256r1MLKEM768"}}};

}  // namespace

std::span<const Group> all_groups() noexcept { return std::span(kGroups).first(kUsable); }

std::optional<Group> find_group(std::string_view name) noexcept {
  for (const auto& alias : kGroupAliases)
    if (ascii::same_word(alias.other, name)) name = alias.name;
  for (const auto& group : kGroups)
    if (ascii::same_word(group.name, name) || ascii::same_word(group.title, name)) return group;
  return std::nullopt;
}

Outcome<std::vector<int>> parse_groups(std::span<const std::string> names, bool pq_only) {
  std::vector<int> codes;
  for (const auto& name : names) {
    const auto group = find_group(name);
    if (!group || group->code == kGroups[kUsable].code) {
      std::string known;
      for (const auto& one : all_groups()) known += (known.empty() ? "" : ", ") + std::string(one.name);
      return fault(Error::unknown, "unknown group '" + name + "'; known are " + known);
    }
    if (group->post_quantum || !pq_only) codes.push_back(group->code);
  }
  if (codes.empty()) return fault(Error::out_of_range, "no key-exchange group is left; name at least one post-quantum group");
  return codes;
}

}  // namespace qeaas
