// SPDX-License-Identifier: GPL-3.0-or-later
// The answers of a QRNG Open API server, as a hostile server would choose them. Properties:
//  1. neither parser crashes, throws, or needs more than its fixed memory, whatever the text;
//  2. a block is written only on success: after an error it is all zero;
//  3. what was accepted is one string whose base64 stands in the text, so encoding the block again finds it there
//     (unless the text wrote it with JSON escapes);
//  4. accepted capabilities obey 1 <= min <= max <= kMaxRemoteBlockBytes and have at most kMaxEntropyTypes types.
// The first byte chooses the size of the block that was asked for.
#include <algorithm>
#include <array>
#include <cstdlib>

#include "source/remote_answer.hpp"
#include "wire/base64.hpp"

namespace {

void must(bool property) {
  if (!property) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::array<std::uint8_t, 255> memory{};
  memory.fill(0xEE);
  const qeaas::MutableBytes block(memory.data(), data[0]);
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);

  if (qeaas::parse_entropy_answer(text, block)) {
    must(text.find('\\') != std::string_view::npos || text.find(qeaas::to_base64(block)) != std::string_view::npos);
  } else {
    must(std::all_of(block.begin(), block.end(), [](std::uint8_t byte) { return byte == 0; }));
  }
  if (const auto capabilities = qeaas::parse_capabilities(text)) {
    must(capabilities->min_block_bytes >= 1 && capabilities->min_block_bytes <= capabilities->max_block_bytes);
    must(capabilities->max_block_bytes <= qeaas::kMaxRemoteBlockBytes);
    must(capabilities->entropy_types.size() <= qeaas::kMaxEntropyTypes);
  }
  return 0;
}
