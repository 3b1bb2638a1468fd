// SPDX-License-Identifier: GPL-3.0-or-later
// Pieces of long answers, as text.
#include "http/streaming.hpp"

#include <algorithm>

#include "base/hex.hpp"
#include "wire/base64.hpp"

namespace qeaas::http {
namespace {

constexpr std::uint64_t kGroupBytes = 3;  // of base64: what ends within one cannot be gone on with

}  // namespace

std::size_t Streaming::piece(std::size_t most_bytes) const noexcept {
  const auto size = std::min<std::uint64_t>(left_bytes, most_bytes);
  if (form != Form::blocks) return static_cast<std::size_t>(size);
  const auto cut = behind(left_bytes - size) % kGroupBytes;
  if (size > cut) return static_cast<std::size_t>(size - cut);
  return static_cast<std::size_t>(std::min(kGroupBytes, block_bytes - behind(left_bytes)));
}

std::uint64_t Streaming::length(std::uint64_t left) const noexcept {
  if (form == Form::octets) return left;
  if (form == Form::hex) return 2 * left;
  if (left == 0) return 0;
  const std::uint64_t whole = left / block_bytes;
  const std::uint64_t open = left % block_bytes;  // of the block that has begun
  const std::uint64_t begun = open == 0 ? 0 : base64_length(open) + 1;
  const std::uint64_t commas = whole + (open == 0 ? 0 : 1) - 1;
  return begun + whole * (base64_length(block_bytes) + 2) + commas;
}

void Streaming::write(Bytes random, MutableBytes room) noexcept {
  const std::span out(reinterpret_cast<char*>(room.data()), room.size());
  switch (form) {
    case Form::octets:
      if (random.data() != room.data()) std::ranges::copy(random, room.begin());
      left_bytes -= random.size();
      return;
    case Form::hex:
      write_hex(random, out);
      left_bytes -= random.size();
      return;
    case Form::blocks: return write_blocks(random, out);
  }
}

void Streaming::write_blocks(Bytes random, std::span<char> out) noexcept {
  auto* at = out.data();
  while (!random.empty()) {
    const auto begun = behind(left_bytes);
    const auto run = random.first(static_cast<std::size_t>(std::min<std::uint64_t>(random.size(), block_bytes - begun)));
    if (begun == 0) *at++ = '"';
    write_base64(run, {at, base64_length(run.size())});
    at += base64_length(run.size());
    if (begun + run.size() == block_bytes) {
      *at++ = '"';
      if (left_bytes > run.size()) *at++ = ',';
    }
    left_bytes -= run.size();
    random = random.subspan(run.size());
  }
}

}  // namespace qeaas::http
