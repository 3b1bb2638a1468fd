// SPDX-License-Identifier: GPL-3.0-or-later
// For tests only: a service of one worker over scripted sources, and what its worker's reservoir must hold.
#pragma once

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "crypto/hash.hpp"
#include "service/fake_source.hpp"
#include "service/service.hpp"

namespace qeaas::test {

class ServiceTest : public ::testing::Test {
 protected:
  ServiceOptions options = quick();
  std::vector<std::shared_ptr<Script>> scripts;
  std::vector<SourceSetup> setups;
  std::unique_ptr<Service> service;
  Provenance provenance;

  Script& add(const std::string& id, SourceKind kind = SourceKind::physical, bool contribute = false) {
    scripts.push_back(std::make_shared<Script>(id, kind));
    setups.push_back(setup_of(scripts.back(), contribute));
    return *scripts.back();
  }
  void start() {
    auto made = Service::create(options, std::move(setups));
    ASSERT_TRUE(made) << made.error().text;
    service = std::move(*made);
    ASSERT_TRUE(service->start());
  }
  // start_healthy starts and lets every source pass its start-up tests and make some 50 to 100 blocks.
  void start_healthy() {
    start();
    for (const auto& script : scripts) script->feed(2 * kStartup);
  }
  bool reaches(std::size_t source, SourceState state) {
    return service->wait_until(kPatience, [&] { return service->status()[source].state == state; });
  }
  void raise_alarm(std::size_t source) {
    scripts[source]->stick(true);
    scripts[source]->feed(kStartup);
    ASSERT_EQ(service->status()[source].state, SourceState::alarmed);
  }
  std::size_t ready_blocks(std::size_t source) { return service->status()[source].blocks_ready; }

  // drawn draws and expects success; failing draws and expects an error and nothing in the buffer.
  std::vector<std::uint8_t> drawn(std::size_t bytes, EntropyType type = EntropyType::direct) {
    std::vector<std::uint8_t> out(bytes);
    const auto status = service->tap(0).fill(out, type, provenance);
    EXPECT_TRUE(status) << (status ? "" : name(status.error()));
    EXPECT_EQ(provenance.type(), type);
    return out;
  }
  Error failing(std::size_t bytes, EntropyType type = EntropyType::direct) {
    std::vector<std::uint8_t> out(bytes, 0xee);
    const auto status = service->tap(0).fill(out, type, provenance);
    EXPECT_FALSE(status);
    EXPECT_EQ(out, std::vector<std::uint8_t>(bytes, 0));
    EXPECT_TRUE(provenance.sources().empty());
    EXPECT_GE(service->tap(0).retry_after(), std::chrono::seconds(1));
    EXPECT_LE(service->tap(0).retry_after(), std::chrono::seconds(60));
    return status ? Error::unknown : status.error();
  }
  // drain empties the worker's reservoirs by drawing.
  void drain() {
    Block block;
    while (service->tap(0).fill(block, EntropyType::direct, provenance)) {
    }
  }
  std::vector<std::string> named() const {
    std::vector<std::string> ids;
    for (const auto* tag : provenance.sources()) ids.push_back(tag->id);
    return ids;
  }
  // worker_blocks is what came into the worker's reservoir: every other block until the seed reservoir has its 64, then all.
  std::vector<std::vector<std::uint8_t>> worker_blocks(std::size_t source) {
    std::vector<std::vector<std::uint8_t>> mine;
    const auto legal = oracle(*scripts[source]);
    for (std::size_t i = 0; i < legal.blocks.size(); ++i) {
      if (i >= 128 || i % 2 == 0) mine.emplace_back(legal.blocks[i].begin(), legal.blocks[i].end());
    }
    return mine;
  }
  static std::vector<std::uint8_t> combined(std::initializer_list<std::vector<std::uint8_t>> blocks) {
    const std::string_view tag = "qeaas combine v1";
    Sha256 hash;
    hash.update(bytes_of(tag));
    for (const auto& block : blocks) hash.update(block);
    std::vector<std::uint8_t> out(kSha256Bytes);
    hash.finish(std::span(out).first<kSha256Bytes>());
    return out;
  }
  static std::vector<std::uint8_t> xored(std::vector<std::uint8_t> a, const std::vector<std::uint8_t>& b) {
    for (std::size_t i = 0; i < a.size(); ++i) a[i] = static_cast<std::uint8_t>(a[i] ^ b[i]);
    return a;
  }
};

using Ids = std::vector<std::string>;

}  // namespace qeaas::test
