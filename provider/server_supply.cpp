// SPDX-License-Identifier: GPL-3.0-or-later
// ServerSupply: bytes of a server, over the client library and its DTLS 1.3. The session is opened at the first draw and kept. A forked
// child opens one of its own and leaves the parent's alone: closing it would end it for the parent.
#include <algorithm>

#include "client/credentials.hpp"
#include "crypto/random.hpp"
#include "supply.hpp"
#include "wire/random_query.hpp"

namespace qeaas::provider {
namespace {

Outcome<LinkOptions> options_of(const Settings& settings) {
  LinkOptions options;
  options.timeout = settings.timeout;
  options.longest_wait = std::chrono::duration_cast<std::chrono::seconds>(settings.timeout);
  auto groups = read_groups(settings.groups);
  if (!groups) return tl::unexpected(groups.error());
  options.groups = std::move(*groups);
  auto signatures = read_signatures(settings.signatures);
  if (!signatures) return tl::unexpected(signatures.error());
  options.signatures = std::move(*signatures);
  if (!settings.psk.empty()) {
    auto psk = read_psk(settings.psk);
    if (!psk) return tl::unexpected(Fault{psk.error().error, "psk = " + settings.psk + ": " + psk.error().text});
    options.psk = std::move(*psk);
  }
  if (!settings.ca.empty()) {
    auto roots = read_roots(settings.ca);
    if (!roots) return tl::unexpected(roots.error());
    options.roots = std::move(*roots);
  }
  if (!options.psk && options.roots.empty())
    return fault(Error::refused,
                 "source = server: give ca = FILE (the server's ca.pem) or psk = ID:FILE, so that the server can be verified");
  return options;
}

class ServerSupply final : public Supply {
 public:
  ServerSupply(std::string url, LinkOptions options, EntropyType type) : url_(std::move(url)), options_(std::move(options)), type_(type) {}

  // Nothing is opened early: a handshake at the start of every program would be too much.
  void open() noexcept override {}

  Outcome<void> fetch(MutableBytes out, TimePoint /*deadline*/) override {
    if (!link_) {
      auto made = ServerLink::make(url_, options_.duplicate());
      if (!made) return tl::unexpected(made.error());
      link_ = std::move(*made);
    }
    while (!out.empty()) {
      const auto part = out.first(std::min<std::size_t>(out.size(), kMaxRandomBytes));
      auto answer = link_->random(static_cast<std::uint32_t>(part.size()), type_);
      if (!answer) return tl::unexpected(Fault{answer.error().fault.error, url_ + ": " + answer.error().fault.text});
      std::copy(answer->random.span().begin(), answer->random.span().end(), part.begin());
      out = out.subspan(part.size());
    }
    return {};
  }

  void after_fork_in_child() noexcept override {
    abandoned_ = link_.release();  // its destructor would say good-bye in the parent's name; its socket stays open, unused
  }

 private:
  std::string url_;
  LinkOptions options_;
  EntropyType type_;
  std::unique_ptr<ServerLink> link_;
  ServerLink* abandoned_ = nullptr;
};

}  // namespace

Outcome<std::unique_ptr<Supply>> make_server_supply(const Settings& settings) {
  if (!initialise_crypto(os_seed)) return explain(Error::crypto, "wolfSSL cannot be initialised");
  auto options = options_of(settings);
  if (!options) return tl::unexpected(options.error());
  if (auto link = ServerLink::make(settings.server, options->duplicate()); !link) return tl::unexpected(link.error());
  return std::make_unique<ServerSupply>(settings.server, std::move(*options), settings.type);
}

}  // namespace qeaas::provider
