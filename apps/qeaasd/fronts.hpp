// SPDX-License-Identifier: GPL-3.0-or-later
// The front ends of one worker: CoAPS over DTLS 1.3, plain CoAP, HTTP and HTTPS. Each joins a socket to what answers on it; one object
// for each address that is listened on. The worker's loop watches a front by its one descriptor.
#pragma once

#include <list>
#include <unordered_map>

#include "coap/endpoint.hpp"
#include "http/server.hpp"
#include "net/udp_socket.hpp"
#include "peers.hpp"
#include "seams.hpp"

namespace qeaas {

// Front is one socket of a worker and what reads it.
class Front {
 public:
  Front() noexcept = default;
  Front(const Front&) = delete;
  Front& operator=(const Front&) = delete;
  virtual ~Front() = default;
  virtual int descriptor() const noexcept = 0;
  // on_ready serves what is ready, a bounded amount; the descriptor stays ready while there is more.
  virtual void on_ready(TimePoint now) noexcept = 0;
  virtual void on_timer(TimePoint now) noexcept = 0;
  // flush sends what was made outside of on_ready and on_timer.
  virtual void flush() noexcept {}
  virtual TimePoint next_deadline(TimePoint now) const noexcept = 0;
  // drain takes in nobody new; close says goodbye to all. busy: answers are under way that a drain should wait for.
  virtual void drain(TimePoint now) noexcept = 0;
  virtual void close() noexcept = 0;
  virtual bool busy() const noexcept { return false; }
  // use_context is for new sessions; a front takes only what is for its own transport.
  virtual void use_context(const std::shared_ptr<const TlsContext>& /*context*/) noexcept {}
};

// DatagramFront reads whole batches.
class DatagramFront : public Front {
 public:
  explicit DatagramFront(std::unique_ptr<UdpSocket> socket) noexcept : socket_(std::move(socket)) {}
  UdpSocket& socket() noexcept { return *socket_; }
  int descriptor() const noexcept final { return socket_->descriptor(); }
  void on_ready(TimePoint now) noexcept final;
  void flush() noexcept final { socket_->flush(); }

 private:
  virtual void on_batch(std::span<const Datagram> batch, TimePoint now) noexcept = 0;
  std::unique_ptr<UdpSocket> socket_;
};

class CoapsFront final : public DatagramFront, private DtlsServer::Handler {
 public:
  CoapsFront(std::unique_ptr<UdpSocket> socket, std::shared_ptr<const TlsContext> context, const DtlsServerOptions& options,
             coap::Endpoint& endpoint, AccessGate& gate);
  ~CoapsFront() override;
  void on_timer(TimePoint now) noexcept override { server_.on_timer(now); }
  TimePoint next_deadline(TimePoint now) const noexcept override { return server_.next_deadline(now); }
  void drain(TimePoint /*now*/) noexcept override { draining_ = true; }
  void close() noexcept override { server_.close_all(); }
  void use_context(const std::shared_ptr<const TlsContext>& context) noexcept override;

 private:
  void on_batch(std::span<const Datagram> batch, TimePoint now) noexcept override;
  bool admit(const Address& from, TimePoint now) noexcept override;
  void on_open(DtlsSession& session, TimePoint now) noexcept override;
  void on_data(DtlsSession& session, Bytes data, TimePoint now) noexcept override;
  void on_close(DtlsSession& session) noexcept override;

  coap::Endpoint& endpoint_;
  AccessGate& gate_;
  bool draining_ = false;
  DtlsServer server_;
};

class CoapFront final : public DatagramFront {
 public:
  static constexpr std::size_t kMaxPeers = 4096;
  CoapFront(std::unique_ptr<UdpSocket> socket, std::size_t path_mtu, coap::Endpoint& endpoint) noexcept
      : DatagramFront(std::move(socket)), max_datagram_(path_mtu - kIpUdpHeaderBytes), endpoint_(endpoint) {}
  ~CoapFront() override { close(); }
  void on_timer(TimePoint /*now*/) noexcept override {}
  TimePoint next_deadline(TimePoint now) const noexcept override { return now + 1s; }
  void drain(TimePoint /*now*/) noexcept override { draining_ = true; }
  void close() noexcept override;

 private:
  void on_batch(std::span<const Datagram> batch, TimePoint now) noexcept override;
  PlainPeer& peer_of(const Address& from);
  std::size_t max_datagram_;
  coap::Endpoint& endpoint_;
  bool draining_ = false;
  std::list<PlainPeer> peers_;  // most recently heard of first
  std::unordered_map<Address, std::list<PlainPeer>::iterator, AddressHash> by_address_;
};

class HttpFront final : public Front {
 public:
  explicit HttpFront(std::unique_ptr<http::Server> server) noexcept : server_(std::move(server)) {}
  int descriptor() const noexcept override { return server_->descriptor(); }
  void on_ready(TimePoint now) noexcept override { server_->on_ready(now); }
  void on_timer(TimePoint now) noexcept override { server_->on_timer(now); }
  TimePoint next_deadline(TimePoint now) const noexcept override { return server_->next_deadline(now); }
  void drain(TimePoint now) noexcept override { server_->drain(now); }
  void close() noexcept override { server_->close(); }
  bool busy() const noexcept override { return server_->busy(); }
  void use_context(const std::shared_ptr<const TlsContext>& context) noexcept override;

 private:
  std::unique_ptr<http::Server> server_;
};

}  // namespace qeaas
