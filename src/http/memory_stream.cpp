// SPDX-License-Identifier: GPL-3.0-or-later
// MemoryPipe: what passes between a connection and Beast's WebSocket.
#include "http/memory_stream.hpp"

#include <boost/asio/error.hpp>

#include "http/limits.hpp"

namespace qeaas::http {

void MemoryPipe::feed(Bytes data) {
  if (closed_) return;
  input_.append(data);
  serve_read();
}

void MemoryPipe::end() {
  ended_ = true;
  serve_read();
}

void MemoryPipe::start_read(std::unique_ptr<Pending> pending) {
  read_ = std::move(pending);
  serve_read();
}

void MemoryPipe::serve_read() {
  if (!read_ || (input_.empty() && !ended_ && !closed_)) return;
  const auto reader = std::move(read_);
  const bool was_full = full();
  if (!input_.empty() && !closed_)
    reader->complete({}, reader->take(input_));
  else
    reader->complete(closed_ ? Code(boost::asio::error::operation_aborted) : Code(boost::asio::error::eof), 0);
  if (was_full && !full()) notify();
}

// start_write completes at once unless much waits to be sent already: that is the back-pressure.
void MemoryPipe::start_write(std::unique_ptr<Pending> pending, std::size_t size) {
  write_ = std::move(pending);
  written_ = size;
  on_room();
  notify();
}

void MemoryPipe::on_room() {
  if (!write_ || (output_ != nullptr && !closed_ && output_->size() > kHighWaterBytes / 2)) return;
  const auto writer = std::move(write_);
  const bool cut_off = closed_ || output_ == nullptr;
  writer->complete(cut_off ? Code(boost::asio::error::operation_aborted) : Code(), cut_off ? 0 : written_);
}

void MemoryPipe::notify() {
  boost::asio::post(loop_, [weak = std::weak_ptr(on_output_)] {
    if (const auto call = weak.lock(); call && *call) (*call)();
  });
}

void MemoryPipe::close() {
  if (std::exchange(closed_, true)) return;
  serve_read();
  on_room();
  notify();
}

void MemoryPipe::cut() {
  output_ = nullptr;
  on_output_.reset();
  close();
}

}  // namespace qeaas::http
