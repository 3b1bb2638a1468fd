// SPDX-License-Identifier: GPL-3.0-or-later
// Words and files that become credentials.
#include "client/credentials.hpp"

#include <algorithm>
#include <string_view>
#include <sys/stat.h>

#include "base/file.hpp"
#include "base/hex.hpp"
#include "base/split.hpp"
#include "base/utf8.hpp"
#include "net/groups.hpp"
#include "net/signatures.hpp"

namespace qeaas {
namespace {

constexpr std::size_t kMinPskBytes = 16;
constexpr std::size_t kMaxIdentityBytes = 64;

struct PskPlace {
  std::string identity;
  std::string file;
};

Outcome<PskPlace> split_psk(const std::string& place) {
  const auto colon = place.rfind(':');
  if (colon == std::string::npos || colon == 0 || colon + 1 == place.size())
    return fault(Error::malformed, "write ID:FILE, for example sensor-7:/etc/qeaas/sensor-7.key");
  PskPlace parts{place.substr(0, colon), place.substr(colon + 1)};
  if (parts.identity.size() > kMaxIdentityBytes || !is_utf8(parts.identity))
    return fault(Error::out_of_range, "the identity must be UTF-8 of at most 64 bytes");
  return parts;
}

// key_of decodes the content of a key file; white space at its end does not count.
Result<SecretBytes> key_of(Bytes content) {
  std::string_view text(reinterpret_cast<const char*>(content.data()), content.size());
  const auto end = text.find_last_not_of(" \t\r\n");
  auto decoded = from_hex(text.substr(0, end == std::string_view::npos ? 0 : end + 1));
  if (!decoded) return fail(decoded.error());
  SecretBytes key{Bytes(*decoded)};
  wipe(*decoded);
  if (key.size() < kMinPskBytes || key.size() > kMaxPskBytes) return fail(Error::out_of_range);
  return key;
}

// read_private reads a file that must be closed to everybody but its owner.
Outcome<SecretBytes> read_private(const std::string& file, const std::string& what) {
  struct stat status {};
  if (::stat(file.c_str(), &status) == 0 && (status.st_mode & 077) != 0)
    return fault(Error::refused, file + " is a secret " + what + " that others may read; run: chmod 600 " + file);
  return read_file(file);
}

}  // namespace

Outcome<std::vector<int>> read_groups(const std::string& list) {
  if (!list.empty()) return parse_groups(split(list), false);
  return parse_groups(std::vector<std::string>(std::begin(kDefaultGroups), std::end(kDefaultGroups)), false);
}

Outcome<std::vector<SignatureAlgorithm>> read_signatures(const std::string& list) {
  if (list.empty()) return std::vector<SignatureAlgorithm>();
  return parse_signatures(split(list));
}

Outcome<void> check_psk_place(const std::string& place) {
  const auto parts = split_psk(place);
  if (!parts) return tl::unexpected(parts.error());
  return {};
}

Outcome<PskCredential> read_psk(const std::string& place) {
  auto parts = split_psk(place);
  if (!parts) return tl::unexpected(parts.error());
  auto key = read_key_file(parts->file);
  if (!key) return tl::unexpected(key.error());
  return PskCredential{std::move(parts->identity), std::move(*key)};
}

Outcome<SecretBytes> read_key_file(const std::string& file) {
  const auto content = read_private(file, "key");
  if (!content) return tl::unexpected(content.error());
  auto key = key_of(content->span());
  if (!key) return fault(key.error(), file + " must hold a key of 16 to 64 bytes in hexadecimal (32 to 128 digits)");
  return std::move(*key);
}

Outcome<SecretBytes> read_token_file(const std::string& file) {
  auto content = read_private(file, "token");
  if (!content) return tl::unexpected(content.error());
  auto text = std::as_const(*content).span();
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text = text.first(text.size() - 1);
  if (text.empty() || !std::ranges::all_of(text, [](std::uint8_t byte) { return byte > 0x20 && byte < 0x7F; }))
    return fault(Error::malformed, file + " must hold one token on one line");
  content->shrink(text.size());
  return std::move(*content);
}

Outcome<std::vector<Der>> read_roots(const std::filesystem::path& path) {
  const auto text = read_file(path);
  if (!text) return tl::unexpected(text.error());
  auto roots = certificates_from_pem(text->span());
  if (!roots) return fault(Error::malformed, path.string() + " holds no certificates in PEM; give the server's ca.pem");
  return std::move(*roots);
}

}  // namespace qeaas
