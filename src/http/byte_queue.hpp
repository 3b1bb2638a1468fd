// SPDX-License-Identifier: GPL-3.0-or-later
// ByteQueue: bytes in order, put in at the end and taken from the front: what a connection still has to send, or has not parsed yet.
// Random bytes and tokens lie in it, so what was taken is wiped, and so is memory that is left behind when it grows. Small memory is
// kept, so that the next answer of a connection allocates nothing.
#pragma once

#include <algorithm>

#include "base/secret.hpp"

namespace qeaas::http {

class ByteQueue {
 public:
  static constexpr std::size_t kKeptBytes = 2048;

  // room gives the next size bytes to be written; commit then says how many of them count. Valid until the next call.
  MutableBytes room(std::size_t size) {
    make_room(size);
    return memory_.span().subspan(end_, size);
  }
  void commit(std::size_t size) noexcept { end_ += size; }
  void append(Bytes data) {
    std::copy(data.begin(), data.end(), room(data.size()).begin());
    commit(data.size());
  }

  Bytes waiting() const noexcept { return memory_.span().subspan(begin_, end_ - begin_); }
  std::size_t size() const noexcept { return end_ - begin_; }
  bool empty() const noexcept { return begin_ == end_; }
  std::size_t capacity() const noexcept { return memory_.size(); }

  // take_off forgets the first size bytes.
  void take_off(std::size_t size) noexcept {
    wipe(memory_.span().subspan(begin_, size));
    begin_ += size;
    if (!empty()) return;
    begin_ = end_ = 0;
    if (memory_.size() > kKeptBytes) memory_ = {};
  }

 private:
  void make_room(std::size_t size) {
    if (memory_.size() - end_ >= size) return;
    const auto used = this->size();
    if (memory_.size() - used >= size && begin_ >= used) {  // moving to the front copies no more than was sent
      std::copy_n(memory_.span().begin() + static_cast<std::ptrdiff_t>(begin_), used, memory_.span().begin());
      wipe(memory_.span().subspan(begin_, used));
    } else {
      SecretBytes larger(std::max(kKeptBytes, used + std::max(size, used)));
      std::copy_n(memory_.span().begin() + static_cast<std::ptrdiff_t>(begin_), used, larger.span().begin());
      memory_ = std::move(larger);
    }
    begin_ = 0;
    end_ = used;
  }

  SecretBytes memory_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace qeaas::http
