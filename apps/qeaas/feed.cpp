// SPDX-License-Identifier: GPL-3.0-or-later
// `qeaas feed`.
#include "feed.hpp"

#include <algorithm>
#include <cstdio>
#include <optional>
#include <unistd.h>

#include "base/log.hpp"
#include "base/notify.hpp"
#include "base/units.hpp"
#include "feed_service.hpp"
#include "text.hpp"
#include "wire/random_query.hpp"

namespace qeaas::cli {
namespace {

constexpr unsigned kPatienceSeconds = 15;
constexpr unsigned kBootPatienceSeconds = 5;
constexpr unsigned kMaxFeedBytes = 4096;
constexpr unsigned kMaxEverySeconds = 7 * 24 * 3600;

// never_fatal: a service manager started this, and a boot must not hang on it.
bool never_fatal(const FeedOptions& options) { return options.once || options.every_seconds != 0; }

std::optional<Fault> usage_fault(const FeedOptions& options) {
  const auto servers = options.connection.from.size();
  if (options.bytes % kBlockBytes != 0)
    return Fault{Error::out_of_range,
                 "--bytes " + std::to_string(options.bytes) + " is no multiple of 32, the block that credit is counted in"};
  if (options.need > std::max<std::size_t>(servers, 1))
    return Fault{Error::out_of_range,
                 "--need " + std::to_string(options.need) + ", but " + std::to_string(servers) + " servers are named with --from"};
  return std::nullopt;
}

FeedDraw draw_of(const FeedOptions& options, Clock::duration patience) {
  const auto servers = std::max<std::size_t>(options.connection.from.size(), 1);
  const FeedPlan plan{options.bytes, entropy_type(options.type).value_or(EntropyType::direct), options.need == 0 ? servers : options.need,
                      patience};
  if (options.connection.from.empty())
    return draw_from_socket(options.socket.empty() ? default_socket() : std::filesystem::path(options.socket), plan);
  auto connection = options.connection;
  connection.timeout_seconds = static_cast<unsigned>(std::chrono::duration_cast<std::chrono::seconds>(patience).count());
  return draw_from_servers(connection, plan);
}

// refused tells that nothing was tried or nothing was fed.
int refused(const FeedOptions& options, const Fault& fault, std::string_view why) {
  note("qeaas: nothing fed: " + fault.text);
  if (options.json) say(refused_json(fault, why));
  if (options.every_seconds != 0) notify_manager("READY=1\nSTATUS=Nothing to do here\nSTOPPING=1");
  return never_fatal(options) ? kDone : kFailed;
}

// open_pool finds out whether to touch the kernel at all before anybody is asked for bytes.
Outcome<Pool> open_pool(const FeedOptions& options) {
  if (const auto container = container_here(); container && !options.in_container)
    return fault(Error::unsupported,
                 "this is a container (" + *container +
                     "), and the kernel is its host's: run qeaas feed there. --in-container feeds it from here nevertheless");
  auto pool = Pool::open();
  if (!pool) return pool;
  if (auto allowed = pool->allowed(); !allowed) return tl::unexpected(allowed.error());
  return pool;
}

// give_up is for the boot: a draw that does not end in time is left behind, and the process ends without waiting for its thread.
[[noreturn]] void give_up(const FeedOptions& options, unsigned seconds) {
  const auto code = refused(options, {Error::timeout, "no answer within " + std::to_string(seconds) + " s"}, "boot");
  std::fflush(nullptr);
  ::_exit(code);
}

int feed_now(const FeedOptions& options, Pool* pool, unsigned seconds) {
  const auto deadline = Clock::now() + std::chrono::seconds(seconds);
  Attempt attempt(draw_of(options, std::chrono::seconds(seconds)));
  if (!attempt.wait(options.once ? deadline : TimePoint::max())) give_up(options, seconds);
  const auto feeding = feed_pool(pool, attempt.take(), {options.credit_classical});
  const std::string_view why = options.once ? "boot" : "asked for";
  if (feeding.failure) {
    note("qeaas: " + summary(feeding));
    if (options.json) say(as_json(feeding, why));
    return never_fatal(options) ? kDone : kFailed;
  }
  if (!options.json) say(describe(feeding));
  if (options.json) say(as_json(feeding, why));
  return kDone;
}

}  // namespace

void add_feed(CLI::App& app, FeedOptions& options) {
  auto* feed = app.add_subcommand("feed", "put the service's bytes into the kernel's entropy pool, with the credit that they deserve");
  options.connection.timeout_seconds = 0;  // the default depends on --once
  add_connection_options(*feed, options.connection, true);
  feed->get_option("--from")->description("server, as coaps://host[:port]; may be given several times (default: the local socket)");
  feed->get_option("--timeout")->description("seconds to wait, such as 5s (default 15; with --once 5, and for everything together)");
  feed->add_option("--socket", options.socket, "the local socket (default /run/qeaas/entropy.sock)")->type_name("PATH")->excludes("--from");
  feed->add_option("--need", options.need, "how many of the servers must answer (default all)")
      ->type_name("K")
      ->check(CLI::Range(1u, 1000u));
  feed->add_option("--type", options.type, "direct or mixed (default direct)")->type_name("T")->check(CLI::IsMember({"direct", "mixed"}));
  feed->add_option("--bytes", options.bytes, "bytes a feeding, a multiple of 32 (default 64)")
      ->type_name("N")
      ->check(CLI::Range(32u, kMaxFeedBytes));
  auto* once = feed->add_flag("--once", options.once, "for the boot: feed once, give up after --timeout, never fail");
  feed->add_option("--every", options.every_seconds,
                   "run as a service that feeds at this interval, such as 10m, and whenever the machine may have been cloned")
      ->type_name("TIME")
      ->transform(whole_seconds)
      ->check(CLI::Range(1u, kMaxEverySeconds))
      ->excludes(once);
  feed->add_flag("--dry-run", options.dry_run, "draw, say what would be credited and why, and leave the kernel alone");
  feed->add_flag("--in-container", options.in_container, "feed the kernel although this is a container");
  feed->add_flag("--credit-classical", options.credit_classical, "credit what came over a link without a post-quantum group");
  feed->add_flag("--json", options.json, "one JSON document a feeding");
  feed->footer(
      "Example:\n  qeaas feed --dry-run\n  qeaas feed --once --timeout 5s\n"
      "  qeaas feed --every 10m --from coaps://a.example --from coaps://b.example --need 1\n"
      "With --once or --every the exit code is 0 when there is no server, no privilege, or nothing but a container here.");
}

int run_feed(const FeedOptions& options) {
  if (const auto wrong = usage_fault(options)) {
    complain(*wrong, options.json);
    return kUsage;
  }
  if (options.every_seconds != 0) FeedService::block_signals();
  std::optional<Pool> pool;
  if (!options.dry_run) {
    auto opened = open_pool(options);
    if (!opened) return refused(options, opened.error(), options.once ? "boot" : "start");
    pool = std::move(*opened);
  }
  const auto given = options.connection.timeout_seconds;
  const auto seconds = given != 0 ? given : options.once ? kBootPatienceSeconds : kPatienceSeconds;
  Pool* const target = pool ? &*pool : nullptr;
  if (options.every_seconds == 0) return feed_now(options, target, seconds);
  if (options.json) log::set_format(log::Format::json);
  return FeedService(target, draw_of(options, std::chrono::seconds(seconds)), {options.credit_classical},
                     std::chrono::seconds(options.every_seconds), options.json)
      .run();
}

}  // namespace qeaas::cli
