// SPDX-License-Identifier: GPL-3.0-or-later
// `qeaas doctor`. It changes nothing, here or there.
#include "doctor.hpp"

#include <algorithm>
#include <sys/stat.h>

#include "account.hpp"
#include "base/file.hpp"
#include "client/credentials.hpp"
#include "client/key_store.hpp"
#include "client/refusal.hpp"
#include "doctor_openssl.hpp"
#include "findings.hpp"
#include "text.hpp"
#include "wire/random_query.hpp"

namespace qeaas::cli {
namespace {

class Doctor {
 public:
  explicit Doctor(const DoctorOptions& options) : options_(options.connection) {}

  std::vector<Finding> examine() {
    state_folder_check();
    trust();
    local_certificates();
    server();
    return std::move(findings_);
  }

 private:
  void add(std::string check, Verdict verdict, std::string text) { findings_.push_back({std::move(check), verdict, std::move(text)}); }
  void state_folder_check();
  void trust();
  void local_certificates();
  void validity(const std::string& what, Bytes certificate, const std::string& remedy);
  void server();
  void session(const LinkReport& link);
  void sources(ServerLink& link);
  void answer(ServerLink& link);

  const ConnectionOptions& options_;
  std::vector<Finding> findings_;
};

void Doctor::state_folder_check() {
  const auto folder = state_folder(options_.state);
  struct stat status {};
  if (::stat(folder.c_str(), &status) != 0)
    return add("state folder", Verdict::warn,
               folder.string() + " is not there or not for you to see; fine unless the server runs here as you");
  if (!S_ISDIR(status.st_mode))
    return add("state folder", Verdict::fail, folder.string() + " is not a folder; move it away, or name another with --state");
  if (status.st_uid != ::geteuid())
    return add("state folder", Verdict::warn, folder.string() + " belongs to another user; fine unless the server runs as you");
  if ((status.st_mode & 077) != 0)
    return add("state folder", Verdict::fail, folder.string() + " is open to others; run: chmod 700 " + folder.string());
  add("state folder", Verdict::ok, folder.string());
}

void Doctor::validity(const std::string& what, Bytes certificate, const std::string& remedy) {
  const auto left = days_left(certificate);
  const auto algorithm = certificate_algorithm(certificate);
  const std::string title = (algorithm ? std::string(name(*algorithm)) + ", " : "");
  if (!left || *left < 0) return add(what, Verdict::fail, title + "expired; " + remedy);
  add(what, *left < kReissueBelowDays ? Verdict::warn : Verdict::ok,
      title + std::to_string(*left) + " days left" + (*left < kReissueBelowDays ? "; " + remedy : ""));
}

void Doctor::trust() {
  const auto path = find_ca(options_);
  if (!path) {
    if (!options_.psk.empty() || options_.insecure)
      return add("trusted CA", Verdict::warn, "none found, and none needed with --psk or --insecure");
    return add("trusted CA", Verdict::fail,
               "none found; copy ca.pem from the server's state folder to ~/.config/qeaas/ca.pem, or give it with --ca");
  }
  const auto roots = read_roots(*path);
  if (!roots) return add("trusted CA", Verdict::fail, roots.error().text);
  add("trusted CA", Verdict::ok, path->string() + ", " + std::to_string(roots->size()) + " certificates");
  for (const auto& root : *roots) validity("CA certificate", root, "get a new ca.pem from the server");
}

void Doctor::local_certificates() {
  for (const auto* file : {"server-mldsa44.pem", "server-mldsa65.pem", "server-mldsa87.pem", "server-p256.pem"}) {
    const auto path = state_folder(options_.state) / file;
    std::error_code ignored;
    if (!std::filesystem::exists(path, ignored)) continue;
    const auto certificates = read_roots(path);
    if (!certificates)
      add(file, Verdict::fail, path.string() + " cannot be read as a certificate; run: qeaas keys");
    else
      validity(file, certificates->front(), "run: qeaas keys --renew");
  }
}

void Doctor::server() {
  auto links = make_links(options_);
  if (!links) return add("server", Verdict::fail, links.error().text);
  auto& link = *links->front();
  if (const auto connected = link.connect(); !connected)
    return add("server", Verdict::fail, link.url() + ": " + connected.error().fault.text);
  const auto report = link.report();
  add("server", Verdict::ok,
      report.url + " at " + report.address + (report.dtls ? ", handshake in " + milliseconds(report.handshake) : ""));
  session(report);
  sources(link);
  answer(link);
}

void Doctor::session(const LinkReport& link) {
  if (!link.dtls) return add("session", Verdict::fail, "plain CoAP: nothing is encrypted or verified; use coaps://");
  const auto& dtls = *link.dtls;
  add("group", dtls.post_quantum_group ? Verdict::ok : Verdict::warn,
      dtls.group + (dtls.post_quantum_group
                        ? ", post-quantum"
                        : " is classical: recorded today, readable by a quantum computer; allow MLKEM512 on both sides"));
  if (dtls.signature)
    add("signature", is_post_quantum(*dtls.signature) ? Verdict::ok : Verdict::warn,
        std::string(name(*dtls.signature)) +
            (is_post_quantum(*dtls.signature)
                 ? ", post-quantum"
                 : " is classical; put ML-DSA-44 into certificates on the server, or more into --signatures here"));
  add("verification", dtls.verified ? Verdict::ok : Verdict::warn,
      dtls.verified ? "the server proved who it is" : "the server was not verified; leave out --insecure");
}

void Doctor::sources(ServerLink& link) {
  const auto report = link.sources();
  if (!report) return add("sources", Verdict::fail, report.error().fault.text);
  const auto healthy = std::to_string(report->healthy) + " of " + std::to_string(report->sources.size()) + " healthy, " +
                       std::to_string(report->min_sources) + " needed";
  add("sources", report->healthy >= std::max<std::uint64_t>(report->min_sources, 1) ? Verdict::ok : Verdict::fail, healthy);
  for (const auto& source : report->sources) {
    const auto title = "source " + printable(source.id);
    if (source.state != SourceState::healthy)
      add(title, Verdict::warn,
          std::string(name(source.state)) + (source.last_failure.empty() ? "" : ": " + printable(source.last_failure)) +
              "; see 'qeaas sources'");
    if (source.kind == SourceKind::simulated)
      add(title, Verdict::warn, "simulated: its bytes are no entropy; take it out of the server's configuration");
  }
}

void Doctor::answer(ServerLink& link) {
  const auto answer = link.random(kDefaultRandomBytes, EntropyType::mixed);
  if (!answer) return add("32 bytes", Verdict::fail, answer.error().fault.text);
  std::string from;
  for (const auto& source : answer->sources) from += (from.empty() ? "from " : ", ") + printable(source.id);
  add("32 bytes", answer->simulated ? Verdict::warn : Verdict::ok, from + (answer->simulated ? "; SIMULATED" : ""));
}

}  // namespace

void add_doctor(CLI::App& app, DoctorOptions& options) {
  auto* doctor = app.add_subcommand("doctor", "check everything between here and 32 random bytes; exit 1 when something is wrong");
  add_connection_options(*doctor, options.connection, false);
  doctor->add_flag("--json", options.json, "the findings as JSON");
  doctor->footer("Example:\n  qeaas doctor --from coaps://127.0.0.1\n  qeaas doctor openssl");
  doctor->require_subcommand(0, 1);
  auto* openssl =
      doctor->add_subcommand("openssl", "what OpenSSL really draws from, with the configuration in force; exit 1 when that is not qeaas");
  openssl->add_flag("--json", options.openssl_json, "the findings and the numbers behind them as JSON");
  openssl->footer(
      "OPENSSL_CONF and the user decide which configuration is in force, as they do for other programs.\n"
      "Example:\n  qeaas doctor openssl\n  OPENSSL_CONF=/etc/nginx/openssl.cnf qeaas doctor openssl --json");
  openssl->callback([&options] { options.openssl = true; });
}

int run_doctor(const DoctorOptions& options) {
  if (options.openssl) return examine_openssl(options.json || options.openssl_json);
  return report(Doctor(options).examine(), options.json);
}

}  // namespace qeaas::cli
