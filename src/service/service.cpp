// SPDX-License-Identifier: GPL-3.0-or-later
// Sources, pumps and taps put together.
#include "service/service.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <set>
#include <string>

namespace qeaas {
namespace {

constexpr std::array<std::string_view, 3> kPolicies{"combine", "least_loaded", "failover"};
constexpr std::array<std::string_view, 2> kConditioners{"sha256", "toeplitz"};

template <class Enum, std::size_t N>
std::optional<Enum> find(const std::array<std::string_view, N>& names, std::string_view text) noexcept {
  const auto found = std::find(names.begin(), names.end(), text);
  if (found == names.end()) return std::nullopt;
  return static_cast<Enum>(found - names.begin());
}

constexpr std::size_t kMaxWorkers = 64;
constexpr std::size_t kMaxReservoirBlocks = 1 << 20;
constexpr std::size_t kMaxIdBytes = 32;
constexpr std::size_t kSeedRingBlocks = Service::kMaxSeedBytes / kBlockBytes;

// An id becomes part of file names, header fields and URIs.
bool good_id(std::string_view id) noexcept {
  return !id.empty() && id.size() <= kMaxIdBytes && id.front() != '.' &&
         id.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") == std::string_view::npos;
}

Outcome<void> check_sources(const std::vector<SourceSetup>& sources) {
  if (sources.empty()) return fault(Error::out_of_range, "no source is configured: there is nothing to take entropy from");
  if (sources.size() > kMaxSources)
    return fault(Error::out_of_range, "too many sources: at most " + std::to_string(kMaxSources) + " can be configured");
  std::set<std::string> ids;
  for (const auto& setup : sources) {
    const auto& id = setup.source->info().tag.id;
    if (!good_id(id)) return fault(Error::malformed, "source id '" + id + "' must be 1 to 32 letters, digits, '-', '_' or '.'");
    if (!ids.insert(id).second) return fault(Error::in_use, "two sources have the id '" + id + "'; give one of them another");
  }
  return {};
}

Outcome<void> check_options(const ServiceOptions& options, std::size_t sources) {
  const auto bad = [](const char* text) { return fault(Error::out_of_range, text); };
  if (options.min_sources < 1 || options.min_sources > sources) return bad("min_sources must be from 1 to the number of sources");
  if (options.workers < 1 || options.workers > kMaxWorkers) return bad("workers must be from 1 to 64");
  if (!std::has_single_bit(options.reservoir_blocks) || options.reservoir_blocks < 2 || options.reservoir_blocks > kMaxReservoirBlocks)
    return bad("reservoir_blocks must be a power of two from 2 to 1048576");
  if (options.drbg_reseed_bytes < 1) return bad("drbg_reseed_bytes must be at least 1");
  if (options.drbg_reseed_interval.count() < 1) return bad("drbg_reseed_interval must be at least 1 second");
  const bool paced =
      options.back_off_first.count() >= 1 && options.back_off_limit >= options.back_off_first && options.idle_test_interval.count() >= 1;
  if (!paced) return bad("back-off and idle test intervals must be at least 1 ms, and the limit no less than the first");
  if (options.conditioner == ConditionerKind::toeplitz && options.state_folder.empty())
    return bad("the Toeplitz conditioner needs a state folder for its seeds");
  return {};
}

}  // namespace

std::string_view name(Policy value) noexcept { return kPolicies[static_cast<std::size_t>(value)]; }
std::optional<Policy> policy(std::string_view text) noexcept { return find<Policy>(kPolicies, text); }
std::string_view name(ConditionerKind kind) noexcept { return kConditioners[static_cast<std::size_t>(kind)]; }
std::optional<ConditionerKind> conditioner_kind(std::string_view text) noexcept { return find<ConditionerKind>(kConditioners, text); }

Outcome<std::unique_ptr<Service>> Service::create(ServiceOptions options, std::vector<SourceSetup> sources) {
  if (auto good = check_sources(sources); !good) return tl::unexpected(good.error());
  if (auto good = check_options(options, sources.size()); !good) return tl::unexpected(good.error());
  return std::unique_ptr<Service>(new Service(std::move(options), std::move(sources)));
}

Service::Service(ServiceOptions options, std::vector<SourceSetup> sources) : options_(std::move(options)) {
  // The last ring is for seeds: wolfSSL must not compete with a worker's own thread for its reservoir.
  std::vector<std::size_t> rings(options_.workers, options_.reservoir_blocks);
  rings.push_back(kSeedRingBlocks);
  for (auto& setup : sources) pumps_.push_back(std::make_unique<Pump>(std::move(setup), options_, rings, signal_, events_));
  for (std::size_t worker = 0; worker < options_.workers; ++worker)
    taps_.push_back(std::make_unique<Tap>(pumps_, options_, outside_, worker));
  seed_tap_ = std::make_unique<Tap>(pumps_, options_, outside_, options_.workers);
  seeder_ = std::make_unique<Seeder>(*seed_tap_, options_, outside_);
}

Service::~Service() { stop(); }

Outcome<void> Service::start() {
  for (const auto& pump : pumps_) {
    if (auto started = pump->start(); !started) return started;
  }
  return {};
}

void Service::stop() noexcept {
  stopping_.store(true);
  for (const auto& pump : pumps_) pump->ask_to_stop();  // all at once, then wait for each
  for (const auto& pump : pumps_) pump->stop();
  signal_.announce();
}

Status Service::seed_entropy(MutableBytes out) noexcept {
  if (out.size() > kMaxSeedBytes) {
    wipe(out);
    return fail(Error::too_large);
  }
  return seeder_->fill(out);
}

bool Service::ready() const noexcept {
  const auto good = std::count_if(pumps_.begin(), pumps_.end(), [](const auto& pump) { return pump->primed() && pump->feeds_direct(); });
  return static_cast<std::size_t>(good) >= options_.min_sources;
}

bool Service::wait_ready(std::chrono::milliseconds timeout) noexcept {
  signal_.wait_until(timeout, [this] { return ready() || stopping_.load(); });
  return ready();
}

bool Service::wait_until(std::chrono::milliseconds timeout, const std::function<bool()>& condition) {
  return signal_.wait_until(timeout, condition);
}

std::vector<SourceStatus> Service::status() const {
  std::vector<SourceStatus> all;
  all.reserve(pumps_.size());
  for (const auto& pump : pumps_) all.push_back(pump->status());
  return all;
}

std::vector<SourceStatistics> Service::raw_statistics() const {
  std::vector<SourceStatistics> all;
  all.reserve(pumps_.size());
  for (const auto& pump : pumps_) all.push_back(pump->raw_statistics());
  return all;
}

}  // namespace qeaas
