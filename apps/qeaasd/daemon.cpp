// SPDX-License-Identifier: GPL-3.0-or-later
// Daemon: joins the parts and runs them until a signal says stop.
#include "daemon.hpp"

#include <algorithm>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <csignal>

#include "base/file.hpp"
#include "base/log.hpp"
#include "client/key_store.hpp"
#include "crypto/random.hpp"
#include "base/notify.hpp"
#include "descriptors.hpp"
#include "setup.hpp"

namespace qeaas {
namespace {

constexpr auto kReadyPatience = std::chrono::seconds(30);
constexpr auto kHousekeepingInterval = 1s;
constexpr auto kRenewalInterval = 24h;  // a certificate is reissued when fewer than 30 days are left

// wolfSSL's seed callback has no argument, so the one service of the process is found here.
std::atomic<Service*> seeding_service{nullptr};

Status seed_from_service(MutableBytes out) noexcept {
  auto* service = seeding_service.load();
  if (service == nullptr) return fail(Error::starved);
  return service->seed_entropy(out);
}

std::size_t worker_count(const Config& config) {
  const auto wanted = config.server.workers == 0 ? std::thread::hardware_concurrency() : config.server.workers;
  return std::clamp<std::size_t>(wanted, 1, 64);  // the service's limit; the index is one byte of a connection ID
}

std::shared_ptr<TicketKeys> make_ticket_keys(const TlsConfig& config) {
  return std::make_shared<TicketKeys>(std::chrono::seconds(config.ticket_rotation_seconds),
                                      std::chrono::seconds(config.ticket_lifetime_seconds));
}

// same_tickets: a ticket stands for an authentication. When the ways to authenticate change, those of old end.
bool same_tickets(const TlsConfig& a, const TlsConfig& b) {
  return a.client_auth == b.client_auth && a.client_ca == b.client_ca && a.ticket_rotation_seconds == b.ticket_rotation_seconds &&
         a.ticket_lifetime_seconds == b.ticket_lifetime_seconds;
}

void log_sources(const Service& service) {
  for (const auto& status : service.status())
    log::info("source " + status.info.tag.id + ": " + std::string(name(status.info.tag.kind)) + ", " +
              (status.state == SourceState::gone && status.last_failure.empty() ? "not opened yet" : std::string(name(status.state))) +
              (status.last_failure.empty() ? "" : " (" + status.last_failure + ")"));
}

}  // namespace

Daemon::Daemon(Config config, std::string config_argument, std::filesystem::path state)
    : config_(std::move(config)), config_argument_(std::move(config_argument)), state_(std::move(state)) {}

Daemon::~Daemon() {
  workers_.clear();
  seeding_service.store(nullptr);
}

Outcome<void> Daemon::start() {
  for (const auto& warning : config_.warnings) log::warning(warning);
  provide_descriptors(config_, worker_count(config_));
  auto inherited = InheritedSockets::from_environment();
  if (!inherited) return tl::unexpected(inherited.error());
  inherited_ = std::move(*inherited);
  if (auto made = make_state_folder(state_); !made) return made;
  if (auto started = start_service(); !started) return started;
  auto access = access::Access::open(state_, default_quota(config_.limits));
  if (!access) return tl::unexpected(access.error());
  access_ = std::move(*access);
  identities_ = std::make_shared<Identities>(*access_);
  coaps_tickets_ = make_ticket_keys(config_.coaps);
  https_tickets_ = make_ticket_keys(config_.https);
  if (auto opened = open_sockets(); !opened) return opened;
  for (auto& worker : workers_) worker->start();
  return {};
}

Outcome<void> Daemon::start_service() {
  auto sources = make_sources(config_);
  if (!sources) return tl::unexpected(sources.error());
  for (const auto& setup : *sources)
    if (setup.source->info().tag.kind == SourceKind::simulated)
      log::warning("source " + setup.source->info().tag.id + " is SIMULATED: its bytes are no entropy, and every answer is marked");
  auto options = service_options(config_, state_, worker_count(config_));
  if (!options) return tl::unexpected(options.error());
  auto service = Service::create(std::move(*options), std::move(*sources));
  if (!service) return tl::unexpected(service.error());
  service_ = std::move(*service);
  if (auto started = service_->start(); !started) return started;
  // Nothing is made before there is entropy: the keys of the first start come from the sources too.
  const bool ready = service_->wait_ready(kReadyPatience);
  log_sources(*service_);
  if (!ready)
    return fault(Error::starved, "fewer than min_sources = " + std::to_string(config_.service.min_sources) +
                                     " sources passed their start-up tests within 30 s; the lines above say what each one does");
  seeding_service.store(service_.get());
  if (!initialise_crypto(seed_from_service)) return explain(Error::crypto, "wolfSSL");
  return {};
}

Outcome<std::shared_ptr<const TlsContext>> Daemon::make_context(const TlsConfig& config, Transport transport,
                                                                const std::shared_ptr<TicketKeys>& tickets) {
  const auto algorithms = certificate_algorithms(config);
  if (!algorithms) return tl::unexpected(algorithms.error());
  auto keys = load_or_make_server_keys(state_, {}, *algorithms);
  if (!keys) return tl::unexpected(keys.error());
  for (const auto& written : keys->written) log::info("wrote " + (state_ / written).string());
  auto options = tls_context_options(config, transport, std::move(*keys));
  if (!options) return tl::unexpected(options.error());
  auto context = TlsContext::make(std::move(*options), tickets, identities_);
  if (!context) return tl::unexpected(context.error());
  return std::shared_ptr<const TlsContext>(std::move(*context));
}

// renewed makes what new sessions of one transport begin with, from a fresh configuration; null when the transport is off. Nothing
// changes yet.
Outcome<Daemon::Fresh> Daemon::renewed(const TlsConfig& fresh, const TlsConfig& old, Transport transport,
                                       const std::shared_ptr<TicketKeys>& tickets) {
  Fresh made{tickets, nullptr};
  if (!fresh.enabled || !old.enabled) return made;
  if (!same_tickets(fresh, old)) made.tickets = make_ticket_keys(fresh);
  auto context = make_context(fresh, transport, made.tickets);
  if (!context) return tl::unexpected(context.error());
  made.context = std::move(*context);
  return made;
}

Outcome<void> Daemon::reload() {
  auto fresh = find_config(config_argument_);
  if (!fresh) return tl::unexpected(fresh.error());
  // What can fail comes first, so that a failed reload changes nothing.
  auto coaps = renewed(fresh->coaps, config_.coaps, Transport::datagram, coaps_tickets_);
  if (!coaps) return tl::unexpected(coaps.error());
  auto https = renewed(fresh->https, config_.https, Transport::stream, https_tickets_);
  if (!https) return tl::unexpected(https.error());
  if (auto set = access_->set_default_quota(default_quota(fresh->limits)); !set) return set;
  for (auto& worker : workers_) {
    for (const auto& context : {coaps->context, https->context})
      if (context) worker->use_context(context);
    worker->use_rates(address_rates(fresh->limits));
  }
  config_.limits = fresh->limits;
  if (coaps->context) config_.coaps = std::move(fresh->coaps);
  if (https->context) config_.https = std::move(fresh->https);
  coaps_tickets_ = std::move(coaps->tickets);
  https_tickets_ = std::move(https->tickets);
  return {};
}

// renew_certificates has those reissued that run out, and gives them to new sessions.
Outcome<void> Daemon::renew_certificates() {
  const auto coaps = renewed(config_.coaps, config_.coaps, Transport::datagram, coaps_tickets_);
  if (!coaps) return tl::unexpected(coaps.error());
  const auto https = renewed(config_.https, config_.https, Transport::stream, https_tickets_);
  if (!https) return tl::unexpected(https.error());
  for (auto& worker : workers_)
    for (const auto& context : {coaps->context, https->context})
      if (context) worker->use_context(context);
  return {};
}

void Daemon::housekeeping() {
  const auto reloaded = access_->reload_if_changed();
  if (!reloaded)
    log::warning("identities: " + reloaded.error().text);
  else if (*reloaded)
    log::info("identities: reloaded");
  if (const auto written = access_->write_usage(); !written) log::warning("accounting: " + written.error().text);
  if (Clock::now() < renew_at_) return;
  renew_at_ = Clock::now() + kRenewalInterval;
  if (const auto renewed = renew_certificates(); !renewed) log::error("certificates: " + renewed.error().text);
}

namespace {

// Patience is with whoever asks twice: a server that is on its way out does not end as if it had been killed.
struct Patience {
  ~Patience() {
    std::signal(SIGTERM, SIG_IGN);
    std::signal(SIGINT, SIG_IGN);
  }
};

}  // namespace

void Daemon::run() {
  boost::asio::io_context loop(1);
  const Patience after_the_signals;
  boost::asio::signal_set signals(loop, SIGTERM, SIGINT, SIGHUP);
  boost::asio::steady_timer timer(loop);
  const bool watched = watchdog_interval().has_value();  // every second is often enough for any
  std::function<void()> on_time = [&] {
    housekeeping();
    if (watched) notify_manager("WATCHDOG=1");
    timer.expires_after(kHousekeepingInterval);
    timer.async_wait([&](const boost::system::error_code& error) {
      if (!error) on_time();
    });
  };
  std::function<void()> on_signal = [&] {
    signals.async_wait([&](const boost::system::error_code& error, int number) {
      if (error) return;
      if (number != SIGHUP) {
        loop.stop();
        return;
      }
      notify_manager("RELOADING=1");
      const auto reloaded = reload();
      if (reloaded)
        log::info("reloaded certificates and limits");
      else
        log::error("reload failed, the old settings stay: " + reloaded.error().text);
      notify_manager("READY=1");
      on_signal();
    });
  };
  on_signal();
  on_time();
  renew_at_ = Clock::now() + kRenewalInterval;
  log::info("ready");
  notify_manager("READY=1");
  loop.run();

  notify_manager("STOPPING=1");
  for (auto& worker : workers_) worker->drain(std::chrono::seconds(config_.server.drain_seconds));
  log::info("draining");  // once every worker knows: whoever reads this may rely on it
  for (auto& worker : workers_) worker->join();
  if (const auto settled = access_->settle(); !settled) log::warning("accounting: " + settled.error().text);
  log_ledger();
}

void Daemon::log_ledger() const {
  for (const auto& status : service_->status())
    log::info("ledger " + status.info.tag.id + ": assessed_in=" + std::to_string(status.ledger.assessed_in_bits) +
              " full_out=" + std::to_string(status.ledger.full_out_bits) + " served=" + std::to_string(status.bits_served) + " bits");
}

}  // namespace qeaas
