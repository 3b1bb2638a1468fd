// SPDX-License-Identifier: GPL-3.0-or-later
// A session that is measured, and the loop over samples.
#include "bench_session.hpp"

#include <algorithm>

namespace qeaas::cli {
namespace {

constexpr unsigned kFailuresAtFirst = 3;  // failures in a row
constexpr unsigned kFailures = 10;
constexpr auto kLongestWait = std::chrono::seconds(10);

}  // namespace

Answered<BenchSession> BenchSession::open(const BenchTarget& target, SessionTicket ticket) {
  auto channel = target.open(std::move(ticket));
  if (!channel) return refuse(std::move(channel.error()));
  return BenchSession(std::move(*channel), target.coap);
}

Answered<SecretBytes> BenchSession::ask(const BenchTarget& target, const CoapRequest& request) {
  auto response = client_->get(request);
  if (!response) return tl::unexpected(response.error());
  if (target.exact && request.proxy_uri.empty() && response->payload.size() != target.bytes)
    return refuse(Error::malformed, "the server gave " + std::to_string(response->payload.size()) + " bytes where " +
                                        std::to_string(target.bytes) + " were asked for");
  return std::move(response->payload);
}

BenchTraffic BenchSession::traffic() const noexcept {
  if (const auto* report = channel_->report())
    return {report->datagrams_sent, report->datagrams_received, report->bytes_sent, report->bytes_received};
  const auto& counts = client_->statistics();  // without DTLS a message is a datagram
  return {counts.messages_sent, counts.messages_received, counts.bytes_sent, counts.bytes_received};
}

Answered<void> require_session(const BenchTarget& target, const CoapRequest& request, std::optional<BenchSession>& session) {
  if (session) return {};
  auto opened = BenchSession::open(target);
  if (!opened) return tl::unexpected(opened.error());
  if (auto first = opened->ask(target, request); !first) return tl::unexpected(first.error());
  session.emplace(std::move(*opened));
  return {};
}

void measure_repeatedly(const BenchTarget& target, BenchBook& book, const BenchOnce& once) {
  for (std::size_t i = 0; i < target.warmup && !book.stopped(); ++i) {
    if (!once()) break;  // the samples will show it
    target.wait(target.pause);
  }
  unsigned failures_in_a_row = 0;
  unsigned patience = kFailuresAtFirst;
  for (std::size_t i = 0; i < target.count && !book.stopped(); ++i) {
    if (i != 0) target.wait(target.pause);
    auto sample = once();
    if (sample) {
      book.add(std::move(sample->first), sample->second);
      failures_in_a_row = 0;
      patience = kFailures;
      continue;
    }
    book.fail(sample.error().fault.text);
    if (++failures_in_a_row == patience && i + 1 < target.count) return book.give_up();
    if (const auto time = sample.error().retry_after) target.wait(std::min<Clock::duration>(*time, kLongestWait));
  }
}

}  // namespace qeaas::cli
