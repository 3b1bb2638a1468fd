// SPDX-License-Identifier: GPL-3.0-or-later
// Properties of the configuration parser, for any bytes:
//  1. It returns: no crash, no endless loop, no undefined behaviour, nothing thrown.
//  2. A refusal has words, and every line of them names the file.
//  3. What is accepted obeys the documented limits that the daemon relies on without asking again.
//  4. Parsing is a function: the same text gives the same verdict and the same words.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <string>
#include <string_view>

#include "config.hpp"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void check_words(const std::string& text) {
  require(!text.empty());
  for (std::size_t begin = 0; begin < text.size();) {
    require(text.compare(begin, 5, "fuzz:") == 0);
    const auto end = text.find('\n', begin);
    begin = end == std::string::npos ? text.size() : end + 1;
  }
}

void check_limits(const qeaas::Config& config) {
  require(config.server.workers <= 64);
  require(config.coaps.mtu >= 576 && config.coaps.mtu <= 16'384);
  require(config.coaps.max_sessions >= 1);
  require(config.service.min_sources >= 1);
  require(config.sources.empty() || config.service.min_sources <= config.sources.size());
  require(config.sources.size() <= 16);
  require(!qeaas::effective_groups(config.coaps.groups, config.coaps.pq_only).empty());
  require(!qeaas::effective_groups(config.https.groups, config.https.pq_only).empty());
  require(!config.coaps.certificates.empty() && !config.coaps.client_auth.empty());
  for (const auto* list : {&config.coaps.listen, &config.coap.listen}) {
    for (const auto& address : *list) require(qeaas::parse_listen(address).has_value());
  }
  std::set<std::string> ids;
  for (const auto& source : config.sources) {
    require(!source.id.empty() && !source.type.empty() && ids.insert(source.id).second);
    require(source.path.find('\0') == std::string::npos);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(data, data + size);
  const auto first = qeaas::parse_config(text, "fuzz");
  const auto second = qeaas::parse_config(text, "fuzz");
  require(first.has_value() == second.has_value());
  if (first) {
    check_limits(*first);
  } else {
    check_words(first.error().text);
    require(first.error().text == second.error().text);
  }
  return 0;
}
