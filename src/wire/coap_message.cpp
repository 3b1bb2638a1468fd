// SPDX-License-Identifier: GPL-3.0-or-later
// CoAP messages, RFC 7252 section 3.
#include "wire/coap_message.hpp"

namespace qeaas::coap {
namespace {

constexpr std::uint8_t kPayloadMarker = 0xff;
constexpr std::uint8_t kVersion = 1;
// Extended deltas and lengths (RFC 7252 3.1): 13 stands for one more byte, 14 for two, 15 is reserved.
constexpr std::uint32_t kOneByteBase = 13;
constexpr std::uint32_t kTwoByteBase = 269;
constexpr std::size_t kMaxOptionBytes = 65535 + kTwoByteBase;

// take_extended reads what a delta or length nibble announces.
std::optional<std::uint32_t> take_extended(std::uint8_t nibble, Bytes& rest) noexcept {
  if (nibble < 13) return nibble;
  const std::size_t size = nibble == 13 ? 1 : 2;
  if (nibble == 15 || rest.size() < size) return std::nullopt;
  const std::uint32_t value = size == 1 ? rest[0] + kOneByteBase : (std::uint32_t{rest[0]} << 8 | rest[1]) + kTwoByteBase;
  rest = rest.subspan(size);
  return value;
}

// take_option reads the option that rest begins with; nothing when it is malformed. `last` is the number of the option before.
std::optional<OptionView> take_option(Bytes& rest, std::uint16_t last) noexcept {
  const std::uint8_t first = rest[0];
  rest = rest.subspan(1);
  const auto delta = take_extended(first >> 4, rest);
  if (!delta) return std::nullopt;
  const auto length = take_extended(first & 15, rest);
  if (!length || *length > rest.size() || last + *delta > 65535) return std::nullopt;
  const OptionView option{static_cast<Option>(last + *delta), rest.first(*length)};
  rest = rest.subspan(*length);
  return option;
}

// split_body parts what follows the token into options and payload.
bool split_body(Bytes body, MessageView& message) noexcept {
  Bytes rest = body;
  std::uint16_t last = 0;
  while (!rest.empty() && rest[0] != kPayloadMarker) {
    const auto option = take_option(rest, last);
    if (!option) return false;
    last = number(option->number);
  }
  message.options = Options(body.first(body.size() - rest.size()));
  if (rest.empty()) return true;
  message.payload = rest.subspan(1);
  return !message.payload.empty();  // a marker without a payload is a format error
}

// may_carry: Empty may not be Non-confirmable, a Reset is Empty, an Acknowledgement carries no request (RFC 7252 4.2, 4.3).
bool may_carry(Type type, Code code) noexcept {
  if (code.is_reserved()) return false;
  if (type == Type::rst) return code.is_empty();
  if (type == Type::ack) return !code.is_request();
  return type == Type::con || !code.is_empty();
}

std::size_t extended_size(std::uint32_t value) noexcept { return value < kOneByteBase ? 0 : value < kTwoByteBase ? 1 : 2; }
std::uint8_t nibble_of(std::uint32_t value) noexcept {
  return static_cast<std::uint8_t>(value < kOneByteBase ? value : value < kTwoByteBase ? 13 : 14);
}

// OptionHead is the encoded delta and length of one option.
struct OptionHead {
  std::array<std::uint8_t, 5> bytes{};
  std::size_t size = 1;

  OptionHead(std::uint32_t delta, std::uint32_t length) noexcept {
    bytes[0] = static_cast<std::uint8_t>(nibble_of(delta) << 4 | nibble_of(length));
    extend(delta);
    extend(length);
  }
  void extend(std::uint32_t value) noexcept {
    const std::size_t extra = extended_size(value);
    const std::uint32_t left = value - (extra == 1 ? kOneByteBase : kTwoByteBase);
    if (extra == 2) bytes[size++] = static_cast<std::uint8_t>(left >> 8);
    if (extra != 0) bytes[size++] = static_cast<std::uint8_t>(left);
  }
};

}  // namespace

Result<Token> Token::of(Bytes bytes) noexcept {
  if (bytes.size() > kMaxTokenBytes) return fail(Error::too_large);
  Token token;
  std::copy(bytes.begin(), bytes.end(), token.bytes_.begin());
  token.size_ = static_cast<std::uint8_t>(bytes.size());
  return token;
}

void Options::Iterator::advance() noexcept {
  done_ = true;
  if (rest_.empty()) return;
  const auto option = take_option(rest_, number(current_.number));
  if (!option) return;
  current_ = *option;
  done_ = false;
}

std::optional<OptionView> Options::find(Option wanted) const noexcept {
  for (const OptionView& option : *this) {
    if (option.number == wanted) return option;
    if (option.number > wanted) break;
  }
  return std::nullopt;
}

tl::expected<MessageView, Rejection> parse(Bytes datagram) noexcept {
  if (datagram.size() < kHeaderBytes) return tl::unexpected(Rejection{});
  // RFC 7252 section 3: unknown versions are silently ignored.
  if (datagram[0] >> 6 != kVersion) return tl::unexpected(Rejection{.error = Error::unsupported});

  MessageView message;
  message.type = static_cast<Type>(datagram[0] >> 4 & 3);
  message.code = Code{datagram[1]};
  message.id = static_cast<std::uint16_t>(datagram[2] << 8 | datagram[3]);
  const bool resettable = message.type == Type::con;
  const Rejection rejection{resettable ? Rejection::Action::reset : Rejection::Action::ignore, message.id, Error::malformed};

  const std::size_t token_bytes = datagram[0] & 15;
  const Bytes body = datagram.subspan(kHeaderBytes);
  if (!may_carry(message.type, message.code)) return tl::unexpected(rejection);
  if (message.code.is_empty() && (token_bytes != 0 || !body.empty())) return tl::unexpected(rejection);
  if (token_bytes > kMaxTokenBytes || token_bytes > body.size()) return tl::unexpected(rejection);
  message.token = *Token::of(body.first(token_bytes));
  if (!split_body(body.subspan(token_bytes), message)) return tl::unexpected(rejection);
  return message;
}

MessageWriter::MessageWriter(MutableBytes into, Type type, Code code, std::uint16_t id, const Token& token) noexcept
    : into_(into), is_empty_(code.is_empty()) {
  if (is_empty_ && token.size() != 0) set_error(Error::malformed);
  const std::array<std::uint8_t, kHeaderBytes> header{
      static_cast<std::uint8_t>(kVersion << 6 | static_cast<unsigned>(type) << 4 | token.size()), code.value,
      static_cast<std::uint8_t>(id >> 8), static_cast<std::uint8_t>(id)};
  put(header);
  put(token.span());
}

void MessageWriter::set_error(Error error) noexcept {
  if (!error_) error_ = error;
}

void MessageWriter::put(Bytes bytes) noexcept {
  if (bytes.size() > into_.size() - used_) set_error(Error::no_space);
  if (error_) return;
  std::copy(bytes.begin(), bytes.end(), into_.begin() + static_cast<std::ptrdiff_t>(used_));
  used_ += bytes.size();
}

MessageWriter& MessageWriter::option(Option option, Bytes value) noexcept {
  if (is_empty_ || has_payload_ || number(option) < last_option_) set_error(Error::malformed);
  if (value.size() > kMaxOptionBytes) set_error(Error::too_large);
  if (error_) return *this;
  const OptionHead head(static_cast<std::uint32_t>(number(option) - last_option_), static_cast<std::uint32_t>(value.size()));
  put({head.bytes.data(), head.size});
  put(value);
  last_option_ = number(option);
  return *this;
}

MessageWriter& MessageWriter::option_block(Option number, const Block& block) noexcept {
  const auto value = encode_block(block);
  if (!value) {
    set_error(value.error());
    return *this;
  }
  return option(number, value->span());
}

MessageWriter& MessageWriter::payload(Bytes bytes) noexcept {
  const MutableBytes room = payload_room();
  if (bytes.size() > room.size()) return payload_written(bytes.size());  // which says why not
  std::copy(bytes.begin(), bytes.end(), room.begin());
  return payload_written(bytes.size());
}

MutableBytes MessageWriter::payload_room() noexcept {
  if (error_ || is_empty_ || has_payload_ || into_.size() - used_ < 2) return {};
  return into_.subspan(used_ + 1);
}

MessageWriter& MessageWriter::payload_written(std::size_t size) noexcept {
  if (size == 0) return *this;
  if (is_empty_ || has_payload_) set_error(Error::malformed);
  if (size > payload_room().size()) set_error(Error::no_space);
  if (error_) return *this;
  into_[used_] = kPayloadMarker;
  used_ += 1 + size;
  has_payload_ = true;
  return *this;
}

Result<std::size_t> MessageWriter::finish() const noexcept {
  if (error_) return fail(*error_);
  return used_;
}

void write_empty(std::span<std::uint8_t, kHeaderBytes> into, Type type, std::uint16_t id) noexcept {
  into[0] = static_cast<std::uint8_t>(kVersion << 6 | static_cast<unsigned>(type) << 4);
  into[1] = 0;
  into[2] = static_cast<std::uint8_t>(id >> 8);
  into[3] = static_cast<std::uint8_t>(id);
}

}  // namespace qeaas::coap
