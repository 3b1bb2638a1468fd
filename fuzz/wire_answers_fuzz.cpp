// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzz target of the decoders that read what a server, a client or a person sends. The first byte chooses the decoder. Properties:
//  1. No decoder crashes, reads outside its input, recurses or allocates without bound.
//  2. A CBOR item that CborReader accepts as a whole is written back by CborWriter to the same bytes (there is one encoding).
//  3. An answer or report that decodes is encoded and decoded again to an equal one; a simulated source is always marked.
//  4. An address that parses gives a text that parses to the same parts; base64 that decodes is what encoding writes.
//  5. A query that parses is within the documented limits; a number that decodes has as many bytes as were asked for.
#include <algorithm>
#include <cstdlib>
#include <vector>

#include "wire/base64.hpp"
#include "wire/cbor.hpp"
#include "wire/coap_uri.hpp"
#include "wire/link_format.hpp"
#include "wire/problem.hpp"
#include "wire/random_answer.hpp"
#include "wire/random_number.hpp"
#include "wire/sources_report.hpp"

namespace {

using namespace qeaas;

void require(bool holds) {
  if (!holds) std::abort();
}

std::string_view text_of(Bytes bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
bool same(Bytes a, Bytes b) { return std::equal(a.begin(), a.end(), b.begin(), b.end()); }

// copy moves one item, and everything inside it, from reader to writer. Both bound its depth.
Status copy(CborReader& in, CborWriter& out);

Status copy_items(CborReader& in, CborWriter& out, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i)
    if (const auto status = copy(in, out); !status) return status;
  return {};
}

Status copy(CborReader& in, CborWriter& out) {
  const auto kind = in.peek();
  if (!kind) return fail(kind.error());
  switch (*kind) {
    case CborKind::unsigned_integer: return in.unsigned_integer().map([&](std::uint64_t n) { static_cast<void>(out.unsigned_integer(n)); });
    case CborKind::negative_integer: return in.integer().map([&](std::int64_t n) { static_cast<void>(out.integer(n)); });
    case CborKind::bytes: return in.bytes().map([&](Bytes b) { static_cast<void>(out.bytes(b)); });
    case CborKind::text: return in.text().map([&](std::string_view t) { static_cast<void>(out.text(t)); });
    case CborKind::boolean: return in.boolean().map([&](bool b) { static_cast<void>(out.boolean(b)); });
    case CborKind::null: return in.null().map([&] { static_cast<void>(out.null()); });
    case CborKind::array: {
      const auto count = in.array();
      if (!count) return fail(count.error());
      return copy_items(in, out.array(*count), *count);
    }
    case CborKind::map: {
      const auto count = in.map();
      if (!count) return fail(count.error());
      return copy_items(in, out.map(*count), 2 * *count);
    }
  }
  std::abort();
}

void fuzz_cbor(Bytes input) {
  std::vector<std::uint8_t> memory(input.size());
  CborReader in(input), skipping(input);
  CborWriter out(memory);
  const auto copied = copy(in, out);
  const bool whole = copied && in.finish();
  const bool skipped = skipping.skip() && skipping.finish();
  // The only item that can be skipped but not copied is a number below -2^63.
  require(skipped == whole || (!copied && copied.error() == Error::out_of_range));
  if (whole) require(out.finish() == input.size() && same(memory, input));
}

void fuzz_answer(AnswerFormat format, Bytes input) {
  const auto answer = decode_random_answer(format, input);
  if (!answer) return;
  Provenance account;
  account.reset(answer->type);
  for (const SourceTag& tag : answer->sources) account.add(tag);
  require(!account.simulated() || answer->simulated);
  std::vector<std::uint8_t> memory(max_answer_bytes(format, answer->random.size()));
  const auto size = encode_random_answer(format, answer->random.span(), account, memory);
  require(size.has_value());
  const auto again = decode_random_answer(format, Bytes(memory).first(*size));
  require(again && same(again->random.span(), answer->random.span()) && again->sources.size() == answer->sources.size());
  for (std::size_t i = 0; i < account.sources().size(); ++i) require(again->sources[i].classical_link == answer->sources[i].classical_link);
}

template <class Report, class Decode>
void fuzz_report(const Result<Report>& report, Decode decode_json) {
  if (!report) return;
  const auto json = to_json(*report);
  const auto cbor = to_cbor(*report);
  require(json.has_value() && cbor.has_value());
  require(decode_json({reinterpret_cast<const std::uint8_t*>(json->data()), json->size()}) == *report);
}

void fuzz_uri(std::string_view text) {
  const auto uri = parse_coap_uri(text);
  if (!uri) return;
  const auto again = parse_coap_uri(to_text(*uri));
  require(again && again->host == uri->host && again->port == uri->port && again->path == uri->path && again->query == uri->query);
}

void fuzz_query(std::string_view text) {
  const auto query = parse_random_query(text);
  if (!query) return require(!query.error().text.empty());
  require(query->bytes >= 1 && query->bytes <= kMaxRandomBytes);
  require(!query->every_seconds || (*query->every_seconds >= 1 && *query->every_seconds <= kMaxEverySeconds));
}

void fuzz_link_filter(std::string_view text) {
  static constexpr std::uint16_t kFormats[] = {42, 50, 60};
  const Link link{.path = "/random", .resource_type = "a b", .content_formats = kFormats, .title = "t", .size_bytes = 1};
  std::array<std::uint8_t, 128> memory;
  if (const auto filter = parse_link_filter(text)) require(encode_links({&link, 1}, *filter, memory).has_value());
}

void fuzz_number(Bytes input) {
  for (const std::size_t size : {1U, 8U, 9U, 256U})
    if (const auto decoded = decode_random_number(input, size)) require(decoded->size() == size);
}

void fuzz_base64(std::string_view text) {
  if (const auto decoded = from_base64(text)) require(to_base64(decoded->span()) == text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::vector<std::uint8_t> input(data + 1, data + size);
  switch (data[0] % 13) {
    case 0: fuzz_cbor(input); break;
    case 1: fuzz_answer(AnswerFormat::cbor, input); break;
    case 2: fuzz_answer(AnswerFormat::json, input); break;
    case 3: fuzz_report(sources_report_from_cbor(input), sources_report_from_json); break;
    case 4: fuzz_report(sources_report_from_json(input), sources_report_from_json); break;
    case 5: fuzz_report(health_report_from_cbor(input), health_report_from_json); break;
    case 6: fuzz_report(health_report_from_json(input), health_report_from_json); break;
    case 7:
      static_cast<void>(decode_problem_cbor(input));
      static_cast<void>(decode_problem_json(input));
      break;
    case 8: fuzz_uri(text_of(input)); break;
    case 9: fuzz_query(text_of(input)); break;
    case 10: fuzz_link_filter(text_of(input)); break;
    case 11: fuzz_number(input); break;
    default: fuzz_base64(text_of(input)); break;
  }
  return 0;
}
