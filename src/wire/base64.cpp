// SPDX-License-Identifier: GPL-3.0-or-later
// Base64, RFC 4648 section 4.
#include "wire/base64.hpp"

#include <cstdint>

namespace qeaas {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int value_of(char character) noexcept {
  const std::size_t found = kAlphabet.find(character);
  return found == std::string_view::npos ? -1 : static_cast<int>(found);
}

// decode_quantum reads four characters of which the last `padding` are "="; false when one of the others is foreign or when a bit
// that no byte takes is set (RFC 4648 3.5).
bool decode_quantum(std::string_view four, std::size_t padding, MutableBytes out) noexcept {
  std::uint32_t bits = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    const int value = i < 4 - padding ? value_of(four[i]) : 0;
    if (value < 0) return false;
    bits = bits << 6 | static_cast<std::uint32_t>(value);
  }
  const std::uint32_t unused = padding == 0 ? 0 : padding == 1 ? 0xffu : 0xffffu;
  if ((bits & unused) != 0) return false;
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::uint8_t>(bits >> (16 - 8 * i));
  return true;
}

}  // namespace

void write_base64(Bytes bytes, std::span<char> text) noexcept {
  std::size_t at = 0;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = bytes.size() - i < 3 ? bytes.size() - i : 3;
    std::uint32_t bits = 0;
    for (std::size_t k = 0; k < 3; ++k) bits = bits << 8 | (k < count ? bytes[i + k] : 0u);
    for (std::size_t k = 0; k < 4; ++k) text[at++] = k <= count ? kAlphabet[bits >> (18 - 6 * k) & 63] : '=';
  }
}

std::string to_base64(Bytes bytes) {
  std::string text(base64_length(bytes.size()), '=');
  write_base64(bytes, text);
  return text;
}

Result<SecretBytes> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return fail(Error::malformed);
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
  SecretBytes bytes(text.size() / 4 * 3 - padding);
  for (std::size_t i = 0; i < text.size(); i += 4) {
    const bool is_last = i + 4 == text.size();
    const auto out = bytes.span().subspan(i / 4 * 3);
    if (!decode_quantum(text.substr(i, 4), is_last ? padding : 0, is_last ? out : out.first(3))) return fail(Error::malformed);
  }
  return bytes;
}

}  // namespace qeaas
