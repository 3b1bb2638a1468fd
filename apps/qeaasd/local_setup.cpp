// SPDX-License-Identifier: GPL-3.0-or-later
// From configuration to the local socket.
#include "local_setup.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "local/place.hpp"

namespace qeaas {
namespace {

constexpr auto kAdvice = "set [local] path to a place that this user may write, or [local] enabled = false";

// The configuration allows three modes, each with its digits.
mode_t mode_of(const std::string& text) noexcept {
  if (text == "0600") return 0600;
  return text == "0666" ? 0666 : 0660;
}

Outcome<std::filesystem::path> place_of(const LocalConfig& config) {
  if (config.path.empty()) return local::default_place();
  if (const auto good = local::check_place(config.path); !good) return fault(good.error().error, "[local] path: " + good.error().text);
  return std::filesystem::path(config.path);
}

Outcome<std::unique_ptr<local::Listener>> listen(const LocalConfig& config, InheritedSockets& inherited, const std::vector<gid_t>& groups) {
  if (auto passed = inherited.take_local(config.path)) return local::Listener::adopt(std::move(*passed));
  const auto place = place_of(config);
  if (!place) return tl::unexpected(place.error());
  const auto mode = mode_of(config.mode);
  const bool for_a_group = mode == 0660 && !groups.empty();  // otherwise the file's group lets nobody in who would not get in anyway
  return local::Listener::open(*place, mode, for_a_group ? std::optional(groups.front()) : std::nullopt);
}

// warn_who_stays_out says which of the groups cannot open a socket that the service manager made, and what to do. The kernel keeps them
// out: no other log would tell. (Of our own socket's mode the configuration has warned.)
void warn_who_stays_out(const local::Listener& listener, const LocalConfig& config, const std::vector<gid_t>& groups) {
  if (!listener.adopted()) return;
  const auto kept_out = listener.keeps_out(groups);
  std::string names;
  for (std::size_t i = 0; i < groups.size(); ++i)
    if (std::find(kept_out.begin(), kept_out.end(), groups[i]) != kept_out.end()) names += (names.empty() ? "" : ", ") + config.groups[i];
  if (names.empty()) return;
  log::warning("[local] groups: the mode and the group of " + listener.path().string() + " keep out members of " + names +
               ". The service manager made it, so [local] mode and groups do not change it: let its unit say SocketGroup=, or "
               "SocketMode=0666 for several groups (systemctl edit qeaasd.socket), then stop qeaasd.service, restart qeaasd.socket");
}

}  // namespace

Outcome<std::unique_ptr<LocalFront>> open_local(const LocalConfig& config, InheritedSockets& inherited, std::size_t worker,
                                                Service& service, access::Access& access) {
  if (!config.enabled) return std::unique_ptr<LocalFront>();
  std::vector<gid_t> groups;
  for (const auto& text : config.groups) {
    const auto group = local::group_of(text);
    if (!group) return fault(group.error().error, "[local] groups: " + group.error().text);
    groups.push_back(*group);
  }
  auto listener = listen(config, inherited, groups);
  if (!listener) {
    if (!config.path.empty() || listener.error().error == Error::in_use) return tl::unexpected(listener.error());
    log::warning("no local socket: " + listener.error().text + "; " + kAdvice);
    return std::unique_ptr<LocalFront>();
  }
  warn_who_stays_out(**listener, config, groups);
  const auto path = (*listener)->path().string();
  local::ServerOptions options;
  options.max_connections = config.max_connections;
  auto front = LocalFront::make(std::move(*listener), local::Permit(std::move(groups)), options, config.identity, worker, service, access);
  if (front) log::info("listening on " + path);
  return front;
}

}  // namespace qeaas
