// SPDX-License-Identifier: GPL-3.0-or-later
// ServerSupply: bytes of a server, over the client library and its DTLS 1.3. The session is opened at the first draw and kept. A forked
// child opens one of its own and leaves the parent's alone: closing it would end it for the parent.
#include <algorithm>
#include <sys/stat.h>

#include "base/file.hpp"
#include "base/hex.hpp"
#include "client/server_link.hpp"
#include "crypto/cert.hpp"
#include "crypto/random.hpp"
#include "net/groups.hpp"
#include "supply.hpp"
#include "wire/random_query.hpp"

namespace qeaas::provider {
namespace {

constexpr std::size_t kMinPskBytes = 16;

Outcome<std::vector<int>> groups_of(const std::string& list) {
  std::vector<std::string> names;
  if (list.empty()) names.assign(std::begin(kDefaultGroups), std::end(kDefaultGroups));
  for (std::size_t begin = 0; !list.empty() && begin <= list.size();) {
    const auto comma = std::min(list.find(',', begin), list.size());
    names.push_back(list.substr(begin, comma - begin));
    begin = comma + 1;
  }
  return parse_groups(names, false);
}

Outcome<PskCredential> psk_of(const std::string& text) {
  const auto colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0 || colon + 1 == text.size())
    return fault(Error::malformed, "psk = " + text + ": write ID:FILE, for example sensor-7:/etc/qeaas/sensor-7.key");
  const auto file = text.substr(colon + 1);
  struct stat status {};
  if (::stat(file.c_str(), &status) == 0 && (status.st_mode & 077) != 0)
    return fault(Error::refused, file + " is a secret key that others may read; run: chmod 600 " + file);
  const auto content = read_file(file);
  if (!content) return tl::unexpected(content.error());
  std::string_view digits(reinterpret_cast<const char*>(content->span().data()), content->size());
  digits = digits.substr(0, digits.find_last_not_of(" \t\r\n") + 1);
  auto decoded = from_hex(digits);
  if (!decoded || decoded->size() < kMinPskBytes || decoded->size() > kMaxPskBytes)
    return fault(Error::malformed, file + " must hold a key of 16 to 64 bytes in hexadecimal (32 to 128 digits)");
  SecretBytes key{Bytes(*decoded)};
  wipe(*decoded);
  return PskCredential{text.substr(0, colon), std::move(key)};
}

Outcome<std::vector<Der>> roots_of(const std::string& path) {
  const auto text = read_file(path);
  if (!text) return tl::unexpected(text.error());
  auto roots = certificates_from_pem(text->span());
  if (!roots) return fault(Error::malformed, path + " holds no certificates in PEM; give the server's ca.pem");
  return std::move(*roots);
}

Outcome<LinkOptions> options_of(const Settings& settings) {
  LinkOptions options;
  options.timeout = settings.timeout;
  options.longest_wait = std::chrono::duration_cast<std::chrono::seconds>(settings.timeout);
  auto groups = groups_of(settings.groups);
  if (!groups) return tl::unexpected(groups.error());
  options.groups = std::move(*groups);
  if (!settings.psk.empty()) {
    auto psk = psk_of(settings.psk);
    if (!psk) return tl::unexpected(psk.error());
    options.psk = std::move(*psk);
  }
  if (!settings.ca.empty()) {
    auto roots = roots_of(settings.ca);
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
