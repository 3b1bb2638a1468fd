// SPDX-License-Identifier: GPL-3.0-or-later
// From a configuration's words to a source, one small function per type. Every check names the key and what to do.
#include "source/source_spec.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <initializer_list>

#include "source/basic_source.hpp"
#include "source/device_source.hpp"
#include "source/jitter_source.hpp"
#include "source/os_source.hpp"
#include "source/photon_simulator.hpp"
#include "source/process_source.hpp"
#include "source/rdseed_source.hpp"
#include "source/remote_source.hpp"
#include "source/replay_source.hpp"

namespace qeaas {
namespace {

using Made = Outcome<std::unique_ptr<Source>>;
using Key = std::string_view;

constexpr std::array<std::string_view, 8> kTypes{"device", "rdseed", "jitter", "os", "process", "remote", "photon", "replay"};
constexpr std::size_t kMaxIdBytes = 31;
constexpr unsigned kByteBits = 8;
constexpr std::chrono::milliseconds kMaxTimeout = 5min;

tl::unexpected<Fault> wrong(const SourceSpec& spec, Error error, const std::string& text) {
  return fault(error, "source '" + spec.id + "': " + text);
}

struct Given {
  Key key;
  bool given;
};
std::array<Given, 18> keys_of(const SourceSpec& spec) {
  return {{{"path", !spec.path.empty()},
           {"argv", !spec.argv.empty()},
           {"url", !spec.url.empty()},
           {"entropy_type", !spec.entropy_type.empty()},
           {"ca_file", !spec.ca_file.empty()},
           {"token_file", !spec.token_file.empty()},
           {"trust_far_end", spec.trust_far_end.has_value()},
           {"timeout", spec.timeout.has_value()},
           {"kind", spec.kind.has_value()},
           {"sample_bits", spec.sample_bits.has_value()},
           {"min_entropy", spec.min_entropy.has_value()},
           {"conditioned", spec.conditioned.has_value()},
           {"fault", spec.fault.has_value()},
           {"mean_counts", spec.mean_counts.has_value()},
           {"dark_counts", spec.dark_counts.has_value()},
           {"dead_time", spec.dead_time.has_value()},
           {"seed", spec.seed.has_value()},
           {"loop", spec.loop.has_value()}}};
}

// allow refuses every given key that is not in the list.
Outcome<void> allow(const SourceSpec& spec, std::initializer_list<Key> allowed) {
  for (const auto& [key, given] : keys_of(spec)) {
    if (given && std::find(allowed.begin(), allowed.end(), key) == allowed.end())
      return wrong(spec, Error::refused, std::string(key) + " does not belong to type " + std::string(name(spec.type)) + "; remove it");
  }
  return {};
}

Outcome<void> demand(const SourceSpec& spec, std::initializer_list<Key> demanded) {
  for (const auto& [key, given] : keys_of(spec)) {
    if (!given && std::find(demanded.begin(), demanded.end(), key) != demanded.end())
      return wrong(spec, Error::out_of_range, "type " + std::string(name(spec.type)) + " needs " + std::string(key) + "; set it");
  }
  return {};
}

Outcome<void> check_common(const SourceSpec& spec) {
  const bool good = !spec.id.empty() && spec.id.size() <= kMaxIdBytes && std::all_of(spec.id.begin(), spec.id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
  if (!good) return fault(Error::malformed, "a source's id must be 1 to 31 of a-z, 0-9, _ and -; choose another");
  if (spec.sample_bits.value_or(1) < 1 || spec.sample_bits.value_or(1) > kByteBits)
    return wrong(spec, Error::out_of_range, "sample_bits must be from 1 to 8");
  if (spec.timeout && (*spec.timeout < 1ms || *spec.timeout > kMaxTimeout))
    return wrong(spec, Error::out_of_range, "timeout must be from 1 ms to 5 minutes");
  if (spec.kind == SourceKind::simulated && spec.type == SourceType::remote)
    return wrong(spec, Error::refused, "kind simulated is not taken from a remote server; its bytes could not be told apart");
  return {};
}

// entropy_of checks min_entropy against most; empty when it was not given.
Outcome<std::optional<MinEntropy>> entropy_of(const SourceSpec& spec, double most) {
  if (!spec.min_entropy) return std::optional<MinEntropy>();
  const auto claimed = MinEntropy::from_bits(std::isfinite(*spec.min_entropy) ? *spec.min_entropy : 0);
  if (claimed == MinEntropy() || *spec.min_entropy > most)
    return wrong(spec, Error::out_of_range, "min_entropy must be above 0 and at most " + std::to_string(most) + " bits per sample");
  return std::optional<MinEntropy>(claimed);
}

Made make_device(const SourceSpec& spec) {
  if (auto ok = allow(spec, {"path", "kind", "sample_bits", "min_entropy", "conditioned", "timeout"}); !ok)
    return tl::unexpected(ok.error());
  if (auto ok = demand(spec, {"path"}); !ok) return tl::unexpected(ok.error());
  if (spec.kind == SourceKind::remote) return wrong(spec, Error::refused, "kind of a device must be quantum, physical, os or simulated");
  const auto entropy = entropy_of(spec, spec.sample_bits.value_or(kByteBits));
  if (!entropy) return tl::unexpected(entropy.error());
  const bool whole_bytes = spec.sample_bits.value_or(kByteBits) == kByteBits;
  const bool conditioned = spec.conditioned.value_or(device_states_itself(spec.path));
  if (!*entropy && !(whole_bytes && conditioned))
    return wrong(spec, Error::out_of_range,
                 "a device with raw samples needs min_entropy (assess it), or conditioned = true if it processes "
                 "its noise itself and gives whole bytes");
  DeviceSettings settings;
  settings.id = spec.id;
  settings.path = spec.path;
  settings.kind = spec.kind;
  settings.sample_bits = spec.sample_bits.value_or(kByteBits);
  settings.per_sample = *entropy;
  settings.conditioned = spec.conditioned;
  settings.timeout = spec.timeout.value_or(settings.timeout);
  return make_device_source(std::move(settings));
}

using SimpleFactory = std::unique_ptr<Source> (*)(std::string id, std::optional<MinEntropy> per_sample);

// make_simple: rdseed, jitter and os have nothing to choose but a claim below what is credited anyway.
Made make_simple(const SourceSpec& spec, SimpleFactory factory) {
  if (auto ok = allow(spec, {"min_entropy"}); !ok) return tl::unexpected(ok.error());
  const auto entropy = entropy_of(spec, kConditionedByte.bits());
  if (!entropy) return tl::unexpected(entropy.error());
  return factory(spec.id, *entropy);
}

Made make_process(const SourceSpec& spec) {
  if (auto ok = allow(spec, {"argv", "kind", "sample_bits", "min_entropy", "conditioned", "timeout"}); !ok)
    return tl::unexpected(ok.error());
  if (auto ok = demand(spec, {"argv", "kind", "min_entropy"}); !ok) return tl::unexpected(ok.error());
  if (!spec.argv.front().starts_with('/'))
    return wrong(spec, Error::refused, "argv must begin with the absolute path of a program; there is no shell and no search path");
  if (spec.kind == SourceKind::remote) return wrong(spec, Error::refused, "kind of a process must be quantum, physical, os or simulated");
  const auto entropy = entropy_of(spec, spec.sample_bits.value_or(kByteBits));
  if (!entropy) return tl::unexpected(entropy.error());
  ProcessSettings settings;
  settings.id = spec.id;
  settings.argv = spec.argv;
  settings.kind = *spec.kind;
  settings.conditioned = spec.conditioned.value_or(false);
  settings.sample_bits = spec.sample_bits.value_or(kByteBits);
  settings.per_sample = **entropy;
  settings.timeout = spec.timeout.value_or(settings.timeout);
  return make_process_source(std::move(settings));
}

Made make_remote(const SourceSpec& spec) {
  if (auto ok = allow(spec, {"url", "entropy_type", "ca_file", "token_file", "trust_far_end", "kind", "min_entropy", "timeout"}); !ok)
    return tl::unexpected(ok.error());
  if (auto ok = demand(spec, {"url"}); !ok) return tl::unexpected(ok.error());
  if (auto ok = check_remote_url(spec.url); !ok) return wrong(spec, ok.error().error, ok.error().text);
  const bool trusted = spec.trust_far_end.value_or(false);
  const auto kind = spec.kind.value_or(SourceKind::remote);
  if (trusted && kind == SourceKind::remote) return wrong(spec, Error::out_of_range, "trust_far_end needs kind: say what the far end is");
  if (!trusted && kind != SourceKind::remote)
    return wrong(spec, Error::refused, "a remote server's kind is only taken over with trust_far_end = true");
  const auto entropy = entropy_of(spec, kConditionedByte.bits());
  if (!entropy) return tl::unexpected(entropy.error());
  RemoteSettings settings;
  settings.id = spec.id;
  settings.server = {.url = spec.url, .ca_file = spec.ca_file, .token_file = spec.token_file};
  settings.server.timeout = spec.timeout.value_or(settings.server.timeout);
  settings.entropy_type = spec.entropy_type;
  settings.trust_far_end = trusted;
  settings.far_end_kind = kind;
  settings.per_sample = *entropy;
  return make_remote_source(std::move(settings));
}

Made make_photon(const SourceSpec& spec) {
  if (auto ok = allow(spec, {"sample_bits", "min_entropy", "fault", "mean_counts", "dark_counts", "dead_time", "seed"}); !ok)
    return tl::unexpected(ok.error());
  const auto entropy = entropy_of(spec, kByteBits);
  if (!entropy) return tl::unexpected(entropy.error());
  PhotonSettings settings;
  settings.id = spec.id;
  settings.model.mean_counts = spec.mean_counts.value_or(settings.model.mean_counts);
  settings.model.dark_counts = spec.dark_counts.value_or(settings.model.dark_counts);
  settings.model.dead_time = spec.dead_time.value_or(settings.model.dead_time);
  settings.sample_bits = spec.sample_bits.value_or(settings.sample_bits);
  settings.seed = spec.seed;
  settings.per_sample = *entropy;
  settings.fault = spec.fault.value_or(PhotonFault{});
  auto simulator = PhotonSimulator::create(std::move(settings), NamedByConfiguration());
  if (!simulator) return tl::unexpected(simulator.error());
  return std::unique_ptr<Source>(std::move(*simulator));
}

Made make_replay(const SourceSpec& spec) {
  if (auto ok = allow(spec, {"path", "sample_bits", "min_entropy", "loop"}); !ok) return tl::unexpected(ok.error());
  if (auto ok = demand(spec, {"path", "min_entropy"}); !ok) return tl::unexpected(ok.error());
  const auto bits = spec.sample_bits.value_or(kByteBits);
  const auto entropy = entropy_of(spec, bits);
  if (!entropy) return tl::unexpected(entropy.error());
  return make_replay_source(
      {.id = spec.id, .path = spec.path, .sample_bits = bits, .per_sample = **entropy, .loop = spec.loop.value_or(false)},
      NamedByConfiguration());
}

}  // namespace

std::string_view name(SourceType type) noexcept { return kTypes[static_cast<std::size_t>(type)]; }

std::optional<SourceType> source_type(std::string_view text) noexcept {
  const auto* found = std::find(kTypes.begin(), kTypes.end(), text);
  if (found == kTypes.end()) return std::nullopt;
  return static_cast<SourceType>(found - kTypes.begin());
}

Outcome<std::unique_ptr<Source>> make_source(const SourceSpec& spec) {
  if (auto ok = check_common(spec); !ok) return tl::unexpected(ok.error());
  switch (spec.type) {
    case SourceType::device: return make_device(spec);
    case SourceType::rdseed:
      return make_simple(spec, [](std::string id, std::optional<MinEntropy> h) { return make_rdseed_source(std::move(id), h); });
    case SourceType::jitter:
      return make_simple(spec, [](std::string id, std::optional<MinEntropy> h) { return make_jitter_source(std::move(id), h); });
    case SourceType::os:
      return make_simple(spec, [](std::string id, std::optional<MinEntropy> h) { return make_os_source(std::move(id), h); });
    case SourceType::process: return make_process(spec);
    case SourceType::remote: return make_remote(spec);
    case SourceType::photon: return make_photon(spec);
    case SourceType::replay: return make_replay(spec);
  }
  return wrong(spec, Error::unknown, "unknown type");
}

}  // namespace qeaas
