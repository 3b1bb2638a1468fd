// SPDX-License-Identifier: GPL-3.0-or-later
// Generator: one context of OpenSSL's EVP_RAND. As QEAAS-SEED-SRC it gives seeds, each drawn when it is asked for. As QEAAS-RAND it gives
// every byte from the service, through a buffer of its own that is read ahead, locked in memory, wiped as it is used and gone in a forked
// child. One thread at a time, which lock and unlock see to where OpenSSL wants them.
#pragma once

#include <memory>
#include <mutex>
#include <optional>

#include "crypto/drbg.hpp"
#include "feed.hpp"

namespace qeaas::provider {

inline constexpr unsigned kStrengthBits = 256;
inline constexpr std::size_t kMaxRequestBytes = 65536;
inline constexpr std::size_t kMaxInputBytes = HashDrbg::kMaxInputBytes;  // additional input, personalisation

enum class State : std::uint8_t { uninitialised = 0, ready = 1, error = 2 };  // EVP_RAND_STATE_*

class Generator {
 public:
  Generator(Feed& feed, Use use) noexcept : feed_(feed), use_(use) {}
  Generator(const Generator&) = delete;
  Generator& operator=(const Generator&) = delete;

  // instantiate draws nothing and never fails for want of bytes: OpenSSL takes a seed source that fails here for none at all, and would
  // seed itself from the operating system. Errors: out_of_range (strength beyond 256), too_large (personalisation).
  Outcome<void> instantiate(unsigned strength, bool prediction_resistance, Bytes personalisation);
  void uninstantiate() noexcept;
  // generate fills out, or zeroes it. Prediction resistance throws away what was read ahead. Additional input never replaces anything:
  // it seeds, together with bytes of the service, a Hash_DRBG whose output is added (XOR) to what the service gave.
  Outcome<void> generate(MutableBytes out, unsigned strength, bool prediction_resistance, Bytes additional);
  // reseed throws away what was read ahead and takes the inputs as generate does.
  Outcome<void> reseed(Bytes entropy, Bytes additional);

  State state() const noexcept { return state_; }
  unsigned reseeds() const noexcept { return reseeds_; }
  std::uint64_t given_bytes() const noexcept { return given_bytes_; }
  // zeroized: nothing of the buffer is left, and no input is remembered.
  bool zeroized() const noexcept;

  // enable_locking makes lock and unlock take a mutex; before that they do nothing.
  void enable_locking();
  void lock() noexcept;
  void unlock() noexcept;

 private:
  Outcome<void> check(unsigned strength, std::size_t size, std::size_t input) const;
  Outcome<void> take(MutableBytes out);
  Outcome<void> mix(MutableBytes out, Bytes additional);
  Outcome<void> begin_mixing(Bytes input);
  bool have_buffer();
  void forget_ahead() noexcept;
  MutableBytes ahead() const noexcept;
  // after_fork: this process has not filled the buffer yet.
  bool after_fork() const noexcept;

  Feed& feed_;
  Use use_;
  State state_ = State::uninitialised;
  unsigned reseeds_ = 1;
  std::uint64_t given_bytes_ = 0;
  std::unique_ptr<LockedMemory> memory_;  // a byte that is 1 unless a fork wiped it, then what was read ahead
  std::size_t have_ = 0;                  // of it, at the end
  pid_t filled_by_ = 0;
  std::optional<HashDrbg> mixer_;
  std::unique_ptr<ForkMark> lock_mark_;
  std::unique_ptr<std::mutex> mutex_;
};

}  // namespace qeaas::provider
