// SPDX-License-Identifier: GPL-3.0-or-later
// The limit of descriptors.
#include "descriptors.hpp"

#include <algorithm>
#include <sys/resource.h>

#include "base/log.hpp"

namespace qeaas {
namespace {

constexpr std::uint64_t kOfEachWorker = 16;   // epoll, timers, signals, its end of the reservoir
constexpr std::uint64_t kOfTheProcess = 128;  // sources, databases, files that are read
constexpr std::uint64_t kOfEachFetch = 2;     // of the proxy: the connection, and the resolver's

}  // namespace

std::uint64_t descriptors_needed(const Config& config, std::size_t workers) noexcept {
  const std::uint64_t streams =
      (config.http.enabled ? config.http.listen.size() : 0) + (config.https.enabled ? config.https.listen.size() : 0);
  const std::uint64_t datagrams =
      (config.coaps.enabled ? config.coaps.listen.size() : 0) + (config.coap.enabled ? config.coap.listen.size() : 0);
  const std::uint64_t fetches = config.proxy.enabled ? config.proxy.max_concurrent * kOfEachFetch : 0;
  return streams * config.http.max_connections + (config.local.enabled ? config.local.max_connections : 0) +
         workers * (streams + datagrams + fetches + kOfEachWorker) + kOfTheProcess;
}

Result<std::uint64_t> raise_descriptor_limit(std::uint64_t needed) noexcept {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return fail(Error::io);
  if (limit.rlim_cur >= needed) return limit.rlim_cur;
  const rlimit more{std::max<rlim_t>(limit.rlim_cur, std::min<rlim_t>(needed, limit.rlim_max)), limit.rlim_max};
  if (::setrlimit(RLIMIT_NOFILE, &more) != 0) return limit.rlim_cur;
  return more.rlim_cur;
}

void provide_descriptors(const Config& config, std::size_t workers) {
  const auto needed = descriptors_needed(config, workers);
  const auto limit = raise_descriptor_limit(needed);
  if (!limit || *limit >= needed) return;
  log::warning("this process may open " + std::to_string(*limit) + " files and sockets, and [http] max_connections (" +
               std::to_string(config.http.max_connections) + " on each address) with all else takes " + std::to_string(needed) +
               ": whoever is idle longest goes when they run out; raise the hard limit (LimitNOFILE= of the unit, ulimit -Hn) or lower "
               "max_connections");
}

}  // namespace qeaas
