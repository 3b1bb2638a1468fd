// SPDX-License-Identifier: GPL-3.0-or-later
// Connection: requests in, answers out.
#include "http/connection.hpp"

#include <functional>

#include "base/timestamp.hpp"
#include "http/handlers.hpp"
#include "http/limits.hpp"
#include "http/push_stream.hpp"
#include "http/request_parser.hpp"
#include "http/routes.hpp"
#include "web/assets.hpp"

namespace qeaas::http {
namespace {

constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

struct Refusal {
  unsigned status;
  std::string_view detail;
};

// refusal_of says what was wrong with a request that could not be read at all.
Refusal refusal_of(Error why, bool has_target, bool head_done) noexcept {
  switch (why) {
    case Error::no_space:
      if (!has_target) return {414, "the target of the request is longer than 2048 bytes"};
      return {431, "the head of the request is longer than 8192 bytes, or what is read of its fields longer than 2048"};
    case Error::too_large: return {413, "the body of the request is longer than 16384 bytes"};
    case Error::unsupported:
      if (!has_target) return {505, "only HTTP/1.0 and HTTP/1.1 are spoken here"};
      return {501, "no transfer coding other than chunked is understood, and that in HTTP/1.1 only"};
    case Error::unauthorized: return {400, "Authorization and X-API-KEY name different tokens"};
    case Error::timeout:
      return {408, head_done ? "the body of the request did not arrive in time" : "the head of the request did not arrive in time"};
    default: return {400, "this is no HTTP/1.1 request (RFC 9112)"};
  }
}

// methods_of: those of the table, and GET for the files of the dashboard.
std::array<bool, 4> methods_of(const Exchange& exchange, const Found& found) noexcept {
  auto methods = found.methods;
  if (exchange.site.features.dashboard && web::find_asset(exchange.head.path()) != nullptr)
    methods[static_cast<std::size_t>(Method::get)] = true;
  return methods;
}

// current_date is the Date field's value, put together once a second for each thread.
std::string_view current_date() {
  thread_local std::int64_t second = 0;
  thread_local HttpDate text;
  const auto now = std::chrono::system_clock::now();
  const auto current = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  if (current != second) {
    text = http_date(now);
    second = current;
  }
  return {text.data(), text.size()};
}

}  // namespace

struct Connection::Parsing {
  Head head;
  std::string body;
  std::optional<RequestParser> parser;
};

Connection::Connection(Site& site, const Caller& caller, std::function<void()> on_output)
    : site_(site), caller_(caller), on_output_(std::move(on_output)), parsing_(std::make_unique<Parsing>()) {}

Connection::~Connection() = default;

Connection::Phase Connection::phase() const noexcept {
  if (push_) return push_->spent() ? Phase::credit : Phase::web_socket;
  if (streaming_) return Phase::streaming;
  if (closing_) return Phase::closing;
  return parsing_->parser || !input_.empty() ? Phase::receiving : Phase::idle;
}

bool Connection::finished() const noexcept { return push_ ? push_->done() : closing_ && !streaming_; }

bool Connection::may_answer() const noexcept { return !closing_ && !streaming_ && !push_ && output_.size() < kHighWaterBytes; }

bool Connection::wants_data() const noexcept {
  if (push_) return output_.size() < kHighWaterBytes && push_->wants_data();
  return closing_ || (may_answer() && input_.size() < kMaxHeadBytes + kMaxBodyBytes);
}

void Connection::on_data(Bytes data, TimePoint now) noexcept {
  if (push_) return push_->on_data(data);
  if (closing_) return;  // the last answer is on its way; what still comes is read so that the peer gets it, and thrown away
  if (input_.empty()) data = data.subspan(parse(data, now));
  if (push_ && !data.empty()) return push_->on_data(data);
  if (closing_ || data.empty()) return;
  input_.append(data);
  pump(now);
}

void Connection::on_end(TimePoint now) noexcept {
  ended_ = true;
  if (push_) return push_->on_end();
  pump(now);
}

void Connection::pump(TimePoint now) noexcept {
  wake_at_.reset();
  if (streaming_) continue_streaming(now);
  while (!input_.empty() && may_answer()) {
    const auto used = parse(input_.waiting(), now);
    input_.take_off(used);
    if (used == 0) break;
  }
  if (push_ && !input_.empty()) {
    push_->on_data(input_.waiting());
    input_.take_off(input_.size());
  }
  if (push_) push_->on_room();
  settle();
}

// settle closes when no further request can come, or none is taken any more. After its end, the peer still gets what it has asked for
// (it may have closed its half only); half a request is none.
void Connection::settle() noexcept {
  if (push_ && ended_) push_->on_end();
  if (ended_ && may_answer()) closing_ = true;
  if (draining_ && phase() == Phase::idle) closing_ = true;
}

// parse consumes whole requests and answers them, for as long as answers have room. What it leaves is to be shown again.
std::size_t Connection::parse(Bytes data, TimePoint now) noexcept {
  const auto before = data.size();
  while (!data.empty() && may_answer())
    if (!step(data, now)) break;
  return before - data.size();
}

// step takes one bite of the input. False: more must come first.
bool Connection::step(Bytes& data, TimePoint now) noexcept {
  auto& parser = parsing_->parser;
  if (!parser) {
    // An empty line or two before a request is what some clients send after a body (RFC 9112 2.2).
    while (!data.empty() && (data.front() == '\r' || data.front() == '\n')) data = data.subspan(1);
    if (data.empty()) return false;
    parser.emplace(parsing_->head, parsing_->body);
    continued_ = false;
  }
  const auto used = parser->parse(data);
  if (!used) {
    data = {};
    refuse_request(used.error(), now);
    return false;
  }
  data = data.subspan(*used);
  if (parser->done()) {
    answer(now);
    return true;
  }
  const bool waiting = parser->head_done() && parsing_->head.expects_continue && !parsing_->head.http_1_0;
  if (waiting && !std::exchange(continued_, true)) output_.append(bytes_of(kContinue));
  return *used > 0;
}

void Connection::refuse_request(Error why, TimePoint now) noexcept {
  const auto refusal = refusal_of(why, parsing_->head.target.data() != nullptr, parsing_->parser && parsing_->parser->head_done());
  Exchange exchange(parsing_->head, {}, caller_, site_, now);
  exchange.refuse(refusal.status, why == Error::unauthorized ? Error::malformed : why, refusal.detail);
  closing_ = true;  // where the next request begins is not known
  respond(exchange);
  parsing_->parser.reset();
}

void Connection::answer(TimePoint now) noexcept {
  const auto& head = parsing_->head;
  if (!head.keep_alive || draining_) closing_ = true;
  Exchange exchange(head, parsing_->body, caller_, site_, now);
  ++answered_;
  if (identify(exchange)) dispatch(exchange);
  respond(exchange);
  parsing_->parser.reset();
}

// identify: a token, where there is one, says who asks; it wins over the connection's own identity.
bool Connection::identify(Exchange& exchange) noexcept {
  if (!exchange.head.token) return true;
  const auto identity = exchange.site.gate.token_identity(*exchange.head.token);
  if (identity) {
    exchange.caller.identity = *identity;
    return true;
  }
  exchange.refuse(Error::unauthorized, "nobody has this token; 'qeaas clients add NAME --token' makes one");
  exchange.reply.fields.add("WWW-Authenticate", {"Bearer realm=\"qeaas\", error=\"invalid_token\""});
  return false;
}

void Connection::dispatch(Exchange& exchange) noexcept {
  const auto& head = exchange.head;
  const auto found = find_route(head.path(), head.method, exchange.site.features);
  if (head.method == Method::options) return answer_options(exchange, found);
  if (found.route != nullptr) {
    exchange.argument = found.argument;
    return found.route->handle(exchange);
  }
  const bool reading = head.method == Method::get || head.method == Method::head;
  if (reading && exchange.site.features.dashboard && get_asset(exchange)) return;
  const auto methods = methods_of(exchange, found);
  if (std::ranges::none_of(methods, std::identity()))
    return exchange.refuse(404, Error::not_found, "there is no such resource; /openapi.json lists them all");
  std::array<char, 32> room;
  exchange.refuse(405, Error::unsupported, "this resource has other methods; see Allow");
  exchange.reply.fields.add("Allow", {allow(methods, room)});
}

void Connection::answer_options(Exchange& exchange, const Found& found) noexcept {
  auto methods = methods_of(exchange, found);
  if (exchange.head.target == "*") methods = {true, true, true, true};  // the whole server
  if (std::ranges::none_of(methods, std::identity()))
    return exchange.refuse(404, Error::not_found, "there is no such resource; /openapi.json lists them all");
  std::array<char, 32> room;
  auto& reply = exchange.reply;
  reply.fields.add("Allow", {allow(methods, room)});
  reply.status = 204;
  reply.no_store = false;
}

void Connection::respond(Exchange& exchange) noexcept {
  auto& reply = exchange.reply;
  const auto klass = std::min<std::size_t>(reply.status / 100, site_.counters.answers.size());
  if (reply.push) return upgrade(exchange);
  site_.counters.answers[klass - 1].add();
  const Bytes body = reply.text.empty() ? reply.body : bytes_of(reply.text);
  std::uint64_t length = body.size();
  if (reply.streaming) length += reply.streaming->rest_bytes();
  write_head(reply, length, reply.status != 204 && reply.status != 304 && !reply.length_unknown);
  const bool head_only = exchange.head.method == Method::head;
  if (!head_only) output_.append(body);
  auto& scratch = site_.scratch;
  // No answer is shorter than its random bytes; but an error may follow upon bytes that were drawn and encoded already.
  const auto touched = reply.status < 400 ? body.size() : std::max(body.size(), exchange.drawn_bytes > 0 ? scratch.text.size() : 0);
  wipe(scratch.draw.span().first(std::min(scratch.draw.size(), touched)));
  wipe(scratch.text.span().first(std::min(scratch.text.size(), touched)));
  if (!reply.streaming || head_only) return;
  streaming_ = std::move(reply.streaming);
  piece_bytes_ = stream_piece_bytes(streaming_->type);
  stream_caller_ = exchange.caller;
}

void Connection::write_head(const Reply& reply, std::uint64_t length, bool with_length) noexcept {
  TextWriter out(output_.room(640 + reply.fields.text().size()));
  out.put("HTTP/1.1 ").number(reply.status).put(" ").put(reason_of(reply.status)).put("\r\nDate: ").put(current_date());
  if (!reply.content_type.empty()) out.put("\r\nContent-Type: ").put(reply.content_type);
  if (with_length) out.put("\r\nContent-Length: ").number(length);
  if (reply.no_store) out.put("\r\nCache-Control: no-store");
  out.put("\r\nX-Content-Type-Options: nosniff\r\n");
  if (closing_)
    out.put("Connection: close\r\n");
  else if (parsing_->head.http_1_0)
    out.put("Connection: keep-alive\r\n");
  const auto size = out.put(reply.fields.text()).put("\r\n").finish();
  output_.commit(size.value_or(0));
}

void Connection::upgrade(const Exchange& exchange) noexcept {
  site_.counters.answers[0].add();
  site_.counters.web_sockets.add();
  push_ = std::make_unique<PushStream>(site_, exchange.caller, *exchange.reply.push, output_, on_output_);
  push_->accept(exchange.head);
  if (draining_) push_->shut_down();
}

void Connection::give_up(TimePoint now) noexcept {
  if (streaming_) return abort();
  if (phase() == Phase::receiving)
    refuse_request(Error::timeout, now);
  else
    closing_ = true;
}

void Connection::drain(TimePoint /*now*/) noexcept {
  draining_ = true;
  if (push_) push_->shut_down();
  settle();
}

void Connection::abort() noexcept {
  streaming_.reset();
  closing_ = aborted_ = true;
}

}  // namespace qeaas::http
