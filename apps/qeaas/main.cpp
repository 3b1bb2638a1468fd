// SPDX-License-Identifier: GPL-3.0-or-later
// qeaas, the command-line client: reads the arguments and runs one command. Exit codes: 0 done, 1 refused or failed, 2 usage.
#include <CLI/CLI.hpp>

#include "crypto/random.hpp"
#include "bench.hpp"
#include "clients.hpp"
#include "doctor.hpp"
#include "feed.hpp"
#include "get.hpp"
#include "keys.hpp"
#include "sources.hpp"
#include "text.hpp"

namespace qeaas::cli {
namespace {

struct Options {
  GetOptions get;
  SourcesOptions sources;
  DoctorOptions doctor;
  KeysOptions keys;
  ClientsOptions clients;
  FeedOptions feed;
  BenchOptions bench;
};

int run(const CLI::App& app, const Options& options) {
  if (!initialise_crypto(os_seed)) return complain(explain(Error::crypto, "wolfSSL cannot be initialised").value(), false);
  if (app.got_subcommand("get")) return run_get(options.get);
  if (app.got_subcommand("sources")) return run_sources(options.sources);
  if (app.got_subcommand("doctor")) return run_doctor(options.doctor);
  if (app.got_subcommand("clients")) return run_clients(options.clients);
  if (app.got_subcommand("bench")) return run_bench(options.bench);
  if (app.got_subcommand("feed")) return run_feed(options.feed);
  return run_keys(options.keys);
}

}  // namespace

int main(int count, char** arguments) {
  CLI::App app("Random bytes from quantum and physical sources, over post-quantum DTLS 1.3.", "qeaas");
  Options options;
  app.set_version_flag("--version", "qeaas " QEAAS_VERSION);
  app.require_subcommand(0, 1);  // with 1, CLI11 would say "required" about a command that it does not know
  add_get(app, options.get);
  add_sources(app, options.sources);
  add_doctor(app, options.doctor);
  add_keys(app, options.keys);
  add_clients(app, options.clients);
  add_feed(app, options.feed);
  add_bench(app, options.bench);
  app.footer("Example:\n  qeaas get 32 --from coaps://127.0.0.1\nExit codes: 0 done, 1 refused or failed, 2 usage.");
  // CLI11 reports by exceptions; they end here.
  try {
    app.parse(count, arguments);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kDone : kUsage;
  }
  if (app.get_subcommands().empty()) {
    note("qeaas: a command is missing: get, sources, doctor, keys, clients, feed or bench\nRun with --help for more information.");
    return kUsage;
  }
  return run(app, options);
}

}  // namespace qeaas::cli

int main(int count, char** arguments) { return qeaas::cli::main(count, arguments); }
