// SPDX-License-Identifier: GPL-3.0-or-later
// MemoryStream: an asynchronous stream (Asio's AsyncReadStream and AsyncWriteStream) whose other end is the connection's memory, so
// that Beast's WebSocket needs no socket and works over TLS and plain connections alike. One pending read and one pending write.
#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/bind_handler.hpp>
#include <boost/beast/core/role.hpp>
#include <boost/system/error_code.hpp>
#include <functional>
#include <memory>

#include "http/byte_queue.hpp"

namespace qeaas::http {

// MemoryPipe is what both ends see. The connection's end is the public members.
class MemoryPipe {
 public:
  using Code = boost::system::error_code;
  static constexpr std::size_t kMaxWaitingBytes = 4096;
  MemoryPipe(boost::asio::io_context& loop, ByteQueue& output, std::function<void()> on_output)
      : loop_(loop), output_(&output), on_output_(std::make_shared<std::function<void()>>(std::move(on_output))) {}

  void feed(Bytes data);
  void end();      // nothing more arrives
  void on_room();  // output has been sent
  void notify();   // on_output runs soon
  void close();    // the stream is over, from either end; its output may still be sent
  // cut leaves the stream without its other end: what is pending fails, and nothing is called any more.
  void cut();
  bool closed() const noexcept { return closed_; }
  // wants_data is false while much was fed and not read yet: the reader may itself be waiting for room to write. on_output runs when
  // it is true again.
  bool wants_data() const noexcept { return input_.size() < kMaxWaitingBytes; }

 private:
  friend class MemoryStream;
  struct Pending {
    Pending() = default;
    Pending(const Pending&) = delete;
    Pending& operator=(const Pending&) = delete;
    virtual ~Pending() = default;
    virtual void complete(Code code, std::size_t size) = 0;  // posts the handler
    virtual std::size_t take(ByteQueue& from) = 0;           // copies into the reader's buffers
  };
  void start_read(std::unique_ptr<Pending> pending);
  void start_write(std::unique_ptr<Pending> pending, std::size_t size);
  void serve_read();

  boost::asio::io_context& loop_;
  ByteQueue* output_;
  std::shared_ptr<std::function<void()>> on_output_;  // completions that are posted must not outlive it
  ByteQueue input_;
  std::unique_ptr<Pending> read_;
  std::unique_ptr<Pending> write_;
  std::size_t written_ = 0;
  bool ended_ = false;
  bool closed_ = false;
};

class MemoryStream {
 public:
  using executor_type = boost::asio::io_context::executor_type;
  // Beast's own operations (a ping that is under way) may outlive the owner of the pipe, so they share it.
  explicit MemoryStream(std::shared_ptr<MemoryPipe> pipe) noexcept : pipe_(std::move(pipe)) {}
  executor_type get_executor() const noexcept { return pipe_->loop_.get_executor(); }

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return boost::asio::async_initiate<Token, void(MemoryPipe::Code, std::size_t)>(
        [pipe = pipe_.get()](auto handler, const Buffers& into) {
          pipe->start_read(std::make_unique<Operation<Buffers, decltype(handler)>>(*pipe, into, std::move(handler)));
        },
        token, buffers);
  }

  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return boost::asio::async_initiate<Token, void(MemoryPipe::Code, std::size_t)>(
        [pipe = pipe_.get()](auto handler, const Buffers& from) {
          const auto size = boost::asio::buffer_size(from);
          if (pipe->output_ != nullptr) {
            const auto room = pipe->output_->room(size);
            boost::asio::buffer_copy(boost::asio::buffer(room.data(), room.size()), from);
            pipe->output_->commit(size);
          }
          pipe->start_write(std::make_unique<Operation<boost::asio::mutable_buffer, decltype(handler)>>(
                                *pipe, boost::asio::mutable_buffer(), std::move(handler)),
                            size);
        },
        token, buffers);
  }

  // What Beast asks of a stream: to be torn down at the end, and to be cut when it has timed out.
  friend void teardown(boost::beast::role_type /*role*/, MemoryStream& stream, boost::system::error_code& code) {
    code = {};
    stream.pipe_->close();
  }
  template <class Handler>
  friend void async_teardown(boost::beast::role_type /*role*/, MemoryStream& stream, Handler&& handler) {
    stream.pipe_->close();
    boost::asio::post(stream.get_executor(), boost::beast::bind_front_handler(std::forward<Handler>(handler), boost::system::error_code()));
  }
  friend void beast_close_socket(MemoryStream& stream) { stream.pipe_->close(); }

 private:
  template <class Buffers, class Handler>
  class Operation final : public MemoryPipe::Pending {
   public:
    Operation(MemoryPipe& pipe, const Buffers& buffers, Handler handler)
        : loop_(pipe.loop_), buffers_(buffers), handler_(std::move(handler)) {}
    void complete(MemoryPipe::Code code, std::size_t size) override {
      boost::asio::post(loop_.get_executor(), boost::beast::bind_front_handler(std::move(handler_), code, size));
    }
    std::size_t take(ByteQueue& from) override {
      const auto waiting = from.waiting();
      const auto size = boost::asio::buffer_copy(buffers_, boost::asio::buffer(waiting.data(), waiting.size()));
      from.take_off(size);
      return size;
    }

   private:
    boost::asio::io_context& loop_;
    Buffers buffers_;
    Handler handler_;
  };

  std::shared_ptr<MemoryPipe> pipe_;
};

}  // namespace qeaas::http
