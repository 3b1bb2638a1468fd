// SPDX-License-Identifier: GPL-3.0-or-later
// Text into a span.
#include "wire/text_writer.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace qeaas {

void TextWriter::set_error(Error error) noexcept {
  if (!error_) error_ = error;
}

std::span<char> TextWriter::reserve(std::size_t size) noexcept {
  if (!error_ && size > into_.size() - used_) set_error(Error::no_space);
  if (error_) return {};
  char* const start = reinterpret_cast<char*>(into_.data()) + used_;
  used_ += size;
  return {start, size};
}

TextWriter& TextWriter::put(std::string_view text) noexcept {
  const auto room = reserve(text.size());
  if (room.size() == text.size()) std::copy(text.begin(), text.end(), room.begin());
  return *this;
}

TextWriter& TextWriter::number(std::uint64_t value) noexcept {
  std::array<char, 20> digits;  // 2^64 - 1 has twenty
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  static_cast<void>(error);  // twenty digits always fit
  return put({digits.data(), static_cast<std::size_t>(end - digits.data())});
}

Result<std::size_t> TextWriter::finish() const noexcept {
  if (error_) return fail(*error_);
  return used_;
}

}  // namespace qeaas
