// SPDX-License-Identifier: GPL-3.0-or-later
// What an identity proves itself by: keys and tokens made from the operating system's generator, keys and certificates read from files,
// and the one place where a new secret goes. Secrets stay in wiped memory.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>

#include "access/identity.hpp"
#include "output.hpp"

namespace qeaas::cli {

struct CredentialOptions {
  bool psk = false;
  bool token = false;
  std::string identity;     // of the PSK; empty: the name (add) or the one that it has (rotate)
  std::string key_file;     // the PSK or token is in this file; empty: it is made
  std::string certificate;  // files, and a hash
  std::string public_key;
  std::string sha256;
  std::string kind;  // what the hash is of
  std::string out;
  bool show = false;
};

void add_credential_options(CLI::App& command, CredentialOptions& options, bool choose_kind);

// credential_usage_fault finds what contradicts itself or is missing. kind is what the identity has, none for a new one.
std::optional<Fault> credential_usage_fault(const CredentialOptions& options, std::optional<access::CredentialKind> kind);

// NewCredential is a credential and the secret that the client must be given, if one was made.
struct NewCredential {
  access::Credential credential;
  SecretBytes secret;  // a key's bytes or a token's text; empty when the client has it already
};
struct Present {
  std::string name;
  std::optional<access::Identity> identity;  // none: it is new
};
Outcome<NewCredential> make_credential(const CredentialOptions& options, const Present& present);

// Delivery brings a secret to where it was asked for, in three steps around the change of the table, so that neither a key without an
// identity nor an identity without a key is left when something fails. With json, what would go to standard output is left to the caller.
class Delivery {
 public:
  // open says what is wrong with the place. prepare, once the object no longer moves, writes a file under another name. finish, after
  // the table was changed, gives it its name, or writes to standard output.
  static Outcome<Delivery> open(const CredentialOptions& options, const Present& present, const NewCredential& made, bool json);
  Outcome<void> prepare(const NewCredential& made);
  Outcome<void> finish(const NewCredential& made);
  const std::string& file() const { return file_; }  // empty: standard output, or nothing to deliver

 private:
  Outcome<void> put(const NewCredential& made);
  std::optional<Output> output_;
  std::string file_;
  std::string name_;
};

}  // namespace qeaas::cli
