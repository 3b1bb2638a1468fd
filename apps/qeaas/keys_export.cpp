// SPDX-License-Identifier: GPL-3.0-or-later
// Certificates and keys in the form that OpenSSL reads.
#include "keys_export.hpp"

#include <algorithm>
#include <cerrno>
#include <sys/stat.h>

#include "base/file.hpp"
#include "client/key_store.hpp"
#include "crypto/cert.hpp"

namespace qeaas::cli {
namespace {

constexpr std::string_view kLeafPrefix = "server-";

// leaves gives the names of the server's certificates without their ending, "server-p256" for instance.
std::vector<std::string> leaves(const std::filesystem::path& state) {
  std::vector<std::string> found;
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator(state, failed))
    if (entry.path().extension() == ".key" && entry.path().stem().string().starts_with(kLeafPrefix))
      found.push_back(entry.path().stem().string());
  std::ranges::sort(found);
  return found;
}

Outcome<SecretBytes> foreign_key(const std::filesystem::path& path) {
  const auto text = read_file(path);
  if (!text) return tl::unexpected(text.error());
  const auto pair = key_from_pem(text->span());
  auto alone = pair ? handshake_key(*pair) : Result<SecretBytes>(fail(pair.error()));
  if (!alone) return fault(alone.error(), path.string() + " holds no key that can be exported");
  return key_to_pem({pair->algorithm, std::move(*alone)});
}

Outcome<void> publish(const std::filesystem::path& from, const std::filesystem::path& to) {
  const auto text = read_file(from);
  if (!text) return tl::unexpected(text.error());
  return write_private_file(to, text->span(), 0644);
}

}  // namespace

Outcome<std::vector<std::string>> export_keys(const std::filesystem::path& state, const std::filesystem::path& to) {
  std::error_code none;
  if (std::filesystem::equivalent(state, to, none))
    return fault(Error::refused, to.string() + " is the state folder, where the server needs its keys as they are; name another folder");
  if (::mkdir(to.c_str(), 0700) != 0 && errno != EEXIST)
    return tl::unexpected(explain(from_errno(errno), "cannot make the folder " + to.string()).value());
  std::vector<std::string> written{std::string(kCaFile)};
  auto done = publish(state / kCaFile, to / kCaFile);
  for (const auto& leaf : leaves(state)) {
    if (!done) break;
    auto key = foreign_key(state / (leaf + ".key"));
    if (!key) return tl::unexpected(key.error());
    done = write_private_file(to / (leaf + ".key"), key->span());
    if (done) done = publish(state / (leaf + ".pem"), to / (leaf + ".pem"));
    written.insert(written.end(), {leaf + ".key", leaf + ".pem"});
  }
  if (!done) return tl::unexpected(done.error());
  return written;
}

}  // namespace qeaas::cli
