// SPDX-License-Identifier: GPL-3.0-or-later
// A TLS session of the server, as whoever connects to its port sees it. The first byte of the input chooses what the rest is: bytes of
// an attacker, changes to the hello of an honest client, or changes to what an honest client sends once its session is open. All of it
// arrives in pieces of any size. Properties:
//  - no input crashes it, leaks, or makes it spin;
//  - without a key there is never a session, and nothing is ever read;
//  - once a session has failed, it stays so, and gives the same error everywhere;
//  - what is outgoing is in proportion to what came in, and what was read is a prefix of what the client said.
#include <cstdint>
#include <cstdlib>

#include "net/test_tls.hpp"

namespace {

using namespace qeaas;
using namespace qeaas::testing_net;

constexpr std::size_t kMaxAnswerBytes = 16 * 1024;  // the server's flight: certificate, signature, key share

void require(bool condition) {
  if (!condition) std::abort();
}

// Port is a context and the hello of an honest client, made once.
struct Port {
  Port() {
    server.options.alpn = "http/1.1";
    require(server.start().has_value());
    TlsTestClient client(options());
    client.step();
    hello = client.out;
  }
  static TlsClientOptions options() {
    auto made = TlsPort::client_options("X25519");
    made.alpn = "http/1.1";
    made.knows_ml_dsa = false;  // P-256 is the faster one
    return made;
  }
  TlsPort server;
  Buffer hello;
};

// change applies three bytes at a time: a place and a value.
Buffer change(Buffer base, Bytes script) {
  for (std::size_t i = 0; i + 2 < script.size() && !base.empty(); i += 3)
    base[(script[i] * 256U + script[i + 1]) % base.size()] = script[i + 2];
  return base;
}

// feed_all gives the stream to the session in pieces of a size, and reads and sends after each.
void feed_all(TlsSession& session, Bytes stream, std::size_t piece, std::string_view said) {
  std::array<std::uint8_t, 512> room{};
  std::string heard;
  std::size_t answered = 0;
  std::optional<Error> failure;
  while (!stream.empty()) {
    const auto part = stream.first(std::min({piece, stream.size(), TlsSession::kMaxFeedBytes}));
    stream = stream.subspan(part.size());
    const auto fed = session.feed(part);
    if (failure) require(!fed && fed.error() == *failure);
    if (!fed) failure = fed.error();
    auto size = session.read(room);
    for (; size; size = session.read(room)) heard.append(room.begin(), room.begin() + static_cast<std::ptrdiff_t>(*size));
    if (failure) require(size.error() == *failure && session.write(room).error() == *failure);
    answered += session.outgoing().size();
    session.sent(session.outgoing().size());
    if (size.error() != Error::would_block && size.error() != Error::closed) failure = size.error();
  }
  require(answered <= kMaxAnswerBytes);
  require(said.substr(0, heard.size()) == heard);
}

// open_and_change completes a handshake and then changes what the client sends.
void open_and_change(Port& port, std::size_t piece, Bytes script) {
  auto session = port.server.accept();
  TlsTestClient client(Port::options());
  TlsWire wire(*session, client);
  wire.run();
  require(session->established());
  std::string said;
  for (int i = 0; i < 4; ++i) {
    if (i == 2) client.update_keys();
    const std::string text(static_cast<std::size_t>(10 + i), static_cast<char>('a' + i));
    require(client.say(text));
    said += text;
  }
  client.goodbye();
  feed_all(*session, change(client.out, script), piece, said);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Port port;
  if (size < 3) return 0;
  const auto kind = data[0];
  const std::size_t piece = 1 + data[1] * 8U;
  const Bytes script(data + 2, size - 2);
  if (kind % 8 == 7) {
    open_and_change(port, piece, script);
    return 0;
  }
  auto session = port.server.accept();
  const Buffer raw(script.begin(), script.end());
  feed_all(*session, kind % 2 == 0 ? raw : change(port.hello, script), piece, "");
  require(!session->established());
  return 0;
}
