// SPDX-License-Identifier: GPL-3.0-or-later
// What is asked of an HTTP origin, and what it answered: the values that pass between the CoAP proxy and whatever fetches for it.
#pragma once

#include <cstdint>
#include <string>

#include "base/secret.hpp"
#include "wire/origin.hpp"

namespace qeaas {

// FetchRequest is one GET. Empty texts send no such header.
struct FetchRequest {
  HttpUri uri;
  std::string accept;         // one media type
  std::string if_none_match;  // an entity tag, as an answer gave it
};

// FetchAnswer is a final answer; redirects have been followed. Header values are trimmed, repeated ones joined with commas.
struct FetchAnswer {
  unsigned status = 0;
  std::string content_type;
  std::string etag;
  std::string cache_control;
  std::string vary;
  std::uint32_t age_seconds = 0;
  std::uint32_t retry_after_seconds = 0;  // 0: none, or a date
  bool personal = false;                  // Set-Cookie: not for anybody else
  bool entropy = false;                   // has a header of an entropy service
  bool encoded = false;                   // a Content-Encoding that nobody asked for
  bool redirected = false;                // from the address that was asked
  Origin origin;                          // that answered in the end
  SecretBytes body;
};

}  // namespace qeaas
