// SPDX-License-Identifier: GPL-3.0-or-later
// What the daemon puts into the seams of the front ends.
#include "seams.hpp"

#include "crypto/random.hpp"
#include "peers.hpp"

namespace qeaas {
namespace {

constexpr std::size_t kLimitedAddresses = 16384;

std::uint64_t hash_key() noexcept {
  std::array<std::uint8_t, 8> bytes{};
  static_cast<void>(seed_bytes(bytes));
  std::uint64_t key = 0;
  for (const auto byte : bytes) key = key << 8 | byte;
  return key;
}

access::Instant instant_of(TimePoint now) noexcept {
  return {now, std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now())};
}

}  // namespace

AccessGate::AccessGate(access::Access& access, const AddressRates& rates)
    : access_(access),
      reader_(access),
      rates_(rates),
      bytes_(kLimitedAddresses, rates.bytes, hash_key()),
      handshakes_(kLimitedAddresses, rates.handshakes, hash_key()) {}

access::Decision AccessGate::charge(std::int64_t identity, const Address& from, std::size_t bytes, TimePoint now) noexcept {
  charged_.reset();
  const auto* entry = reader_.table().find(identity);
  if (entry == nullptr || !entry->enabled()) return access::Decision::no(Error::forbidden);
  if (bytes == 0) return access::Decision::ok();
  const auto instant = instant_of(now);
  if (!rates_.bytes.unlimited())
    if (auto limited = bytes_.take(address_key(from), bytes, now); !limited) return limited;
  auto decision = access_.take(*entry, bytes, instant);
  if (decision)
    charged_.emplace(*entry, instant);
  else
    bytes_.give_back(address_key(from), bytes);  // others behind this address must not pay for what nobody got
  return decision;
}

void AccessGate::refund(const Address& to, std::size_t bytes) noexcept {
  if (!charged_) return;
  access::Access::give_back(*charged_, bytes);
  charged_.reset();
  bytes_.give_back(address_key(to), bytes);
}

access::Decision AccessGate::admit(coap::Peer& peer, std::size_t bytes, TimePoint now) noexcept {
  return charge(peer.identity(), static_cast<FrontPeer&>(peer).remote(), bytes, now);
}

void AccessGate::give_back(coap::Peer& peer, std::size_t bytes) noexcept { refund(static_cast<FrontPeer&>(peer).remote(), bytes); }

access::Decision AccessGate::admit(const http::Caller& caller, std::size_t bytes, TimePoint now) noexcept {
  return charge(caller.identity, caller.remote, bytes, now);
}

void AccessGate::give_back(const http::Caller& caller, std::size_t bytes) noexcept { refund(caller.remote, bytes); }

std::optional<std::int64_t> AccessGate::token_identity(const access::Digest& token) noexcept {
  const auto* entry = reader_.table().find_token(token);
  return entry == nullptr ? std::nullopt : std::optional(entry->identity.id);
}

std::optional<http::Allowance> AccessGate::allowance(const http::Caller& caller, TimePoint now) noexcept {
  const auto* entry = reader_.table().find(caller.identity);
  const auto left = entry == nullptr ? std::nullopt : access::Access::allowance(*entry, instant_of(now));
  if (!left) return std::nullopt;
  return http::Allowance{left->policy, left->limit_bytes, static_cast<std::uint64_t>(left->window.count()), left->remaining_bytes,
                         static_cast<std::uint64_t>(left->reset.count())};
}

bool AccessGate::admit_handshake(const Address& from, TimePoint now) noexcept {
  return rates_.handshakes.unlimited() || static_cast<bool>(handshakes_.take(address_key(from), 1, now));
}

void AccessGate::set_rates(const AddressRates& rates) noexcept {
  rates_ = rates;
  bytes_.set_rate(rates.bytes);
  handshakes_.set_rate(rates.handshakes);
}

access::AddressKey address_key(const Address& address) noexcept {
  std::array<std::uint8_t, 18> bytes{};
  if (address.bytes(bytes) == 6) return access::AddressKey::ipv4(std::span(bytes).first<4>());
  return access::AddressKey::ipv6(std::span(bytes).first<16>());
}

SourcesReport make_report(const Service& service) {
  SourcesReport report;
  report.version = QEAAS_VERSION;
  if (service.ready()) report.types = {EntropyType::direct, EntropyType::mixed, EntropyType::drbg};
  report.min_sources = service.options().min_sources;
  for (const auto& status : service.status()) {
    SourceReport one;
    one.id = status.info.tag.id;
    one.kind = status.info.tag.kind;
    one.conditioned = status.info.tag.conditioned;
    one.state = status.state;
    one.last_failure = status.last_failure;
    one.sample_bits = status.info.sample_bits;
    one.min_entropy = status.info.per_sample;
    one.claim = status.info.claim;
    one.conditioner = status.conditioner;
    one.rate_bytes_per_second = status.bits_per_second / 8;
    one.ledger = {status.ledger.assessed_in_bits, status.ledger.full_out_bits, status.bits_served, status.health.samples_dropped};
    one.intermittent_failures = status.health.intermittent_failures;
    one.permanent_failures = status.health.permanent_failures;
    one.restarts = status.reopens;
    if (status.state == SourceState::healthy && status.feeds_direct) ++report.healthy;
    report.sources.push_back(std::move(one));
  }
  return report;
}

}  // namespace qeaas
