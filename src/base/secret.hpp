// SPDX-License-Identifier: GPL-3.0-or-later
// Secret memory: fixed (Secret<N>) and growing once (SecretBytes). Both are wiped on move and destruction, cannot be copied,
// and have no way to be printed.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <span>
#include <string.h>
#include <string_view>

namespace qeaas {

using Bytes = std::span<const std::uint8_t>;
using MutableBytes = std::span<std::uint8_t>;

// bytes_of sees text as bytes, for as long as the text lives.
inline Bytes bytes_of(std::string_view text) noexcept { return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}; }

// wipe overwrites memory with zeros in a way that the optimiser must keep.
inline void wipe(MutableBytes memory) noexcept {
  if (memory.data() != nullptr && !memory.empty()) ::explicit_bzero(memory.data(), memory.size());
}

// equal_in_constant_time compares without a data-dependent branch; lengths are not secret.
inline bool equal_in_constant_time(Bytes a, Bytes b) noexcept {
  if (a.size() != b.size()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) difference |= static_cast<unsigned>(a[i] ^ b[i]);
  return difference == 0;
}

template <std::size_t N>
class Secret {
 public:
  Secret() noexcept = default;
  explicit Secret(std::span<const std::uint8_t, N> from) noexcept { std::copy(from.begin(), from.end(), bytes_.begin()); }
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  Secret(Secret&& other) noexcept : bytes_(other.bytes_) { wipe(other.bytes_); }
  Secret& operator=(Secret&& other) noexcept {
    if (this != &other) {
      bytes_ = other.bytes_;
      wipe(other.bytes_);
    }
    return *this;
  }
  ~Secret() { wipe(bytes_); }

  std::span<std::uint8_t, N> span() noexcept { return bytes_; }
  std::span<const std::uint8_t, N> span() const noexcept { return bytes_; }
  static constexpr std::size_t size() noexcept { return N; }

 private:
  std::array<std::uint8_t, N> bytes_{};
};

// SecretBytes is a secret whose size is known only at run time. The memory never moves, so no copy is left behind.
class SecretBytes {
 public:
  SecretBytes() noexcept = default;
  explicit SecretBytes(std::size_t size) : bytes_(std::make_unique<std::uint8_t[]>(size)), size_(size) {}
  explicit SecretBytes(Bytes from) : SecretBytes(from.size()) { std::copy(from.begin(), from.end(), bytes_.get()); }
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;
  SecretBytes(SecretBytes&& other) noexcept : bytes_(std::move(other.bytes_)), size_(std::exchange(other.size_, 0)) {}
  SecretBytes& operator=(SecretBytes&& other) noexcept {
    if (this != &other) {
      wipe(span());
      bytes_ = std::move(other.bytes_);
      size_ = std::exchange(other.size_, 0);
    }
    return *this;
  }
  ~SecretBytes() { wipe(span()); }

  MutableBytes span() noexcept { return {bytes_.get(), size_}; }
  Bytes span() const noexcept { return {bytes_.get(), size_}; }
  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  // shrink forgets (and wipes) everything from size on.
  void shrink(std::size_t size) noexcept {
    if (size >= size_) return;
    wipe(span().subspan(size));
    size_ = size;
  }

 private:
  std::unique_ptr<std::uint8_t[]> bytes_;
  std::size_t size_ = 0;
};

}  // namespace qeaas
