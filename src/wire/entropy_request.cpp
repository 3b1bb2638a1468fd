// SPDX-License-Identifier: GPL-3.0-or-later
// The request body of the QRNG Open API.
#include "wire/entropy_request.hpp"

#include "wire/json_tree.hpp"

namespace qeaas {
namespace {

namespace json = boost::json;

tl::unexpected<QueryFault> no(Error error, std::string_view text) noexcept { return tl::unexpected(QueryFault{error, text}); }

// count_at reads a number of at least 1; the texts of its faults are static.
tl::expected<std::uint64_t, QueryFault> count_at(const json::value& value, std::uint64_t limit, std::string_view what,
                                                 std::string_view range) {
  std::uint64_t number = 0;
  if (const auto* whole = value.if_int64()) {
    if (*whole < 1) return no(Error::out_of_range, range);
    number = static_cast<std::uint64_t>(*whole);
  } else if (const auto* large = value.if_uint64()) {
    number = *large;
  } else {
    return no(Error::malformed, what);
  }
  if (number > limit) return no(Error::too_large, range);
  return number;
}

}  // namespace

tl::expected<EntropyRequest, QueryFault> parse_entropy_request(Bytes body, std::uint64_t max_block_bytes, std::uint64_t max_blocks) {
  const auto tree = json_tree::from_json(body);
  const auto* object = tree ? tree->if_object() : nullptr;
  if (object == nullptr) return no(Error::malformed, "the body must be a JSON object such as {\"block_size\": 32, \"block_count\": 1}");
  EntropyRequest request;
  const auto* size = object->if_contains("block_size");
  if (size == nullptr) return no(Error::malformed, "block_size (bytes) is missing");
  const auto bytes = count_at(*size, max_block_bytes, "block_size must be a whole number of bytes",
                              "block_size is outside min_block_size to max_block_size of /v1/capabilities");
  if (!bytes) return tl::unexpected(bytes.error());
  request.block_bytes = *bytes;
  if (const auto* count = object->if_contains("block_count")) {
    const auto blocks = count_at(*count, max_blocks, "block_count must be a whole number",
                                 "block_count is outside min_block_count to max_block_count of /v1/capabilities");
    if (!blocks) return tl::unexpected(blocks.error());
    request.block_count = *blocks;
  }
  if (const auto* wanted = object->if_contains("entropy_type")) {
    const auto* text = wanted->if_string();
    const auto type = text == nullptr ? std::nullopt : entropy_type({text->data(), text->size()});
    if (!type) return no(Error::unknown, "entropy_type must be one of entropy_types of /v1/capabilities");
    request.type = *type;
  }
  return request;
}

}  // namespace qeaas
