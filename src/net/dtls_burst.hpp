// SPDX-License-Identifier: GPL-3.0-or-later
// Burst: while one is there, the records that a DtlsServer makes are collected; the last one to end sends them. Private to the server.
#pragma once

#include "net/dtls_server.hpp"

namespace qeaas {

class DtlsServer::Burst {
 public:
  explicit Burst(DtlsServer& server) noexcept : server_(server) { ++server_.bursts_; }
  ~Burst() {
    if (--server_.bursts_ == 0) server_.packer_.flush();
  }
  Burst(const Burst&) = delete;
  Burst& operator=(const Burst&) = delete;

 private:
  DtlsServer& server_;
};

}  // namespace qeaas
