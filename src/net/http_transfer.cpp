// SPDX-License-Identifier: GPL-3.0-or-later
// One GET under way in libcurl.
#include "net/http_transfer.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>

#include "base/ascii.hpp"

namespace qeaas {
namespace {

constexpr std::size_t kMaxHeaderBytes = 16'384;
constexpr std::size_t kFirstBodyBytes = 4096;

// seconds reads a number of seconds; 0 for anything else, the largest number for what is larger.
std::uint32_t seconds(std::string_view text) noexcept {
  if (text.empty() || text.find_first_not_of("0123456789") != std::string_view::npos) return 0;
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  static_cast<void>(end);
  return error == std::errc{} ? value : 0xffffffff;
}

void add(std::string& list, std::string_view value) {
  if (!list.empty()) list += ", ";
  list += value;
}

Error error_of(CURLcode code) noexcept {
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT: return Error::timeout;
    case CURLE_FILESIZE_EXCEEDED: return Error::too_large;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR: return Error::not_trusted;
    case CURLE_UNSUPPORTED_PROTOCOL:  // the address was checked, so the answer is no HTTP
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_PARTIAL_FILE:
    case CURLE_WRITE_ERROR: return Error::malformed;
    case CURLE_OUT_OF_MEMORY: return Error::no_space;
    default: return Error::unreachable;
  }
}

std::string redirect_target(CURL* handle) {
  char* url = nullptr;
  if (::curl_easy_getinfo(handle, CURLINFO_REDIRECT_URL, &url) != CURLE_OK || url == nullptr) return {};
  return url;
}

}  // namespace

HttpTransfer::HttpTransfer(HttpFetcher::Ticket ticket, const HttpFetcherOptions& options, const FetchRequest& request,
                           HttpFetcher::Done done, TimePoint deadline)
    : ticket_(ticket), options_(options), request_(request), done_(std::move(done)), deadline_(deadline), easy_(::curl_easy_init()) {
  for (const auto& name : options.resolved_names) names_.reset(::curl_slist_append(names_.release(), name.c_str()));
  if (!request.accept.empty()) headers_.reset(::curl_slist_append(headers_.release(), ("Accept: " + request.accept).c_str()));
  if (!request.if_none_match.empty())
    headers_.reset(::curl_slist_append(headers_.release(), ("If-None-Match: " + request.if_none_match).c_str()));
}

void HttpTransfer::set_limits(TimePoint now) {
  using std::chrono::milliseconds;
  const auto left = std::max(std::chrono::duration_cast<milliseconds>(deadline_ - now), milliseconds(1));
  ::curl_easy_setopt(handle(), CURLOPT_TIMEOUT_MS, static_cast<long>(left.count()));
  ::curl_easy_setopt(handle(), CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(std::min(left, options_.connect_timeout).count()));
  ::curl_easy_setopt(handle(), CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(options_.max_body_bytes));
}

HttpTransfer* HttpTransfer::of(CURL* handle) noexcept {
  char* transfer = nullptr;
  ::curl_easy_getinfo(handle, CURLINFO_PRIVATE, &transfer);
  return reinterpret_cast<HttpTransfer*>(transfer);
}

bool HttpTransfer::prepare(TimePoint now) {
  CURL* curl = handle();
  if (curl == nullptr) return false;
  answer_ = FetchAnswer{};
  answer_.origin = request_.uri.origin;
  body_bytes_ = header_bytes_ = 0;
  ::curl_easy_setopt(curl, CURLOPT_PRIVATE, this);
  ::curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
  ::curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
  ::curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, request_.uri.origin.secure ? "https" : "http");
  ::curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  ::curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
  ::curl_easy_setopt(curl, CURLOPT_PROXY, "");  // none, whatever the environment says
  ::curl_easy_setopt(curl, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  ::curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  ::curl_easy_setopt(curl, CURLOPT_QUICK_EXIT, 1L);  // a name that is still being resolved does not hold up a cancel
  ::curl_easy_setopt(curl, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  ::curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
  ::curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
  if (!options_.ca_file.empty()) {
    ::curl_easy_setopt(curl, CURLOPT_CAINFO, options_.ca_file.c_str());
    ::curl_easy_setopt(curl, CURLOPT_CAPATH, nullptr);  // else the system's roots would count as well
  }
  ::curl_easy_setopt(curl, CURLOPT_USERAGENT, "qeaas/" QEAAS_VERSION);
  ::curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers_.get());
  ::curl_easy_setopt(curl, CURLOPT_RESOLVE, names_.get());
  ::curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &HttpTransfer::on_body);
  ::curl_easy_setopt(curl, CURLOPT_WRITEDATA, this);
  ::curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, &HttpTransfer::on_header);
  ::curl_easy_setopt(curl, CURLOPT_HEADERDATA, this);
  ::curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, &HttpTransfer::on_open);
  ::curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, this);
  set_limits(now);
  return ::curl_easy_setopt(curl, CURLOPT_URL, to_text(request_.uri).c_str()) == CURLE_OK;
}

std::size_t HttpTransfer::on_body(char* data, std::size_t, std::size_t size, void* transfer) noexcept {
  return static_cast<HttpTransfer*>(transfer)->take_body({reinterpret_cast<const std::uint8_t*>(data), size}) ? size : 0;
}

std::size_t HttpTransfer::on_header(char* data, std::size_t, std::size_t size, void* transfer) noexcept {
  return static_cast<HttpTransfer*>(transfer)->take_header({data, size}) ? size : 0;
}

// on_open is the check that counts: this is the address that would be connected to, whatever a name resolved to earlier.
curl_socket_t HttpTransfer::on_open(void* transfer, curlsocktype purpose, curl_sockaddr* address) noexcept {
  auto& self = *static_cast<HttpTransfer*>(transfer);
  if (purpose != CURLSOCKTYPE_IPCXN || self.address_refused_ || !self.may_open(*address)) {
    self.address_refused_ = true;
    return CURL_SOCKET_BAD;
  }
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

bool HttpTransfer::may_open(const curl_sockaddr& address) const noexcept {
  const void* bytes = &address.addr;
  if (address.family == AF_INET) {
    const auto& v4 = *static_cast<const sockaddr_in*>(bytes);
    return may_connect(request_.uri.origin, {reinterpret_cast<const std::uint8_t*>(&v4.sin_addr), 4}, ntohs(v4.sin_port));
  }
  if (address.family != AF_INET6) return false;
  const auto& v6 = *static_cast<const sockaddr_in6*>(bytes);
  return may_connect(request_.uri.origin, {v6.sin6_addr.s6_addr, 16}, ntohs(v6.sin6_port));
}

bool HttpTransfer::take_body(Bytes part) {
  too_large_ = part.size() > options_.max_body_bytes - body_bytes_;
  if (too_large_) return false;
  const std::size_t needed = body_bytes_ + part.size();
  if (needed > answer_.body.size()) {
    SecretBytes larger(std::min(std::max({needed, 2 * answer_.body.size(), kFirstBodyBytes}), options_.max_body_bytes));
    std::copy_n(answer_.body.span().begin(), body_bytes_, larger.span().begin());
    answer_.body = std::move(larger);
  }
  std::copy(part.begin(), part.end(), answer_.body.span().begin() + static_cast<std::ptrdiff_t>(body_bytes_));
  body_bytes_ = needed;
  return true;
}

// take_header: a status line begins a head anew (100 Continue comes before the answer); what follows the body is not looked at.
bool HttpTransfer::take_header(std::string_view line) {
  header_bytes_ += line.size();
  too_large_ = header_bytes_ > kMaxHeaderBytes;
  if (too_large_) return false;
  if (line.starts_with("HTTP/")) {
    Origin origin = std::move(answer_.origin);
    answer_ = FetchAnswer{};
    answer_.origin = std::move(origin);
    in_head_ = true;
    return true;
  }
  if (ascii::trimmed(line).empty()) in_head_ = false;
  if (const auto colon = line.find(':'); in_head_ && colon != std::string_view::npos)
    take_field(ascii::lower(line.substr(0, colon)), ascii::trimmed(line.substr(colon + 1)));
  return true;
}

void HttpTransfer::take_field(std::string_view name, std::string_view value) {
  if (name == "content-type") answer_.content_type = value;
  if (name == "etag") answer_.etag = value;
  if (name == "cache-control") add(answer_.cache_control, value);
  if (name == "vary") add(answer_.vary, value);
  if (name == "age") answer_.age_seconds = std::max(answer_.age_seconds, seconds(value));
  if (name == "retry-after") answer_.retry_after_seconds = seconds(value);
  if (name == "set-cookie") answer_.personal = true;
  if (name.starts_with("entropy-")) answer_.entropy = true;
  if (name == "content-encoding" && ascii::lower(value) != "identity") answer_.encoded = true;
}

HttpTransfer::Next HttpTransfer::end(Error error) noexcept {
  failed_ = true;
  error_ = error;
  return Next::finish;
}

HttpTransfer::Next HttpTransfer::complete(CURLcode code) {
  if (address_refused_) return end(Error::refused);
  if (too_large_) return end(Error::too_large);
  if (code != CURLE_OK) return end(error_of(code));
  long status = 0;
  ::curl_easy_getinfo(handle(), CURLINFO_RESPONSE_CODE, &status);
  if (status < 200 || status > 599) return end(Error::malformed);
  answer_.status = static_cast<unsigned>(status);
  answer_.body.shrink(body_bytes_);
  answer_.redirected = redirects_ > 0;
  if (const auto location = redirect_target(handle()); !location.empty()) return redirect(location);
  return Next::finish;
}

// redirect: libcurl has made the location absolute; whether we go there is decided as if the peer had asked for it.
HttpTransfer::Next HttpTransfer::redirect(const std::string& location) {
  auto uri = parse_http_uri(std::string_view(location).substr(0, location.find('#')));
  if (!uri || !options_.origins.contains(uri->origin)) return end(Error::refused);
  if (redirects_++ == options_.max_redirects) return end(Error::malformed);
  request_.uri = std::move(*uri);
  return Next::again;
}

void HttpTransfer::finish() {
  const auto done = std::move(done_);
  if (failed_) return done(fail(error_));
  done(std::move(answer_));
}

}  // namespace qeaas
