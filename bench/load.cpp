// SPDX-License-Identifier: GPL-3.0-or-later
// load: the load generator of bench/run. One thread, many sessions, and a look at the server's counters in /proc.
// usage: load requests|handshakes|idle|flood|https --port N --pid N ...; bench/README.md lists the rest
#include "load.hpp"

#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "crypto/random.hpp"
#include "wire/coap_message.hpp"

namespace qeaas::bench {

Arguments::Arguments(int count, char** words, int first) {
  for (int i = first; i + 1 < count; i += 2) {
    const std::string_view word = words[i];
    if (!word.starts_with("--")) die("not an option: " + std::string(word));
    values_[std::string(word.substr(2))].emplace_back(words[i + 1]);
  }
}

std::string Arguments::text(const std::string& key, const std::string& otherwise) const {
  const auto found = values_.find(key);
  return found == values_.end() ? otherwise : found->second.back();
}

long Arguments::number(const std::string& key, long otherwise) const {
  const auto found = values_.find(key);
  return found == values_.end() ? otherwise : std::strtol(found->second.back().c_str(), nullptr, 10);
}

const std::vector<std::string>& Arguments::all(const std::string& key) const {
  const auto found = values_.find(key);
  if (found == values_.end()) die("missing: --" + key);
  return found->second;
}

Address Arguments::server() const {
  const auto address = Address::parse("127.0.0.1:" + text("port"));
  if (!address) die("--port is missing or no port");
  return *address;
}

namespace {

std::vector<std::uint8_t> request(coap::Code code, const std::string& path, const std::string& query, Bytes payload, std::uint16_t id) {
  constexpr std::array<std::uint8_t, 2> kToken{0x51, 0x45};
  std::vector<std::uint8_t> bytes(256);
  coap::MessageWriter writer(bytes, coap::Type::con, code, id, coap::Token::of(kToken).value());
  writer.option(coap::Option::uri_path, path);
  if (!query.empty()) writer.option(coap::Option::uri_query, query);
  if (!payload.empty()) writer.payload(payload);
  const auto size = writer.finish();
  if (!size) die("the request does not fit");
  bytes.resize(*size);
  return bytes;
}

}  // namespace

std::vector<std::uint8_t> get_request(const std::string& path, const std::string& query, std::uint16_t id) {
  return request(coap::code::kGet, path, query, {}, id);
}

std::vector<std::uint8_t> put_request(const std::string& path, Bytes payload, std::uint16_t id) {
  return request(coap::code::kPut, path, "", payload, id);
}

}  // namespace qeaas::bench

int main(int argc, char** argv) {
  using namespace qeaas::bench;
  if (argc < 2) die("usage: load requests|handshakes|idle|flood|https --key value ...");
  if (!qeaas::initialise_crypto(qeaas::os_seed)) die("wolfSSL does not start");
  const Arguments arguments(argc, argv, 2);
  const std::string_view what = argv[1];
  if (what == "requests")
    measure_requests(arguments);
  else if (what == "handshakes")
    measure_handshakes(arguments);
  else if (what == "idle")
    measure_idle(arguments);
  else if (what == "flood")
    measure_flood(arguments);
  else if (what == "https")
    measure_https(arguments);
  else
    die("unknown: " + std::string(what));
  return 0;
}
