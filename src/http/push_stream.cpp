// SPDX-License-Identifier: GPL-3.0-or-later
// PushStream over Boost.Beast. Core is kept alive by its own completions; when the connection goes, its pipe is cut, and they all end.
#include "http/push_stream.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_static_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <boost/json/parse.hpp>

#include "http/limits.hpp"
#include "http/memory_stream.hpp"
#include "wire/json_writer.hpp"

namespace qeaas::http {
namespace {

namespace beast = boost::beast;
namespace asio = boost::asio;
namespace websocket = beast::websocket;
using Code = boost::system::error_code;

constexpr std::uint64_t kMaxCredit = std::uint64_t{1} << 40;
constexpr std::size_t kMaxMessageBytes = 1024;  // of the client
constexpr std::size_t kNoteBytes = 4096;        // of our text messages
constexpr std::string_view kStopping = "the server is stopping";

beast::string_view beast_view(std::string_view text) noexcept { return {text.data(), text.size()}; }

// credit_in reads {"credit": N}; 0 for anything else.
std::uint64_t credit_in(std::string_view text) noexcept {
  Code code;
  const auto tree = boost::json::parse({text.data(), text.size()}, code);
  const auto* object = code ? nullptr : tree.if_object();
  const auto* credit = object == nullptr ? nullptr : object->if_contains("credit");
  const auto* number = credit == nullptr ? nullptr : credit->if_int64();
  return number != nullptr && *number > 0 ? static_cast<std::uint64_t>(*number) : 0;
}

websocket::stream_base::timeout timeouts() noexcept {
  return {.handshake_timeout = std::chrono::seconds(10), .idle_timeout = std::chrono::seconds(60), .keep_alive_pings = true};
}

}  // namespace

class PushStream::Core : public std::enable_shared_from_this<PushStream::Core> {
 public:
  Core(Site& site, const Caller& caller, const Push& push, ByteQueue& output, std::function<void()> on_output)
      : pipe(std::make_shared<MemoryPipe>(site.loop, output, std::move(on_output))),
        site_(site),
        caller_(caller),
        push_(push),
        socket_(pipe),
        timer_(site.loop),
        frame_(push.frame_bytes) {}

  const std::shared_ptr<MemoryPipe> pipe;

  void accept(const Head& head);
  void shut_down(websocket::close_code why, std::string_view reason);
  // stop says goodbye, after the handshake where that is still under way.
  void stop() {
    stopping_ = true;
    if (open_) shut_down(websocket::close_code::going_away, kStopping);
  }
  bool spent() const noexcept { return credit_ == 0 && !writing_; }
  void cut() {
    cut_ = true;
    pipe->cut();
    timer_.cancel();
  }

 private:
  void read();
  void on_message(Code code);
  void send_next();
  bool fill(std::size_t size);
  void wait(Error why, std::chrono::seconds retry, bool passing = false);
  void on_written(Code code, std::size_t size);
  void send_note(std::size_t size);
  void note_provenance(const Provenance& provenance);

  Site& site_;
  Caller caller_;
  Push push_;
  websocket::stream<MemoryStream> socket_;
  asio::steady_timer timer_;
  beast::flat_static_buffer<kMaxMessageBytes> message_;
  SecretBytes frame_;
  std::array<std::uint8_t, kNoteBytes> note_;
  std::uint64_t credit_ = 0;
  std::size_t filled_ = 0;              // bytes of frame_ that wait to be sent
  std::vector<const SourceTag*> told_;  // the sources that the client knows of
  bool writing_ = false;
  bool waiting_ = false;
  bool outage_told_ = false;
  bool open_ = false;
  bool stopping_ = false;
  bool closing_ = false;
  bool cut_ = false;
};

void PushStream::Core::accept(const Head& head) {
  socket_.set_option(timeouts());
  socket_.read_message_max(kMaxMessageBytes);
  socket_.auto_fragment(false);
  beast::http::request<beast::http::empty_body> request(beast::http::verb::get, beast_view(head.target), 11);
  request.set(beast::http::field::host, beast_view(head.host));
  request.set(beast::http::field::connection, "Upgrade");
  request.set(beast::http::field::upgrade, "websocket");
  request.set(beast::http::field::sec_websocket_key, beast_view(head.websocket_key));
  request.set(beast::http::field::sec_websocket_version, beast_view(head.websocket_version));
  socket_.async_accept(request, [self = shared_from_this()](Code code) {
    if (code) return self->pipe->close();
    self->open_ = true;
    self->read();
    if (self->stopping_) self->shut_down(websocket::close_code::going_away, kStopping);
  });
}

void PushStream::Core::read() {
  socket_.async_read(message_, [self = shared_from_this()](Code code, std::size_t) { self->on_message(code); });
}

void PushStream::Core::on_message(Code code) {
  if (code || cut_) return pipe->close();  // Beast has ended the stream, or the peer has
  const auto data = message_.data();
  const auto credit = socket_.got_text() ? credit_in({static_cast<const char*>(data.data()), data.size()}) : 0;
  message_.consume(message_.size());
  if (credit == 0) shut_down(websocket::close_code::policy_error, "send {\"credit\": bytes}");
  credit_ = std::min(kMaxCredit, credit_ + std::min(kMaxCredit, credit));
  send_next();
  read();  // also while closing: the peer's answer to our close comes here
}

void PushStream::Core::send_next() {
  if (writing_ || waiting_ || closing_ || cut_) return;
  if (filled_ == 0) {
    if (credit_ == 0) return;
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(credit_, push_.frame_bytes));
    if (!fill(size)) return;
  }
  if (writing_) return;  // the provenance goes first
  writing_ = true;
  socket_.binary(true);
  socket_.async_write(asio::buffer(frame_.span().data(), filled_), [self = shared_from_this()](Code code, std::size_t) {
    const auto sent = std::exchange(self->filled_, 0);
    wipe(self->frame_.span().first(sent));
    self->on_written(code, sent);
  });
}

void PushStream::Core::on_written(Code code, std::size_t size) {
  writing_ = false;
  credit_ -= size;
  if (!code) send_next();
  if (spent()) pipe->notify();
}

// fill draws one frame. False: nothing could be drawn, and what to do about it is under way.
bool PushStream::Core::fill(std::size_t size) {
  const auto now = Clock::now();
  const auto decision = site_.gate.admit(caller_, size, now);
  if (!decision) {
    wait(*decision.refusal, decision.retry_after, *decision.refusal == Error::io);
    return false;
  }
  Provenance provenance;
  if (const auto drawn = site_.draw.fill(frame_.span().first(size), push_.type, provenance); !drawn) {
    site_.gate.give_back(caller_, size);
    wait(drawn.error(), site_.draw.retry_after());
    return false;
  }
  site_.counters.random_bytes.add(size);
  filled_ = size;
  outage_told_ = false;
  note_provenance(provenance);
  return true;
}

// note_provenance tells the client when the sources are not those that it knows of.
void PushStream::Core::note_provenance(const Provenance& provenance) {
  const auto sources = provenance.sources();
  if (std::ranges::equal(sources, told_)) return;
  told_.assign(sources.begin(), sources.end());
  JsonWriter json(note_);
  json.raw(R"({"type":)").text(name(provenance.type())).raw(R"(,"sources":[)");
  for (std::size_t i = 0; i < sources.size(); ++i)
    json.raw(i == 0 ? "" : ",")
        .raw(R"({"id":)")
        .text(sources[i]->id)
        .raw(R"(,"kind":)")
        .text(name(sources[i]->kind))
        .raw(R"(,"conditioned":)")
        .boolean(sources[i]->conditioned)
        .raw(sources[i]->classical_link ? R"(,"classical_link":true})" : "}");
  const auto size = json.raw(R"(],"simulated":)").boolean(provenance.simulated()).raw("}").finish();
  send_note(size.value_or(0));
}

void PushStream::Core::send_note(std::size_t size) {
  writing_ = true;
  socket_.text(true);
  socket_.async_write(asio::buffer(note_.data(), size), [self = shared_from_this()](Code code, std::size_t) { self->on_written(code, 0); });
}

// wait tells the client once what is missing, and tries again; what will not mend by waiting ends the stream.
void PushStream::Core::wait(Error why, std::chrono::seconds retry, bool passing) {
  if (why == Error::alarmed) return shut_down(websocket::close_code::try_again_later, "alarmed");
  if (why != Error::starved && why != Error::over_quota && !passing) return shut_down(websocket::close_code::policy_error, name(why));
  waiting_ = true;
  if (!std::exchange(outage_told_, true)) {
    const auto size = JsonWriter(note_)
                          .raw(R"({"error":)")
                          .text(name(why))
                          .raw(R"(,"retry_after":)")
                          .number(static_cast<std::uint64_t>(retry.count()))
                          .raw("}")
                          .finish();
    send_note(size.value_or(0));
  }
  timer_.expires_after(why == Error::starved ? std::chrono::milliseconds(100)
                                             : std::chrono::duration_cast<std::chrono::milliseconds>(retry));
  timer_.async_wait([self = shared_from_this()](Code code) {
    self->waiting_ = false;
    if (!code) self->send_next();
  });
}

void PushStream::Core::shut_down(websocket::close_code why, std::string_view reason) {
  if (std::exchange(closing_, true) || cut_) return;
  socket_.async_close({why, beast_view(reason)}, [self = shared_from_this()](Code) {});
}

PushStream::PushStream(Site& site, const Caller& caller, const Push& push, ByteQueue& output, std::function<void()> on_output)
    : core_(std::make_shared<Core>(site, caller, push, output, std::move(on_output))) {}

PushStream::~PushStream() { core_->cut(); }

void PushStream::accept(const Head& head) noexcept { core_->accept(head); }
void PushStream::on_data(Bytes data) noexcept { core_->pipe->feed(data); }
void PushStream::on_end() noexcept { core_->pipe->end(); }
void PushStream::on_room() noexcept { core_->pipe->on_room(); }
void PushStream::shut_down() noexcept { core_->stop(); }
bool PushStream::wants_data() const noexcept { return core_->pipe->wants_data(); }
bool PushStream::spent() const noexcept { return core_->spent(); }
bool PushStream::done() const noexcept { return core_->pipe->closed(); }

}  // namespace qeaas::http
