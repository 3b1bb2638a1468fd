// SPDX-License-Identifier: GPL-3.0-or-later
// The samples, between the thread that measures and the one that prints.
#include "bench_book.hpp"

#include <algorithm>

#include "client/refusal.hpp"

namespace qeaas::cli {

BenchPeer peer_of(const DtlsReport* report) {
  BenchPeer peer;
  if (report == nullptr) return peer;
  peer.group = report->group;
  if (report->signature && !report->resumed && !report->psk) peer.signature = name(*report->signature);
  peer.verified = report->verified;
  peer.resumed = report->resumed ? "ticket" : report->psk ? "psk" : "no";
  return peer;
}

void BenchBook::begin(BenchRun run) {
  const std::scoped_lock lock(mutex_);
  runs_.push_back(std::move(run));
}

void BenchBook::add(BenchRow row, const std::optional<BenchPeer>& peer) {
  const std::scoped_lock lock(mutex_);
  auto& run = runs_.back();
  if (peer && run.samples.empty()) run.peer = *peer;
  run.samples.push_back(std::move(row));
}

void BenchBook::fail(const std::string& text) {
  const std::scoped_lock lock(mutex_);
  auto& run = runs_.back();
  ++run.failed;
  auto shown = printable(text);
  if (std::ranges::find(run.failures, shown) == run.failures.end()) run.failures.push_back(std::move(shown));
}

void BenchBook::give_up() {
  const std::scoped_lock lock(mutex_);
  runs_.back().given_up = true;
}

std::string BenchBook::progress() const {
  const std::scoped_lock lock(mutex_);
  if (runs_.empty()) return "";
  const auto& run = runs_.back();
  return std::string(run.measure) + " " + std::to_string(run.samples.size() + run.failed) + " of " + std::to_string(run.requested);
}

std::vector<BenchRun> BenchBook::runs() const {
  const std::scoped_lock lock(mutex_);
  return runs_;
}

}  // namespace qeaas::cli
