// SPDX-License-Identifier: GPL-3.0-or-later
// The table of CoAP options and the formats of their values.
#include "wire/coap_option.hpp"

#include <algorithm>

namespace qeaas::coap {
namespace {

struct Row {
  Option option;
  std::uint16_t min_bytes;
  std::uint16_t max_bytes;
  bool repeatable;
};

// RFC 7252 5.10 table 4, RFC 7641 2, RFC 7959 2.1 and 4, RFC 8768 3, RFC 9175 2.2.1 and 3.2.1, RFC 7967 2.
constexpr std::array<Row, 23> kTable{{
    {Option::if_match, 0, 8, true},        {Option::uri_host, 1, 255, false},      {Option::etag, 1, 8, true},
    {Option::if_none_match, 0, 0, false},  {Option::observe, 0, 3, false},         {Option::uri_port, 0, 2, false},
    {Option::location_path, 0, 255, true}, {Option::uri_path, 0, 255, true},       {Option::content_format, 0, 2, false},
    {Option::max_age, 0, 4, false},        {Option::uri_query, 0, 255, true},      {Option::hop_limit, 1, 1, false},
    {Option::accept, 0, 2, false},         {Option::location_query, 0, 255, true}, {Option::block2, 0, 3, false},
    {Option::block1, 0, 3, false},         {Option::size2, 0, 4, false},           {Option::proxy_uri, 1, 1034, false},
    {Option::proxy_scheme, 1, 255, false}, {Option::size1, 0, 4, false},           {Option::echo, 1, 40, false},
    {Option::no_response, 0, 1, false},    {Option::request_tag, 0, 8, true},
}};

const Row* row(Option option) noexcept {
  const auto found = std::find_if(kTable.begin(), kTable.end(), [&](const Row& entry) { return entry.option == option; });
  return found == kTable.end() ? nullptr : &*found;
}

}  // namespace

bool is_known(Option option) noexcept { return row(option) != nullptr; }

bool is_repeatable(Option option) noexcept {
  const Row* const entry = row(option);
  return entry != nullptr && entry->repeatable;
}

bool length_fits(Option option, std::size_t length) noexcept {
  const Row* const entry = row(option);
  return entry == nullptr || (length >= entry->min_bytes && length <= entry->max_bytes);
}

UintValue encode_uint(std::uint32_t value) noexcept {
  UintValue encoded;
  for (int shift = 24; shift >= 0; shift -= 8) {
    const auto byte = static_cast<std::uint8_t>(value >> shift);
    if (byte != 0 || encoded.size != 0) encoded.bytes[encoded.size++] = byte;
  }
  return encoded;
}

Result<std::uint32_t> decode_uint(Bytes value) noexcept {
  if (value.size() > 4) return fail(Error::out_of_range);
  std::uint32_t decoded = 0;
  for (const std::uint8_t byte : value) decoded = decoded << 8 | byte;
  return decoded;
}

Result<UintValue> encode_block(const Block& block) noexcept {
  if (block.num > kMaxBlockNum || block.szx > kMaxBlockSzx) return fail(Error::out_of_range);
  return encode_uint(block.num << 4 | (block.more ? 8u : 0u) | block.szx);
}

Result<Block> decode_block(Bytes value) noexcept {
  if (value.size() > 3) return fail(Error::malformed);
  const std::uint32_t bits = *decode_uint(value);
  Block block{.num = bits >> 4, .more = (bits & 8u) != 0, .szx = static_cast<std::uint8_t>(bits & 7u)};
  if (block.szx > kMaxBlockSzx) return fail(Error::malformed);
  return block;
}

}  // namespace qeaas::coap
