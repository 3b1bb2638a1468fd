// SPDX-License-Identifier: GPL-3.0-or-later
// The keys of a server in its state folder. The rule for every pair of files: a key without its certificate gets one (a start that
// was interrupted goes on), a certificate without its key is a fault. Each file is replaced atomically.
#include "client/key_store.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <fcntl.h>
#include <map>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.hpp"
#include "crypto/hash.hpp"

namespace qeaas {
namespace {

constexpr const char* kNamesFile = "sans.txt";

struct Plan {
  SignatureAlgorithm algorithm;
  bool always;  // made on the first start; the others only when they are asked for
  const char* ca_name;
  const char* ca_key;
  const char* leaf;
  const char* leaf_key;
};
// The common names are fixed, so that a root made again for the same key still vouches for every leaf.
constexpr std::array<Plan, 4> kPlans{{
    {SignatureAlgorithm::ml_dsa_44, true, "qeaas CA ML-DSA-44", "ca-mldsa44.key", "server-mldsa44.pem", "server-mldsa44.key"},
    {SignatureAlgorithm::ecdsa_p256, true, "qeaas CA P-256", "ca-p256.key", "server-p256.pem", "server-p256.key"},
    {SignatureAlgorithm::ml_dsa_65, false, "qeaas CA ML-DSA-65", "ca-mldsa65.key", "server-mldsa65.pem", "server-mldsa65.key"},
    {SignatureAlgorithm::ml_dsa_87, false, "qeaas CA ML-DSA-87", "ca-mldsa87.key", "server-mldsa87.pem", "server-mldsa87.key"},
}};

// is_host_name: a machine may be called what no certificate can carry ("my_host"); that must not keep its server from starting.
bool is_host_name(std::string_view text) {
  const auto allowed = [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '.'; };
  return text.size() < 128 && std::ranges::all_of(text, allowed);
}

bool belong_together(Bytes certificate, const KeyPair& key) {
  const auto hash = spki_sha256(certificate);
  const auto info = public_key_info(key);
  return hash && info && *hash == sha256(*info);
}

// after gives what follows the first occurrence of pattern; empty when it does not occur.
Bytes after(Bytes text, Bytes pattern) {
  const auto at = std::search(text.begin(), text.end(), pattern.begin(), pattern.end());
  return at == text.end() ? Bytes{} : text.subspan(static_cast<std::size_t>(at - text.begin()) + pattern.size());
}

// issued_by compares the key identifiers that wolfCrypt wrote (RFC 5280 4.2.1.1 and 4.2.1.2): the root's own, and the issuer's in
// the leaf. It finds a folder whose files come from two authorities; the signature itself is for clients to verify.
bool issued_by(Bytes leaf, Bytes root) {
  constexpr std::array<std::uint8_t, 5> kSubjectKeyId{0x06, 0x03, 0x55, 0x1D, 0x0E};
  constexpr std::array<std::uint8_t, 5> kAuthorityKeyId{0x06, 0x03, 0x55, 0x1D, 0x23};
  const auto subject = after(root, kSubjectKeyId);      // 04 n 04 m id
  const auto authority = after(leaf, kAuthorityKeyId);  // 04 n 30 m 80 k id
  if (subject.size() < 4 || authority.size() < 6) return false;
  const std::size_t size = subject[3];
  if (size == 0 || authority[5] != size || subject.size() < 4 + size || authority.size() < 6 + size) return false;
  return std::ranges::equal(subject.subspan(4, size), authority.subspan(6, size));
}

class Store {
 public:
  explicit Store(std::filesystem::path folder) : folder_(std::move(folder)) {}

  Outcome<void> open();
  Outcome<ServerKeys> run(std::span<const std::string> extra_names, std::span<const SignatureAlgorithm> wanted, bool reissue);

 private:
  struct Pair {
    const Plan* plan;
    KeyPair ca_key;
    Der root;
    KeyPair leaf_key;
    Der leaf;
    bool issued = false;  // by this call; still to be written
  };
  std::string path(const std::string& file) const { return (folder_ / file).string(); }
  bool exists(const std::string& file) const;
  Outcome<void> write(const std::string& file, Bytes content, unsigned mode = 0600);
  Outcome<void> read_names(std::span<const std::string> extra_names);
  Outcome<void> keep_names();
  Outcome<KeyPair> load_or_make_key(SignatureAlgorithm algorithm, const std::string& file, const std::string& certificate, bool certified);
  Outcome<KeyPair> load_key(SignatureAlgorithm algorithm, const std::string& file) const;
  Outcome<std::vector<Der>> load_certificates(const std::string& file) const;
  Outcome<void> load_roots();
  bool concerned(const Plan& plan, std::span<const SignatureAlgorithm> wanted) const;
  Outcome<void> authorities(std::span<const SignatureAlgorithm> wanted);
  Outcome<void> root(Pair& pair);
  Outcome<void> check_root(const Pair& pair) const;
  Outcome<void> leaf(Pair& pair, bool reissue);
  Outcome<void> issue(Pair& pair);
  bool leaf_is_current(Bytes certificate) const;

  std::filesystem::path folder_;
  FileDescriptor lock_;
  std::map<SignatureAlgorithm, Der> roots_;  // what ca.pem held
  std::vector<Pair> pairs_;                  // in the order of kPlans
  std::vector<std::string> names_;
  bool names_changed_ = false;
  std::vector<std::string> written_;
};

Outcome<void> Store::open() {
  if (auto made = make_state_folder(folder_); !made) return made;
  lock_.reset(::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!lock_ || ::flock(lock_.get(), LOCK_EX) != 0) return explain(from_errno(errno), "cannot lock the state folder " + folder_.string());
  return {};
}

bool Store::exists(const std::string& file) const {
  struct stat status {};
  return ::lstat(path(file).c_str(), &status) == 0;
}

Outcome<void> Store::write(const std::string& file, Bytes content, unsigned mode) {
  auto done = write_private_file(folder_ / file, content, mode);
  if (done) written_.push_back(file);
  return done;
}

Outcome<void> Store::read_names(std::span<const std::string> extra_names) {
  names_ = {"localhost", "127.0.0.1", "::1"};
  const auto add = [this](std::string_view name) {
    const bool is_new = !name.empty() && std::ranges::find(names_, name) == names_.end();
    if (is_new) names_.emplace_back(name);
    return is_new;
  };
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) == 0 && is_host_name(host.data())) add(host.data());
  if (exists(kNamesFile)) {
    const auto text = read_file(folder_ / kNamesFile);
    if (!text) return tl::unexpected(text.error());
    std::string_view rest(reinterpret_cast<const char*>(text->span().data()), text->size());
    while (!rest.empty()) {
      const auto line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(rest.size(), line.size() + 1));
      if (!line.starts_with('#')) add(line);
    }
  }
  for (const auto& name : extra_names) names_changed_ = add(name) || names_changed_;
  return {};
}

Outcome<void> Store::keep_names() {
  if (!names_changed_) return {};
  std::string text = "# Names that the server's certificates carry, one a line. After an edit run: qeaas keys --renew\n";
  for (const auto& name : names_) text += name + "\n";
  return write(kNamesFile, bytes_of(text));
}

Outcome<KeyPair> Store::load_key(SignatureAlgorithm algorithm, const std::string& file) const {
  struct stat status {};
  if (::stat(path(file).c_str(), &status) == 0 && (status.st_mode & 077) != 0)
    return fault(Error::refused, path(file) + " is a private key that others may read; run: chmod 600 " + path(file));
  const auto text = read_file(folder_ / file);
  if (!text) return tl::unexpected(text.error());
  auto key = key_from_pem(text->span());
  if (!key || key->algorithm != algorithm)
    return fault(Error::malformed, path(file) + " is damaged or no " + std::string(name(algorithm)) +
                                       " private key; restore it from a backup, or move it and its certificate away to have new ones made");
  return std::move(*key);
}

// load_or_make_key: certified says that the key's certificate is there, in the file of that name.
Outcome<KeyPair> Store::load_or_make_key(SignatureAlgorithm algorithm, const std::string& file, const std::string& certificate,
                                         bool certified) {
  if (exists(file)) return load_key(algorithm, file);
  if (certified)
    return fault(Error::not_found, path(file) + " is missing, although " + certificate + " is there; restore it from a backup, or move " +
                                       certificate + " away to have both made anew");
  auto key = make_key_pair(algorithm);
  if (!key) return explain(key.error(), "making a " + std::string(name(algorithm)) + " key");
  const auto pem = key_to_pem(*key);
  if (auto done = write(file, pem.span()); !done) return tl::unexpected(done.error());
  return std::move(*key);
}

Outcome<std::vector<Der>> Store::load_certificates(const std::string& file) const {
  const auto text = read_file(folder_ / file);
  if (!text) return tl::unexpected(text.error());
  auto found = certificates_from_pem(text->span());
  if (!found)
    return fault(Error::malformed, path(file) +
                                       " is damaged: it must hold certificates in PEM; restore it from a backup, or move it away to have "
                                       "it made anew for the same key");
  return std::move(*found);
}

Outcome<void> Store::load_roots() {
  const std::string file(kCaFile);
  if (!exists(file)) return {};
  auto found = load_certificates(file);
  if (!found) return tl::unexpected(found.error());
  for (auto& certificate : *found) {
    const auto algorithm = certificate_algorithm(certificate);
    if (!algorithm || !roots_.emplace(*algorithm, std::move(certificate)).second)
      return fault(Error::malformed, path(file) +
                                         " is damaged: it must hold one CA certificate for each algorithm of this server and no others; "
                                         "restore it from a backup, or move it away to have it made anew for the same keys");
  }
  return {};
}

// concerned: an algorithm that has any file goes on being served by this folder, so that nothing of it expires unseen.
bool Store::concerned(const Plan& plan, std::span<const SignatureAlgorithm> wanted) const {
  return plan.always || roots_.contains(plan.algorithm) || std::ranges::find(wanted, plan.algorithm) != wanted.end() ||
         exists(plan.ca_key) || exists(plan.leaf) || exists(plan.leaf_key);
}

// authorities loads or makes the CA keys and ca.pem, which is written last.
Outcome<void> Store::authorities(std::span<const SignatureAlgorithm> wanted) {
  if (auto loaded = load_roots(); !loaded) return loaded;
  for (const auto& plan : kPlans) {
    if (!concerned(plan, wanted)) continue;
    // A root or a leaf is there because its CA's key was. (In a folder without ca.pem a leaf proves it no less.)
    const bool rooted = roots_.contains(plan.algorithm);
    auto key = load_or_make_key(plan.algorithm, plan.ca_key, rooted ? std::string(kCaFile) : plan.leaf, rooted || exists(plan.leaf));
    if (!key) return tl::unexpected(key.error());
    pairs_.push_back(Pair{&plan, std::move(*key), {}, {}, {}, false});
  }
  for (auto& pair : pairs_)
    if (auto ready = root(pair); !ready) return ready;
  if (roots_.size() == pairs_.size()) return {};
  std::string pem;
  for (const auto& pair : pairs_) pem += certificate_to_pem(pair.root);
  return write(std::string(kCaFile), bytes_of(pem), 0644);
}

// root takes the root out of ca.pem, or makes one for the key.
Outcome<void> Store::root(Pair& pair) {
  if (const auto found = roots_.find(pair.plan->algorithm); found != roots_.end()) {
    pair.root = found->second;
    return check_root(pair);
  }
  auto made = make_root(pair.ca_key, pair.plan->ca_name, kCaDays);
  if (!made) return explain(made.error(), "making the CA certificate");
  pair.root = std::move(*made);
  return {};
}

Outcome<void> Store::check_root(const Pair& pair) const {
  if (!belong_together(pair.root, pair.ca_key))
    return fault(Error::malformed,
                 path(std::string(kCaFile)) + " and " + pair.plan->ca_key +
                     " do not belong together; restore both from one backup, or move ca.pem away to have it made anew for this key");
  const auto left = days_left(pair.root);
  if (!left || *left < 1)
    return fault(Error::not_trusted, "the CA certificate in " + path(std::string(kCaFile)) +
                                         " has expired; move it away, start again, and give the new ca.pem to the clients");
  return {};
}

bool Store::leaf_is_current(Bytes certificate) const {
  const auto left = days_left(certificate);
  return left && *left >= kReissueBelowDays &&
         std::ranges::all_of(names_, [&](const std::string& name) { return certificate_names(certificate, name); });
}

Outcome<void> Store::issue(Pair& pair) {
  const auto left = days_left(pair.root);
  auto issued = make_leaf(pair.leaf_key, {"qeaas server", names_, std::min(kLeafDays, left.value_or(0)), true}, pair.ca_key, pair.root);
  if (!issued && issued.error() == Error::malformed) {
    std::string all;
    for (const auto& name : names_) all += (all.empty() ? "" : ", ") + name;
    return fault(Error::malformed, "a certificate cannot carry one of these names: " + all +
                                       "; give host names or addresses without port (--san, or " + path(kNamesFile) + ")");
  }
  if (!issued) return explain(issued.error(), std::string("making ") + pair.plan->leaf);
  pair.leaf = std::move(*issued);
  return {};
}

Outcome<void> Store::leaf(Pair& pair, bool reissue) {
  const auto& plan = *pair.plan;
  auto key = load_or_make_key(plan.algorithm, plan.leaf_key, plan.leaf, exists(plan.leaf));
  if (!key) return tl::unexpected(key.error());
  pair.leaf_key = std::move(*key);
  if (exists(plan.leaf)) {
    auto found = load_certificates(plan.leaf);
    if (!found) return tl::unexpected(found.error());
    pair.leaf = std::move(found->front());
    if (found->size() != 1 || !belong_together(pair.leaf, pair.leaf_key) || !issued_by(pair.leaf, pair.root))
      return fault(Error::malformed, path(plan.leaf) + " does not belong to " + plan.leaf_key + " and " + std::string(kCaFile) +
                                         "; restore them from one backup, or move " + plan.leaf + " away to have it issued anew");
    if (!reissue && leaf_is_current(pair.leaf)) return {};
  }
  pair.issued = true;
  return issue(pair);
}

Outcome<ServerKeys> Store::run(std::span<const std::string> extra_names, std::span<const SignatureAlgorithm> wanted, bool reissue) {
  if (auto read = read_names(extra_names); !read) return tl::unexpected(read.error());
  if (auto ready = authorities(wanted); !ready) return tl::unexpected(ready.error());
  for (auto& pair : pairs_)
    if (auto ready = leaf(pair, reissue); !ready) return tl::unexpected(ready.error());
  // Names first: if the next write fails, the certificates lack a name and are issued again next time.
  if (auto kept = keep_names(); !kept) return tl::unexpected(kept.error());
  ServerKeys keys;
  for (auto& pair : pairs_) {
    if (pair.issued)
      if (auto done = write(pair.plan->leaf, bytes_of(certificate_to_pem(pair.leaf)), 0644); !done) return tl::unexpected(done.error());
    auto key = handshake_key(pair.leaf_key);
    if (!key) return explain(key.error(), path(pair.plan->leaf_key));
    keys.entries.push_back({pair.plan->algorithm, std::move(pair.root), {std::move(pair.leaf), std::move(*key)}});
  }
  keys.names = std::move(names_);
  keys.written = std::move(written_);
  return keys;
}

Outcome<ServerKeys> work_on(const std::filesystem::path& folder, std::span<const std::string> extra_names,
                            std::span<const SignatureAlgorithm> wanted, bool reissue) {
  Store store(folder);
  if (auto opened = store.open(); !opened) return tl::unexpected(opened.error());
  return store.run(extra_names, wanted, reissue);
}

}  // namespace

const ServerKeys::Entry* ServerKeys::find(SignatureAlgorithm algorithm) const noexcept {
  const auto found = std::ranges::find(entries, algorithm, &Entry::algorithm);
  return found == entries.end() ? nullptr : &*found;
}
ServerKeys::Entry* ServerKeys::find(SignatureAlgorithm algorithm) noexcept {
  return const_cast<Entry*>(static_cast<const ServerKeys&>(*this).find(algorithm));  // NOLINT: this one is not const
}

Outcome<ServerKeys> load_or_make_server_keys(const std::filesystem::path& folder, std::span<const std::string> extra_names,
                                             std::span<const SignatureAlgorithm> wanted) {
  return work_on(folder, extra_names, wanted, false);
}

Outcome<ServerKeys> reissue_server_keys(const std::filesystem::path& folder) { return work_on(folder, {}, {}, true); }

}  // namespace qeaas
