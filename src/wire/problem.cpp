// SPDX-License-Identifier: GPL-3.0-or-later
// Problem details in both encodings.
#include "wire/problem.hpp"

#include <algorithm>

#include "base/utf8.hpp"
#include "wire/cbor.hpp"
#include "wire/json_tree.hpp"
#include "wire/json_writer.hpp"

namespace qeaas {
namespace {

// RFC 9290 2.1: standard problem detail entries have negative keys.
constexpr std::int64_t kTitle = -1;
constexpr std::int64_t kDetail = -2;
constexpr std::size_t kMaxProblemInputBytes = 16384;

// cut shortens to kMaxProblemDetailBytes without splitting a character.
std::string_view cut(std::string_view text) noexcept {
  if (text.size() <= kMaxProblemDetailBytes) return text;
  std::size_t size = kMaxProblemDetailBytes;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) --size;
  return text.substr(0, size);
}

Problem made(std::string title, std::string detail) {
  const auto error = error_named(title);
  return Problem{std::move(title), std::move(detail), error};
}

Result<Problem> read_members(CborReader& in, std::size_t count) {
  std::string title, detail;
  for (std::size_t i = 0; i < count; ++i) {
    const auto key = in.integer();
    const bool is_ours = key && (*key == kTitle || *key == kDetail);
    // Keys of applications may be text, and large numbers are legal (RFC 9290 2.2); their members are skipped.
    if (!key && key.error() != Error::unknown && key.error() != Error::out_of_range) return fail(key.error());
    if (!key)
      if (const auto status = in.skip(); !status) return fail(status.error());
    if (!is_ours) {
      if (const auto status = in.skip(); !status) return fail(status.error());
      continue;
    }
    const auto text = in.text();
    if (!text) return fail(text.error() == Error::unknown ? Error::malformed : text.error());
    (*key == kTitle ? title : detail).assign(*text);
  }
  return made(std::move(title), std::move(detail));
}

// optional_text reads a member that may be missing.
Status optional_text(const boost::json::object& object, std::string_view name, std::string& into) {
  const auto* member = object.if_contains(boost::json::string_view(name.data(), name.size()));
  if (member == nullptr) return {};
  const auto* text = member->if_string();
  if (text == nullptr) return fail(Error::malformed);
  into.assign(text->data(), text->size());
  return {};
}

}  // namespace

std::optional<Error> error_named(std::string_view text) noexcept {
  for (std::uint8_t i = 0; i < kErrorCount; ++i)
    if (name(static_cast<Error>(i)) == text) return static_cast<Error>(i);
  return std::nullopt;
}

Result<std::size_t> encode_problem_cbor(Error error, std::string_view detail, MutableBytes into) noexcept {
  if (!is_utf8(detail)) return fail(Error::malformed);
  CborWriter out(into);
  out.map(detail.empty() ? 1 : 2).integer(kTitle).text(name(error));
  if (!detail.empty()) out.integer(kDetail).text(cut(detail));
  return out.finish();
}

Result<std::size_t> encode_problem_json(Error error, unsigned http_status, std::string_view detail, MutableBytes into) noexcept {
  if (!is_utf8(detail)) return fail(Error::malformed);
  JsonWriter out(into);
  out.raw(R"({"title":)").text(name(error)).raw(R"(,"status":)").number(http_status);
  if (!detail.empty()) out.raw(R"(,"detail":)").text(cut(detail));
  return out.raw("}").finish();
}

Result<Problem> decode_problem_cbor(Bytes encoded) {
  if (encoded.size() > kMaxProblemInputBytes) return fail(Error::too_large);
  CborReader in(encoded);
  const auto count = in.map();
  if (!count) return fail(count.error() == Error::unknown ? Error::malformed : count.error());
  auto problem = read_members(in, *count);
  if (!problem) return problem;
  if (const auto status = in.finish(); !status) return fail(status.error());
  return problem;
}

Result<Problem> decode_problem_json(Bytes text) {
  if (text.size() > kMaxProblemInputBytes) return fail(Error::too_large);
  const auto tree = json_tree::from_json(text);
  if (!tree) return fail(tree.error());
  const auto* object = tree->if_object();
  if (object == nullptr) return fail(Error::malformed);
  std::string title, detail;
  if (const auto status = optional_text(*object, "title", title); !status) return fail(status.error());
  if (const auto status = optional_text(*object, "detail", detail); !status) return fail(status.error());
  return made(std::move(title), std::move(detail));
}

}  // namespace qeaas
