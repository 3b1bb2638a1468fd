// SPDX-License-Identifier: GPL-3.0-or-later
// Server: who comes, who stays, and for how long. The movement of bytes is in server_io.cpp.
#include "http/server.hpp"

#include <algorithm>
#include <malloc.h>

#include "base/log.hpp"
#include "http/session.hpp"

namespace qeaas::http {
namespace {

constexpr int kAcceptsATurn = 64;
constexpr auto kLingeringLimit = std::chrono::seconds(2);
constexpr auto kExhaustedPause = std::chrono::milliseconds(200);
constexpr auto kWarningPause = std::chrono::seconds(10);
constexpr auto kCreditPause = std::chrono::seconds(10);  // how long a WebSocket without credit is as good as any other connection
constexpr auto kStarvedTurn = std::chrono::milliseconds(50);
constexpr std::size_t kCrowd = 1024;  // connections; the memory of fewer is not worth the trouble
constexpr std::size_t kReadBytes = 64 * 1024;

}  // namespace

Outcome<std::unique_ptr<Server>> Server::make(std::unique_ptr<TcpListener> listener, std::shared_ptr<const TlsContext> context, Site& site,
                                              const ServerOptions& options, SessionCensus* census) {
  auto poller = Poller::make();
  if (!poller) return explain(poller.error(), "epoll");
  std::unique_ptr<Server> made(new Server(std::move(listener), std::move(*poller), std::move(context), site, options, census));
  if (const auto added = made->poller_.add(made->listener_->descriptor(), nullptr, Poller::read); !added)
    return explain(added.error(), "epoll");
  return made;
}

Server::Server(std::unique_ptr<TcpListener> listener, Poller poller, std::shared_ptr<const TlsContext> context, Site& site,
               const ServerOptions& options, SessionCensus* census)
    : listener_(std::move(listener)),
      poller_(std::move(poller)),
      context_(std::move(context)),
      site_(site),
      options_(options),
      census_(census),
      buffer_(context_ ? TlsSession::kMaxFeedBytes : kReadBytes),
      plain_(context_ ? std::size_t{16384} : std::size_t{0}) {}

Server::~Server() { close(); }

bool Server::on_ready(TimePoint now) noexcept {
  const auto events = poller_.ready();
  for (const auto& event : events) {
    if (event.tag == nullptr) {
      accept_all(now);
      continue;
    }
    auto& session = *static_cast<Session*>(event.tag);
    if (session.dead) continue;
    if (event.readable && (session.interest & Poller::read) == 0)
      end(session);  // nothing was asked for: the peer has reset the connection
    else if (event.readable)
      on_readable(session, now);
    else
      flush(session, now);
  }
  bury();
  return events.size() == Poller::kBatch;
}

void Server::accept_all(TimePoint now) noexcept {
  bool gave_way = false;
  for (int i = 0; i < kAcceptsATurn; ++i) {
    auto stream = listener_->accept();
    if (stream) {
      gave_way = false;
      admit(std::move(*stream), now);
      continue;
    }
    if (stream.error() != Error::no_space) return;
    if (now >= quiet_until_) {
      quiet_until_ = now + kWarningPause;
      log::warning(
          "HTTP: no descriptors or memory for another connection: whoever is idle longest goes; raise LimitNOFILE or lower "
          "max_connections");
    }
    // One place that came free and did not help is enough: then something else has run out.
    if (!std::exchange(gave_way, true) && give_way(now)) continue;
    // The listening socket stays readable: look away for a moment instead of spinning on it.
    poller_.remove(listener_->descriptor());
    accepting_ = false;
    resume_accepting_ = now + kExhaustedPause;
    return;
  }
}

// give_way ends who is missed least: who has been idle longest, or else the WebSocket that has been without credit longest, and not for
// a moment only. False: nobody.
bool Server::give_way(TimePoint now) noexcept {
  auto* oldest = lists_[Wait::idle].front;
  if (oldest == nullptr) oldest = lists_[Wait::credit].front;
  if (oldest == nullptr || (oldest->wait == Wait::credit && now - oldest->since < kCreditPause)) return false;
  end(*oldest);
  return true;
}

// make_room is true when there is room for one more, perhaps because somebody gave way.
bool Server::make_room(const Address& from, TimePoint now) noexcept {
  if (const auto known = per_network_.find(from.network());
      known != per_network_.end() && known->second >= options_.max_connections_per_address)
    return false;
  return sessions_.size() < options_.max_connections || give_way(now);
}

void Server::admit(TcpStream stream, TimePoint now) noexcept {
  site_.counters.accepted.add();
  if (!make_room(stream.remote(), now) || (context_ && !site_.gate.admit_handshake(stream.remote(), now)))
    return site_.counters.refused.add();
  std::unique_ptr<TlsSession> tls;
  if (context_) {
    auto made = TlsSession::make(context_, census_);
    if (!made) return site_.counters.refused.add();
    tls = std::move(*made);
  }
  const Caller caller{stream.remote()};
  auto owned = std::make_unique<Session>(std::move(stream), std::move(tls), site_, caller,
                                         [this](Session& session) { on_output(session, Clock::now()); });
  auto& session = *owned;
  if (!poller_.add(session.tcp.descriptor(), &session, session.interest)) return site_.counters.refused.add();
  ++per_network_[session.tcp.remote().network()];
  site_.counters.open.add();
  sessions_.emplace(&session, std::move(owned));
  most_ = std::max(most_, sessions_.size());
  enlist(session, wait_of(session), now);
}

void Server::end(Session& session) noexcept {
  if (std::exchange(session.dead, true)) return;
  delist(session);
  poller_.remove(session.tcp.descriptor());
  session.tcp.close();  // at once: somebody may wait for the descriptor
  if (const auto known = per_network_.find(session.tcp.remote().network()); known != per_network_.end() && --known->second == 0)
    per_network_.erase(known);
  site_.counters.open.subtract();
  const auto owned = sessions_.find(&session);
  buried_.push_back(std::move(owned->second));  // events of this turn may still name it
  sessions_.erase(owned);
}

// bury frees who has ended. After a crowd has left, its memory goes back to the system, which glibc would keep.
void Server::bury() noexcept {
  buried_.clear();
  if (most_ < kCrowd || sessions_.size() > most_ / 4) return;
  most_ = sessions_.size();
  ::malloc_trim(0);
}

Server::Wait Server::wait_of(const Session& session) const noexcept {
  if (session.lingering) return Wait::lingering;
  if (session.handshaking()) return Wait::handshake;
  if ((session.interest & Poller::write) != 0) return Wait::answer;
  switch (session.connection.phase()) {
    case Connection::Phase::idle: return Wait::idle;
    case Connection::Phase::receiving: return Wait::request;
    case Connection::Phase::streaming: return Wait::starved;
    case Connection::Phase::web_socket: return Wait::unlimited;
    case Connection::Phase::credit: return Wait::credit;
    case Connection::Phase::closing: break;
  }
  return Wait::answer;
}

void Server::enlist(Session& session, Wait wait, TimePoint now) noexcept {
  // A request has its time as a whole, however slowly it trickles in, and so has the pause before it (empty lines are no request); an
  // answer has it from when something of it could be sent last, whatever else the peer says; the others from the last sign of life. A
  // WebSocket without credit is that from when it ran out, whatever pings pass.
  const bool whole =
      wait == Wait::request || wait == Wait::idle || wait == Wait::handshake || wait == Wait::lingering || wait == Wait::credit;
  const bool same = (whole && session.answered == session.connection.answered()) || (wait == Wait::answer && !session.progress);
  if (same && session.wait == wait) return;
  session.progress = false;
  delist(session);
  auto& list = lists_[wait];
  session.wait = wait;
  session.since = now;
  session.answered = session.connection.answered();
  session.before = list.back;
  (list.back != nullptr ? list.back->after : list.front) = &session;
  list.back = &session;
}

void Server::delist(Session& session) noexcept {
  if (session.wait == kWaits) return;
  auto& list = lists_[session.wait];
  (session.before != nullptr ? session.before->after : list.front) = session.after;
  (session.after != nullptr ? session.after->before : list.back) = session.before;
  session.before = session.after = nullptr;
  session.wait = kWaits;
}

std::chrono::seconds Server::limit_of(Wait wait) const noexcept {
  switch (wait) {
    case Wait::handshake: return options_.handshake_timeout;
    case Wait::idle: return options_.idle_timeout;
    case Wait::request: return options_.request_timeout;
    case Wait::answer: return options_.stall_timeout;
    case Wait::lingering: return kLingeringLimit;
    default: return std::chrono::hours(24 * 365);
  }
}

void Server::on_timer(TimePoint now) noexcept {
  if (!accepting_ && !draining_ && now >= resume_accepting_)
    accepting_ = static_cast<bool>(poller_.add(listener_->descriptor(), nullptr, Poller::read));
  for (const auto wait : {Wait::handshake, Wait::idle, Wait::request, Wait::answer, Wait::lingering}) {
    const auto& list = lists_[wait];
    while (list.front != nullptr && list.front->since + limit_of(wait) <= now) time_out(*list.front, now);
  }
  wake_starved(now);
  bury();
}

// came_in_time reads what waits in the kernel. It has come in time: that this worker was busy must not be held against its clients.
bool Server::came_in_time(Session& session, TimePoint now) noexcept {
  const auto wait = session.wait;
  if (wait != Wait::idle && wait != Wait::request) return false;
  const auto answered = session.connection.answered();
  on_readable(session, now);
  return session.dead || session.wait != wait || session.connection.answered() != answered;
}

void Server::time_out(Session& session, TimePoint now) noexcept {
  if (came_in_time(session, now)) return;
  if (session.wait != Wait::idle && session.wait != Wait::lingering) site_.counters.timed_out.add();
  const bool polite = session.wait == Wait::request || session.wait == Wait::idle;
  delist(session);
  if (!polite) return end(session);
  session.connection.give_up(now);
  flush(session, now);
}

void Server::wake_starved(TimePoint now) noexcept {
  for (auto* session = lists_[Wait::starved].front; session != nullptr;) {
    auto& one = *session;
    session = session->after;
    if (const auto wake = one.connection.wake_at(); !wake || *wake <= now) {
      one.connection.pump(now);
      flush(one, now);
    }
  }
}

TimePoint Server::next_deadline(TimePoint now) const noexcept {
  auto deadline = now + std::chrono::hours(1);
  for (const auto wait : {Wait::handshake, Wait::idle, Wait::request, Wait::answer, Wait::lingering})
    if (const auto* front = lists_[wait].front; front != nullptr) deadline = std::min(deadline, front->since + limit_of(wait));
  if (lists_[Wait::starved].front != nullptr) deadline = std::min(deadline, now + kStarvedTurn);
  if (!accepting_ && !draining_) deadline = std::min(deadline, resume_accepting_);
  return deadline;
}

void Server::drain(TimePoint now) noexcept {
  if (std::exchange(draining_, true)) return;
  if (std::exchange(accepting_, false)) poller_.remove(listener_->descriptor());
  std::vector<Session*> all;
  for (const auto& [session, owned] : sessions_) all.push_back(session);
  for (auto* session : all) {
    if (session->handshaking()) {
      end(*session);
      continue;
    }
    session->connection.drain(now);
    flush(*session, now);
  }
  bury();
}

void Server::close() noexcept {
  while (!sessions_.empty()) end(*sessions_.begin()->first);
  bury();
}

void Server::use_context(std::shared_ptr<const TlsContext> context) noexcept {
  if (context_) context_ = std::move(context);
}

}  // namespace qeaas::http
