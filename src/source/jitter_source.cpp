// SPDX-License-Identifier: GPL-3.0-or-later
// CPU timing jitter by jitterentropy. The library's start-up keeps a global (the timer's common divisor), hence the lock.
#include "source/jitter_source.hpp"

#include <algorithm>
#include <array>
#include <mutex>

#include "base/log.hpp"
#include "source/basic_source.hpp"

// The library's API, version 3, as its manual page gives it. Its header is not included because that header pulls in a platform
// header which the library's own installation leaves out; jent_version guards against another API.
extern "C" {
unsigned jent_version(void);
int jent_entropy_init_ex(unsigned osr, unsigned flags);
rand_data* jent_entropy_collector_alloc(unsigned osr, unsigned flags);
ssize_t jent_read_entropy_safe(rand_data** collector, char* data, std::size_t size);
void jent_entropy_collector_free(rand_data* collector);
}

namespace qeaas {
namespace {

constexpr unsigned kDisableInternalTimer = 1U << 4;  // JENT_DISABLE_INTERNAL_TIMER
constexpr unsigned kForceFips = 1U << 5;             // JENT_FORCE_FIPS
constexpr unsigned kApiMajor = 3;
constexpr int kWrongBuild = 7;  // EPROGERR

// The library's RCT, APT and lag tests run only in this mode; its timer thread is never used, as it is itself scheduled.
constexpr unsigned kFlags = kForceFips | kDisableInternalTimer;
constexpr unsigned kOversampling = 0;    // the library's own minimum
constexpr std::size_t kChunkBytes = 32;  // one collection; an interrupt is seen between two of them

std::mutex start_mutex;

struct Words {
  Error error;
  const char* text;
};
constexpr std::array<Words, 14> kWords{{
    {Error::unsupported, "unknown failure"},
    {Error::unsupported, "no timer"},
    {Error::unsupported, "the timer is too coarse"},
    {Error::unsupported, "the timer is not monotonic"},
    {Error::unsupported, "the timer varies too little"},
    {Error::unsupported, "the timer's variations do not vary"},
    {Error::unsupported, "the timer's variations vary too little"},
    {Error::crypto, "the library was built wrongly"},
    {Error::unsupported, "too many measurements were stuck"},
    {Error::unsupported, "the library's health test failed at its start"},
    {Error::unsupported, "the library's repetition test failed at its start"},
    {Error::crypto, "the library's hash failed its self-test"},
    {Error::no_space, "out of memory"},
    {Error::crypto, "the library's divisor failed its self-test"},
}};

class JitterSource final : public BasicSource {
 public:
  JitterSource(std::string id, std::optional<MinEntropy> per_sample, JitterLibrary library)
      : BasicSource({.tag = {std::move(id), SourceKind::physical, true},
                     .sample_bits = 8,
                     .per_sample = per_sample.value_or(kConditionedByte),
                     .claim = "CPU timing jitter by the jitterentropy library, which hashes its measurements (SHA-3); that cannot be "
                              "assessed from outside, so at most half of every bit is credited"}),
        library_(library) {}
  ~JitterSource() override { JitterSource::close(); }

  Outcome<void> open() noexcept override;
  Status read(MutableBytes samples) noexcept override;
  void close() noexcept override {
    if (collector_ != nullptr) library_.release(collector_);
    collector_ = nullptr;
  }

 private:
  JitterLibrary library_;
  rand_data* collector_ = nullptr;  // the library replaces it through a pointer to it, so no Handle
};

Outcome<void> JitterSource::open() noexcept {
  close();
  if (auto allowed = may_open(); !allowed) return allowed;
  const std::lock_guard lock(start_mutex);
  if (const int code = library_.initialise(); code != 0) {
    auto reason = jitter_fault(code);
    return fault(reason.error, label() + ": " + reason.text);
  }
  collector_ = library_.allocate();
  if (collector_ != nullptr) return {};
  return fault(Error::no_space, label() + ": the jitter collector could not be made; free some memory");
}

Status JitterSource::read(MutableBytes samples) noexcept {
  while (!samples.empty()) {
    if (interrupter_.interrupted()) return fail(Error::closed);
    if (collector_ == nullptr) return fail(Error::source_gone);
    const auto size = std::min(samples.size(), kChunkBytes);
    // The library reads char; these are the same bytes.
    const auto got = library_.read(&collector_, reinterpret_cast<char*>(samples.data()), size);
    if (got < 0 || static_cast<std::size_t>(got) != size) {
      log::warning(label() + ": jitterentropy reported failure " + std::to_string(got) + " of its own health tests; it is started anew");
      return fail(Error::source_gone);
    }
    samples = samples.subspan(size);
  }
  return {};
}

}  // namespace

JitterLibrary machine_jitter() noexcept {
  return {
      .initialise =
          +[]() noexcept {
            return ::jent_version() / 1'000'000 == kApiMajor ? ::jent_entropy_init_ex(kOversampling, kFlags) : kWrongBuild;
          },
      .allocate = +[]() noexcept { return ::jent_entropy_collector_alloc(kOversampling, kFlags); },
      .read = +[](rand_data** collector, char* data, std::size_t size) noexcept { return ::jent_read_entropy_safe(collector, data, size); },
      .release = +[](rand_data* collector) noexcept { ::jent_entropy_collector_free(collector); }};
}

Fault jitter_fault(int code) {
  const auto known = code > 0 && static_cast<std::size_t>(code) < kWords.size();
  const auto& words = kWords[known ? static_cast<std::size_t>(code) : 0];
  return {words.error, std::string("CPU timing jitter is not usable on this machine: ") + words.text + " (jitterentropy code " +
                           std::to_string(code) + "); use another source"};
}

std::unique_ptr<Source> make_jitter_source(std::string id, std::optional<MinEntropy> per_sample, JitterLibrary library) {
  return std::make_unique<JitterSource>(std::move(id), per_sample, library);
}

}  // namespace qeaas
