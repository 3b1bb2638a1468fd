// SPDX-License-Identifier: GPL-3.0-or-later
// For tests only: a supply that counts upwards in 64-bit numbers, which are never given twice, and fails when told to.
#pragma once

#include <cstring>
#include <optional>

#include "supply.hpp"

namespace qeaas::provider::test {

struct Script {
  std::uint64_t next = 1;
  std::size_t fetches = 0;
  std::size_t bytes = 0;
  std::optional<Fault> failure;
  std::size_t children = 0;
};

class FakeSupply final : public Supply {
 public:
  explicit FakeSupply(Script& script) : script_(script) {}
  void open() noexcept override {}
  Outcome<void> fetch(MutableBytes out, TimePoint /*deadline*/) override {
    if (script_.failure) {
      std::memset(out.data(), 0x5a, out.size());  // half an answer
      return tl::unexpected(*script_.failure);
    }
    ++script_.fetches;
    script_.bytes += out.size();
    for (std::size_t at = 0; at < out.size(); at += sizeof(script_.next), ++script_.next)
      std::memcpy(out.data() + at, &script_.next, std::min(sizeof(script_.next), out.size() - at));
    return {};
  }
  void after_fork_in_child() noexcept override { ++script_.children; }

 private:
  Script& script_;
};

}  // namespace qeaas::provider::test
