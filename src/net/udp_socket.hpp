// SPDX-License-Identifier: GPL-3.0-or-later
// UdpSocket: one server socket of one worker. Datagrams arrive and leave in batches, one system call for up to kBatch of them;
// buffers are made once. Belongs to one thread.
#pragma once

#include <memory>
#include <sys/socket.h>

#include "base/handle.hpp"
#include "net/datagram.hpp"

namespace qeaas {

class UdpSocket : public DatagramSink {
 public:
  static constexpr std::size_t kBatch = 64;

  // open binds to address; port 0 chooses one. Sockets of several workers share an address. Errors: in_use, denied, io (no such
  // address here).
  static Outcome<std::unique_ptr<UdpSocket>> open(const Address& address, std::size_t max_datagram_bytes);
  // adopt takes one that is bound already, opened by a service manager. Error: io (it is none).
  static Outcome<std::unique_ptr<UdpSocket>> adopt(FileDescriptor socket, std::size_t max_datagram_bytes);
  ~UdpSocket() override;

  int descriptor() const noexcept { return socket_.get(); }
  const Address& local() const noexcept { return local_; }

  // receive takes what waits, at most kBatch datagrams; oversize ones are left out. full tells whether more may wait.
  struct Received {
    std::span<const Datagram> datagrams;
    bool full;
  };
  Received receive() noexcept;
  // send copies the datagram into the batch, which leaves when it is full or at flush.
  void send(const Address& to, Bytes datagram) noexcept override;
  void flush() noexcept;

 private:
  struct Batches;
  std::size_t run_length(std::size_t first) const noexcept;
  std::size_t gather_runs() noexcept;
  void send_singly(const msghdr& run) noexcept;
  explicit UdpSocket(std::size_t max_datagram_bytes);
  FileDescriptor socket_;
  Address local_;
  std::unique_ptr<Batches> batches_;
  bool segmenting_ = true;
};

// steer_by_worker attaches a classic BPF program to the sockets that share address: a record with a connection ID goes to the worker
// whose index is the ID's first byte, everything else by the hash of its addresses. Call it once all workers have opened theirs.
Status steer_by_worker(const UdpSocket& any_of_them) noexcept;

// free_address fails with in_use when anybody holds the address, this process included, and chooses the port where it is 0. Ask before the
// first open: sockets that share an address would otherwise share it with a second server as well, without a word. For port 0, too, the
// system gives them one that another server of the same user holds.
Outcome<Address> free_address(const Address& address);

}  // namespace qeaas
