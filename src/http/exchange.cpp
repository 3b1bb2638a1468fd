// SPDX-License-Identifier: GPL-3.0-or-later
// Exchange: errors, debits, draws and the fields that every answer with entropy has.
#include "http/exchange.hpp"

#include <algorithm>
#include <charconv>

#include "http/limits.hpp"
#include "wire/problem.hpp"

namespace qeaas::http {
namespace {

// Digits is a number as text, for as long as a line is put together.
class Digits {
 public:
  explicit Digits(std::uint64_t value) noexcept { end_ = std::to_chars(text_.data(), text_.data() + text_.size(), value).ptr; }
  std::string_view text() const noexcept { return {text_.data(), static_cast<std::size_t>(end_ - text_.data())}; }

 private:
  std::array<char, 20> text_;
  const char* end_;
};

std::string_view words_for(Error error) noexcept {
  switch (error) {
    case Error::starved: return "not enough entropy at the moment; try again after Retry-After";
    case Error::alarmed: return "a health test has failed and no other source may serve; nothing weaker is given out";
    case Error::over_quota: return "the allowance is used up; try again after Retry-After";
    case Error::forbidden: return "this identity is disabled";
    case Error::too_large: return "more than the allowance can ever hold";
    case Error::io: return "the server could not write down the debit, or seed itself; its log says more; try again after Retry-After";
    default: return advice(error);
  }
}

}  // namespace

bool Features::has(Feature feature) const noexcept {
  switch (feature) {
    case Feature::core: return true;
    case Feature::seeds: return seeds;
    case Feature::dashboard: return dashboard;
    case Feature::pollen: return pollen;
    case Feature::anu: return anu;
    case Feature::qrypt: return qrypt;
  }
  return false;
}

Fields& Fields::add(std::string_view name, std::initializer_list<std::string_view> value) noexcept {
  std::size_t size = name.size() + 4;
  for (const auto part : value) size += part.size();
  if (size > text_.size() - used_) return *this;
  char* out = std::copy(name.begin(), name.end(), text_.data() + used_);
  *out++ = ':';
  *out++ = ' ';
  for (const auto part : value) out = std::copy(part.begin(), part.end(), out);
  *out++ = '\r';
  *out++ = '\n';
  used_ += size;
  return *this;
}

unsigned status_of(Error error) noexcept {
  switch (error) {
    case Error::malformed:
    case Error::out_of_range:
    case Error::unknown: return 400;
    case Error::unauthorized: return 401;
    case Error::forbidden:
    case Error::refused: return 403;
    case Error::not_found: return 404;
    case Error::unsupported: return 406;
    case Error::too_large: return 413;
    case Error::over_quota: return 429;
    case Error::starved:
    case Error::alarmed:
    case Error::source_gone:
    case Error::io: return 503;
    default: return 500;
  }
}

std::string_view reason_of(unsigned status) noexcept {
  switch (status) {
    case 200: return "OK";
    case 204: return "No Content";
    case 304: return "Not Modified";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 408: return "Request Timeout";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 415: return "Unsupported Media Type";
    case 422: return "Unprocessable Content";
    case 426: return "Upgrade Required";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 503: return "Service Unavailable";
    case 505: return "HTTP Version Not Supported";
    default: return "Unknown";
  }
}

void Exchange::refuse(Error error, std::string_view detail) noexcept { refuse(status_of(error), error, detail); }

void Exchange::refuse(unsigned status, Error error, std::string_view detail) noexcept {
  failure = error;
  failure_text = detail;
  reply.status = status;
  reply.content_type = "application/problem+json";
  reply.fields.clear();
  reply.streaming.reset();
  reply.push.reset();
  reply.no_store = true;
  const auto size = encode_problem_json(error, status, detail, site.scratch.text.span());
  reply.body = site.scratch.text.span().first(size.value_or(0));
}

bool Exchange::authorise(std::size_t bytes) noexcept {
  if (head.method == Method::head) bytes = 0;  // nothing is drawn for it
  const auto decision = site.gate.admit(caller, bytes, now);
  if (decision) {
    debited_bytes_ = bytes;
    return true;
  }
  const auto why = *decision.refusal;
  // A stranger may come back with a token; somebody known may not come back at all.
  const bool stranger = why == Error::forbidden && caller.identity == access::kAnonymousId;
  refuse(stranger ? Error::unauthorized : why,
         stranger ? "this server wants an API token (Authorization: Bearer) or a client certificate" : words_for(why));
  if (stranger) reply.fields.add("WWW-Authenticate", {"Bearer realm=\"qeaas\""});
  if (decision.retry_after.count() > 0)
    reply.fields.add("Retry-After", {Digits(static_cast<std::uint64_t>(decision.retry_after.count())).text()});
  return false;
}

bool Exchange::fill(MutableBytes out, EntropyType type, Provenance& provenance) noexcept {
  if (head.method == Method::head) {
    provenance.reset(type);
    reply.length_unknown = true;
    wipe(out);
    return true;
  }
  const auto filled = site.draw.fill(out, type, provenance);
  if (filled) {
    site.counters.random_bytes.add(out.size());
    drawn_bytes += out.size();
    return true;
  }
  site.gate.give_back(caller, std::exchange(debited_bytes_, 0));
  refuse(filled.error(), words_for(filled.error()));
  if (reply.status == 503) reply.fields.add("Retry-After", {Digits(static_cast<std::uint64_t>(site.draw.retry_after().count())).text()});
  return false;
}

// draw_first: what one draw can give is one draw, and more than the burst or a reservoir holds is refused as ever. Of a longer answer it
// asks for smaller pieces then, as the connection does for the rest.
bool Exchange::draw_first(Streaming& whole, Provenance& provenance, MutableBytes& first) noexcept {
  const bool one_draw = whole.left_bytes <= kMaxDrawBytes;
  auto size = one_draw ? static_cast<std::size_t>(whole.left_bytes) : whole.piece(stream_piece_bytes(whole.type));
  for (;;) {
    first = site.scratch.draw.span().first(size);
    if (draw(first, whole.type, provenance)) return true;
    const auto smaller = whole.piece(std::max<std::size_t>(size / 2, 1));
    if (one_draw || failure != Error::too_large || smaller >= size) return false;
    size = smaller;
    reply.status = 200;
    reply.fields.clear();
  }
}

bool Exchange::begin(Streaming&& whole, std::string_view content_type, std::string_view before) noexcept {
  Provenance provenance;
  MutableBytes first;
  if (!draw_first(whole, provenance, first)) return false;
  describe(provenance);
  whole.simulated = provenance.simulated();
  const auto size = before.size() + whole.text_bytes(first.size());
  const auto room = site.scratch.text.span();
  std::ranges::copy(before, room.begin());
  whole.write(first, room.first(size).subspan(before.size()));
  reply.content_type = content_type;
  reply.body = room.first(size);
  if (whole.left_bytes > 0) {
    reply.streaming = std::move(whole);
    return true;
  }
  std::ranges::copy(whole.tail, room.begin() + static_cast<std::ptrdiff_t>(size));
  reply.body = room.first(size + whole.tail.size());
  return true;
}

void Exchange::describe(const Provenance& provenance) noexcept {
  std::array<char, 16 * 80> list;
  std::size_t used = 0;
  for (const auto* source : provenance.sources()) {
    const auto kind = name(source->kind);
    if (used + source->id.size() + kind.size() + 3 > list.size()) break;
    if (used > 0) list[used++] = ',', list[used++] = ' ';
    used = static_cast<std::size_t>(std::copy(source->id.begin(), source->id.end(), list.data() + used) - list.data());
    list[used++] = ';';
    used = static_cast<std::size_t>(std::copy(kind.begin(), kind.end(), list.data() + used) - list.data());
  }
  reply.fields.add("Entropy-Type", {name(provenance.type())});
  if (head.method != Method::head)
    reply.fields.add("Entropy-Source", {std::string_view(list.data(), used)})
        .add("Entropy-Simulated", {provenance.simulated() ? "true" : "false"});
  const auto left = site.gate.allowance(caller, now);
  if (!left) return;
  // draft-ietf-httpapi-ratelimit-headers: a quota in bytes of content.
  reply.fields
      .add("RateLimit-Policy",
           {"\"", left->policy, "\";q=", Digits(left->limit_bytes).text(), ";qu=\"content-bytes\";w=", Digits(left->window_seconds).text()})
      .add("RateLimit", {"\"", left->policy, "\";r=", Digits(left->remaining_bytes).text(), ";t=", Digits(left->reset_seconds).text()});
}

}  // namespace qeaas::http
