// SPDX-License-Identifier: GPL-3.0-or-later
// Keys, tokens, certificates.
#include "clients_credential.hpp"

#include <algorithm>
#include <filesystem>

#include "base/file.hpp"
#include "base/hex.hpp"
#include "client/credentials.hpp"
#include "connection.hpp"
#include "crypto/cert.hpp"
#include "crypto/random.hpp"
#include "wire/base64.hpp"

namespace qeaas::cli {
namespace {

using access::Credential;
using access::CredentialKind;

constexpr std::size_t kMadeBytes = 32;
constexpr std::string_view kBeginKey = "-----BEGIN PUBLIC KEY-----";
constexpr std::string_view kEndKey = "-----END PUBLIC KEY-----";
constexpr const char* kHowToExtract = "extract the public key with 'openssl pkey -in KEY -pubout'";

std::string_view text_of(Bytes bytes) noexcept { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

CredentialKind kind_of(const CredentialOptions& options) {
  if (options.psk) return CredentialKind::psk;
  if (options.token) return CredentialKind::token;
  if (!options.public_key.empty()) return CredentialKind::raw_public_key;
  if (!options.certificate.empty()) return CredentialKind::certificate;
  return access::credential_kind(options.kind).value_or(CredentialKind::certificate);
}

Outcome<SecretBytes> made_key() {
  SecretBytes key(kMadeBytes);
  if (auto filled = os_seed(key.span()); !filled)
    return tl::unexpected(explain(filled.error(), "the operating system's generator").value());
  return key;
}

// base64url without padding (RFC 4648 5): a token that fits into a header, a URL and a shell line as it is.
SecretBytes base64url(Bytes bytes) {
  SecretBytes text(base64_length(bytes.size()));
  write_base64(bytes, {reinterpret_cast<char*>(text.span().data()), text.size()});
  std::ranges::replace(text.span(), static_cast<std::uint8_t>('+'), static_cast<std::uint8_t>('-'));
  std::ranges::replace(text.span(), static_cast<std::uint8_t>('/'), static_cast<std::uint8_t>('_'));
  text.shrink(static_cast<std::size_t>(std::ranges::find(text.span(), static_cast<std::uint8_t>('=')) - text.span().begin()));
  return text;
}

Outcome<NewCredential> psk_of(const CredentialOptions& options, const Present& present) {
  const auto& identity = !options.identity.empty() ? options.identity : present.identity ? present.identity->credential : present.name;
  auto key = options.key_file.empty() ? made_key() : read_key_file(options.key_file);
  if (!key) return tl::unexpected(key.error());
  return Credential::psk(identity, key->span()).map([&](Credential credential) {
    return NewCredential{std::move(credential), options.key_file.empty() ? std::move(*key) : SecretBytes()};
  });
}

Outcome<NewCredential> token_of(const CredentialOptions& options) {
  if (!options.key_file.empty()) {
    const auto text = read_token_file(options.key_file);
    if (!text) return tl::unexpected(text.error());
    return Credential::token(text->span()).map([](Credential credential) { return NewCredential{std::move(credential), SecretBytes()}; });
  }
  const auto key = made_key();
  if (!key) return tl::unexpected(key.error());
  auto text = base64url(key->span());
  return Credential::token(text.span()).map([&](Credential credential) { return NewCredential{std::move(credential), std::move(text)}; });
}

// Something that has a date of expiry: wolfSSL finds a key in a bare public key, too.
bool is_certificate(Bytes der) { return days_left(der).has_value(); }

Outcome<Credential> certificate_of(const std::string& path) {
  const auto content = read_file(path);
  if (!content) return tl::unexpected(content.error());
  const auto chain = certificates_from_pem(content->span());
  const Bytes der = chain ? Bytes(chain->front()) : content->span();
  const auto spki = spki_sha256(der);
  if (!spki || !is_certificate(der)) return fault(Error::malformed, path + " is no X.509 certificate in PEM or DER");
  return Credential::by_digest(CredentialKind::certificate, to_hex(*spki));
}

// is_key_info looks at the outer shape of a SubjectPublicKeyInfo: one SEQUENCE that fills the file and begins with another. A private
// key begins with a number instead.
bool is_key_info(Bytes der) noexcept {
  if (der.size() < 16 || der[0] != 0x30) return false;
  const std::size_t more = der[1] < 0x80 ? 0 : der[1] & 0x7FU;
  if (more > 2) return false;
  std::size_t size = more == 0 ? der[1] : 0;
  for (std::size_t i = 0; i < more; ++i) size = size << 8 | der[2 + i];
  return der.size() == 2 + more + size && der[2 + more] == 0x30;
}

Outcome<Credential> public_key_of(const std::string& path) {
  const auto content = read_file(path);
  if (!content) return tl::unexpected(content.error());
  const auto text = text_of(content->span());
  if (text.find("PRIVATE KEY-----") != std::string_view::npos)
    return fault(Error::refused, path + " is a private key, which belongs to the client alone; " + kHowToExtract);
  if (text.find("-----BEGIN CERTIFICATE-----") != std::string_view::npos || is_certificate(content->span()))
    return fault(Error::malformed, path + " is a certificate; give it with --certificate");
  const auto wrong = [&] {
    return fault(Error::malformed, path + " is no public key (SubjectPublicKeyInfo, PEM or DER); " + kHowToExtract);
  };
  const auto begin = text.find(kBeginKey);
  if (begin == std::string_view::npos) {
    if (!is_key_info(content->span())) return wrong();
    return Credential::raw_public_key(content->span());
  }
  const auto end = text.find(kEndKey, begin);
  if (end == std::string_view::npos) return wrong();
  std::string body(text.substr(begin + kBeginKey.size(), end - begin - kBeginKey.size()));
  std::erase_if(body, [](char c) { return c == '\n' || c == '\r' || c == ' ' || c == '\t'; });
  const auto der = from_base64(body);
  if (!der || !is_key_info(der->span())) return wrong();
  return Credential::raw_public_key(der->span());
}

std::optional<Fault> contradiction(bool wrong, std::string text) {
  if (!wrong) return std::nullopt;
  return Fault{Error::unsupported, std::move(text)};
}

// rotation_fault: an identity keeps its kind.
std::optional<Fault> rotation_fault(const CredentialOptions& options, CredentialKind kind) {
  const bool certificate = kind == CredentialKind::certificate;
  const bool raw = kind == CredentialKind::raw_public_key;
  const std::string head = "this identity has a " + std::string(access::name(kind)) + ": ";
  if (kind == CredentialKind::anonymous) return Fault{Error::refused, "'anonymous' proves nothing, so there is nothing to rotate"};
  if (certificate && options.certificate.empty() && options.sha256.empty())
    return Fault{Error::unsupported, head + "give the new one with --certificate FILE or --sha256 HEX"};
  if (raw && options.public_key.empty() && options.sha256.empty())
    return Fault{Error::unsupported, head + "give the new one with --public-key FILE or --sha256 HEX"};
  const bool foreign = (!options.certificate.empty() && !certificate) || (!options.public_key.empty() && !raw) ||
                       (!options.sha256.empty() && !certificate && !raw);
  return contradiction(foreign, head + "it cannot become one of another kind; remove it and add it again");
}

}  // namespace

void add_credential_options(CLI::App& command, CredentialOptions& options, bool choose_kind) {
  if (choose_kind) {
    command.add_flag("--psk", options.psk, "a pre-shared key, made here unless --key-file gives one");
    command.add_flag("--token", options.token, "a bearer token for HTTP, made here unless --key-file gives one; kept as a hash only");
  }
  command.add_option("--certificate", options.certificate, "an X.509 certificate (PEM or DER), known by its public key")->type_name("FILE");
  command.add_option("--public-key", options.public_key, "a raw public key: SubjectPublicKeyInfo, PEM or DER")->type_name("FILE");
  auto* hash =
      command.add_option("--sha256", options.sha256, "the SHA-256 of a SubjectPublicKeyInfo, when there is no file")->type_name("HEX");
  if (choose_kind)
    command.add_option("--kind", options.kind, "what --sha256 is of: certificate (default) or raw_public_key")
        ->type_name("KIND")
        ->needs(hash)
        ->check(CLI::IsMember({"certificate", "raw_public_key"}));
  command.add_option("--identity", options.identity, "identity text of the PSK (default: the name)")->type_name("ID");
  auto* key = command.add_option("--key-file", options.key_file,
                                 "take what exists, from a file of mode 0600: a PSK (16 to 64 bytes in hexadecimal), or a token");
  key->type_name("FILE");
  auto* out =
      command.add_option("--out", options.out, "where a key or token that is made here goes, mode 0600 (default for a PSK: NAME.key)");
  out->type_name("FILE")->excludes(key);
  command.add_flag("--show", options.show, "show a PSK that is made here on standard output instead of writing a file")
      ->excludes(key)
      ->excludes(out);
}

std::optional<Fault> credential_usage_fault(const CredentialOptions& options, std::optional<CredentialKind> kind) {
  if (kind) {
    if (auto wrong = rotation_fault(options, *kind)) return wrong;
  } else if (static_cast<int>(options.psk) + options.token + !options.certificate.empty() + !options.public_key.empty() +
                 !options.sha256.empty() !=
             1) {
    return Fault{
        Error::unsupported,
        "say by one option what the client proves itself by: --psk, --token, --certificate FILE, --public-key FILE or --sha256 HEX"};
  }
  const auto is = kind.value_or(kind_of(options));
  if (auto wrong =
          contradiction(is != CredentialKind::psk && (!options.identity.empty() || options.show), "--identity and --show belong to a PSK"))
    return wrong;
  if (auto wrong = contradiction(is != CredentialKind::psk && is != CredentialKind::token && !options.key_file.empty(),
                                 "--key-file is for a PSK or a token"))
    return wrong;
  return contradiction(is != CredentialKind::psk && is != CredentialKind::token && !options.out.empty(),
                       "--out is for a key or token that is made here; this client has its own");
}

Outcome<NewCredential> make_credential(const CredentialOptions& options, const Present& present) {
  const auto kind = present.identity ? present.identity->kind : kind_of(options);
  const auto known = [](Credential credential) { return NewCredential{std::move(credential), {}}; };
  if (kind == CredentialKind::psk) return psk_of(options, present);
  if (kind == CredentialKind::token) return token_of(options);
  if (!options.sha256.empty()) return Credential::by_digest(kind, options.sha256).map(known);
  if (kind == CredentialKind::certificate) return certificate_of(options.certificate).map(known);
  return public_key_of(options.public_key).map(known);
}

Outcome<Delivery> Delivery::open(const CredentialOptions& options, const Present& present, const NewCredential& made, bool json) {
  Delivery delivery;
  if (made.secret.empty()) return delivery;
  delivery.name_ = present.name;
  const bool psk = made.credential.kind() == CredentialKind::psk;
  delivery.file_ = options.out;
  if (psk && !options.show && options.out.empty()) {
    if (present.name.find('/') != std::string::npos || present.name.front() == '.')
      return fault(Error::malformed, "'" + present.name + "' does not make a file name; say with --out FILE where the key goes");
    delivery.file_ = present.name + ".key";
  }
  if (delivery.file_.empty() && json) return delivery;  // the document holds it
  // A rotation replaces the old key, when the table has changed. A new client must not take over a file of somebody else's.
  std::error_code ignored;
  if (!present.identity && !delivery.file_.empty() && std::filesystem::is_regular_file(delivery.file_, ignored))
    return fault(Error::in_use, delivery.file_ + " is there already; name another file with --out, or move it away");
  auto output = Output::open(delivery.file_, psk ? Encoding::hex : Encoding::text);
  if (!output) return tl::unexpected(output.error());
  delivery.output_.emplace(std::move(*output));
  return delivery;
}

Outcome<void> Delivery::put(const NewCredential& made) {
  if (auto written = output_->write(made.secret.span()); !written) return written;
  constexpr std::uint8_t kNewline[] = {'\n'};
  return made.credential.kind() == CredentialKind::token ? output_->write(kNewline) : Outcome<void>();
}

Outcome<void> Delivery::prepare(const NewCredential& made) { return output_ && !file_.empty() ? put(made) : Outcome<void>(); }

Outcome<void> Delivery::finish(const NewCredential& made) {
  if (!output_) return {};
  auto done = file_.empty() ? put(made) : Outcome<void>();
  if (done) done = output_->finish();
  if (done) return {};
  return fault(done.error().error, done.error().text + ". The identity was changed, but nobody has its secret: run 'qeaas clients rotate " +
                                       name_ + "' for another one");
}

}  // namespace qeaas::cli
