// SPDX-License-Identifier: GPL-3.0-or-later
// TCP for a front of one worker: a listening socket shared by address between workers, and non-blocking streams. One thread each.
#pragma once

#include <optional>

#include "base/handle.hpp"
#include "net/address.hpp"
#include "base/secret.hpp"

namespace qeaas {

// TcpStream is one accepted connection.
class TcpStream {
 public:
  TcpStream(FileDescriptor socket, const Address& remote) noexcept : socket_(std::move(socket)), remote_(remote) {}
  int descriptor() const noexcept { return socket_.get(); }
  const Address& remote() const noexcept { return remote_; }
  // receive: would_block, closed (orderly end), io (reset or worse).
  Result<std::size_t> receive(MutableBytes room) noexcept;
  // send gives what the kernel took: would_block when nothing, closed or io when the stream is dead.
  Result<std::size_t> send(Bytes data) noexcept;
  // end_sending says that nothing more comes, and leaves the other direction open for what the peer still sends.
  void end_sending() noexcept;
  // close gives the descriptor back; nothing else may be asked of the stream after that but remote.
  void close() noexcept { socket_.reset(); }

 private:
  FileDescriptor socket_;
  Address remote_;
};

class TcpListener {
 public:
  // open binds and listens; port 0 chooses one. Listeners of several workers share an address. Errors: in_use, denied, io.
  static Outcome<std::unique_ptr<TcpListener>> open(const Address& address);
  // adopt takes one that listens already, opened by a service manager. Error: io (it is none).
  static Outcome<std::unique_ptr<TcpListener>> adopt(FileDescriptor socket);
  int descriptor() const noexcept { return socket_.get(); }
  const Address& local() const noexcept { return local_; }
  // accept: would_block when nobody waits, no_space when descriptors or memory have run out, io otherwise.
  Result<TcpStream> accept() noexcept;

 private:
  TcpListener(FileDescriptor socket, const Address& local) noexcept : socket_(std::move(socket)), local_(local) {}
  FileDescriptor socket_;
  Address local_;
};

// free_tcp_address is free_address (net/udp_socket.hpp) for TCP.
Outcome<Address> free_tcp_address(const Address& address);

}  // namespace qeaas
