// SPDX-License-Identifier: GPL-3.0-or-later
// The CoAP message codec (RFC 7252 section 3): a view over a received datagram and a writer into the caller's memory. Both point
// at memory that they do not own, copy nothing but the token, and allocate nothing.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string_view>

#include "base/error.hpp"
#include "base/secret.hpp"
#include "wire/coap_code.hpp"
#include "wire/coap_option.hpp"

namespace qeaas::coap {

inline constexpr std::size_t kHeaderBytes = 4;
inline constexpr std::size_t kMaxTokenBytes = 8;

// Token is a value: it may be kept after the datagram is gone, compared, and used as a key.
class Token {
 public:
  constexpr Token() noexcept = default;
  // of: too_large beyond 8 bytes.
  static Result<Token> of(Bytes bytes) noexcept;
  Bytes span() const noexcept { return {bytes_.data(), size_}; }
  std::size_t size() const noexcept { return size_; }
  // Unused bytes are always zero, so that memberwise comparison is right.
  friend constexpr auto operator<=>(const Token&, const Token&) noexcept = default;

 private:
  std::array<std::uint8_t, kMaxTokenBytes> bytes_{};
  std::uint8_t size_ = 0;
};

struct OptionView {
  Option number{};
  Bytes value;
  std::string_view text() const noexcept { return text_of(value); }
  Result<std::uint32_t> uint() const noexcept { return decode_uint(value); }
};

// Options iterates over options that parse has already checked; it stays inside the datagram even if it had not.
class Options {
 public:
  class Iterator {
   public:
    using value_type = OptionView;
    using difference_type = std::ptrdiff_t;
    Iterator() noexcept = default;
    explicit Iterator(Bytes rest) noexcept : rest_(rest) { advance(); }
    const OptionView& operator*() const noexcept { return current_; }
    const OptionView* operator->() const noexcept { return &current_; }
    Iterator& operator++() noexcept {
      advance();
      return *this;
    }
    void operator++(int) noexcept { advance(); }
    friend bool operator==(const Iterator& it, std::default_sentinel_t) noexcept { return it.done_; }

   private:
    void advance() noexcept;
    Bytes rest_;
    OptionView current_;
    bool done_ = true;
  };

  Options() noexcept = default;
  explicit Options(Bytes encoded) noexcept : encoded_(encoded) {}
  Iterator begin() const noexcept { return Iterator(encoded_); }
  std::default_sentinel_t end() const noexcept { return {}; }
  bool empty() const noexcept { return encoded_.empty(); }
  // encoded is the run of options as it stands in the datagram, without the payload marker.
  Bytes encoded() const noexcept { return encoded_; }
  // find gives the first option of that number.
  std::optional<OptionView> find(Option number) const noexcept;

 private:
  Bytes encoded_;
};

// MessageView is valid as long as the datagram's memory.
struct MessageView {
  Type type = Type::con;
  Code code;
  std::uint16_t id = 0;
  Token token;
  Options options;
  Bytes payload;

  bool is_ping() const noexcept { return type == Type::con && code.is_empty(); }  // RFC 7252 4.3: answered with RST
};

// Rejection says what the message layer does with bytes that are no message (RFC 7252 4.2, 4.3): a Confirmable one gets a Reset
// with its message ID, everything else is dropped without an answer.
struct Rejection {
  enum class Action : std::uint8_t { ignore, reset };
  Action action = Action::ignore;
  std::uint16_t id = 0;            // of the message to reset
  Error error = Error::malformed;  // unsupported: another protocol version
  friend constexpr bool operator==(const Rejection&, const Rejection&) noexcept = default;
};

// parse checks the whole datagram, so that iterating over the options cannot fail later. An Empty NON is rejected; an Empty CON
// is returned (is_ping).
tl::expected<MessageView, Rejection> parse(Bytes datagram) noexcept;

// MessageWriter writes one message front to back. The first error sticks and finish returns it: no_space when `into` is too small,
// malformed for options out of order or anything after the header of an Empty message, too_large for an option beyond 65,804 bytes.
class MessageWriter {
 public:
  MessageWriter(MutableBytes into, Type type, Code code, std::uint16_t id, const Token& token = {}) noexcept;

  MessageWriter& option(Option number, Bytes value) noexcept;
  MessageWriter& option(Option number, std::string_view value) noexcept { return option(number, bytes_of(value)); }
  MessageWriter& option_uint(Option number, std::uint32_t value) noexcept { return option(number, encode_uint(value).span()); }
  MessageWriter& option_block(Option number, const Block& block) noexcept;
  MessageWriter& payload(Bytes bytes) noexcept;

  // payload_room is where the payload may be written in place, marker already counted; payload_written(n) then adds the first n
  // bytes of it. Empty when there is no room. For n = 0 the message has no payload and no marker.
  MutableBytes payload_room() noexcept;
  MessageWriter& payload_written(std::size_t size) noexcept;

  // finish gives the length of the message.
  Result<std::size_t> finish() const noexcept;

 private:
  void put(Bytes bytes) noexcept;
  void set_error(Error error) noexcept;

  MutableBytes into_;
  std::size_t used_ = 0;
  std::uint16_t last_option_ = 0;
  bool is_empty_ = false;
  bool has_payload_ = false;
  std::optional<Error> error_;
};

// write_empty writes an Empty message: an acknowledgement, a reset or a ping. `into` is filled whole.
void write_empty(std::span<std::uint8_t, kHeaderBytes> into, Type type, std::uint16_t id) noexcept;

}  // namespace qeaas::coap
