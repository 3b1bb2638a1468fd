// SPDX-License-Identifier: GPL-3.0-or-later
// Connection: answers that are too long for one draw. Each piece is debited and drawn when the output has room for it; what cannot be
// drawn any more ends the connection before the promised length is reached, so that nobody takes a part for the whole.
#include "http/connection.hpp"
#include "http/limits.hpp"

namespace qeaas::http {
namespace {

constexpr std::chrono::milliseconds kStarvedRetry(50);
constexpr auto kStarvedPatience = std::chrono::seconds(60);
constexpr auto kLongestPause = std::chrono::seconds(10);  // between two pieces under a low rate
constexpr std::size_t kLeastPacedBytes = 32;              // the slowest rate gives so much within the patience, and a draw takes a block

}  // namespace

void Connection::continue_streaming(TimePoint now) noexcept {
  while (streaming_ && streaming_->left_bytes > 0 && output_.size() < kHighWaterBytes / 2)
    if (!stream_piece(now)) return;
  if (!streaming_ || streaming_->left_bytes > 0) return;
  output_.append({reinterpret_cast<const std::uint8_t*>(streaming_->tail.data()), streaming_->tail.size()});
  streaming_.reset();
}

// stream_piece is false when there is nothing to be had now, or never again.
bool Connection::stream_piece(TimePoint now) noexcept {
  const auto size = streaming_->piece(piece_bytes_);
  const auto decision = site_.gate.admit(stream_caller_, size, now);
  if (!decision) return piece_refused(decision, now);
  Provenance provenance;
  const auto room = output_.room(streaming_->text_bytes(size));
  // Octets are drawn where they are sent from; other forms are written there.
  const auto random = streaming_->form == Streaming::Form::octets ? room : site_.scratch.draw.span().first(size);
  if (const auto filled = site_.draw.fill(random, streaming_->type, provenance); !filled) {
    site_.gate.give_back(stream_caller_, size);
    if (filled.error() == Error::too_large && piece_bytes_ > 1) {  // more than a reservoir
      piece_bytes_ /= 2;
      return true;
    }
    wait_for_entropy(filled.error(), kStarvedRetry, now);
    return false;
  }
  // The head has promised where the bytes come from.
  if (provenance.simulated() && !streaming_->simulated) {
    wipe(random);
    abort();
    return false;
  }
  streaming_->write(random, room);
  if (random.data() != room.data()) wipe(random);
  output_.commit(room.size());
  site_.counters.random_bytes.add(size);
  starved_since_.reset();
  return true;
}

// piece_refused is true when a smaller piece may pass: this one is more than the burst, or than the rate gives in a while.
bool Connection::piece_refused(const access::Decision& decision, TimePoint now) noexcept {
  const auto why = *decision.refusal;
  const bool too_slow = why == Error::over_quota && decision.retry_after > kLongestPause && piece_bytes_ > kLeastPacedBytes;
  if (too_slow || (why == Error::too_large && piece_bytes_ > 1)) {
    piece_bytes_ /= 2;
    return true;
  }
  wait_for_entropy(why == Error::io ? Error::over_quota : why, decision.retry_after, now);
  // A debit that could not be written is no reason to break off what took so long already. But asking costs time, so it is not hurried.
  if (why == Error::io && wake_at_) wake_at_ = now + decision.retry_after;
  return false;
}

void Connection::wait_for_entropy(Error why, std::chrono::milliseconds retry, TimePoint now) noexcept {
  if (why != Error::starved && why != Error::over_quota) return abort();
  if (!starved_since_) starved_since_ = now;
  if (now - *starved_since_ + retry > kStarvedPatience) return abort();
  wake_at_ = now + std::min(retry, kStarvedRetry);  // Retry-After counts whole seconds; a quota fills all the time
}

}  // namespace qeaas::http
