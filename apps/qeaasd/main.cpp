// SPDX-License-Identifier: GPL-3.0-or-later
// qeaasd: the server. Reads its arguments and its configuration, then hands over to Daemon.
// Exit codes: 0 stopped as asked, 1 could not start, 2 usage.
#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "base/file.hpp"
#include "base/log.hpp"
#include "daemon.hpp"

namespace {

constexpr int kFailed = 1;
constexpr int kUsage = 2;

int refuse(const qeaas::Fault& fault) {
  if (qeaas::log::format() == qeaas::log::Format::json)
    qeaas::log::error(fault.text, {{"error", qeaas::name(fault.error)}});
  else
    std::fprintf(stderr, "qeaasd: %s\n", fault.text.c_str());
  return kFailed;
}

qeaas::log::Level level(const std::string& text) {
  using qeaas::log::Level;
  if (text == "debug") return Level::debug;
  if (text == "warning") return Level::warning;
  return text == "error" ? Level::error : Level::info;
}

// no_core_dumps keeps keys and random bytes out of files and out of other users' debuggers.
void no_core_dumps() {
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(
      "qeaasd serves full-entropy bytes over CoAP on DTLS 1.3 with post-quantum keys.\n"
      "Example: qeaasd --config /etc/qeaas/qeaasd.toml\n"
      "Without a configuration it runs on loopback with every physical source that the machine has.");
  app.set_version_flag("--version", std::string("qeaasd ") + QEAAS_VERSION);
  std::string config_argument;
  std::string state_argument;
  bool print_config = false;
  bool check = false;
  app.add_option("--config", config_argument, "configuration file (TOML)");
  app.add_option("--state", state_argument, "state folder: keys, identities, seeds");
  app.add_flag("--print-config", print_config, "print a commented configuration with every key and its default");
  app.add_flag("--check", check, "read the configuration, say what is wrong with it, and stop");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsage;
  }
  if (print_config) {
    std::fputs(qeaas::default_config_text().c_str(), stdout);
    return 0;
  }
  auto config = qeaas::find_config(config_argument);
  if (!config) return refuse(config.error());
  if (check) {
    for (const auto& warning : config->warnings) std::fprintf(stderr, "qeaasd: warning: %s\n", warning.c_str());
    std::printf("%s: ok\n", config->origin.c_str());
    return 0;
  }
  no_core_dumps();
  std::signal(SIGPIPE, SIG_IGN);  // a connection that is closed at the other end is an error of that connection
  qeaas::log::set_format(config->server.log_format == "json" ? qeaas::log::Format::json : qeaas::log::Format::text);
  qeaas::log::set_level(level(config->server.log_level));
  const auto state = qeaas::state_folder(state_argument.empty() ? config->server.state : state_argument);
  qeaas::Daemon daemon(std::move(*config), config_argument, state);
  if (const auto started = daemon.start(); !started) return refuse(started.error());
  daemon.run();
  return 0;
}
