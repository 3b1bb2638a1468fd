// SPDX-License-Identifier: GPL-3.0-or-later
// ServerLink: sessions, retries, and answers decoded.
#include "client/server_link.hpp"

#include <memory>
#include <thread>

#include "wire/random_query.hpp"

namespace qeaas {
namespace {

ClientStatistics operator+(ClientStatistics a, const ClientStatistics& b) {
  a.round_trips += b.round_trips;
  a.retransmissions += b.retransmissions;
  a.messages_sent += b.messages_sent;
  a.messages_received += b.messages_received;
  a.bytes_sent += b.bytes_sent;
  a.bytes_received += b.bytes_received;
  if (!a.first_answer) a.first_answer = b.first_answer;
  return a;
}

Outcome<void> check(const CoapUri& uri, const std::string& url, bool allow_plain) {
  const bool plain_path = uri.path.empty() || (uri.path.size() == 1 && (uri.path[0].empty() || uri.path[0] == "random"));
  if (!plain_path || !uri.query.empty())
    return fault(Error::malformed,
                 "address \"" + url + "\": write coaps://host or coaps://host:port; number and type of bytes are options of the command");
  if (!uri.secure && !allow_plain)
    return fault(Error::refused,
                 "address \"" + url +
                     "\" is plain CoAP: everybody on the way can read and change the bytes; use coaps://, or --insecure for a test");
  return {};
}

}  // namespace

LinkOptions LinkOptions::duplicate() const {
  LinkOptions copy;
  copy.groups = groups;
  copy.roots = roots;
  copy.verify = verify;
  copy.signatures = signatures;
  copy.allow_plain = allow_plain;
  if (psk) copy.psk = PskCredential{psk->identity, SecretBytes(psk->key.span())};
  copy.server_name = server_name;
  copy.path_mtu = path_mtu;
  copy.timeout = timeout;
  copy.retries = retries;
  copy.longest_wait = longest_wait;
  return copy;
}

OpenChannel channel_opener(const CoapUri& uri, LinkOptions options) {
  if (!uri.secure)
    return [host = uri.host, port = uri.port, mtu = options.path_mtu](const SessionTicket& /*ticket*/) {
      return open_plain_channel(host, port, mtu);
    };
  // A function object must be copyable; the secrets inside are not.
  auto shared = std::make_shared<DtlsClientOptions>();
  shared->server_name = options.server_name.empty() ? uri.host : std::move(options.server_name);
  shared->groups = std::move(options.groups);
  shared->roots = std::move(options.roots);
  shared->verify = options.verify;
  shared->signatures = std::move(options.signatures);
  shared->psk = std::move(options.psk);
  shared->path_mtu = options.path_mtu;
  shared->handshake_timeout = options.timeout;
  return [shared, host = uri.host, port = uri.port](SessionTicket ticket) {
    auto attempt = shared->duplicate();
    attempt.ticket = std::move(ticket);
    return open_secure_channel(host, port, std::move(attempt));
  };
}

Outcome<std::unique_ptr<ServerLink>> ServerLink::make(const std::string& url, LinkOptions options) {
  const auto uri = parse_coap_uri(url);
  if (!uri) return tl::unexpected(uri.error());
  if (auto fine = check(*uri, url, options.allow_plain); !fine) return tl::unexpected(fine.error());
  CoapClientOptions coap;
  coap.answer_timeout = options.timeout;
  const auto retries = options.retries;
  const auto longest_wait = options.longest_wait;
  const auto wait = [](std::chrono::seconds time) { std::this_thread::sleep_for(time); };
  return std::make_unique<ServerLink>(*uri, retries, longest_wait, Seams{channel_opener(*uri, std::move(options)), wait, std::move(coap)});
}

ServerLink::ServerLink(const CoapUri& uri, unsigned retries, std::chrono::seconds longest_wait, Seams seams)
    : url_(to_text({uri.secure, uri.host, uri.host_kind, uri.port, {}, {}})),
      retries_(retries),
      longest_wait_(longest_wait),
      seams_(std::move(seams)),
      began_(seams_.coap.now()) {
  if (url_.ends_with('/')) url_.pop_back();
  past_.url = url_;
}

Answered<void> ServerLink::connect() {
  if (channel_) return {};
  const auto start = seams_.coap.now();
  auto opened = seams_.open(ticket_);
  past_.handshake += seams_.coap.now() - start;
  if (!opened) return refuse(std::move(opened.error()));
  channel_ = std::move(*opened);
  client_.emplace(*channel_, seams_.coap);
  return {};
}

void ServerLink::disconnect() {
  past_ = report();
  ticket_ = channel_->ticket();
  client_.reset();
  channel_.reset();
}

bool ServerLink::patience(const Refusal& refusal, unsigned attempt) {
  if (attempt >= retries_) return false;
  if (refusal.fault.error == Error::closed && channel_) {
    disconnect();
    return true;
  }
  if (!refusal.retry_after || *refusal.retry_after > longest_wait_) return false;
  seams_.wait(*refusal.retry_after);
  return true;
}

Answered<CoapResponse> ServerLink::get(const CoapRequest& request, const CoapClient::Progress& progress) {
  for (unsigned attempt = 0;; ++attempt) {
    if (auto connected = connect(); !connected) return tl::unexpected(connected.error());
    auto response = client_->get(request, progress);
    if (response || !patience(response.error(), attempt)) return response;
  }
}

Answered<RandomAnswer> ServerLink::random(std::uint32_t bytes, EntropyType type, const CoapClient::Progress& progress) {
  const auto response = get({{"random"}, {"n=" + std::to_string(bytes), "t=" + std::string(name(type))}, coap::format::kCbor}, progress);
  if (!response) return tl::unexpected(response.error());
  if (response->content_format != coap::format::kCbor)
    return refuse(Error::malformed, "the server answered in another format than CBOR; is it a qeaas server?");
  auto answer = decode_random_answer(AnswerFormat::cbor, response->payload.span());
  if (!answer) return tl::unexpected(Refusal{explain(answer.error(), "the server's answer cannot be read").value(), std::nullopt});
  if (answer->random.size() != bytes || answer->type != type)
    return refuse(Error::malformed, "the server gave " + std::to_string(answer->random.size()) + " bytes of type " +
                                        std::string(name(answer->type)) + " where " + std::to_string(bytes) + " of type " +
                                        std::string(name(type)) + " were asked for");
  return std::move(*answer);
}

Answered<SourcesReport> ServerLink::sources() {
  const auto response = get({{"sources"}, {}, coap::format::kCbor}, {});
  if (!response) return tl::unexpected(response.error());
  auto report = sources_report_from_cbor(response->payload.span());
  if (!report) return tl::unexpected(Refusal{explain(report.error(), "the server's /sources cannot be read").value(), std::nullopt});
  return std::move(*report);
}

Answered<HealthReport> ServerLink::health() {
  const auto response = get({{"health"}, {}, coap::format::kCbor}, {});
  if (!response) return tl::unexpected(response.error());
  auto report = health_report_from_cbor(response->payload.span());
  if (!report) return tl::unexpected(Refusal{explain(report.error(), "the server's /health cannot be read").value(), std::nullopt});
  return *report;
}

LinkReport ServerLink::report() const {
  auto now = past_;
  now.total = seams_.coap.now() - began_;
  if (!channel_) return now;
  now.address = channel_->server().text();
  if (channel_->report() != nullptr) now.dtls = *channel_->report();
  if (client_) now.statistics = now.statistics + client_->statistics();
  return now;
}

}  // namespace qeaas
