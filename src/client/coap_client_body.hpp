// SPDX-License-Identifier: GPL-3.0-or-later
// The body of a response as it arrives in blocks (RFC 7959). Internal to CoapClient.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "client/coap_client.hpp"

namespace qeaas {

struct CoapClient::Body {
  // next_block is the Block2 option of the next request; none for the first one, which leaves the size to the server.
  std::optional<coap::Block> next_block() const noexcept {
    if (received_bytes == 0) return std::nullopt;
    const auto size = std::size_t{16} << szx;
    return coap::Block{static_cast<std::uint32_t>(received_bytes / size), false, szx};
  }
  void clear() noexcept {
    blocks.clear();
    received_bytes = 0;
    etag.clear();
  }
  SecretBytes whole() const;

  std::vector<SecretBytes> blocks;  // never moved in memory, so that no copy is left behind
  std::size_t received_bytes = 0;
  std::uint64_t total_bytes = 0;  // as the server estimates; zero: unknown
  std::uint8_t szx = coap::kMaxBlockSzx;
  std::vector<std::uint8_t> etag;
  std::optional<std::uint16_t> content_format;
};

}  // namespace qeaas
