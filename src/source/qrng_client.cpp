// SPDX-License-Identifier: GPL-3.0-or-later
// The client of the QRNG Open API. One easy handle driven by a multi handle, whose wake-up call makes a transfer interruptible.
#include "source/qrng_client.hpp"

#include <algorithm>
#include <atomic>
#include <curl/curl.h>
#include <mutex>
#include <sys/stat.h>

#include "base/clock.hpp"
#include "base/file.hpp"
#include "base/handle.hpp"

namespace qeaas {
namespace {

constexpr std::size_t kMaxHeaderBytes = 16384;
constexpr std::size_t kMaxTokenBytes = 4096;
constexpr std::size_t kMaxEntropyTypeBytes = 64;
constexpr std::string_view kBearer = "Authorization: Bearer ";
constexpr std::string_view kSimulatedHeader = "entropy-simulated:";

std::once_flag curl_started;

// Exchange collects one answer. Its memory is wiped.
struct Exchange {
  SecretBytes body{kMaxRemoteAnswerBytes};
  std::size_t body_bytes = 0;
  std::size_t header_bytes = 0;
  bool too_large = false;
  bool simulated = false;

  std::string_view text() const noexcept { return {reinterpret_cast<const char*>(body.span().data()), body_bytes}; }
  bool take_body(Bytes part) noexcept;
  bool take_header(std::string_view line) noexcept;
};

bool Exchange::take_body(Bytes part) noexcept {
  too_large = part.size() > body.size() - body_bytes;
  if (too_large) return false;
  std::copy(part.begin(), part.end(), body.span().begin() + static_cast<std::ptrdiff_t>(body_bytes));
  body_bytes += part.size();
  return true;
}

bool Exchange::take_header(std::string_view line) noexcept {
  header_bytes += line.size();
  too_large = header_bytes > kMaxHeaderBytes;
  if (too_large) return false;
  const bool about_simulation = line.size() >= kSimulatedHeader.size() &&
                                std::equal(kSimulatedHeader.begin(), kSimulatedHeader.end(), line.begin(),
                                           [](char a, char b) { return a == (b >= 'A' && b <= 'Z' ? b + ('a' - 'A') : b); });
  if (!about_simulation) return true;
  auto value = line.substr(kSimulatedHeader.size());
  value.remove_prefix(std::min(value.size(), value.find_first_not_of(" \t")));
  value = value.substr(0, value.find_first_of(" \t\r\n"));
  // Anything but a clear no counts as yes.
  simulated = simulated || !(value == "false" || value == "0" || value == "?0" || value == "no");
  return true;
}

std::size_t on_body(char* data, std::size_t, std::size_t size, void* exchange) noexcept {
  return static_cast<Exchange*>(exchange)->take_body({reinterpret_cast<const std::uint8_t*>(data), size}) ? size : 0;
}
std::size_t on_header(char* data, std::size_t, std::size_t size, void* exchange) noexcept {
  return static_cast<Exchange*>(exchange)->take_header({data, size}) ? size : 0;
}

Error error_of(CURLcode code) noexcept {
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT: return Error::timeout;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR: return Error::not_trusted;
    case CURLE_UNSUPPORTED_PROTOCOL: return Error::malformed;  // the address was checked, so the answer is no HTTP
    default: return Error::unreachable;
  }
}

// is_entropy_type keeps what needs no escaping in JSON.
bool is_entropy_type(std::string_view text) noexcept {
  return text.size() <= kMaxEntropyTypeBytes && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
         });
}

Outcome<void> judge_status(long status) {
  const auto number = std::to_string(status);
  if (status == 200) return {};
  if (status >= 300 && status < 400)
    return fault(Error::refused, "it answers with a redirect (" + number + "); give the final address as url");
  if (status == 400 || status == 422)
    return fault(Error::out_of_range, "it does not accept the request (" + number + "); check entropy_type");
  if (status == 401) return fault(Error::unauthorized, "it wants a token (401); set token_file");
  if (status == 403) return fault(Error::forbidden, "it does not allow this client (403); ask its operator");
  if (status == 404) return fault(Error::unsupported, "it has no QRNG Open API at this address (404); check url");
  if (status == 429) return fault(Error::over_quota, "the allowance there is used up (429); it is tried again later");
  if (status == 503) return fault(Error::starved, "its own source is unavailable (503); it is tried again later");
  return fault(Error::io, "it answers with status " + number);
}

}  // namespace

struct QrngClient::State {
  QrngClientSettings settings;
  Handle<CURLM, &::curl_multi_cleanup> multi;
  Handle<CURL, &::curl_easy_cleanup> easy;
  SecretBytes authorization;  // the whole header line, with its end
  std::atomic<bool> interrupted{false};

  Outcome<void> read_token();
  Outcome<void> make_easy();
  Outcome<void> exchange(std::string_view path, const std::string* post, Exchange& into);
  Outcome<CURLcode> drive();
  tl::unexpected<Fault> about(const Fault& reason) const { return fault(reason.error, settings.url + ": " + reason.text); }
};

Outcome<void> QrngClient::State::read_token() {
  authorization = SecretBytes();
  if (settings.token_file.empty()) return {};
  struct stat status {};
  const auto& path = settings.token_file;
  if (::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) && (status.st_mode & S_IRWXO) != 0)
    return fault(Error::refused, "token_file " + path.string() + " is open to everybody; run: chmod 600 " + path.string());
  auto token = read_file(path);
  if (!token) return tl::unexpected(token.error());
  auto text = std::as_const(*token).span();
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text = text.first(text.size() - 1);
  const bool printable = std::all_of(text.begin(), text.end(), [](std::uint8_t byte) { return byte > 0x20 && byte < 0x7F; });
  if (text.empty() || text.size() > kMaxTokenBytes || !printable)
    return fault(Error::malformed, "token_file " + path.string() + " must hold one token on one line, at most 4096 characters");
  authorization = SecretBytes(kBearer.size() + text.size() + 1);
  const auto end = std::copy(kBearer.begin(), kBearer.end(), authorization.span().begin());
  std::copy(text.begin(), text.end(), end);
  return {};
}

Outcome<void> QrngClient::State::make_easy() {
  if (auto allowed = check_remote_url(settings.url); !allowed) return allowed;
  if (auto token = read_token(); !token) return token;
  easy.reset(::curl_easy_init());
  if (!easy || !multi) return fault(Error::no_space, "libcurl could not start; free some memory or file descriptors");
  CURL* handle = easy.get();
  const bool plain = settings.url.starts_with("http:");
  ::curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, plain ? "http" : "https");
  ::curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
  ::curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  ::curl_easy_setopt(handle, CURLOPT_QUICK_EXIT, 1L);  // a name that is still being resolved does not hold up a stop
  ::curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(settings.timeout.count()));
  ::curl_easy_setopt(handle, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  ::curl_easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, 1L);
  ::curl_easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, 2L);
  ::curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, &on_body);
  ::curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, &on_header);
  if (!settings.ca_file.empty()) {  // instead of the system's roots, not beside them
    ::curl_easy_setopt(handle, CURLOPT_CAINFO, settings.ca_file.c_str());
    ::curl_easy_setopt(handle, CURLOPT_CAPATH, nullptr);
  }
  if (plain) ::curl_easy_setopt(handle, CURLOPT_NOPROXY, "*");  // loopback stays on this machine
  return {};
}

// drive runs the transfer to its end, or returns closed when another thread interrupted it.
Outcome<CURLcode> QrngClient::State::drive() {
  int running = 1;
  const auto deadline = Clock::now() + settings.timeout + 1s;  // libcurl keeps the time-out; this bounds its mistakes
  while (running != 0) {
    if (interrupted.load(std::memory_order_acquire)) return fault(Error::closed, "stopped");
    if (::curl_multi_perform(multi.get(), &running) != CURLM_OK) return fault(Error::io, "libcurl failed");
    if (running == 0) break;
    if (Clock::now() > deadline) return CURLE_OPERATION_TIMEDOUT;
    ::curl_multi_poll(multi.get(), nullptr, 0, 1000, nullptr);
  }
  int left = 0;
  const auto* message = ::curl_multi_info_read(multi.get(), &left);
  return message == nullptr ? CURLE_RECV_ERROR : message->data.result;
}

Outcome<void> QrngClient::State::exchange(std::string_view path, const std::string* post, Exchange& into) {
  if (!easy) return fault(Error::source_gone, settings.url + ": not connected");
  auto base = settings.url;
  while (base.ends_with('/')) base.pop_back();
  const std::string address = base + std::string(path);
  std::string content_type = "Content-Type: application/json";
  // The list is ours and not libcurl's, so that the token is copied into no memory that stays.
  curl_slist token_header{.data = reinterpret_cast<char*>(authorization.span().data()), .next = nullptr};
  curl_slist headers{.data = content_type.data(), .next = authorization.empty() ? nullptr : &token_header};
  CURL* handle = easy.get();
  ::curl_easy_setopt(handle, CURLOPT_URL, address.c_str());
  ::curl_easy_setopt(handle, CURLOPT_HTTPHEADER, &headers);
  ::curl_easy_setopt(handle, CURLOPT_WRITEDATA, &into);
  ::curl_easy_setopt(handle, CURLOPT_HEADERDATA, &into);
  if (post != nullptr) {
    ::curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE, static_cast<long>(post->size()));
    ::curl_easy_setopt(handle, CURLOPT_POSTFIELDS, post->c_str());
  } else {
    ::curl_easy_setopt(handle, CURLOPT_HTTPGET, 1L);
  }
  if (::curl_multi_add_handle(multi.get(), handle) != CURLM_OK) return fault(Error::io, settings.url + ": libcurl failed");
  const auto code = drive();
  ::curl_multi_remove_handle(multi.get(), handle);
  ::curl_easy_setopt(handle, CURLOPT_HTTPHEADER, nullptr);
  if (!code) return about(code.error());
  if (into.too_large) return about({Error::too_large, "its answer is larger than any that the QRNG Open API needs"});
  if (*code != CURLE_OK) return about({error_of(*code), ::curl_easy_strerror(*code)});
  long status = 0;
  ::curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
  if (const auto judged = judge_status(status); !judged) return about(judged.error());
  return {};
}

QrngClient::QrngClient(QrngClientSettings settings) : state_(std::make_unique<State>()) {
  std::call_once(curl_started, [] { ::curl_global_init(CURL_GLOBAL_DEFAULT); });
  state_->settings = std::move(settings);
  state_->multi.reset(::curl_multi_init());  // made here and kept to the end, because interrupt uses it from other threads
}

QrngClient::~QrngClient() = default;

Outcome<RemoteCapabilities> QrngClient::connect() {
  if (auto made = state_->make_easy(); !made) return tl::unexpected(made.error());
  Exchange answer;
  if (auto done = state_->exchange("/v1/capabilities", nullptr, answer); !done) return tl::unexpected(done.error());
  auto capabilities = parse_capabilities(answer.text());
  if (capabilities) return std::move(*capabilities);
  return state_->about(
      {capabilities.error(), "its capabilities do not follow the QRNG Open API (" + std::string(name(capabilities.error())) + ")"});
}

Outcome<void> QrngClient::fetch(MutableBytes block, const std::string& type) {
  if (block.size() > kMaxRemoteBlockBytes) return fault(Error::too_large, "a block has at most 65536 bytes");
  if (!is_entropy_type(type)) return fault(Error::malformed, "entropy_type may hold letters, digits and _ . - only");
  std::string request = "{\"block_size\":" + std::to_string(block.size()) + ",\"block_count\":1";
  if (!type.empty()) request += ",\"entropy_type\":\"" + type + "\"";
  request += "}";
  Exchange answer;
  if (auto done = state_->exchange("/v1/entropy", &request, answer); !done) return done;
  // A far end that says that it is simulated must never pass for anything else here.
  if (answer.simulated) return state_->about({Error::refused, "it serves simulated bytes; they may not be used as a source"});
  const auto parsed = parse_entropy_answer(answer.text(), block);
  if (parsed) return {};
  return state_->about({parsed.error(), "its answer does not follow the QRNG Open API (" + std::string(name(parsed.error())) + ")"});
}

void QrngClient::disconnect() noexcept { state_->easy.reset(); }

void QrngClient::interrupt() noexcept {
  state_->interrupted.store(true, std::memory_order_release);
  if (state_->multi) ::curl_multi_wakeup(state_->multi.get());
}

}  // namespace qeaas
