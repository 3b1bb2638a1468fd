// SPDX-License-Identifier: GPL-3.0-or-later
// HttpFetcher: libcurl's multi interface under an Asio loop. libcurl's sockets stand in one epoll set of ours, and the loop waits for that
// set alone: a descriptor that libcurl closes leaves it by itself, and none is owned by two.
#include "net/http_fetcher.hpp"

#include <sys/epoll.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <map>
#include <mutex>

#include "net/http_transfer.hpp"

namespace qeaas {
namespace {

namespace asio = boost::asio;

std::once_flag curl_started;

}  // namespace

struct HttpFetcher::State {
  State(asio::io_context& loop, HttpFetcherOptions given);
  ~State();

  static int on_socket(CURL*, curl_socket_t socket, int what, void* state, void* known) noexcept;
  static int on_timer(CURLM*, long timeout_ms, void* state) noexcept;
  void watch(curl_socket_t socket, int what, bool known) noexcept;
  void set_timer(long timeout_ms);
  void wait();
  void serve_sockets();
  void on_time();
  void reap();
  void take(CURL* handle, CURLcode code);
  bool add(HttpTransfer& transfer);

  HttpFetcherOptions options;
  std::map<Ticket, std::unique_ptr<HttpTransfer>> transfers;
  Ticket last_ticket = 0;
  std::shared_ptr<const int> alive = std::make_shared<int>();  // handlers that the loop has queued already outlive the state
  asio::posix::stream_descriptor sockets;                      // the epoll set
  asio::steady_timer timer;
  Handle<CURLM, &::curl_multi_cleanup> multi;
};

HttpFetcher::State::State(asio::io_context& loop, HttpFetcherOptions given) : options(std::move(given)), sockets(loop), timer(loop) {
  std::call_once(curl_started, [] { ::curl_global_init(CURL_GLOBAL_DEFAULT); });
  multi.reset(::curl_multi_init());
  const int set = ::epoll_create1(EPOLL_CLOEXEC);
  boost::system::error_code failed;
  if (set >= 0) sockets.assign(set, failed);
  if (!multi || set < 0 || failed) {
    multi.reset();  // start then says no_space
    return;
  }
  ::curl_multi_setopt(multi.get(), CURLMOPT_SOCKETFUNCTION, &State::on_socket);
  ::curl_multi_setopt(multi.get(), CURLMOPT_SOCKETDATA, this);
  ::curl_multi_setopt(multi.get(), CURLMOPT_TIMERFUNCTION, &State::on_timer);
  ::curl_multi_setopt(multi.get(), CURLMOPT_TIMERDATA, this);
  ::curl_multi_setopt(multi.get(), CURLMOPT_MAXCONNECTS, static_cast<long>(options.max_concurrent));
  wait();
}

HttpFetcher::State::~State() {
  for (auto& [ticket, transfer] : transfers) ::curl_multi_remove_handle(multi.get(), transfer->handle());
  transfers.clear();
  multi.reset();  // while the epoll set is still there for its callbacks
}

int HttpFetcher::State::on_socket(CURL*, curl_socket_t socket, int what, void* state, void* known) noexcept {
  static_cast<State*>(state)->watch(socket, what, known != nullptr);
  return 0;
}

int HttpFetcher::State::on_timer(CURLM*, long timeout_ms, void* state) noexcept {
  static_cast<State*>(state)->set_timer(timeout_ms);
  return 0;
}

void HttpFetcher::State::watch(curl_socket_t socket, int what, bool known) noexcept {
  epoll_event event{};
  event.data.fd = socket;
  if ((what & CURL_POLL_IN) != 0) event.events |= EPOLLIN;
  if ((what & CURL_POLL_OUT) != 0) event.events |= EPOLLOUT;
  const int set = sockets.native_handle();
  if (what == CURL_POLL_REMOVE) {
    ::epoll_ctl(set, EPOLL_CTL_DEL, socket, nullptr);
    return;
  }
  if (::epoll_ctl(set, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, socket, &event) != 0)
    ::epoll_ctl(set, known ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, socket, &event);
  ::curl_multi_assign(multi.get(), socket, this);
}

void HttpFetcher::State::set_timer(long timeout_ms) {
  if (timeout_ms < 0) {
    timer.cancel();
    return;
  }
  timer.expires_after(std::chrono::milliseconds(timeout_ms));
  timer.async_wait([this, here = std::weak_ptr(alive)](const boost::system::error_code& error) {
    if (!error && !here.expired()) on_time();
  });
}

void HttpFetcher::State::wait() {
  sockets.async_wait(asio::posix::stream_descriptor::wait_read,
                     [this, here = std::weak_ptr(alive)](const boost::system::error_code& error) {
                       if (error || here.expired()) return;
                       serve_sockets();
                       wait();
                     });
}

void HttpFetcher::State::serve_sockets() {
  std::array<epoll_event, 32> ready;
  const int count = ::epoll_wait(sockets.native_handle(), ready.data(), static_cast<int>(ready.size()), 0);
  for (int i = 0; i < count; ++i) {
    const auto& event = ready[static_cast<std::size_t>(i)];
    int events = 0;
    if ((event.events & EPOLLIN) != 0) events |= CURL_CSELECT_IN;
    if ((event.events & EPOLLOUT) != 0) events |= CURL_CSELECT_OUT;
    if ((event.events & (EPOLLERR | EPOLLHUP)) != 0) events |= CURL_CSELECT_ERR;
    int running = 0;
    ::curl_multi_socket_action(multi.get(), event.data.fd, events, &running);
  }
  reap();
}

void HttpFetcher::State::on_time() {
  int running = 0;
  ::curl_multi_socket_action(multi.get(), CURL_SOCKET_TIMEOUT, 0, &running);
  reap();
}

void HttpFetcher::State::reap() {
  int left = 0;
  while (const CURLMsg* message = ::curl_multi_info_read(multi.get(), &left))
    if (message->msg == CURLMSG_DONE) take(message->easy_handle, message->data.result);
}

// take ends a transfer or sends it after a redirect. Its owner may start and cancel others meanwhile.
void HttpFetcher::State::take(CURL* handle, CURLcode code) {
  HttpTransfer* const done = HttpTransfer::of(handle);
  const auto next = done->complete(code);
  ::curl_multi_remove_handle(multi.get(), handle);
  if (next == HttpTransfer::Next::again) {
    if (add(*done)) return;
    done->end(Error::no_space);
  }
  const auto transfer = std::move(transfers.extract(done->ticket()).mapped());
  transfer->finish();
}

bool HttpFetcher::State::add(HttpTransfer& transfer) {
  return transfer.prepare(Clock::now()) && ::curl_multi_add_handle(multi.get(), transfer.handle()) == CURLM_OK;
}

HttpFetcher::HttpFetcher(asio::io_context& loop, HttpFetcherOptions options) : state_(std::make_unique<State>(loop, std::move(options))) {}

HttpFetcher::~HttpFetcher() = default;

Result<HttpFetcher::Ticket> HttpFetcher::start(const FetchRequest& request, Done done) {
  State& state = *state_;
  if (!state.options.origins.contains(request.uri.origin)) return fail(Error::refused);
  if (!state.multi || state.transfers.size() >= state.options.max_concurrent) return fail(Error::no_space);
  const Ticket ticket = ++state.last_ticket;
  auto transfer = std::make_unique<HttpTransfer>(ticket, state.options, request, std::move(done), Clock::now() + state.options.timeout);
  if (!state.add(*transfer)) return fail(Error::no_space);
  state.transfers.emplace(ticket, std::move(transfer));
  return ticket;
}

void HttpFetcher::cancel(Ticket ticket) noexcept {
  const auto found = state_->transfers.find(ticket);
  if (found == state_->transfers.end()) return;
  ::curl_multi_remove_handle(state_->multi.get(), found->second->handle());
  state_->transfers.erase(found);
}

std::size_t HttpFetcher::running() const noexcept { return state_->transfers.size(); }

}  // namespace qeaas
