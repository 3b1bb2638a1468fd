// SPDX-License-Identifier: GPL-3.0-or-later
// The two CoAP front ends of one worker: CoAPS over DTLS 1.3 and, where configured, plain CoAP. Each joins a socket to the worker's
// endpoint; one object for each address that is listened on.
#pragma once

#include <list>
#include <unordered_map>

#include "coap/endpoint.hpp"
#include "net/udp_socket.hpp"
#include "peers.hpp"
#include "seams.hpp"

namespace qeaas {

// Front is one socket of a worker and what reads it.
class Front {
 public:
  explicit Front(std::unique_ptr<UdpSocket> socket) noexcept : socket_(std::move(socket)) {}
  Front(const Front&) = delete;
  Front& operator=(const Front&) = delete;
  virtual ~Front() = default;
  UdpSocket& socket() noexcept { return *socket_; }
  virtual void on_batch(std::span<const Datagram> batch, TimePoint now) noexcept = 0;
  virtual void on_timer(TimePoint now) noexcept = 0;
  virtual TimePoint next_deadline(TimePoint now) const noexcept = 0;
  // drain takes in nobody new; close says goodbye to all.
  virtual void drain() noexcept = 0;
  virtual void close() noexcept = 0;
  virtual void use_context(const std::shared_ptr<const TlsContext>& /*context*/) noexcept {}

 private:
  std::unique_ptr<UdpSocket> socket_;
};

class CoapsFront final : public Front, private DtlsServer::Handler {
 public:
  CoapsFront(std::unique_ptr<UdpSocket> socket, std::shared_ptr<const TlsContext> context, const DtlsServerOptions& options,
             coap::Endpoint& endpoint, AccessGate& gate);
  ~CoapsFront() override;
  void on_batch(std::span<const Datagram> batch, TimePoint now) noexcept override;
  void on_timer(TimePoint now) noexcept override { server_.on_timer(now); }
  TimePoint next_deadline(TimePoint now) const noexcept override { return server_.next_deadline(now); }
  void drain() noexcept override { draining_ = true; }
  void close() noexcept override { server_.close_all(); }
  void use_context(const std::shared_ptr<const TlsContext>& context) noexcept override { server_.use_context(context); }

 private:
  bool admit(const Address& from, TimePoint now) noexcept override;
  void on_open(DtlsSession& session, TimePoint now) noexcept override;
  void on_data(DtlsSession& session, Bytes data, TimePoint now) noexcept override;
  void on_close(DtlsSession& session) noexcept override;

  coap::Endpoint& endpoint_;
  AccessGate& gate_;
  bool draining_ = false;
  DtlsServer server_;
};

class CoapFront final : public Front {
 public:
  static constexpr std::size_t kMaxPeers = 4096;
  CoapFront(std::unique_ptr<UdpSocket> socket, std::size_t path_mtu, coap::Endpoint& endpoint) noexcept
      : Front(std::move(socket)), max_datagram_(path_mtu - kIpUdpHeaderBytes), endpoint_(endpoint) {}
  ~CoapFront() override { close(); }
  void on_batch(std::span<const Datagram> batch, TimePoint now) noexcept override;
  void on_timer(TimePoint /*now*/) noexcept override {}
  TimePoint next_deadline(TimePoint now) const noexcept override { return now + 1s; }
  void drain() noexcept override { draining_ = true; }
  void close() noexcept override;

 private:
  PlainPeer& peer_of(const Address& from);
  std::size_t max_datagram_;
  coap::Endpoint& endpoint_;
  bool draining_ = false;
  std::list<PlainPeer> peers_;  // most recently heard of first
  std::unordered_map<Address, std::list<PlainPeer>::iterator, AddressHash> by_address_;
};

}  // namespace qeaas
