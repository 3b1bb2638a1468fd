// SPDX-License-Identifier: GPL-3.0-or-later
// What `qeaas bench` has measured so far: one run for each measure, its samples in the order in which they were taken. One thread measures
// and writes, another may read at any time (Ctrl-C prints what there is). No random bytes ever come here.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/channel.hpp"

namespace qeaas::cli {

// BenchColumn is one figure that every sample of a run has: its name in the JSON, and for times what the table calls it.
struct BenchColumn {
  enum class Kind : std::uint8_t { microseconds, nanoseconds, count, flag };
  std::string_view name;
  Kind kind = Kind::count;
  std::string_view label;
};
using BenchRow = std::vector<double>;  // as many as the run has columns

// BenchPeer is what the sessions of a run negotiated.
struct BenchPeer {
  std::string group = "none";
  std::string signature = "none";  // of the server's certificate; none on resumption, with a PSK and without DTLS
  bool verified = false;
  std::string_view resumed = "no";  // no, ticket or psk
};
BenchPeer peer_of(const DtlsReport* report);

struct BenchRun {
  std::string_view measure;
  std::vector<std::pair<std::string_view, std::uint64_t>> numbers;  // conditions, such as "mtu"
  std::vector<BenchColumn> columns;
  std::size_t requested = 0;
  bool has_peer = false;  // whether a server takes part
  BenchPeer peer{};       // once there is a sample
  std::size_t failed = 0;
  bool given_up = false;                // after too many failures in a row
  std::vector<std::string> failures{};  // each text once
  std::vector<BenchRow> samples{};
};

class BenchBook {
 public:
  // These speak of the run that begin opened last.
  void begin(BenchRun run);
  void add(BenchRow row, const std::optional<BenchPeer>& peer = std::nullopt);
  void fail(const std::string& text);
  void give_up();

  std::vector<BenchRun> runs() const;
  // progress is one short line: "handshake 37 of 100".
  std::string progress() const;
  // stop asks the measuring thread to end after the sample that it is taking.
  void stop() noexcept { stopped_ = true; }
  bool stopped() const noexcept { return stopped_; }

 private:
  mutable std::mutex mutex_;
  std::vector<BenchRun> runs_;
  std::atomic<bool> stopped_{false};
};

}  // namespace qeaas::cli
