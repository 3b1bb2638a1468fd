// SPDX-License-Identifier: GPL-3.0-or-later
// The link over DTLS 1.3: a DtlsSession for each server, of which one is open at a time; the others keep their tickets.
#include <zephyr/kernel.h>

#include <algorithm>
#include <optional>

#include "dtls.hpp"
#include "floor_store.hpp"
#include "link.hpp"
#include "resolve.hpp"
#include "trust.hpp"

namespace qeaas::device {
namespace {

constexpr k_timeout_t handshake_timeout() noexcept { return K_SECONDS(CONFIG_QEAAS_CLIENT_HANDSHAKE_TIMEOUT_S); }
constexpr k_timeout_t send_timeout() noexcept { return K_SECONDS(5); }

class DtlsLink final : public Link {
 public:
  int open(std::size_t index, const ServerAddress& server) override {
    if (is_open(index)) return 0;
    close(true);
    SocketAddress address;
    if (const auto resolved = resolve(server, address); resolved != 0) return resolved;
    last_ = index;
    config_ = trusted_config(server.name.data());
    const auto result = sessions_[index].open(address.get(), address.size, config_, sys_timepoint_calc(handshake_timeout()));
    if (result != 0) return result;
    open_ = index;
    // Only a date at which a certificate was valid may become the floor: a clock that lies could otherwise shut every server out for good.
    if (session().report().dates == DateCheck::clock) raise_floor(clock_date(nullptr));
    return 0;
  }

  bool is_open(std::size_t index) const override { return open_ == index && sessions_[index].is_open(); }

  bool move() override { return open_.has_value() && session().report().cid && session().rebind() == 0; }

  void close(bool politely) override {
    if (!open_.has_value()) return;
    if (politely) {
      session().close();
    } else {
      session().drop();
    }
    open_.reset();
  }

  void give_up() override {
    if (!open_.has_value()) return;
    auto& silent = session();
    const bool resumed = silent.report().resumed;
    close(false);
    if (resumed) silent.forget_ticket();
  }

  void forget() override {
    close(true);
    for (auto& session : sessions_) session.forget_ticket();
  }

  int send(std::span<const std::uint8_t> message) override {
    if (!open_.has_value()) return failure(DeviceError::not_open);
    return session().send(message, sys_timepoint_calc(send_timeout()));
  }

  int receive(std::span<std::uint8_t> room, std::int64_t until_ms) override {
    if (!open_.has_value()) return failure(DeviceError::not_open);
    const auto wait_ms = std::max<std::int64_t>(until_ms - now_ms(), 0);
    return session().receive(room, sys_timepoint_calc(K_MSEC(wait_ms)));
  }

  std::int64_t now_ms() override { return k_uptime_get(); }

  LinkReport report() const noexcept {
    const auto& from = sessions_[last_].report();
    const auto heap = dtls_heap_use();
    return {.open = open_.has_value() && session().is_open(),
            .protected_ = true,
            .verified = from.verified,
            .resumed = from.resumed,
            .psk = from.psk,
            .cid = from.cid,
            .group = name(from.group),
            .signature = name(from.signature),
            .dates = name(from.dates),
            .datagrams_sent = from.datagrams_sent,
            .datagrams_received = from.datagrams_received,
            .bytes_sent = from.bytes_sent,
            .bytes_received = from.bytes_received,
            .heap_bytes = static_cast<std::uint32_t>(heap.size),
            .heap_used = static_cast<std::uint32_t>(heap.used),
            .heap_peak = static_cast<std::uint32_t>(heap.peak),
            .detail = from.wolfssl_error};
  }

 private:
  DtlsSession& session() noexcept { return sessions_[*open_]; }
  const DtlsSession& session() const noexcept { return sessions_[*open_]; }

  std::array<DtlsSession, kMaxServers> sessions_;
  DtlsConfig config_;
  std::optional<std::size_t> open_;
  std::size_t last_ = 0;
};

DtlsLink link;

}  // namespace

Link& the_link() noexcept { return link; }
LinkReport link_report() noexcept { return link.report(); }

}  // namespace qeaas::device
