// SPDX-License-Identifier: GPL-3.0-or-later
// The answers of /random in CBOR and JSON.
#include "wire/random_answer.hpp"

#include <algorithm>

#include "base/hex.hpp"
#include "wire/cbor.hpp"
#include "wire/json_tree.hpp"
#include "wire/json_writer.hpp"

namespace qeaas {
namespace {

// Keys of the CBOR map, fixed by docs/protocol.md.
enum Key : std::int64_t { kRandom = 1, kType = 2, kSources = 3, kReport = 4, kSimulated = 5, kClassicalLinks = 6 };
constexpr unsigned kProvenanceKeys = 0b111100;
constexpr unsigned kAllKeys = 0b111110;

bool ids_fit(const Provenance& provenance) noexcept {
  const auto tags = provenance.sources();
  return std::all_of(tags.begin(), tags.end(), [](const SourceTag* tag) { return tag->id.size() <= kMaxSourceIdBytes; });
}

std::size_t classical_links(const Provenance& provenance) noexcept {
  const auto tags = provenance.sources();
  return static_cast<std::size_t>(std::count_if(tags.begin(), tags.end(), [](const SourceTag* tag) { return tag->classical_link; }));
}

// account is what follows the random bytes. The places of sources with a classical link stand in a member of their own, which is there
// when there are such: the triples of kSources are fixed.
Result<std::size_t> account(CborWriter& out, const Provenance& provenance) noexcept {
  out.integer(kType).text(name(provenance.type()));
  out.integer(kSources).array(provenance.sources().size());
  for (const SourceTag* tag : provenance.sources()) out.array(3).text(tag->id).text(name(tag->kind)).boolean(tag->conditioned);
  out.integer(kReport).null().integer(kSimulated).boolean(provenance.simulated());
  const auto links = classical_links(provenance);
  if (links > 0) out.integer(kClassicalLinks).array(links);
  for (std::size_t i = 0; i < provenance.sources().size(); ++i)
    if (provenance.sources()[i]->classical_link) out.unsigned_integer(i);
  return out.finish();
}

Result<std::size_t> encode_cbor(Bytes random, const Provenance& provenance, MutableBytes into) noexcept {
  CborWriter out(into);
  out.map(classical_links(provenance) > 0 ? 6 : 5).integer(kRandom).bytes(random);
  return account(out, provenance);
}

Result<std::size_t> encode_json(Bytes random, const Provenance& provenance, MutableBytes into) noexcept {
  JsonWriter out(into);
  out.raw(R"({"random":)").hex(random).raw(R"(,"type":)").text(name(provenance.type())).raw(R"(,"sources":[)");
  std::string_view separator;
  for (const SourceTag* tag : provenance.sources()) {
    out.raw(separator).raw(R"({"id":)").text(tag->id).raw(R"(,"kind":)").text(name(tag->kind));
    out.raw(R"(,"conditioned":)").boolean(tag->conditioned).raw(tag->classical_link ? R"(,"classical_link":true})" : "}");
    separator = ",";
  }
  return out.raw(R"(],"report":null,"simulated":)").boolean(provenance.simulated()).raw("}").finish();
}

// as_malformed: a known key with a value of another kind is a format error of the answer.
tl::unexpected<Error> as_malformed(Error error) noexcept { return fail(error == Error::unknown ? Error::malformed : error); }

Status set_type(std::string_view text, RandomAnswer& answer) noexcept {
  const auto type = entropy_type(text);
  if (!type) return fail(Error::unknown);
  answer.type = *type;
  return {};
}

Status add_source(std::string_view id, std::string_view kind_text, bool conditioned, bool classical_link, RandomAnswer& answer) {
  const auto kind = source_kind(kind_text);
  if (!kind) return fail(Error::unknown);
  if (id.size() > kMaxSourceIdBytes || answer.sources.size() == kMaxSources) return fail(Error::too_large);
  answer.sources.push_back(SourceTag{std::string(id), *kind, conditioned, classical_link});
  return {};
}

Status read_source(CborReader& in, RandomAnswer& answer) {
  const auto fields = in.array();
  if (!fields) return as_malformed(fields.error());
  if (*fields != 3) return fail(Error::malformed);
  const auto id = in.text();
  if (!id) return as_malformed(id.error());
  const auto kind = in.text();
  if (!kind) return as_malformed(kind.error());
  const auto conditioned = in.boolean();
  if (!conditioned) return as_malformed(conditioned.error());
  return add_source(*id, *kind, *conditioned, false, answer);
}

Status read_sources(CborReader& in, RandomAnswer& answer) {
  const auto count = in.array();
  if (!count) return as_malformed(count.error());
  for (std::size_t i = 0; i < *count; ++i)
    if (const auto status = read_source(in, answer); !status) return status;
  return {};
}

Status read_random(CborReader& in, RandomAnswer& answer) {
  const auto random = in.bytes();
  if (!random) return as_malformed(random.error());
  answer.random = SecretBytes(*random);
  return {};
}

Status read_type(CborReader& in, RandomAnswer& answer) {
  const auto text = in.text();
  if (!text) return as_malformed(text.error());
  return set_type(*text, answer);
}

Status read_report(CborReader& in, RandomAnswer& answer) {
  if (in.null()) return {};
  const auto text = in.text();
  if (!text) return as_malformed(text.error());
  answer.report = std::string(*text);
  return {};
}

Status read_simulated(CborReader& in, RandomAnswer& answer) {
  const auto flag = in.boolean();
  if (!flag) return as_malformed(flag.error());
  answer.simulated = *flag;
  return {};
}

// read_classical_links: keys ascend, so that the sources have been read.
Status read_classical_links(CborReader& in, RandomAnswer& answer) {
  const auto count = in.array();
  if (!count) return as_malformed(count.error());
  for (std::size_t i = 0; i < *count; ++i) {
    const auto place = in.unsigned_integer();
    if (!place) return as_malformed(place.error());
    if (*place >= answer.sources.size()) return fail(Error::malformed);
    answer.sources[*place].classical_link = true;
  }
  return {};
}

Status read_member(CborReader& in, std::int64_t key, RandomAnswer& answer) {
  switch (key) {
    case kRandom: return read_random(in, answer);
    case kType: return read_type(in, answer);
    case kSources: return read_sources(in, answer);
    case kReport: return read_report(in, answer);
    case kSimulated: return read_simulated(in, answer);
    case kClassicalLinks: return read_classical_links(in, answer);
    default: return in.skip();
  }
}

Status decode_cbor(Bytes encoded, unsigned keys, RandomAnswer& answer) {
  CborReader in(encoded);
  const auto pairs = in.map();
  if (!pairs) return as_malformed(pairs.error());
  unsigned seen = 0;
  for (std::size_t i = 0; i < *pairs; ++i) {
    const auto key = in.integer();
    if (!key) return as_malformed(key.error());
    if (const auto status = read_member(in, *key, answer); !status) return status;
    if (*key >= kRandom && *key <= kSimulated) seen |= 1u << *key;
  }
  if (seen != keys) return fail(Error::malformed);
  return in.finish();
}

Status read_json_random(json_tree::Fields& fields, RandomAnswer& answer) {
  const auto* member = fields.member("random");
  const auto* text = member == nullptr ? nullptr : member->if_string();
  if (text == nullptr) return fail(Error::malformed);
  auto random = from_hex({text->data(), text->size()});
  if (!random) return fail(random.error());
  answer.random = SecretBytes(Bytes(*random));
  wipe(*random);
  return {};
}

Status read_json_sources(json_tree::Fields& fields, RandomAnswer& answer) {
  for (const auto& item : fields.items("sources")) {
    std::string id, kind;
    bool conditioned = false;
    json_tree::Fields source(item);
    if (const auto& read = source.read("id", id).read("kind", kind).read("conditioned", conditioned).status(); !read) return read;
    bool classical_link = false;
    if (item.as_object().contains("classical_link") && !source.read("classical_link", classical_link).status()) return source.status();
    if (const auto added = add_source(id, kind, conditioned, classical_link, answer); !added) return added;
  }
  return fields.status();
}

Status read_json_report(json_tree::Fields& fields, RandomAnswer& answer) {
  const auto* report = fields.member("report");
  if (report == nullptr || report->is_null()) return fields.status();
  answer.report.emplace();
  return fields.read("report", *answer.report).status();
}

Status decode_json(Bytes text, RandomAnswer& answer) {
  const auto tree = json_tree::from_json(text);
  if (!tree) return fail(tree.error());
  json_tree::Fields fields(*tree);
  std::string type;
  if (const auto status = fields.read("type", type).read("simulated", answer.simulated).status(); !status) return status;
  if (const auto status = set_type(type, answer); !status) return status;
  if (const auto status = read_json_random(fields, answer); !status) return status;
  if (const auto status = read_json_sources(fields, answer); !status) return status;
  return read_json_report(fields, answer);
}

// hides_simulation: a simulated source in an answer that is not marked.
bool hides_simulation(const RandomAnswer& answer) noexcept {
  return !answer.simulated &&
         std::any_of(answer.sources.begin(), answer.sources.end(), [](const SourceTag& tag) { return tag.kind == SourceKind::simulated; });
}

}  // namespace

Result<std::size_t> encode_random_answer(AnswerFormat format, Bytes random, const Provenance& provenance, MutableBytes into) noexcept {
  if (!ids_fit(provenance)) {
    wipe(into);
    return fail(Error::too_large);
  }
  const auto size = format == AnswerFormat::cbor ? encode_cbor(random, provenance, into) : encode_json(random, provenance, into);
  if (!size) wipe(into);
  return size;
}

Result<std::size_t> encode_provenance(const Provenance& provenance, MutableBytes into) noexcept {
  if (!ids_fit(provenance)) return fail(Error::too_large);
  CborWriter out(into);
  out.map(classical_links(provenance) > 0 ? 5 : 4);
  return account(out, provenance);
}

Result<RandomAnswer> decode_provenance(Bytes encoded) {
  if (encoded.size() > kMaxProvenanceBytes) return fail(Error::too_large);
  RandomAnswer answer;
  if (const auto status = decode_cbor(encoded, kProvenanceKeys, answer); !status) return fail(status.error());
  if (hides_simulation(answer)) return fail(Error::malformed);
  return answer;
}

Result<RandomAnswer> decode_random_answer(AnswerFormat format, Bytes encoded) {
  if (encoded.size() > kMaxAnswerBytes) return fail(Error::too_large);
  RandomAnswer answer;
  const auto status = format == AnswerFormat::cbor ? decode_cbor(encoded, kAllKeys, answer) : decode_json(encoded, answer);
  if (!status) return fail(status.error());
  if (hides_simulation(answer)) return fail(Error::malformed);
  return answer;
}

}  // namespace qeaas
