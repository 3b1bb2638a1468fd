// SPDX-License-Identifier: GPL-3.0-or-later
// qeaas_roam, a client for the end-to-end tests. With HOST PORT CA TIMEOUT it opens one session and fetches for each line "N TYPE" of
// standard input, so that a test can move the client's address in between. With COUNT THREADS TIMEOUT instead, it makes that many
// handshakes, each followed by one GET, and counts those that complete.
#include <algorithm>
#include <atomic>
#include <charconv>
#include <cstdio>
#include <iostream>
#include <mutex>
#include <span>
#include <sstream>
#include <thread>

#include "base/file.hpp"
#include "base/hex.hpp"
#include "client/coap_client.hpp"
#include "crypto/cert.hpp"
#include "crypto/random.hpp"
#include "net/groups.hpp"

namespace {

using namespace qeaas;

struct Target {
  std::string host;
  std::uint16_t port = 0;
  std::vector<Der> roots;
  Clock::duration timeout = 60s;
};

unsigned number(std::string_view text) {
  unsigned value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

Outcome<std::unique_ptr<Channel>> open(const Target& target) {
  DtlsClientOptions options;
  options.server_name = target.host;
  auto groups = parse_groups(std::vector<std::string>(std::begin(kDefaultGroups), std::end(kDefaultGroups)), false);
  if (!groups) return tl::unexpected(groups.error());
  options.groups = std::move(*groups);
  options.roots = target.roots;
  options.handshake_timeout = target.timeout;
  return open_secure_channel(target.host, target.port, std::move(options));
}

// fetch gives the bytes in hexadecimal, or what went wrong.
Outcome<std::string> fetch(CoapClient& client, unsigned bytes, const std::string& type) {
  const auto response = client.get({{"random"}, {"n=" + std::to_string(bytes), "t=" + type}, coap::format::kOctetStream});
  if (!response) return tl::unexpected(response.error().fault);
  return to_hex(response->payload.span());
}

int keep_one_session(const Target& target) {
  auto channel = open(target);
  if (!channel) {
    std::cout << "error " << channel.error().text << std::endl;
    return 1;
  }
  std::cout << "open " << (*channel)->report()->group << std::endl;
  CoapClientOptions options;
  options.answer_timeout = target.timeout;
  CoapClient client(**channel, options);
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    unsigned bytes = 0;
    std::string type;
    words >> bytes >> type;
    const auto answer = fetch(client, bytes, type);
    std::cout << (answer ? "ok " + *answer : "error " + answer.error().text) << std::endl;
  }
  return 0;
}

// With RFC 7252's four repetitions one request in 4,000 gets through to nobody where each datagram is lost with 10 %; what is counted here
// are handshakes, so the request is repeated until the same time is up.
Outcome<void> one_handshake(const Target& target) {
  auto channel = open(target);
  if (!channel) return tl::unexpected(channel.error());
  CoapClientOptions options;
  options.answer_timeout = target.timeout;
  options.ack_timeout = 500ms;
  options.max_retransmit = 16;
  CoapClient client(**channel, options);
  const auto answer = fetch(client, 32, "mixed");
  if (!answer) return tl::unexpected(answer.error());
  return {};
}

int make_handshakes(const Target& target, unsigned count, unsigned threads) {
  std::atomic<unsigned> begun{0};
  std::atomic<unsigned> completed{0};
  std::mutex mutex;
  std::string failure;
  const auto work = [&] {
    while (begun++ < count) {
      const auto done = one_handshake(target);
      if (done) ++completed;
      const std::lock_guard lock(mutex);
      if (!done) failure = done.error().text;
    }
  };
  std::vector<std::thread> pool;
  for (unsigned i = 0; i < threads; ++i) pool.emplace_back(work);
  for (auto& thread : pool) thread.join();
  std::cout << "completed " << completed << " of " << count << "\n" << failure << std::endl;
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::span<char*> words(argv, static_cast<std::size_t>(argc));
  if (words.size() != 5 && words.size() != 7) {
    std::cerr << "usage: qeaas_roam HOST PORT CA [COUNT THREADS] TIMEOUT\n";
    return 2;
  }
  const auto pem = read_file(words[3]);
  auto roots = pem ? certificates_from_pem(pem->span()) : Result<std::vector<Der>>(fail(Error::not_found));
  if (!roots || !initialise_crypto(os_seed)) {
    std::cerr << "qeaas_roam: cannot read " << words[3] << "\n";
    return 1;
  }
  Target target{words[1], static_cast<std::uint16_t>(number(words[2])), std::move(*roots)};
  target.timeout = std::chrono::seconds(number(words.back()));
  if (words.size() == 5) return keep_one_session(target);
  return make_handshakes(target, number(words[4]), number(words[5]));
}
