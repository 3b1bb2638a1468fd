// SPDX-License-Identifier: GPL-3.0-or-later
// Where the feeder's bytes come from: the local socket, or one or several servers combined. A draw opens connections of its own, with
// keys made for it alone: a machine that was cloned since the last one shares no session with its twin.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/secret.hpp"
#include "connection.hpp"
#include "feed_credit.hpp"

namespace qeaas::cli {

struct FeedPlan {
  std::size_t bytes = 64;
  EntropyType type = EntropyType::direct;
  std::size_t need = 1;            // servers that must answer
  Clock::duration patience = 15s;  // of the local socket; servers have those of their links
};

struct Drawn {
  SecretBytes bytes;                  // combined from all answers
  std::vector<FeedAnswer> answers;    // that went into the bytes
  std::vector<std::string> left_out;  // servers that gave nothing, and why
  std::optional<Fault> failure;       // then there are no bytes
};
using FeedDraw = std::function<Drawn()>;

// default_socket is where a qeaasd of root or of systemd has it, or one of this user.
std::filesystem::path default_socket();
FeedDraw draw_from_socket(std::filesystem::path path, const FeedPlan& plan);
FeedDraw draw_from_servers(const ConnectionOptions& options, const FeedPlan& plan);

// way_of reads what a link negotiated.
Way way_of(const LinkReport& link);

// Attempt runs a draw in a thread of its own, since a name server or a peer may keep it waiting for longer than anybody wants to. The
// thread is never waited for: who gives up leaves it behind, and ends the process by _exit while it is under way.
class Attempt {
 public:
  explicit Attempt(const FeedDraw& draw);
  int descriptor() const noexcept;  // readable when it is over
  bool over() const;
  bool wait(TimePoint deadline) const;  // whether it is over by then
  Drawn take();                         // once, when it is over

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

}  // namespace qeaas::cli
