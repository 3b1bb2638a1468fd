// SPDX-License-Identifier: GPL-3.0-or-later
// Worker: the event loop. One readiness wait a socket, then whole batches in and out.
#include "worker.hpp"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <pthread.h>

namespace qeaas {

namespace asio = boost::asio;

struct Worker::Loop {
  asio::io_context context{1};
  asio::steady_timer timer{context};
  std::vector<std::unique_ptr<asio::posix::stream_descriptor>> sockets;
  asio::executor_work_guard<asio::io_context::executor_type> alive{context.get_executor()};
};

Worker::Worker(const WorkerOptions& options, Service& service, access::Access& access, Secret<32> endpoint_seed)
    : options_(options),
      draw_(service.tap(options.index)),
      gate_(access, options.rates),
      loop_(std::make_unique<Loop>()),
      site_(new http::Site{draw_, gate_, options.reports, options.features, http_counters_, loop_->context}),
      endpoint_(std::make_unique<coap::Endpoint>(coap::Seams{draw_, gate_, [&service] { return make_report(service); }, make_proxy()},
                                                 std::move(endpoint_seed))) {}

coap::Proxy Worker::make_proxy() {
  if (!options_.proxy.enabled) return {};
  forwarder_ = std::make_unique<HttpForwarder>(loop_->context, options_.proxy, [this] {
    for (auto& front : fronts_) front->flush();
    arm();
  });
  return {forwarder_.get(), options_.proxy.plain, options_.proxy.cache_bytes, options_.proxy.own_ports,
          options_.proxy.fetch.max_body_bytes};
}

Worker::~Worker() {
  drain(Clock::duration::zero());
  join();
  for (auto& socket : loop_->sockets) socket->release();  // the fronts own the descriptors
}

void Worker::add_coaps(std::unique_ptr<UdpSocket> socket, std::shared_ptr<const TlsContext> context) {
  fronts_.push_back(std::make_unique<CoapsFront>(std::move(socket), std::move(context), options_.dtls, *endpoint_, gate_));
}

void Worker::add_coap(std::unique_ptr<UdpSocket> socket) {
  fronts_.push_back(std::make_unique<CoapFront>(std::move(socket), options_.dtls.path_mtu, *endpoint_));
}

Outcome<void> Worker::add_http(std::unique_ptr<TcpListener> listener, std::shared_ptr<const TlsContext> context) {
  auto server = http::Server::make(std::move(listener), std::move(context), *site_, options_.http, options_.census);
  if (!server) return tl::unexpected(server.error());
  fronts_.push_back(std::make_unique<HttpFront>(std::move(*server)));
  return {};
}

void Worker::start() {
  for (std::size_t i = 0; i < fronts_.size(); ++i) {
    loop_->sockets.push_back(std::make_unique<asio::posix::stream_descriptor>(loop_->context, fronts_[i]->descriptor()));
    watch(i);
  }
  thread_ = std::thread([this] {
    ::pthread_setname_np(::pthread_self(), ("worker-" + std::to_string(options_.index)).c_str());
    arm();
    loop_->context.run();
  });
}

void Worker::watch(std::size_t front) {
  loop_->sockets[front]->async_wait(asio::posix::stream_descriptor::wait_read, [this, front](const boost::system::error_code& error) {
    if (error) return;
    serve(front);
    watch(front);
  });
}

void Worker::serve(std::size_t index) noexcept {
  fronts_[index]->on_ready(Clock::now());
  arm();
}

void Worker::tick() noexcept {
  armed_for_ = TimePoint::max();
  const auto now = Clock::now();
  endpoint_->on_timer(now);
  for (auto& front : fronts_) {
    front->on_timer(now);
    front->flush();
  }
  if (draining_ && (now >= drain_until_ || !busy()))
    finish();
  else
    arm();
}

// arm sets the timer to the earliest deadline, and leaves it alone when it is already set to that or an earlier one. One that is
// due but has not run yet is left alone too: setting it again would put it off, for as long as the sockets are busy.
void Worker::arm() noexcept {
  const auto now = Clock::now();
  auto deadline = now + (draining_ ? Clock::duration(20ms) : Clock::duration(1s));
  if (const auto due = endpoint_->next_deadline()) deadline = std::min(deadline, *due);
  for (const auto& front : fronts_) deadline = std::min(deadline, front->next_deadline(now));
  if (armed_for_ <= deadline + 5ms) return;
  armed_for_ = deadline;
  loop_->timer.expires_at(deadline);
  loop_->timer.async_wait([this](const boost::system::error_code& error) {
    if (!error) tick();
  });
}

// busy: somebody is still being answered.
bool Worker::busy() const noexcept {
  return endpoint_->transfer_bytes() != 0 || endpoint_->forwards() != 0 ||
         std::ranges::any_of(fronts_, [](const auto& front) { return front->busy(); });
}

void Worker::use_context(std::shared_ptr<const TlsContext> context) {
  asio::post(loop_->context, [this, context = std::move(context)] {
    for (auto& front : fronts_) front->use_context(context);
  });
}

void Worker::use_rates(const AddressRates& rates) {
  asio::post(loop_->context, [this, rates] { gate_.set_rates(rates); });
}

void Worker::drain(Clock::duration limit) {
  asio::post(loop_->context, [this, limit] {
    draining_ = true;
    drain_until_ = std::min(drain_until_, Clock::now() + limit);
    site_->draining = true;
    for (auto& front : fronts_) front->drain(Clock::now());
    tick();
  });
}

void Worker::finish() noexcept {
  for (auto& front : fronts_) {
    front->close();
    front->flush();
  }
  for (auto& socket : loop_->sockets) {
    boost::system::error_code ignored;
    socket->cancel(ignored);
  }
  loop_->timer.cancel();
  loop_->alive.reset();
  loop_->context.stop();
}

void Worker::join() {
  if (thread_.joinable()) thread_.join();
}

}  // namespace qeaas
