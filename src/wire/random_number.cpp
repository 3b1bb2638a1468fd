// SPDX-License-Identifier: GPL-3.0-or-later
// The answer of /random_number/n.
#include "wire/random_number.hpp"

#include "base/hex.hpp"
#include "wire/json_tree.hpp"

namespace qeaas {
namespace {

Result<SecretBytes> from_integer(const boost::json::value& value, std::size_t size) {
  std::uint64_t number = 0;
  if (size > sizeof(number)) return fail(Error::malformed);  // it would be missing bytes
  if (value.is_uint64())
    number = value.get_uint64();
  else if (value.is_int64() && value.get_int64() >= 0)
    number = static_cast<std::uint64_t>(value.get_int64());
  else
    return fail(Error::malformed);
  SecretBytes bytes(size);
  const auto out = bytes.span();
  for (auto byte = out.rbegin(); byte != out.rend(); ++byte, number >>= 8) *byte = static_cast<std::uint8_t>(number & 0xFF);
  if (number != 0) return fail(Error::out_of_range);
  return bytes;
}

}  // namespace

Result<SecretBytes> decode_random_number(Bytes json, std::size_t size) {
  if (size == 0 || size > kMaxRandomNumberBytes) return fail(Error::out_of_range);
  const auto tree = json_tree::from_json(json);
  if (!tree) return fail(tree.error());
  json_tree::Fields fields(*tree);
  std::uint64_t failed = 0;
  fields.read("return", failed);
  if (fields.status() && failed != 0) return fail(Error::io);
  const auto* number = fields.member("random_number");
  if (!fields.status()) return fail(Error::malformed);
  const auto* text = number->if_string();
  if (text == nullptr) return from_integer(*number, size);
  if (text->size() != 2 * size) return fail(Error::malformed);
  auto digits = from_hex({text->data(), text->size()});
  if (!digits) return fail(Error::malformed);
  SecretBytes bytes{Bytes(*digits)};
  wipe(*digits);
  return bytes;
}

}  // namespace qeaas
