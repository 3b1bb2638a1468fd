// SPDX-License-Identifier: GPL-3.0-or-later
// A small CBOR codec for our own messages: integers, byte and text strings, arrays, maps, true, false and null, always of definite
// length and in the core deterministic encoding (RFC 8949 4.2.1). Neither half allocates; both bound the depth of nesting.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/error.hpp"
#include "base/secret.hpp"

namespace qeaas {

inline constexpr std::size_t kMaxCborDepth = 8;

// CborShape keeps the nesting that writer and reader share: how many items are still owed at each level, and the order of keys.
class CborShape {
 public:
  // place notes one item (for a container: its head). Malformed after the top-level item is complete, for a key out of order or
  // repeated, and for a container as a key.
  Status place(Bytes encoded, bool is_container) noexcept;
  // enter opens the container just placed; too_large beyond kMaxCborDepth.
  Status enter(bool is_map, std::uint64_t items) noexcept;
  // settle closes every level that is owed nothing more.
  void settle() noexcept;
  bool complete() const noexcept { return complete_; }
  std::size_t depth() const noexcept { return depth_; }

 private:
  struct Level {
    std::uint64_t remaining = 0;  // keys and values count as items
    bool is_map = false;
    Bytes last_key;
  };
  std::array<Level, kMaxCborDepth> levels_{};
  std::size_t depth_ = 0;
  bool complete_ = false;
};

// CborWriter writes into the caller's memory. The first error sticks and finish returns it: no_space, too_large (nested too deep),
// malformed (text that is no UTF-8, map keys out of order or repeated, items missing or left over).
class CborWriter {
 public:
  explicit CborWriter(MutableBytes into) noexcept : into_(into) {}

  CborWriter& unsigned_integer(std::uint64_t value) noexcept;
  CborWriter& integer(std::int64_t value) noexcept;
  CborWriter& bytes(Bytes value) noexcept;
  CborWriter& text(std::string_view value) noexcept;
  CborWriter& boolean(bool value) noexcept;
  CborWriter& null() noexcept;
  // array and map announce how many items or pairs follow. Keys of a map must ascend by their encoded bytes.
  CborWriter& array(std::size_t items) noexcept;
  CborWriter& map(std::size_t pairs) noexcept;

  // finish gives the length; exactly one top-level item must be complete.
  Result<std::size_t> finish() const noexcept;

 private:
  CborWriter& item(std::uint8_t major, std::uint64_t argument, Bytes content = {}) noexcept;
  void set_error(Error error) noexcept;

  MutableBytes into_;
  std::size_t used_ = 0;
  CborShape shape_;
  std::optional<Error> error_;
};

enum class CborKind : std::uint8_t { unsigned_integer, negative_integer, bytes, text, array, map, boolean, null };

// CborReader walks over one encoded item. It accepts only what CborWriter writes: every head in its shortest form, keys in order and
// unique. Errors: malformed; unsupported (floats, tags, indefinite lengths, other simple values); too_large (depth); unknown (the
// item is of another kind than the one asked for, and is not consumed). Views point into the input.
class CborReader {
 public:
  explicit CborReader(Bytes input) noexcept : input_(input) {}

  // peek tells the kind of the next item.
  Result<CborKind> peek() const noexcept;
  Result<std::uint64_t> unsigned_integer() noexcept;
  Result<std::int64_t> integer() noexcept;  // out_of_range (and not consumed) beyond 64 bits with sign
  Result<Bytes> bytes() noexcept;
  Result<std::string_view> text() noexcept;
  Result<bool> boolean() noexcept;
  Status null() noexcept;
  // array and map give the number of items or pairs, which the caller then reads one by one. It is never more than the input holds.
  Result<std::size_t> array() noexcept;
  Result<std::size_t> map() noexcept;
  // skip consumes one whole item, whatever it holds.
  Status skip() noexcept;
  // finish: malformed unless exactly one item was read and nothing follows.
  Status finish() const noexcept;

 private:
  struct Head {
    CborKind kind{};
    std::uint64_t argument = 0;
    std::size_t size = 0;     // bytes of the head itself
    std::size_t content = 0;  // bytes of the string that follows
  };
  Bytes rest() const noexcept { return input_.subspan(used_); }
  Result<Head> head() const noexcept;
  Result<Head> expect(CborKind kind) const noexcept;
  Status consume(const Head& head) noexcept;
  Result<Bytes> string(CborKind kind) noexcept;
  Result<std::size_t> container(CborKind kind) noexcept;

  Bytes input_;
  std::size_t used_ = 0;
  CborShape shape_;
};

}  // namespace qeaas
