// SPDX-License-Identifier: GPL-3.0-or-later
// `qeaas keys`.
#include "keys.hpp"

#include <algorithm>

#include "base/file.hpp"
#include "base/hex.hpp"
#include "client/credentials.hpp"
#include "client/key_store.hpp"
#include "crypto/hash.hpp"
#include "keys_export.hpp"
#include "text.hpp"

namespace qeaas::cli {
namespace {

struct Shown {
  std::string what;
  const Der* certificate;
};

std::vector<Shown> certificates(const ServerKeys& keys) {
  std::vector<Shown> shown;
  for (const auto& entry : keys.entries) shown.push_back({"CA", &entry.root});
  for (const auto& entry : keys.entries) shown.push_back({"server", &entry.leaf.certificate});
  return shown;
}

std::string algorithm_of(const Der& certificate) {
  const auto algorithm = certificate_algorithm(certificate);
  return algorithm ? std::string(name(*algorithm)) : "unknown";
}

std::string identity_of(const Der& certificate) {
  const auto hash = spki_sha256(certificate);
  return hash ? to_hex(*hash) : "unknown";
}

std::string describe(const std::filesystem::path& folder, const ServerKeys& keys) {
  std::vector<std::vector<std::string>> rows{{"CERTIFICATE", "ALGORITHM", "DAYS LEFT", "SHA-256 FINGERPRINT"}};
  for (const auto& [what, certificate] : certificates(keys))
    rows.push_back({what, algorithm_of(*certificate), std::to_string(days_left(*certificate).value_or(-1)), to_hex(sha256(*certificate))});
  std::string text = "state folder " + folder.string() + "\n" + table(rows) + "\nnames:";
  for (const auto& name : keys.names) text += " " + name;
  text += "\nclients trust " + (folder / kCaFile).string();
  return text;
}

std::string as_json(const std::filesystem::path& folder, const ServerKeys& keys) {
  return json_text([&](JsonWriter& out) {
    const auto list = [&](const std::vector<std::string>& items) {
      bool first = true;
      for (const auto& item : items) {
        comma(out, first);
        out.text(item);
      }
    };
    out.raw(R"({"state":)").text(folder.string()).raw(R"(,"ca":)").text((folder / kCaFile).string()).raw(R"(,"names":[)");
    list(keys.names);
    out.raw(R"(],"written":[)");
    list(keys.written);
    out.raw(R"(],"certificates":[)");
    bool first = true;
    for (const auto& [what, certificate] : certificates(keys)) {
      comma(out, first);
      const auto left = days_left(*certificate).value_or(-1);
      out.raw(R"({"use":)").text(what).raw(R"(,"algorithm":)").text(algorithm_of(*certificate)).raw(R"(,"days_left":)");
      out.raw(std::to_string(left)).raw(R"(,"sha256":)").text(to_hex(sha256(*certificate)));
      out.raw(R"(,"spki_sha256":)").text(identity_of(*certificate)).raw("}");
    }
    out.raw("]}");
  });
}

Outcome<ServerKeys> work(const std::filesystem::path& folder, const KeysOptions& options) {
  const auto wanted = read_signatures(options.certificates);
  if (!wanted) return tl::unexpected(wanted.error());
  auto keys = load_or_make_server_keys(folder, options.names, *wanted);
  if (!keys || !options.renew) return keys;
  auto written = std::move(keys->written);
  keys = reissue_server_keys(folder);
  // What the first step made belongs to the account as well; the leaves are named once.
  if (keys)
    for (auto& file : written)
      if (std::ranges::find(keys->written, file) == keys->written.end()) keys->written.push_back(std::move(file));
  return keys;
}

}  // namespace

void add_keys(CLI::App& app, KeysOptions& options) {
  auto* keys = app.add_subcommand("keys", "show, make or renew the certificates of a server on this machine");
  keys->add_option("--state", options.state, "state folder (default as for qeaasd)")->type_name("FOLDER");
  keys->add_option("--san", options.names, "names to add to the server's certificates: host names or addresses")->type_name("NAME...");
  keys->add_option("--certificates", options.certificates,
                   "algorithms to make a CA and a certificate for as well, separated by commas: ML-DSA-65, ML-DSA-87 (ML-DSA-44 and P-256 "
                   "are always made)")
      ->type_name("LIST")
      ->check([](const std::string& list) {
        const auto read = read_signatures(list);
        return read ? std::string() : read.error().text;
      });
  keys->add_flag("--renew", options.renew, "issue the server's certificates again, for the same keys and under the same CA");
  keys->add_option("--export", options.export_to, "write the certificates and their keys here as well, as OpenSSL (nginx) reads them")
      ->type_name("FOLDER");
  keys->add_flag("--json", options.json, "one JSON document");
  keys->add_subcommand("show", "show them, and make what is missing (default)")->fallthrough();
  keys->require_subcommand(0, 1);
  keys->footer(
      "A server that runs takes new certificates on SIGHUP.\n"
      "Example:\n  qeaas keys --san qrng.example.org 192.0.2.7\n  qeaas keys --export /var/lib/qeaas/nginx");
}

int run_keys(const KeysOptions& options) {
  const auto folder = state_folder(options.state);
  const auto keys = work(folder, options);
  if (!keys) return complain(keys.error(), options.json);
  const auto exported = options.export_to.empty() ? Outcome<std::vector<std::string>>() : export_keys(folder, options.export_to);
  if (!exported) return complain(exported.error(), options.json);
  say(options.json ? as_json(folder, *keys) : describe(folder, *keys));
  for (const auto& file : keys->written) note("qeaas: wrote " + (folder / file).string());
  for (const auto& file : *exported) note("qeaas: wrote " + (std::filesystem::path(options.export_to) / file).string());
  return kDone;
}

}  // namespace qeaas::cli
