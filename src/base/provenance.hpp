// SPDX-License-Identifier: GPL-3.0-or-later
// What is said about where bytes came from: the kind of a source, the type of an answer, and the account that walks beside every
// draw. The honesty table of docs/protocol.md stands here as code, so that no front end can bend it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace qeaas {

enum class SourceKind : std::uint8_t {
  quantum,    // a quantum random number generator
  physical,   // RDSEED, timing jitter, TPM, a hardware generator
  os,         // the kernel's or the hypervisor's bytes
  remote,     // another service, far end not trusted by configuration
  simulated,  // the photon simulator or a replayed file
};

enum class SourceState : std::uint8_t {
  starting,  // opened, start-up tests under way
  healthy,   // draws may take its blocks
  alarmed,   // a permanent health failure is latched until start-up tests have passed again
  gone,      // cannot be opened or read; tried again with back-off
};

enum class EntropyType : std::uint8_t {
  direct,  // full-entropy output of sources that may feed it
  mixed,   // direct XOR an own Hash_DRBG seeded from the operating system
  drbg,    // Hash_DRBG (SP 800-90A) seeded and reseeded from direct
};

std::string_view name(SourceKind kind) noexcept;
std::string_view name(EntropyType type) noexcept;
std::string_view name(SourceState state) noexcept;
std::optional<SourceKind> source_kind(std::string_view text) noexcept;
std::optional<EntropyType> entropy_type(std::string_view text) noexcept;
std::optional<SourceState> source_state(std::string_view text) noexcept;

// may_feed_direct is the last column of the honesty table. A simulated source is allowed because it exists only where the
// configuration names it, and every answer is marked.
constexpr bool may_feed_direct(SourceKind kind) noexcept {
  return kind == SourceKind::quantum || kind == SourceKind::physical || kind == SourceKind::simulated;
}

// SourceTag is what an answer says about one source.
struct SourceTag {
  std::string id;  // unique within a server: "rdseed", "quantis0"
  SourceKind kind = SourceKind::physical;
  bool conditioned = false;     // the device conditions its output itself; the raw noise cannot be seen
  bool classical_link = false;  // its bytes came to the server over a link without post-quantum key exchange, or without any
};

inline constexpr std::size_t kMaxSources = 16;

// Provenance is the account of one draw. It points at tags that live as long as the service; it allocates nothing.
class Provenance {
 public:
  void reset(EntropyType type) noexcept {
    type_ = type;
    count_ = 0;
  }
  // add notes a contributing source once, however often it contributed. Every tag of a service fits: kMaxSources is its limit.
  void add(const SourceTag& tag) noexcept;
  EntropyType type() const noexcept { return type_; }
  std::span<const SourceTag* const> sources() const noexcept { return {tags_.data(), count_}; }
  // simulated is true when any contributing source is.
  bool simulated() const noexcept;

 private:
  EntropyType type_ = EntropyType::mixed;
  std::array<const SourceTag*, kMaxSources> tags_{};
  std::size_t count_ = 0;
};

}  // namespace qeaas
