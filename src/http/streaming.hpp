// SPDX-License-Identifier: GPL-3.0-or-later
// Streaming: what is left of an answer that is too long for one draw, and how its bytes are written. The length of the whole text is
// known before the first byte is drawn, so that Content-Length can promise it.
#pragma once

#include <cstdint>
#include <string>

#include "base/provenance.hpp"
#include "base/secret.hpp"

namespace qeaas::http {

struct Streaming {
  enum class Form : std::uint8_t {
    octets,
    hex,
    blocks,  // strings of base64 with commas in between: what stands in a JSON array
  };
  std::uint64_t left_bytes = 0;  // of entropy
  EntropyType type = EntropyType::mixed;
  Form form = Form::octets;
  std::uint64_t block_bytes = 0;  // blocks: how long each is; at first left_bytes is a multiple of it
  std::string tail;               // the text behind the last byte
  bool simulated = false;         // what the head of the answer has said

  // piece is how much to draw next: no more than most_bytes, and at least 1, but 3 where base64 has to go on (or what its block lacks).
  std::size_t piece(std::size_t most_bytes) const noexcept;
  // text_bytes is the length of the text of the next size bytes, which piece has given or which are all.
  std::size_t text_bytes(std::size_t size) const noexcept {
    return static_cast<std::size_t>(length(left_bytes) - length(left_bytes - size));
  }
  // rest_bytes is the length of all that is left, with the tail.
  std::uint64_t rest_bytes() const noexcept { return length(left_bytes) + tail.size(); }
  // write puts the text of random, which has the size of a piece, into room, which has text_bytes of it. Octets may lie there already.
  void write(Bytes random, MutableBytes room) noexcept;

 private:
  std::uint64_t length(std::uint64_t left) const noexcept;
  void write_blocks(Bytes random, std::span<char> out) noexcept;
  // behind is where in its block the byte stands that is followed by left - 1 others; 0 begins one.
  std::uint64_t behind(std::uint64_t left) const noexcept { return (block_bytes - left % block_bytes) % block_bytes; }
};

}  // namespace qeaas::http
