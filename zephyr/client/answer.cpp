// SPDX-License-Identifier: GPL-3.0-or-later
#include "answer.hpp"

#include <algorithm>
#include <cstring>
#include <optional>

#include <zephyr/net/coap.h>

namespace qeaas::device {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::uint16_t kOctets = 42;
constexpr std::uint8_t kContent = 0x45;             // 2.05
constexpr std::uint8_t kTooManyRequests = 0x9d;     // 4.29, RFC 8516
constexpr std::uint8_t kServiceUnavailable = 0xa3;  // 5.03
constexpr std::size_t kMostOptions = 12;

using Options = std::array<coap_option, kMostOptions>;

// count_query writes "n=" and the number, without the C library's formatted output. Gives the size.
std::size_t count_query(std::uint16_t value, std::span<char, 8> out) noexcept {
  std::array<char, 5> reversed{};
  std::size_t digits = 0;
  do {
    reversed[digits++] = static_cast<char>('0' + value % 10);
    value /= 10;
  } while (value != 0);
  out[0] = 'n';
  out[1] = '=';
  for (std::size_t i = 0; i < digits; ++i) out[2 + i] = reversed[digits - 1 - i];
  return 2 + digits;
}

bool append(coap_packet& packet, std::uint16_t option, const char* text, std::size_t size) noexcept {
  return coap_packet_append_option(&packet, option, reinterpret_cast<const std::uint8_t*>(text), static_cast<std::uint16_t>(size)) >= 0;
}

Answer ignored(DeviceError error = DeviceError{}) noexcept {
  Answer answer;
  answer.error = error;
  return answer;
}

Answer failed(Answer answer, DeviceError error) noexcept {
  answer.verdict = Verdict::failed;
  answer.error = error;
  return answer;
}

// A critical option (RFC 7252 5.4.1) that this client does not know makes an answer unusable.
bool known_or_elective(std::uint16_t number) noexcept { return (number & 1U) == 0 || number == COAP_OPTION_BLOCK2; }

std::optional<std::uint32_t> number_of(const Options& options, std::uint16_t wanted, bool& twice) noexcept {
  std::optional<std::uint32_t> value;
  for (const auto& option : options) {
    if (option.delta != wanted) continue;
    if (value.has_value()) twice = true;
    if (option.len > 4) return std::nullopt;
    value = coap_option_value_to_int(&option);
  }
  return value;
}

DeviceError refusal(std::uint8_t code) noexcept {
  if (code == kServiceUnavailable) return DeviceError::server_unready;
  switch (code >> 5) {
    case 4: return DeviceError::denied;
    case 5: return DeviceError::server_failed;
    default: return DeviceError::bad_answer;
  }
}

Answer judge_refusal(Answer answer, const Options& options) noexcept {
  if (answer.code == kServiceUnavailable || answer.code == kTooManyRequests) {
    bool twice = false;
    answer.retry_after_s = number_of(options, COAP_OPTION_MAX_AGE, twice).value_or(kDefaultMaxAge);
  }
  return failed(answer, refusal(answer.code));
}

Answer judge_content(const Request& request, coap_packet& packet, Answer answer, const Options& options) noexcept {
  bool twice = false;
  const auto format = number_of(options, COAP_OPTION_CONTENT_FORMAT, twice);
  const auto block = number_of(options, COAP_OPTION_BLOCK2, twice);
  if (twice || block.value_or(0) >> 3 != 0) return failed(answer, DeviceError::bad_answer);  // any block but a first that is the last
  if (format != kOctets) return failed(answer, DeviceError::wrong_format);
  std::uint16_t size = 0;
  const auto* payload = coap_packet_get_payload(&packet, &size);
  if (payload == nullptr || size < request.bytes) return failed(answer, DeviceError::short_answer);
  if (size > request.bytes) return failed(answer, DeviceError::bad_answer);
  answer.verdict = Verdict::answered;
  answer.bytes = {payload, size};
  return answer;
}

// empty judges a message without a code: an acknowledgement or a reset of ours, or a ping of RFC 7252 4.3.
Answer judge_empty(const Request& request, std::uint8_t type, bool bare, Answer answer) noexcept {
  if (!bare) return ignored(DeviceError::bad_answer);
  answer.reset = type == COAP_TYPE_CON;
  if (answer.id != request.id) return answer;
  if (type == COAP_TYPE_ACK) answer.verdict = Verdict::acknowledged;
  if (type == COAP_TYPE_RESET) return failed(answer, DeviceError::denied);
  return answer;
}

bool has_token(const Request& request, const coap_packet& packet) noexcept {
  std::array<std::uint8_t, COAP_TOKEN_MAX_LEN> token{};
  const auto size = coap_header_get_token(&packet, token.data());
  return size == kTokenBytes && std::equal(request.token.begin(), request.token.end(), token.begin());
}

}  // namespace

const char* name(EntropyType type) noexcept {
  switch (type) {
    case EntropyType::direct: return "direct";
    case EntropyType::drbg: return "drbg";
    default: return "mixed";
  }
}

int write_request(const Request& request, std::span<std::uint8_t> out) noexcept {
  coap_packet packet{};
  if (request.bytes == 0 || request.bytes > kMostBytes) return failure(DeviceError::invalid_argument);
  std::array<char, 8> count{};
  const auto count_size = count_query(request.bytes, count);
  std::array<char, 8> type{'t', '='};
  const auto* word = name(request.type);
  const auto word_size = std::strlen(word);
  std::memcpy(type.data() + 2, word, word_size);
  const bool written = coap_packet_init(&packet, out.data(), static_cast<std::uint16_t>(out.size()), kVersion, COAP_TYPE_CON, kTokenBytes,
                                        request.token.data(), COAP_METHOD_GET, request.id) >= 0 &&
                       append(packet, COAP_OPTION_URI_PATH, "random", 6) &&
                       append(packet, COAP_OPTION_URI_QUERY, count.data(), count_size) &&
                       append(packet, COAP_OPTION_URI_QUERY, type.data(), 2 + word_size) &&
                       coap_append_option_int(&packet, COAP_OPTION_ACCEPT, kOctets) >= 0;
  return written ? packet.offset : failure(DeviceError::invalid_argument);
}

Answer judge(const Request& request, std::span<std::uint8_t> datagram) noexcept {
  coap_packet packet{};
  Options options{};
  if (datagram.size() > UINT16_MAX || coap_packet_parse(&packet, datagram.data(), static_cast<std::uint16_t>(datagram.size()),
                                                        options.data(), static_cast<std::uint8_t>(options.size())) < 0) {
    return ignored(DeviceError::bad_answer);
  }
  if (coap_header_get_version(&packet) != kVersion) return ignored(DeviceError::bad_answer);
  Answer answer;
  answer.code = datagram[1];  // coap_header_get_code gives 0 for the codes that it does not know
  answer.id = coap_header_get_id(&packet);
  const auto type = coap_header_get_type(&packet);
  if (answer.code == 0) return judge_empty(request, type, datagram.size() == kEmptyMessageBytes, answer);
  if (type == COAP_TYPE_RESET || answer.code >> 5 < 2) return ignored(DeviceError::bad_answer);
  if (!has_token(request, packet) || (type == COAP_TYPE_ACK && answer.id != request.id)) {
    answer.reset = type == COAP_TYPE_CON;
    answer.error = DeviceError::bad_answer;
    return answer;
  }
  answer.confirm = type == COAP_TYPE_CON;
  if (options.back().delta != 0) return failed(answer, DeviceError::bad_answer);  // more options than an answer has
  if (!std::all_of(options.begin(), options.end(), [](const auto& option) { return known_or_elective(option.delta); })) {
    return failed(answer, DeviceError::bad_answer);
  }
  if (answer.code == kContent) return judge_content(request, packet, answer, options);
  return judge_refusal(answer, options);
}

void write_empty(bool reset, std::uint16_t id, std::span<std::uint8_t, kEmptyMessageBytes> out) noexcept {
  constexpr std::uint8_t kAcknowledgement = 0x60;
  constexpr std::uint8_t kReset = 0x70;
  out[0] = reset ? kReset : kAcknowledgement;
  out[1] = 0;
  out[2] = static_cast<std::uint8_t>(id >> 8);
  out[3] = static_cast<std::uint8_t>(id);
}

}  // namespace qeaas::device
