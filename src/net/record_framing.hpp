// SPDX-License-Identifier: GPL-3.0-or-later
// RecordFraming follows the headers of TLS records (RFC 8446 5.1) in a stream that arrives in any pieces, to count the records.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

#include "base/secret.hpp"

namespace qeaas {

class RecordFraming {
 public:
  // follow gives the number of records whose header ends in this piece.
  unsigned follow(Bytes piece) noexcept {
    unsigned begun = 0;
    while (!piece.empty()) {
      auto& missing = body_left_ > 0 ? body_left_ : header_left_;
      const auto taken = std::min(missing, piece.size());
      if (body_left_ == 0) take_header(piece.first(taken));
      missing -= taken;
      piece = piece.subspan(taken);
      if (header_left_ > 0) continue;
      header_left_ = kHeaderBytes;
      body_left_ = length_;
      ++begun;
    }
    return begun;
  }

 private:
  static constexpr std::size_t kHeaderBytes = 5;

  void take_header(Bytes part) noexcept {
    for (std::size_t i = 0; i < part.size(); ++i) {
      const auto at = kHeaderBytes - header_left_ + i;
      if (at == 3) length_ = static_cast<std::size_t>(part[i]) << 8;
      if (at == 4) length_ |= part[i];
    }
  }

  std::size_t header_left_ = kHeaderBytes;
  std::size_t body_left_ = 0;
  std::size_t length_ = 0;
};

}  // namespace qeaas
