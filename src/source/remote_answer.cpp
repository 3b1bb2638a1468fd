// SPDX-License-Identifier: GPL-3.0-or-later
// Parsing by Boost.JSON into memory of fixed size that is wiped: the text holds entropy, and a hostile server chooses it.
#include "source/remote_answer.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <new>

#include "wire/base64.hpp"

namespace qeaas {
namespace {

namespace json = boost::json;

// The largest answer is one string of kMaxRemoteAnswerBytes, which the parser collects (growing by doubling) and then stores. Small
// answers of many small values need more for each character, and get it.
constexpr std::size_t kParserBytes = 6 * kMaxRemoteAnswerBytes;
constexpr std::size_t parser_bytes(std::size_t text_bytes) noexcept {
  return text_bytes < kMaxRemoteAnswerBytes ? std::min(kParserBytes, 16384 + 16 * text_bytes) : kParserBytes;
}
constexpr std::size_t kMaxDepth = 8;

// Document holds one parsed answer and the memory that it lives in.
class Document {
 public:
  explicit Document(std::string_view text)
      : text_(text),
        memory_(parser_bytes(text.size())),
        resource_(memory_.span().data(), memory_.size()),
        value_(json::storage_ptr(&resource_)) {}

  // parse: malformed, or too_large when the answer's structure needs more than its memory.
  Result<const json::object*> parse() noexcept {
    if (text_.size() > kMaxRemoteAnswerBytes) return fail(Error::too_large);
    json::parse_options options;
    options.max_depth = kMaxDepth;
    try {
      json::parser parser(&resource_, options);
      parser.reset(&resource_);
      json::error_code code;
      parser.write(text_, code);
      if (code) return fail(Error::malformed);
      value_ = json::value(parser.release(), &resource_);
    } catch (const std::bad_alloc&) {
      return fail(Error::too_large);
    } catch (...) {  // Boost.JSON's own length checks
      return fail(Error::malformed);
    }
    const auto* object = value_.if_object();
    if (object == nullptr) return fail(Error::malformed);
    return object;
  }

 private:
  std::string_view text_;
  SecretBytes memory_;
  json::static_resource resource_;
  json::value value_;  // in resource_ from the start, or an assignment would copy the entropy to the heap
};

const json::object* object_at(const json::object& object, std::string_view key) noexcept {
  const auto* value = object.if_contains(key);
  return value == nullptr ? nullptr : value->if_object();
}

// size_at: the value of key, fallback when absent; malformed when it is no non-negative integer.
Result<std::size_t> size_at(const json::object& object, std::string_view key, std::size_t fallback) noexcept {
  const auto* value = object.if_contains(key);
  if (value == nullptr) return fallback;
  if (const auto* number = value->if_int64(); number != nullptr && *number >= 0) return static_cast<std::size_t>(*number);
  if (const auto* number = value->if_uint64(); number != nullptr) return static_cast<std::size_t>(*number);
  return fail(Error::malformed);
}

Result<std::vector<std::string>> types_at(const json::object& object) {
  std::vector<std::string> types;
  const auto* value = object.if_contains("entropy_types");
  if (value == nullptr) return types;
  const auto* array = value->if_array();
  if (array == nullptr) return fail(Error::malformed);
  if (array->size() > kMaxEntropyTypes) return fail(Error::too_large);
  for (const auto& entry : *array) {
    const auto* text = entry.if_string();
    if (text == nullptr) return fail(Error::malformed);
    types.emplace_back(text->data(), text->size());
  }
  return types;
}

Status take_entropy(std::string_view text, MutableBytes block) {
  Document document(text);
  const auto root = document.parse();
  if (!root) return fail(root.error());
  const auto* value = (*root)->if_contains("entropy");
  const auto* blocks = value == nullptr ? nullptr : value->if_array();
  if (blocks == nullptr) return fail(Error::malformed);
  if (blocks->size() != 1) return fail(Error::out_of_range);
  const auto* encoded = blocks->front().if_string();
  if (encoded == nullptr) return fail(Error::malformed);
  const auto bytes = from_base64({encoded->data(), encoded->size()});
  if (!bytes) return fail(Error::malformed);
  if (bytes->size() != block.size()) return fail(Error::out_of_range);
  std::copy(bytes->span().begin(), bytes->span().end(), block.begin());
  return {};
}

}  // namespace

Status parse_entropy_answer(std::string_view text, MutableBytes block) noexcept {
  const auto taken = take_entropy(text, block);
  if (!taken) wipe(block);
  return taken;
}

Result<RemoteCapabilities> parse_capabilities(std::string_view text) noexcept {
  Document document(text);
  const auto root = document.parse();
  if (!root) return fail(root.error());
  const auto* entropy = object_at(**root, "entropy");
  if (entropy == nullptr || !entropy->contains("max_block_size")) return fail(Error::malformed);
  RemoteCapabilities capabilities;
  const auto smallest = size_at(*entropy, "min_block_size", 1);
  const auto largest = size_at(*entropy, "max_block_size", 0);
  auto types = types_at(*entropy);
  if (!smallest || !largest) return fail(Error::malformed);
  if (!types) return fail(types.error());
  capabilities.min_block_bytes = std::max<std::size_t>(1, *smallest);
  capabilities.max_block_bytes = std::min(kMaxRemoteBlockBytes, *largest);
  capabilities.entropy_types = std::move(*types);
  if (capabilities.min_block_bytes > capabilities.max_block_bytes) return fail(Error::out_of_range);
  return capabilities;
}

}  // namespace qeaas
