// SPDX-License-Identifier: GPL-3.0-or-later
// Text written front to back into the caller's memory: what the JSON and link-format encoders stand on. Nothing allocates.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/error.hpp"
#include "base/secret.hpp"

namespace qeaas {

// TextWriter: the first error sticks and finish returns it: no_space, or what set_error was given.
class TextWriter {
 public:
  explicit TextWriter(MutableBytes into) noexcept : into_(into) {}

  TextWriter& put(std::string_view text) noexcept;
  TextWriter& number(std::uint64_t value) noexcept;
  // reserve hands out the next `size` characters to be filled by the caller; empty when they do not fit.
  std::span<char> reserve(std::size_t size) noexcept;
  void set_error(Error error) noexcept;

  Result<std::size_t> finish() const noexcept;

 private:
  MutableBytes into_;
  std::size_t used_ = 0;
  std::optional<Error> error_;
};

}  // namespace qeaas
