// SPDX-License-Identifier: GPL-3.0-or-later
// `qeaas clients`.
#include "clients.hpp"

#include <array>
#include <ctime>
#include <filesystem>

#include "access/store.hpp"
#include "base/file.hpp"
#include "text.hpp"

namespace qeaas::cli {
namespace {

using access::CredentialKind;
using access::Identity;
using access::Store;

constexpr auto kStorePatience = 5s;  // for the server's own writes
constexpr std::size_t kMaxDocumentBytes = 16384;

// open_store takes the table of an existing server; only add makes one, as the server itself would at its first start.
Outcome<Store> open_store(const ClientsOptions& options) {
  const auto folder = state_folder(options.state);
  std::error_code ignored;
  if (!std::filesystem::exists(folder / access::kStoreFile, ignored)) {
    if (options.command != "add")
      return fault(Error::not_found, "there is no " + (folder / access::kStoreFile).string() +
                                         "; name the server's state folder with --state, or run this as the server's user");
    if (auto made = make_state_folder(folder); !made) return tl::unexpected(made.error());
  }
  return Store::open(folder, {kStorePatience});
}

std::string utc(access::WallTime when) {
  const auto seconds = static_cast<std::time_t>(when.time_since_epoch().count());
  std::tm parts{};
  std::array<char, 32> text{};
  if (::gmtime_r(&seconds, &parts) == nullptr) return "unknown";
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

std::string seen_text(const Identity& identity) { return identity.last_seen ? utc(*identity.last_seen) : "never"; }

void write_identity(JsonWriter& out, const Identity& identity) {
  out.raw(R"({"name":)")
      .text(identity.name)
      .raw(R"(,"kind":)")
      .text(name(identity.kind))
      .raw(R"(,"credential":)")
      .text(identity.credential);
  out.raw(R"(,"enabled":)").boolean(identity.enabled).raw(R"(,"quota":)");
  if (const auto& quota = identity.quota) {
    out.raw(R"({"bytes_per_second":)").number(quota->bytes_per_second).raw(R"(,"burst_bytes":)").number(quota->burst_bytes);
    out.raw(R"(,"bytes_per_day":)").number(quota->bytes_per_day).raw("}");
  } else {
    out.raw("null");
  }
  out.raw(R"(,"last_seen":)");
  if (identity.last_seen)
    out.text(utc(*identity.last_seen));
  else
    out.raw("null");
  out.raw(R"(,"bytes_served":)").number(identity.bytes_served).raw("}");
}

std::string describe(const Identity& identity) {
  const bool text = identity.kind == CredentialKind::psk;
  std::string lines = "name          " + identity.name + "\nkind          " + std::string(name(identity.kind));
  if (!identity.credential.empty()) lines += (text ? "\nidentity      " : "\nSHA-256       ") + identity.credential;
  return lines + "\nenabled       " + std::string(yes_no(identity.enabled)) + "\nquota         " + quota_text(identity.quota) +
         "\nlast seen     " + seen_text(identity) + "\nbytes served  " + std::to_string(identity.bytes_served);
}

std::string listing(const std::vector<Identity>& identities) {
  std::vector<std::vector<std::string>> rows{{"NAME", "KIND", "ENABLED", "QUOTA IN BYTES", "LAST SEEN", "BYTES SERVED"}};
  for (const auto& one : identities)
    rows.push_back({one.name, std::string(name(one.kind)), std::string(yes_no(one.enabled)), quota_text(one.quota), seen_text(one),
                    std::to_string(one.bytes_served)});
  return table(rows);
}

int list(const ClientsOptions& options, Store& store) {
  const auto identities = store.list();
  if (!identities) return complain(identities.error(), options.json);
  if (!options.json) {
    say(listing(*identities));
    return kDone;
  }
  say(json_text([&](JsonWriter& out) {
    out.raw(R"({"clients":[)");
    bool first = true;
    for (const auto& identity : *identities) {
      comma(out, first);
      write_identity(out, identity);
    }
    out.raw("]}");
  }));
  return kDone;
}

// show_one ends every change: what the identity is now.
int show_one(const ClientsOptions& options, Store& store) {
  const auto identity = store.find(options.name);
  if (!identity) return complain(identity.error(), options.json);
  say(options.json ? json_text([&](JsonWriter& out) { write_identity(out, *identity); }) : describe(*identity));
  return kDone;
}

int refuse(const Fault& fault, const ClientsOptions& options) {
  complain(fault, options.json);
  return kUsage;
}

// report_secret is the JSON document of a client whose secret was made here and goes to no file: in wiped memory only.
Outcome<void> report_secret(const Identity& identity, const NewCredential& made) {
  SecretBytes memory(kMaxDocumentBytes);
  JsonWriter out(memory.span());
  out.raw(R"({"client":)");
  write_identity(out, identity);
  if (made.credential.kind() == CredentialKind::token)
    out.raw(R"(,"token":)").text({reinterpret_cast<const char*>(made.secret.span().data()), made.secret.size()});
  else
    out.raw(R"(,"key":)").hex(made.secret.span());
  const auto size = out.raw("}\n").finish();
  if (!size) return tl::unexpected(explain(size.error(), "the JSON document").value());
  auto output = Output::open("", Encoding::text);
  if (!output) return tl::unexpected(output.error());
  if (auto written = output->write(memory.span().first(*size)); !written) return written;
  return output->finish();
}

int report_credential(const ClientsOptions& options, Store& store, const NewCredential& made, const Delivery& delivery) {
  const auto identity = store.find(options.name);
  if (!identity) return complain(identity.error(), options.json);
  const bool psk = identity->kind == CredentialKind::psk;
  if (!delivery.file().empty())
    note("qeaas: wrote " + delivery.file() +
         (psk ? "; the client needs it: qeaas get 32 --psk " + identity->credential + ":" + delivery.file() : ""));
  if (!made.secret.empty() && !psk) note("qeaas: the token is kept as a hash only: it cannot be shown again");
  if (!options.json) {
    // Standard output belongs to the secret where there is one.
    if (delivery.file().empty() && !made.secret.empty()) return kDone;
    say(describe(*identity));
    return kDone;
  }
  if (!made.secret.empty() && delivery.file().empty()) {
    const auto reported = report_secret(*identity, made);
    return reported ? kDone : complain(reported.error(), false);
  }
  say(json_text([&](JsonWriter& out) {
    out.raw(R"({"client":)");
    write_identity(out, *identity);
    if (!delivery.file().empty()) out.raw(R"(,"file":)").text(delivery.file());
    out.raw("}");
  }));
  return kDone;
}

// install makes the credential and has change put it into the table.
template <class Change>
int install(const ClientsOptions& options, Store& store, const Present& present, const Change& change) {
  const auto made = make_credential(options.credential, present);
  if (!made) return complain(made.error(), options.json);
  auto delivery = Delivery::open(options.credential, present, *made, options.json);
  if (!delivery) return complain(delivery.error(), options.json);
  if (auto prepared = delivery->prepare(*made); !prepared) return complain(prepared.error(), options.json);
  if (auto changed = change(made->credential); !changed) return complain(changed.error(), options.json);
  if (auto finished = delivery->finish(*made); !finished) return complain(finished.error(), options.json);
  return report_credential(options, store, *made, *delivery);
}

int add(const ClientsOptions& options) {
  if (const auto wrong = credential_usage_fault(options.credential, {})) return refuse(*wrong, options);
  const auto quota = changed_quota(options.quota, {});
  if (!quota) return refuse(quota.error(), options);
  if (const auto valid = access::valid_name(options.name); !valid) return refuse(valid.error(), options);
  auto store = open_store(options);
  if (!store) return complain(store.error(), options.json);
  if (store->find(options.name))
    return complain({Error::in_use, "the name '" + options.name + "' is taken; 'qeaas clients rotate' gives that client another key"},
                    options.json);
  return install(options, *store, {options.name, {}},
                 [&](const access::Credential& credential) { return store->add(options.name, credential, *quota); });
}

int rotate(const ClientsOptions& options, Store& store) {
  auto identity = store.find(options.name);
  if (!identity) return complain(identity.error(), options.json);
  if (const auto wrong = credential_usage_fault(options.credential, identity->kind)) return refuse(*wrong, options);
  return install(options, store, {options.name, std::move(*identity)},
                 [&](const access::Credential& credential) { return store.rotate(options.name, credential); });
}

int set_enabled(const ClientsOptions& options, Store& store, bool enabled) {
  if (auto set = store.set_enabled(options.name, enabled); !set) return complain(set.error(), options.json);
  return show_one(options, store);
}

int set_quota(const ClientsOptions& options, Store& store) {
  const auto identity = store.find(options.name);
  if (!identity) return complain(identity.error(), options.json);
  const auto quota = changed_quota(options.quota, identity->quota);
  if (!quota) return refuse(quota.error(), options);
  if (auto set = store.set_quota(options.name, *quota); !set) return complain(set.error(), options.json);
  return show_one(options, store);
}

int remove(const ClientsOptions& options, Store& store) {
  if (auto removed = store.remove(options.name); !removed) return complain(removed.error(), options.json);
  if (options.json)
    say(json_text([&](JsonWriter& out) { out.raw(R"({"removed":)").text(options.name).raw("}"); }));
  else
    say("removed " + options.name);
  return kDone;
}

// command makes one subcommand with what all of them share.
CLI::App& command(CLI::App& clients, ClientsOptions& options, const char* name, const char* help, bool one_name = true) {
  auto* made = clients.add_subcommand(name, help);
  made->callback([&options, name] { options.command = name; });
  if (one_name) made->add_option("NAME", options.name, "the client's name in the table")->required();
  made->add_option("--state", options.state, "state folder of the server (default as for qeaasd)")->type_name("FOLDER");
  made->add_flag("--json", options.json, "one JSON document");
  return *made;
}

void add_changes(CLI::App& clients, ClientsOptions& options) {
  auto& add = command(clients, options, "add", "let a client in, by a key, a token or a certificate");
  add_credential_options(add, options.credential, true);
  add_quota_options(add, options.quota);
  add.footer(
      "Without a quota the default of the server's configuration is in force.\n"
      "Example:\n  qeaas clients add sensor-7 --psk --bytes-per-second 4k --bytes-per-day 10M\n"
      "  qeaas clients add laptop --certificate laptop.pem\n  qeaas clients add web --token");
  auto& rotate =
      command(clients, options, "rotate", "give a client another key, token or certificate; the old one ends, with its sessions");
  add_credential_options(rotate, options.credential, false);
  rotate.footer("Name, quota and accounts stay. A key file of the same name is replaced.\nExample:\n  qeaas clients rotate sensor-7");
  auto& quota = command(clients, options, "quota", "change how much a client may draw");
  add_quota_options(quota, options.quota);
  quota.add_flag("--default", options.quota.to_default, "the default of the server's configuration");
  quota.add_flag("--unlimited", options.quota.unlimited, "no limit at all");
  quota.footer(
      "What is not named stays; beside the default, it is unlimited.\n"
      "Example:\n  qeaas clients quota sensor-7 --bytes-per-second 64Ki --burst 1Mi\n  qeaas clients quota anonymous --bytes-per-day 1M");
}

// contradictory amounts: found here, because CLI11 would name one option of many.
std::optional<Fault> quota_usage_fault(const QuotaOptions& quota) {
  if (!quota.given())
    return Fault{Error::unsupported, "say what changes: --bytes-per-second, --burst, --bytes-per-day, --default or --unlimited"};
  if (static_cast<int>(quota.amounts()) + quota.to_default + quota.unlimited > 1)
    return Fault{Error::unsupported, "--default, --unlimited and amounts exclude each other"};
  return std::nullopt;
}

}  // namespace

void add_clients(CLI::App& app, ClientsOptions& options) {
  auto* clients = app.add_subcommand("clients", "show and change who may draw from a server on this machine, and how much");
  clients->require_subcommand(0, 1);
  add_changes(*clients, options);
  command(*clients, options, "list", "all clients, their quotas and what they drew", false).footer("Example:\n  qeaas clients list --json");
  command(*clients, options, "show", "one client").footer("Example:\n  qeaas clients show sensor-7");
  command(*clients, options, "disable", "refuse a client from its next request on")
      .footer("Example:\n  qeaas clients disable anonymous      # only clients that prove who they are");
  command(*clients, options, "enable", "let a disabled client draw again").footer("Example:\n  qeaas clients enable sensor-7");
  command(*clients, options, "remove", "forget a client and its key").footer("Example:\n  qeaas clients remove sensor-7");
  clients->footer(
      "A running server takes changes over within a second. 'anonymous' stands for everybody who proves nothing.\n"
      "Example:\n  qeaas clients add sensor-7 --psk\n  qeaas clients list");
}

int run_clients(const ClientsOptions& options) {
  if (options.command.empty()) {
    note(
        "qeaas: what to do with the clients is missing: add, list, show, disable, enable, rotate, quota or remove\n"
        "Run with --help for more information.");
    return kUsage;
  }
  if (options.command == "add") return add(options);
  if (options.command == "quota")
    if (const auto wrong = quota_usage_fault(options.quota)) return refuse(*wrong, options);
  auto store = open_store(options);
  if (!store) return complain(store.error(), options.json);
  if (options.command == "list") return list(options, *store);
  if (options.command == "show") return show_one(options, *store);
  if (options.command == "rotate") return rotate(options, *store);
  if (options.command == "quota") return set_quota(options, *store);
  if (options.command == "remove") return remove(options, *store);
  return set_enabled(options, *store, options.command == "enable");
}

}  // namespace qeaas::cli
