// SPDX-License-Identifier: GPL-3.0-or-later
// Draws for the feeder.
#include "feed_draw.hpp"

#include <algorithm>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <sys/eventfd.h>
#include <thread>
#include <unistd.h>

#include "client/fetch.hpp"
#include "local/draw_client.hpp"
#include "local/place.hpp"

namespace qeaas::cli {
namespace {

Drawn failed(Fault fault) {
  Drawn drawn;
  drawn.failure = std::move(fault);
  return drawn;
}

Drawn draw_socket(const std::filesystem::path& path, const FeedPlan& plan) {
  // A place where anybody may put a socket of their own is no source of anything.
  if (const auto safe = local::check_place(path); !safe) return failed(safe.error());
  auto answer = local::local_draw(path, plan.bytes, plan.type, Clock::now() + plan.patience);
  if (!answer) return failed(std::move(answer.error()));
  Drawn drawn;
  drawn.answers.push_back({path.string(), Way::local, answer->type, std::move(answer->sources), answer->simulated});
  drawn.bytes = std::move(answer->random);
  return drawn;
}

// A download of at most kMaxRandomBytes is one round: who did not fail in it went into all of its bytes.
Drawn draw_servers(const ConnectionOptions& options, const FeedPlan& plan) {
  const auto links = make_links(options);
  if (!links) return failed(links.error());
  Drawn drawn;
  drawn.bytes = SecretBytes(plan.bytes);
  const auto sink = [&](Bytes bytes) -> Outcome<void> {
    std::ranges::copy(bytes, drawn.bytes.span().begin());
    return {};
  };
  auto report = fetch(*links, {plan.bytes, plan.type, plan.need}, sink);
  if (report.failure) return failed(std::move(*report.failure));
  for (auto& server : report.servers) {
    if (server.failure)
      drawn.left_out.push_back(server.link.url + ": " + server.failure->fault.text);
    else
      drawn.answers.push_back({server.link.url, way_of(server.link), plan.type, std::move(server.sources), server.simulated});
  }
  return drawn;
}

}  // namespace

std::filesystem::path default_socket() {
  const char* const session = std::getenv("XDG_RUNTIME_DIR");  // NOLINT(concurrency-mt-unsafe): one thread so far
  if (::geteuid() != 0 && session != nullptr && *session != '\0') return std::filesystem::path(session) / "qeaas/entropy.sock";
  return "/run/qeaas/entropy.sock";
}

FeedDraw draw_from_socket(std::filesystem::path path, const FeedPlan& plan) {
  return [path = std::move(path), plan] { return draw_socket(path, plan); };
}

FeedDraw draw_from_servers(const ConnectionOptions& options, const FeedPlan& plan) {
  return [options, plan] { return draw_servers(options, plan); };
}

Way way_of(const LinkReport& link) {
  if (!link.dtls) return Way::plain;
  if (!link.dtls->verified) return Way::unverified;
  return link.dtls->post_quantum_group ? Way::post_quantum : Way::classical;
}

struct Attempt::Shared {
  FileDescriptor done{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  mutable std::mutex mutex;
  mutable std::condition_variable changed;
  std::optional<Drawn> drawn;
};

Attempt::Attempt(const FeedDraw& draw) : shared_(std::make_shared<Shared>()) {
  std::thread([draw, shared = shared_] {
    auto drawn = draw();
    const std::scoped_lock lock(shared->mutex);
    shared->drawn = std::move(drawn);
    shared->changed.notify_all();
    static_cast<void>(::eventfd_write(shared->done.get(), 1));
  }).detach();
}

int Attempt::descriptor() const noexcept { return shared_->done.get(); }

bool Attempt::over() const {
  const std::scoped_lock lock(shared_->mutex);
  return shared_->drawn.has_value();
}

bool Attempt::wait(TimePoint deadline) const {
  std::unique_lock lock(shared_->mutex);
  return shared_->changed.wait_until(lock, deadline, [this] { return shared_->drawn.has_value(); });
}

Drawn Attempt::take() {
  const std::scoped_lock lock(shared_->mutex);
  return std::move(*shared_->drawn);
}

}  // namespace qeaas::cli
