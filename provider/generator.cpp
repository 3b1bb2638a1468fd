// SPDX-License-Identifier: GPL-3.0-or-later
// One context.
#include "generator.hpp"

#include <algorithm>
#include <new>
#include <unistd.h>

namespace qeaas::provider {
namespace {

constexpr std::size_t kMarkBytes = 64;  // a cache line in front of the bytes

void count(std::atomic<std::uint64_t>& counter, std::size_t bytes) noexcept { counter.fetch_add(bytes, std::memory_order_relaxed); }

}  // namespace

Outcome<void> Generator::check(unsigned strength, std::size_t size, std::size_t input) const {
  if (state_ != State::ready) return fault(Error::refused, "the generator is not instantiated");
  if (strength > kStrengthBits) return fault(Error::out_of_range, "security strength beyond 256 bits");
  if (size > kMaxRequestBytes) return fault(Error::too_large, "more than 65536 bytes in one request");
  if (input > kMaxInputBytes) return fault(Error::too_large, "more than 65536 bytes of additional input");
  return {};
}

Outcome<void> Generator::instantiate(unsigned strength, bool /*prediction_resistance*/, Bytes personalisation) {
  uninstantiate();
  state_ = State::ready;
  if (auto fine = check(strength, 0, personalisation.size()); !fine) {
    state_ = State::error;
    return fine;
  }
  if (personalisation.empty() || use_ == Use::seed) return {};
  auto mixing = begin_mixing(personalisation);
  if (!mixing) state_ = State::error;
  return mixing;
}

void Generator::uninstantiate() noexcept {
  forget_ahead();
  mixer_.reset();
  state_ = State::uninitialised;
}

Outcome<void> Generator::generate(MutableBytes out, unsigned strength, bool prediction_resistance, Bytes additional) {
  if (auto fine = check(strength, out.size(), additional.size()); !fine) {
    wipe(out);
    return fine;
  }
  if (prediction_resistance) forget_ahead();
  auto done = take(out);
  // A seed goes into a DRBG of OpenSSL, which has mixed the same input in itself.
  if (done && use_ == Use::random && (mixer_ || !additional.empty())) done = mix(out, additional);
  if (!done) {
    wipe(out);
    return done;
  }
  given_bytes_ += out.size();
  count(use_ == Use::seed ? feed_.account().seed_bytes : feed_.account().random_bytes, out.size());
  return {};
}

Outcome<void> Generator::reseed(Bytes entropy, Bytes additional) {
  if (auto fine = check(0, 0, std::max(entropy.size(), additional.size())); !fine) return fine;
  forget_ahead();
  ++reseeds_;
  if (use_ == Use::seed) return {};
  for (const auto input : {entropy, additional})
    if (!input.empty())
      if (auto mixed = begin_mixing(input); !mixed) return mixed;
  return {};
}

// begin_mixing seeds the mixer with 48 bytes of the service, or reseeds it, and takes the input in.
Outcome<void> Generator::begin_mixing(Bytes input) {
  Secret<HashDrbg::kMinEntropyBytes + HashDrbg::kMinNonceBytes> seed;
  if (auto fetched = feed_.fetch(seed.span()); !fetched) return fetched;
  const Bytes whole = seed.span();
  const auto first = !mixer_;
  if (first) mixer_.emplace();
  const auto entropy = whole.first(HashDrbg::kMinEntropyBytes);
  const auto done = first ? mixer_->instantiate(entropy, whole.subspan(entropy.size()), input) : mixer_->reseed(entropy, input);
  if (done) return {};
  mixer_.reset();
  return explain(done.error(), "the additional input");
}

Outcome<void> Generator::mix(MutableBytes out, Bytes additional) {
  if (!mixer_)
    if (auto begun = begin_mixing(additional); !begun) return begun;
  SecretBytes mask(out.size());
  if (const auto made = mixer_->generate(mask.span(), additional); !made) return explain(made.error(), "the additional input");
  for (std::size_t i = 0; i < out.size(); ++i) out[i] ^= mask.span()[i];
  return {};
}

bool Generator::have_buffer() {
  const auto size = feed_.settings().buffer_bytes;
  if (size == 0 || use_ == Use::seed) return false;
  if (!memory_) {
    memory_ = std::make_unique<LockedMemory>(kMarkBytes + size);
    have_ = 0;
  }
  return !memory_->span().empty();
}

MutableBytes Generator::ahead() const noexcept {
  const auto room = memory_->span().subspan(kMarkBytes);
  return room.first(std::min(room.size(), std::max<std::size_t>(feed_.settings().buffer_bytes, 1)));
}

bool Generator::after_fork() const noexcept { return memory_->wiped_on_fork() ? memory_->span()[0] == 0 : filled_by_ != ::getpid(); }

void Generator::forget_ahead() noexcept {
  have_ = 0;
  if (memory_ && !memory_->span().empty()) wipe(memory_->span());
}

Outcome<void> Generator::take(MutableBytes out) {
  if (!have_buffer() || out.size() > ahead().size() / 2) return feed_.fetch(out);
  if (have_ > 0 && after_fork()) forget_ahead();
  const auto room = ahead();
  while (!out.empty()) {
    if (have_ == 0) {
      if (after_fork() && !memory_->lock()) ++feed_.account().unlocked_buffers;
      if (auto fetched = feed_.fetch(room); !fetched) return fetched;
      have_ = room.size();
      filled_by_ = ::getpid();
      memory_->span()[0] = 1;
    }
    const auto part = room.subspan(room.size() - have_, std::min(have_, out.size()));
    std::copy(part.begin(), part.end(), out.begin());
    wipe(part);
    have_ -= part.size();
    out = out.subspan(part.size());
  }
  return {};
}

bool Generator::zeroized() const noexcept {
  if (have_ > 0 || mixer_) return false;
  return !memory_ || std::ranges::all_of(memory_->span(), [](std::uint8_t byte) { return byte == 0; });
}

void Generator::enable_locking() {
  if (mutex_) return;
  lock_mark_ = std::make_unique<ForkMark>();
  mutex_ = std::make_unique<std::mutex>();
}

void Generator::lock() noexcept {
  if (!mutex_) return;
  if (lock_mark_->forked()) {  // a thread that did not come along may hold it
    new (mutex_.get()) std::mutex;
    lock_mark_->claim();
  }
  mutex_->lock();
}

void Generator::unlock() noexcept {
  if (mutex_) mutex_->unlock();
}

}  // namespace qeaas::provider
