// SPDX-License-Identifier: GPL-3.0-or-later
// Server: who is let in, how requests get answered, and how long anybody may take.
#include "local/server.hpp"

#include <algorithm>
#include <cerrno>
#include <sys/socket.h>

#include "base/log.hpp"

namespace qeaas::local {
namespace {

constexpr int kAcceptsATurn = 16;
constexpr int kAnswersATurn = 16;  // for one session, before others have their turn
constexpr auto kExhaustedPause = 200ms;
constexpr auto kRefusalPause = 1s;  // one who connects in a loop must not fill the log

}  // namespace

struct Server::Session {
  Session(FileDescriptor accepted, Site& site, const Peer& peer) : socket(std::move(accepted)), connection(site, peer) {}
  FileDescriptor socket;
  Connection connection;
  Need need = Need::input;
  std::uint32_t interest = Poller::read;
  bool dead = false;                      // freed at the end of this turn
  TimePoint deadline = TimePoint::max();  // of what it waits for
  std::uint64_t requests = 0;             // answered when the deadline was set
  bool timed_request = false;             // deadline is of a request whose beginning is here
};

Outcome<std::unique_ptr<Server>> Server::make(std::unique_ptr<Listener> listener, Permit permit, Site& site, const ServerOptions& options) {
  auto poller = Poller::make();
  if (!poller) return explain(poller.error(), "epoll");
  std::unique_ptr<Server> made(new Server(std::move(listener), std::move(*poller), std::move(permit), site, options));
  if (const auto added = made->poller_.add(made->listener_->descriptor(), nullptr, Poller::read); !added)
    return explain(added.error(), "epoll");
  return made;
}

Server::Server(std::unique_ptr<Listener> listener, Poller poller, Permit permit, Site& site, const ServerOptions& options)
    : listener_(std::move(listener)), poller_(std::move(poller)), permit_(std::move(permit)), site_(site), options_(options) {}

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
      end(session);  // nothing was asked for: the peer is gone
    else
      serve(session, now);
  }
  buried_.clear();
  return events.size() == Poller::kBatch;
}

void Server::accept_all(TimePoint now) noexcept {
  for (int i = 0; i < kAcceptsATurn; ++i) {
    auto socket = listener_->accept();
    if (socket) {
      admit(std::move(*socket), now);
      continue;
    }
    if (socket.error() != Error::no_space) return;
    // The listening socket stays readable: look away for a moment instead of spinning on it.
    log::warning("local socket: no descriptors or memory for another connection; raise LimitNOFILE or lower max_connections");
    poller_.remove(listener_->descriptor());
    accepting_ = false;
    resume_accepting_ = now + kExhaustedPause;
    return due(resume_accepting_);
  }
}

// has_room keeps a quarter of the places, one at least, for root and our own user: connections may be idle for ever, so users who are let
// in by a group could otherwise take all of them, however many it takes.
bool Server::has_room(const Peer& peer) const noexcept {
  const auto most = options_.max_connections;
  if (sessions_.size() >= most) return false;
  if (permit_.trusted(peer)) return true;
  std::size_t same = 0;
  std::size_t untrusted = 0;
  for (const auto& [session, owned] : sessions_) {
    const auto& other = owned->connection.peer();
    if (!permit_.trusted(other)) ++untrusted;
    if (other.uid == peer.uid) ++same;
  }
  return untrusted < most - std::max<std::size_t>(1, most / 4) && same < std::max<std::size_t>(1, most / 2);
}

void Server::admit(FileDescriptor socket, TimePoint now) noexcept {
  const auto peer = peer_of(socket.get());
  if (!peer) return;  // gone already
  const auto groups = groups_of(socket.get());
  if (!permit_.allows(*peer, groups ? *groups : std::vector<gid_t>()))
    return refuse(*peer, "neither root, nor the server's user, nor in [local] groups", now);
  if (!has_room(*peer)) return refuse(*peer, "too many connections ([local] max_connections)", now);
  auto owned = std::make_unique<Session>(std::move(socket), site_, *peer);
  auto& session = *owned;
  if (!poller_.add(session.socket.get(), &session, session.interest)) return refuse(*peer, "the system has no room to watch it", now);
  site_.counters.accepted.add();
  site_.counters.open.add();
  sessions_.emplace(&session, std::move(owned));
  log::debug("local client connected", {{"uid", peer->uid}, {"pid", peer->pid}});
}

void Server::refuse(const Peer& peer, const char* why, TimePoint now) noexcept {
  site_.counters.refused.add();
  if (now < quiet_until_) {
    ++unlogged_refusals_;
    return;
  }
  quiet_until_ = now + kRefusalPause;
  log::warning("local client refused",
               {{"reason", why}, {"uid", peer.uid}, {"pid", peer.pid}, {"more_refused", std::exchange(unlogged_refusals_, 0)}});
}

// serve goes on until something is to be waited for, or others have their turn: what is left keeps the descriptor ready, or is looked
// at again at once.
void Server::serve(Session& session, TimePoint now) noexcept {
  for (int i = 0; i < kAnswersATurn; ++i) {
    const auto need = session.connection.step(now);
    if (need == Need::end) {
      log::info("local client sent what cannot be answered",
                {{"uid", session.connection.peer().uid}, {"pid", session.connection.peer().pid}});
      return end(session);
    }
    if (draining_ && need != Need::sending) return end(session);
    const bool on = need == Need::sending ? send(session, now) : need == Need::input && receive(session);
    if (session.dead) return;
    if (!on) return await(session, need, now);
  }
  await(session, Need::sending, now);  // a socket that can be written to is ready at once
}

// receive is true when something came. At the end of the input the session is owed nothing: all answers have left.
bool Server::receive(Session& session) noexcept {
  const auto room = session.connection.room();
  const auto size = ::recv(session.socket.get(), room.data(), room.size(), MSG_DONTWAIT);
  if (size > 0) {
    session.connection.received(static_cast<std::size_t>(size));
    return true;
  }
  if (size == 0 || (errno != EAGAIN && errno != EINTR)) end(session);
  return false;
}

// send is true when all of the answer is gone.
bool Server::send(Session& session, TimePoint now) noexcept {
  const auto data = session.connection.output();
  if (data.empty()) return true;
  const auto size = ::send(session.socket.get(), data.data(), data.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (size < 0 && errno != EAGAIN && errno != EINTR) end(session);
  if (size <= 0) return false;
  session.connection.sent(static_cast<std::size_t>(size));
  session.deadline = now + options_.stall_timeout;
  return session.connection.output().empty();
}

// await decides what is watched, and until when.
void Server::await(Session& session, Need need, TimePoint now) noexcept {
  const auto requests = session.connection.requests();
  const bool request_goes_on = need == Need::input && session.timed_request && session.requests == requests;
  const bool still_sending = need == Need::sending && session.need == need;  // send has moved the deadline if anything went
  if (need == Need::entropy)
    session.deadline = session.connection.retry_at();
  else if (need == Need::sending && !still_sending)
    session.deadline = now + options_.stall_timeout;
  else if (need == Need::input && !request_goes_on)
    session.deadline = session.connection.in_request() ? now + options_.request_timeout : TimePoint::max();
  session.timed_request = need == Need::input && session.connection.in_request();
  session.requests = requests;
  session.need = need;
  due(session.deadline);
  const std::uint32_t interest = need == Need::input     ? std::uint32_t{Poller::read}
                                 : need == Need::sending ? std::uint32_t{Poller::write}
                                                         : 0;
  if (interest == session.interest) return;
  session.interest = interest;
  poller_.change(session.socket.get(), &session, interest);
}

void Server::end(Session& session) noexcept {
  if (std::exchange(session.dead, true)) return;
  const auto& connection = session.connection;
  log::debug("local client left", {{"uid", connection.peer().uid},
                                   {"pid", connection.peer().pid},
                                   {"served_bytes", connection.served_bytes()},
                                   {"mixed_in_bytes", connection.mixed_in_bytes()}});
  poller_.remove(session.socket.get());
  session.socket.reset();
  site_.counters.open.subtract();
  const auto owned = sessions_.find(&session);
  buried_.push_back(std::move(owned->second));  // events of this turn may still name it
  sessions_.erase(owned);
}

void Server::on_timer(TimePoint now) noexcept {
  if (now < next_) return;
  next_ = TimePoint::max();
  if (!accepting_ && !draining_) {
    accepting_ = now >= resume_accepting_ && poller_.add(listener_->descriptor(), nullptr, Poller::read);
    if (!accepting_) due(std::max(resume_accepting_, now + kExhaustedPause));
  }
  std::vector<Session*> over;
  for (const auto& [session, owned] : sessions_) {
    if (session->deadline <= now)
      over.push_back(session);
    else
      due(session->deadline);
  }
  for (auto* session : over) expire(*session, now);
  buried_.clear();
}

void Server::expire(Session& session, TimePoint now) noexcept {
  if (session.need == Need::entropy) return serve(session, now);
  log::info("local client was too slow", {{"uid", session.connection.peer().uid}, {"pid", session.connection.peer().pid}});
  end(session);
}

TimePoint Server::next_deadline(TimePoint now) const noexcept { return std::min(next_, now + std::chrono::hours(1)); }

void Server::drain(TimePoint /*now*/) noexcept {
  if (std::exchange(draining_, true)) return;
  if (std::exchange(accepting_, false)) poller_.remove(listener_->descriptor());
  listener_->close();
  std::vector<Session*> idle;
  for (const auto& [session, owned] : sessions_)
    if (session->need != Need::sending) idle.push_back(session);
  for (auto* session : idle) end(*session);
  buried_.clear();
}

void Server::close() noexcept {
  while (!sessions_.empty()) end(*sessions_.begin()->first);
  buried_.clear();
  listener_->close();
}

}  // namespace qeaas::local
