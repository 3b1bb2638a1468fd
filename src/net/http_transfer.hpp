// SPDX-License-Identifier: GPL-3.0-or-later
// HttpTransfer: one GET under way in libcurl: its options, what it collects, and the check of each socket. Private to HttpFetcher.
#pragma once

#include <curl/curl.h>

#include "base/handle.hpp"
#include "net/http_fetcher.hpp"

namespace qeaas {

class HttpTransfer {
 public:
  HttpTransfer(HttpFetcher::Ticket ticket, const HttpFetcherOptions& options, const FetchRequest& request, HttpFetcher::Done done,
               TimePoint deadline);
  HttpTransfer(const HttpTransfer&) = delete;
  HttpTransfer& operator=(const HttpTransfer&) = delete;

  // prepare makes the handle ready for the current address. False when libcurl has no memory.
  bool prepare(TimePoint now);
  CURL* handle() const noexcept { return easy_.get(); }
  HttpFetcher::Ticket ticket() const noexcept { return ticket_; }
  static HttpTransfer* of(CURL* handle) noexcept;

  // Next says what to do when libcurl is done: ask again for a redirect, or call finish.
  enum class Next : std::uint8_t { again, finish };
  Next complete(CURLcode code);
  Next end(Error error) noexcept;
  void finish();  // calls Done with the outcome of complete or end

 private:
  static std::size_t on_body(char* data, std::size_t one, std::size_t size, void* transfer) noexcept;
  static std::size_t on_header(char* data, std::size_t one, std::size_t size, void* transfer) noexcept;
  static curl_socket_t on_open(void* transfer, curlsocktype purpose, curl_sockaddr* address) noexcept;
  bool take_body(Bytes part);
  bool take_header(std::string_view line);
  void take_field(std::string_view name, std::string_view value);
  bool may_open(const curl_sockaddr& address) const noexcept;
  Next redirect(const std::string& location);
  void set_limits(TimePoint now);

  HttpFetcher::Ticket ticket_;
  const HttpFetcherOptions& options_;
  FetchRequest request_;
  HttpFetcher::Done done_;
  TimePoint deadline_;
  Handle<CURL, &::curl_easy_cleanup> easy_;
  Handle<curl_slist, &::curl_slist_free_all> headers_;
  Handle<curl_slist, &::curl_slist_free_all> names_;
  FetchAnswer answer_;
  std::size_t body_bytes_ = 0;
  std::size_t header_bytes_ = 0;
  unsigned redirects_ = 0;
  bool in_head_ = false;
  bool too_large_ = false;
  bool address_refused_ = false;
  Error error_ = Error::io;
  bool failed_ = false;
};

}  // namespace qeaas
