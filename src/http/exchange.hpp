// SPDX-License-Identifier: GPL-3.0-or-later
// Exchange: one request while it is being answered, and the reply that a handler makes. Handlers are plain functions over it; they
// write no byte to the network and know no connection.
#pragma once

#include <span>
#include <string_view>

#include "http/head.hpp"
#include "http/site.hpp"
#include "http/streaming.hpp"
#include "wire/text_writer.hpp"

namespace qeaas::http {

// Push is an accepted /v1/stream.
struct Push {
  EntropyType type = EntropyType::mixed;
  std::uint32_t frame_bytes = 4096;
};

// Fields are header lines in memory of fixed size.
class Fields {
 public:
  static constexpr std::size_t kBytes = 3072;
  Fields() noexcept = default;
  Fields(const Fields&) = delete;
  Fields& operator=(const Fields&) = delete;
  // add writes one line; the value is put together from parts. What does not fit is left out whole.
  Fields& add(std::string_view name, std::initializer_list<std::string_view> value) noexcept;
  std::string_view text() const noexcept { return {text_.data(), used_}; }
  void clear() noexcept { used_ = 0; }

 private:
  std::array<char, kBytes> text_;
  std::size_t used_ = 0;
};

struct Reply {
  unsigned status = 200;
  std::string_view content_type;
  Bytes body;  // in the scratch memory, static, or in text
  std::string text;
  Fields fields;
  bool no_store = true;
  bool length_unknown = false;  // HEAD of what only a draw could tell
  std::optional<Streaming> streaming;
  std::optional<Push> push;
};

struct Exchange {
  Exchange(const Head& request, std::string_view request_body, Caller who, Site& of_site, TimePoint at) noexcept
      : head(request), body(request_body), caller(who), site(of_site), now(at) {}
  const Head& head;
  std::string_view body;
  std::string_view argument;  // what stood for {n} in the path
  Caller caller;
  Site& site;
  TimePoint now;
  Reply reply;

  // refuse makes the reply an error: RFC 9457 problem details with the status of the error.
  void refuse(Error error, std::string_view detail) noexcept;
  void refuse(unsigned status, Error error, std::string_view detail) noexcept;

  // authorise debits bytes, once for a request. False: the reply is made (401, 403, 413, 429, 503).
  bool authorise(std::size_t bytes) noexcept;
  // draw debits and makes one draw. False: the reply is made (as above, or 503 with Retry-After), and nothing stays debited.
  bool draw(MutableBytes out, EntropyType type, Provenance& provenance) noexcept {
    return authorise(out.size()) && fill(out, type, provenance);
  }
  // begin makes the reply the text `before` and the first piece of an answer of any length: all of it where one draw can give that.
  // The connection sends the rest, which it debits and draws as there is room, and waits for what is not there yet. False: as for draw.
  bool begin(Streaming&& whole, std::string_view content_type, std::string_view before) noexcept;
  // describe adds the provenance and the quota to the fields of the reply.
  void describe(const Provenance& provenance) noexcept;

  std::size_t drawn_bytes = 0;  // by all draws of this request

  // failure is what went wrong in the last call that returned false: for shapes that have errors of their own.
  Error failure = Error::malformed;
  std::string_view failure_text;

  // write_body puts text together in the scratch memory, and makes it the body.
  template <class Writer>
  bool write_body(std::string_view content_type, Writer&& writer) noexcept {
    const Result<std::size_t> size = writer(site.scratch.text.span());
    if (!size) {
      refuse(500, Error::io, "the answer could not be encoded");
      return false;
    }
    reply.content_type = content_type;
    reply.body = site.scratch.text.span().first(*size);
    return true;
  }

 private:
  bool fill(MutableBytes out, EntropyType type, Provenance& provenance) noexcept;
  bool draw_first(Streaming& whole, Provenance& provenance, MutableBytes& first) noexcept;
  std::size_t debited_bytes_ = 0;
};

// status_of is the HTTP status of an error of ours.
unsigned status_of(Error error) noexcept;
std::string_view reason_of(unsigned status) noexcept;

}  // namespace qeaas::http
