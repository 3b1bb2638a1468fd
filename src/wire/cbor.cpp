// SPDX-License-Identifier: GPL-3.0-or-later
// CBOR in its core deterministic encoding, RFC 8949 sections 3 and 4.2.1.
#include "wire/cbor.hpp"

#include <algorithm>
#include <limits>

#include "base/utf8.hpp"

namespace qeaas {
namespace {

enum Major : std::uint8_t { kUnsigned = 0, kNegative = 1, kBytes = 2, kText = 3, kArray = 4, kMap = 5, kTag = 6, kSimple = 7 };
constexpr std::uint64_t kFalse = 20;
constexpr std::uint64_t kTrue = 21;
constexpr std::uint64_t kNull = 22;
constexpr std::uint8_t kIndefinite = 31;

// CborHead is an encoded initial byte with its argument in the shortest form.
struct CborHead {
  std::array<std::uint8_t, 9> bytes{};
  std::size_t size = 1;

  CborHead(std::uint8_t major, std::uint64_t argument) noexcept {
    const unsigned log2_bytes = argument <= 0xff ? 0 : argument <= 0xffff ? 1 : argument <= 0xffffffff ? 2 : 3;
    const std::size_t extra = argument < 24 ? 0 : std::size_t{1} << log2_bytes;
    bytes[0] = static_cast<std::uint8_t>(major << 5 | (extra == 0 ? argument : 24 + log2_bytes));
    for (std::size_t i = 0; i < extra; ++i) bytes[size++] = static_cast<std::uint8_t>(argument >> 8 * (extra - 1 - i));
  }
};

// Argument is what an initial byte and the bytes after it say.
struct Argument {
  std::uint64_t value = 0;
  std::size_t head_bytes = 1;
};

// read_argument accepts the shortest form only.
Result<Argument> read_argument(Bytes rest) noexcept {
  const std::uint8_t info = rest[0] & 31;
  if (info < 24) return Argument{info, 1};
  if (info > 27) return fail(Error::malformed);
  const std::size_t extra = std::size_t{1} << (info - 24);
  if (rest.size() < 1 + extra) return fail(Error::malformed);
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < extra; ++i) value = value << 8 | rest[1 + i];
  const std::uint64_t smallest = extra == 1 ? 24 : std::uint64_t{1} << 4 * extra;
  if (value < smallest) return fail(Error::malformed);
  return Argument{value, 1 + extra};
}

Result<CborKind> simple_kind(std::uint8_t info) noexcept {
  if (info == kFalse || info == kTrue) return CborKind::boolean;
  if (info == kNull) return CborKind::null;
  return fail(info > 27 ? Error::malformed : Error::unsupported);
}

Result<CborKind> kind_of(std::uint8_t initial) noexcept {
  const std::uint8_t major = initial >> 5;
  const std::uint8_t info = initial & 31;
  if (major == kSimple) return simple_kind(info);
  const bool may_be_indefinite = major >= kBytes && major <= kMap;
  if (info == kIndefinite) return fail(may_be_indefinite ? Error::unsupported : Error::malformed);
  if (major == kTag) return fail(Error::unsupported);
  return static_cast<CborKind>(major);
}
static_assert(static_cast<int>(CborKind::map) == kMap, "kinds below boolean are the major types");

bool is_container(CborKind kind) noexcept { return kind == CborKind::array || kind == CborKind::map; }

}  // namespace

Status CborShape::place(Bytes encoded, bool is_container_head) noexcept {
  if (complete_) return fail(Error::malformed);
  if (depth_ == 0) return {};
  Level& level = levels_[depth_ - 1];
  if (level.is_map && level.remaining % 2 == 0) {  // a key
    const Bytes last = level.last_key;
    if (is_container_head) return fail(Error::malformed);
    if (!last.empty() && !std::lexicographical_compare(last.begin(), last.end(), encoded.begin(), encoded.end()))
      return fail(Error::malformed);
    level.last_key = encoded;
  }
  --level.remaining;
  return {};
}

Status CborShape::enter(bool is_map, std::uint64_t items) noexcept {
  if (depth_ == kMaxCborDepth) return fail(Error::too_large);
  levels_[depth_++] = Level{items, is_map, {}};
  return {};
}

void CborShape::settle() noexcept {
  while (depth_ > 0 && levels_[depth_ - 1].remaining == 0) --depth_;
  complete_ = depth_ == 0;
}

void CborWriter::set_error(Error error) noexcept {
  if (!error_) error_ = error;
}

CborWriter& CborWriter::item(std::uint8_t major, std::uint64_t argument, Bytes content) noexcept {
  const CborHead head(major, argument);
  if (error_) return *this;
  if (head.size + content.size() > into_.size() - used_) {
    set_error(Error::no_space);
    return *this;
  }
  const MutableBytes place = into_.subspan(used_, head.size + content.size());
  std::copy_n(head.bytes.begin(), head.size, place.begin());
  std::copy(content.begin(), content.end(), place.begin() + static_cast<std::ptrdiff_t>(head.size));
  used_ += place.size();

  const bool opens = major == kArray || major == kMap;
  auto status = shape_.place(place, opens);
  if (status && opens) status = shape_.enter(major == kMap, major == kMap ? 2 * argument : argument);
  if (!status) set_error(status.error());
  shape_.settle();
  return *this;
}

CborWriter& CborWriter::unsigned_integer(std::uint64_t value) noexcept { return item(kUnsigned, value); }
CborWriter& CborWriter::integer(std::int64_t value) noexcept {
  // RFC 8949 3.1: -1 - n; the complement of a negative number is exactly n.
  return value < 0 ? item(kNegative, static_cast<std::uint64_t>(~value)) : item(kUnsigned, static_cast<std::uint64_t>(value));
}
CborWriter& CborWriter::bytes(Bytes value) noexcept { return item(kBytes, value.size(), value); }
CborWriter& CborWriter::text(std::string_view value) noexcept {
  if (!is_utf8(value)) set_error(Error::malformed);
  return item(kText, value.size(), bytes_of(value));
}
CborWriter& CborWriter::boolean(bool value) noexcept { return item(kSimple, value ? kTrue : kFalse); }
CborWriter& CborWriter::null() noexcept { return item(kSimple, kNull); }
CborWriter& CborWriter::array(std::size_t items) noexcept { return item(kArray, items); }
CborWriter& CborWriter::map(std::size_t pairs) noexcept { return item(kMap, pairs); }

Result<std::size_t> CborWriter::finish() const noexcept {
  if (error_) return fail(*error_);
  if (!shape_.complete()) return fail(Error::malformed);
  return used_;
}

Result<CborReader::Head> CborReader::head() const noexcept {
  if (rest().empty()) return fail(Error::malformed);
  const auto kind = kind_of(rest()[0]);
  if (!kind) return fail(kind.error());
  const auto argument = read_argument(rest());
  if (!argument) return fail(argument.error());
  Head head{*kind, argument->value, argument->head_bytes, 0};
  const std::size_t left = rest().size() - head.size;
  if (*kind == CborKind::bytes || *kind == CborKind::text) {
    if (head.argument > left) return fail(Error::malformed);
    head.content = static_cast<std::size_t>(head.argument);
  }
  // Every item takes a byte at least, so that a count beyond what is left can be refused before anybody trusts it.
  const std::uint64_t least = *kind == CborKind::array ? 1 : *kind == CborKind::map ? 2 : 0;
  if (least != 0 && head.argument > left / least) return fail(Error::malformed);
  return head;
}

Result<CborReader::Head> CborReader::expect(CborKind kind) const noexcept {
  auto found = head();
  if (found && found->kind != kind) return fail(Error::unknown);
  return found;
}

Status CborReader::consume(const Head& head) noexcept {
  const Bytes encoded = rest().first(head.size + head.content);
  if (head.kind == CborKind::text && !is_utf8({reinterpret_cast<const char*>(encoded.data()) + head.size, head.content}))
    return fail(Error::malformed);
  if (const auto placed = shape_.place(encoded, is_container(head.kind)); !placed) return placed;
  used_ += encoded.size();
  if (is_container(head.kind)) {
    const bool is_map = head.kind == CborKind::map;
    if (const auto entered = shape_.enter(is_map, is_map ? 2 * head.argument : head.argument); !entered) return entered;
  }
  shape_.settle();
  return {};
}

Result<CborKind> CborReader::peek() const noexcept {
  return head().map([](const Head& found) { return found.kind; });
}

Result<std::uint64_t> CborReader::unsigned_integer() noexcept {
  const auto found = expect(CborKind::unsigned_integer);
  if (!found) return fail(found.error());
  if (const auto done = consume(*found); !done) return fail(done.error());
  return found->argument;
}

Result<std::int64_t> CborReader::integer() noexcept {
  const auto found = head();
  if (!found) return fail(found.error());
  const bool negative = found->kind == CborKind::negative_integer;
  if (!negative && found->kind != CborKind::unsigned_integer) return fail(Error::unknown);
  if (found->argument > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return fail(Error::out_of_range);
  if (const auto done = consume(*found); !done) return fail(done.error());
  const auto value = static_cast<std::int64_t>(found->argument);
  return negative ? ~value : value;
}

Result<Bytes> CborReader::string(CborKind kind) noexcept {
  const auto found = expect(kind);
  if (!found) return fail(found.error());
  const Bytes content = rest().subspan(found->size, found->content);
  if (const auto done = consume(*found); !done) return fail(done.error());
  return content;
}

Result<Bytes> CborReader::bytes() noexcept { return string(CborKind::bytes); }
Result<std::string_view> CborReader::text() noexcept {
  return string(CborKind::text).map([](Bytes content) {
    return std::string_view(reinterpret_cast<const char*>(content.data()), content.size());
  });
}

Result<bool> CborReader::boolean() noexcept {
  const auto found = expect(CborKind::boolean);
  if (!found) return fail(found.error());
  if (const auto done = consume(*found); !done) return fail(done.error());
  return found->argument == kTrue;
}

Status CborReader::null() noexcept {
  const auto found = expect(CborKind::null);
  if (!found) return fail(found.error());
  return consume(*found);
}

Result<std::size_t> CborReader::container(CborKind kind) noexcept {
  const auto found = expect(kind);
  if (!found) return fail(found.error());
  if (const auto done = consume(*found); !done) return fail(done.error());
  return static_cast<std::size_t>(found->argument);
}

Result<std::size_t> CborReader::array() noexcept { return container(CborKind::array); }
Result<std::size_t> CborReader::map() noexcept { return container(CborKind::map); }

Status CborReader::skip() noexcept {
  const std::size_t start = shape_.depth();
  do {
    const auto found = head();
    if (!found) return fail(found.error());
    if (const auto done = consume(*found); !done) return done;
  } while (shape_.depth() > start);
  return {};
}

Status CborReader::finish() const noexcept {
  if (!shape_.complete() || used_ != input_.size()) return fail(Error::malformed);
  return {};
}

}  // namespace qeaas
