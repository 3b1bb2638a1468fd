// SPDX-License-Identifier: GPL-3.0-or-later
// ServerLink: one qeaas server as a client sees it: an address, a session that is kept for many requests and opened again (resumed)
// when the server closes it, and typed requests. Waits as the server says, a bounded number of times. One thread.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/coap_client.hpp"
#include "client/refusal.hpp"
#include "wire/coap_uri.hpp"
#include "wire/sources_report.hpp"

namespace qeaas {

struct LinkOptions {
  std::vector<int> groups;  // code points, in order of preference
  std::vector<Der> roots;   // trusted CA certificates
  bool verify = true;
  std::vector<SignatureAlgorithm> signatures;  // that the server may prove itself with; empty: all
  bool allow_plain = false;                    // coap:// addresses: nothing is encrypted or authenticated
  std::optional<PskCredential> psk;
  std::string server_name;                // that the certificate must carry; empty: the host of the address
  std::size_t path_mtu = 1280;            // the largest IP packet
  Clock::duration timeout = 15s;          // for the handshake, and for each answer
  unsigned retries = 2;                   // after a 5.03 or 4.29 that gives a time, or a session that was closed
  std::chrono::seconds longest_wait{10};  // a server that asks for more patience is a failure at once

  LinkOptions duplicate() const;  // copies everything, secrets included, for another server
};

// LinkReport is what a person asks about a link; it outlives it.
struct LinkReport {
  std::string url;
  std::string address;             // of the server, once it is known
  std::optional<DtlsReport> dtls;  // none for a plain link
  ClientStatistics statistics;
  Clock::duration handshake{};
  Clock::duration total{};  // from the first look-up on
};

// OpenChannel opens one session with a server, resumed if the ticket is not empty.
using OpenChannel = std::function<Outcome<std::unique_ptr<Channel>>(SessionTicket ticket)>;
// channel_opener makes one for an address: DTLS for coaps, which every call opens anew; without protection for coap.
OpenChannel channel_opener(const CoapUri& uri, LinkOptions options);

class ServerLink {
 public:
  using Open = OpenChannel;
  struct Seams {
    Open open;
    std::function<void(std::chrono::seconds)> wait;
    CoapClientOptions coap;
  };

  // make checks the address: coaps://host[:port], or coap:// where allowed; a path of /random is allowed and means the same.
  // Errors: malformed, unsupported, refused (plain). Nothing is opened yet.
  static Outcome<std::unique_ptr<ServerLink>> make(const std::string& url, LinkOptions options);
  ServerLink(const CoapUri& uri, unsigned retries, std::chrono::seconds longest_wait, Seams seams);
  ServerLink(const ServerLink&) = delete;
  ServerLink& operator=(const ServerLink&) = delete;

  // connect opens the session if there is none.
  Answered<void> connect();
  // random fetches 1 to kMaxRandomBytes bytes; an answer of another size or type than asked for is malformed.
  Answered<RandomAnswer> random(std::uint32_t bytes, EntropyType type, const CoapClient::Progress& progress = {});
  Answered<SourcesReport> sources();
  Answered<HealthReport> health();

  const std::string& url() const noexcept { return url_; }
  LinkReport report() const;

 private:
  Answered<CoapResponse> get(const CoapRequest& request, const CoapClient::Progress& progress);
  // patience tells whether to try again, after waiting as long as the server asked.
  bool patience(const Refusal& refusal, unsigned attempt);
  void disconnect();

  std::string url_;
  unsigned retries_;
  std::chrono::seconds longest_wait_;
  Seams seams_;
  TimePoint began_;
  std::unique_ptr<Channel> channel_;
  std::optional<CoapClient> client_;
  SessionTicket ticket_;
  LinkReport past_;  // of the sessions before this one
};

}  // namespace qeaas
