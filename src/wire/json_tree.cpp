// SPDX-License-Identifier: GPL-3.0-or-later
// The tree and its two encodings.
#include "wire/json_tree.hpp"

#include <algorithm>
#include <boost/json/parser.hpp>
#include <boost/json/serialize.hpp>
#include <limits>
#include <new>

#include "base/utf8.hpp"
#include "wire/cbor.hpp"

namespace qeaas::json_tree {
namespace {

namespace bj = boost::json;

// WipedMemory is the ordinary heap, except that what is given back is overwritten first. Boost.JSON gives some memory back with
// another alignment than it asked for, so only the heap's own alignment, which suffices for every node, is ever used.
class WipedMemory final : public bj::memory_resource {
  void* do_allocate(std::size_t size, std::size_t) override { return ::operator new(size); }
  void do_deallocate(void* memory, std::size_t size, std::size_t) override {
    wipe({static_cast<std::uint8_t*>(memory), size});
    ::operator delete(memory);
  }
  bool do_is_equal(const bj::memory_resource& other) const noexcept override { return this == &other; }
};

std::string_view view(const bj::string& text) noexcept { return {text.data(), text.size()}; }
std::string_view view(bj::string_view text) noexcept { return {text.data(), text.size()}; }

bool texts_are_utf8(const bj::value& tree) {
  if (const auto* text = tree.if_string()) return is_utf8(view(*text));
  if (const auto* items = tree.if_array()) return std::all_of(items->begin(), items->end(), texts_are_utf8);
  if (const auto* members = tree.if_object())
    return std::all_of(members->begin(), members->end(),
                       [](const bj::key_value_pair& pair) { return is_utf8(view(pair.key())) && texts_are_utf8(pair.value()); });
  return true;
}

Status write_item(CborWriter& out, const bj::value& tree);

// write_object sorts the keys as their encodings sort: by length, then by bytes.
Status write_object(CborWriter& out, const bj::object& object) {
  std::vector<const bj::key_value_pair*> pairs;
  for (const auto& pair : object) pairs.push_back(&pair);
  std::sort(pairs.begin(), pairs.end(), [](const auto* a, const auto* b) {
    const std::string_view first = view(a->key()), second = view(b->key());
    return first.size() != second.size() ? first.size() < second.size() : first < second;
  });
  out.map(pairs.size());
  for (const auto* pair : pairs) {
    out.text(view(pair->key()));
    if (const auto status = write_item(out, pair->value()); !status) return status;
  }
  return {};
}

Status write_array(CborWriter& out, const bj::array& items) {
  out.array(items.size());
  for (const auto& item : items)
    if (const auto status = write_item(out, item); !status) return status;
  return {};
}

Status write_item(CborWriter& out, const bj::value& tree) {
  switch (tree.kind()) {
    case bj::kind::null: out.null(); return {};
    case bj::kind::bool_: out.boolean(tree.get_bool()); return {};
    case bj::kind::int64: out.integer(tree.get_int64()); return {};
    case bj::kind::uint64: out.unsigned_integer(tree.get_uint64()); return {};
    case bj::kind::string: out.text(view(tree.get_string())); return {};
    case bj::kind::array: return write_array(out, tree.get_array());
    case bj::kind::object: return write_object(out, tree.get_object());
    case bj::kind::double_: break;
  }
  return fail(Error::unsupported);
}

Result<bj::value> read_item(CborReader& in, const bj::storage_ptr& storage);

Result<bj::value> read_array(CborReader& in, const bj::storage_ptr& storage) {
  const auto count = in.array();
  if (!count) return fail(count.error());
  bj::array items(storage);
  for (std::size_t i = 0; i < *count; ++i) {
    auto item = read_item(in, storage);
    if (!item) return item;
    items.push_back(std::move(*item));
  }
  return bj::value(std::move(items));
}

Result<bj::value> read_object(CborReader& in, const bj::storage_ptr& storage) {
  const auto count = in.map();
  if (!count) return fail(count.error());
  bj::object members(storage);
  for (std::size_t i = 0; i < *count; ++i) {
    const auto key = in.text();
    if (!key) return fail(key.error() == Error::unknown ? Error::malformed : key.error());
    auto item = read_item(in, storage);
    if (!item) return item;
    members.emplace(bj::string_view(key->data(), key->size()), std::move(*item));
  }
  return bj::value(std::move(members));
}

// read_scalar reads what holds no other item. A number below -2^63 has no place in the tree.
Result<bj::value> read_scalar(CborReader& in, CborKind kind, const bj::storage_ptr& storage) {
  switch (kind) {
    case CborKind::unsigned_integer: return in.unsigned_integer().map([&](std::uint64_t n) { return bj::value(n, storage); });
    case CborKind::negative_integer: return in.integer().map([&](std::int64_t n) { return bj::value(n, storage); });
    case CborKind::boolean: return in.boolean().map([&](bool b) { return bj::value(b, storage); });
    case CborKind::null: return in.null().map([&] { return bj::value(storage); });
    case CborKind::text: return in.text().map([&](std::string_view t) { return bj::value(bj::string_view(t.data(), t.size()), storage); });
    default: return fail(Error::unsupported);
  }
}

Result<bj::value> read_item(CborReader& in, const bj::storage_ptr& storage) {
  const auto kind = in.peek();
  if (!kind) return fail(kind.error());
  if (*kind == CborKind::array) return read_array(in, storage);
  if (*kind == CborKind::map) return read_object(in, storage);
  return read_scalar(in, *kind, storage);
}

}  // namespace

bj::storage_ptr wiped_storage() { return bj::make_shared_resource<WipedMemory>(); }

Result<bj::value> from_json(Bytes text) {
  const auto storage = wiped_storage();
  bj::parser parser(storage);
  parser.reset(storage);
  bj::error_code error;
  parser.write(reinterpret_cast<const char*>(text.data()), text.size(), error);
  if (error) return fail(Error::malformed);
  return parser.release();
}

Result<bj::value> from_cbor(Bytes encoded) {
  CborReader in(encoded);
  auto tree = read_item(in, wiped_storage());
  if (!tree) return tree;
  if (const auto status = in.finish(); !status) return fail(status.error());
  return tree;
}

Result<std::string> to_json(const bj::value& tree) {
  if (!texts_are_utf8(tree)) return fail(Error::malformed);
  return bj::serialize(tree);
}

Result<std::vector<std::uint8_t>> to_cbor(const bj::value& tree) {
  // An item's JSON text, punctuation included, is never shorter than half of its encoding.
  std::vector<std::uint8_t> encoded(2 * bj::serialize(tree).size() + 16);
  CborWriter out(encoded);
  if (const auto status = write_item(out, tree); !status) return fail(status.error());
  const auto size = out.finish();
  if (!size) return fail(size.error());
  encoded.resize(*size);
  return encoded;
}

Fields::Fields(const bj::value& tree) noexcept : object_(tree.if_object()) {
  if (object_ == nullptr) set_error(Error::malformed);
}

const bj::value* Fields::member(std::string_view name) noexcept {
  const auto* found = object_ == nullptr ? nullptr : object_->if_contains(bj::string_view(name.data(), name.size()));
  if (found == nullptr) set_error(Error::malformed);
  return found;
}

Fields& Fields::read(std::string_view name, std::string& into) {
  const auto* found = member(name);
  const auto* text = found == nullptr ? nullptr : found->if_string();
  if (text == nullptr)
    set_error(Error::malformed);
  else
    into.assign(text->data(), text->size());
  return *this;
}

Fields& Fields::read(std::string_view name, bool& into) noexcept {
  const auto* found = member(name);
  const auto* flag = found == nullptr ? nullptr : found->if_bool();
  if (flag == nullptr)
    set_error(Error::malformed);
  else
    into = *flag;
  return *this;
}

Fields& Fields::read(std::string_view name, std::uint64_t& into) noexcept {
  const auto* found = member(name);
  if (found == nullptr) return *this;
  if (found->is_uint64())
    into = found->get_uint64();
  else if (!found->is_int64())
    set_error(Error::malformed);
  else if (found->get_int64() < 0)
    set_error(Error::out_of_range);
  else
    into = static_cast<std::uint64_t>(found->get_int64());
  return *this;
}

const bj::array& Fields::items(std::string_view name) noexcept {
  static const bj::array kNone;
  const auto* found = member(name);
  const auto* items = found == nullptr ? nullptr : found->if_array();
  if (items == nullptr) set_error(Error::malformed);
  return items == nullptr ? kNone : *items;
}

}  // namespace qeaas::json_tree
