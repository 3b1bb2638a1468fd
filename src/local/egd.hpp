// SPDX-License-Identifier: GPL-3.0-or-later
// The requests and answers of the local socket, without I/O: EGD's five commands, and 0x51, which tells where its bytes came from.
// docs/protocol.md, "Local socket".
#pragma once

#include <chrono>

#include "base/error.hpp"
#include "base/provenance.hpp"
#include "base/secret.hpp"

namespace qeaas::local {

enum class Command : std::uint8_t {
  level = 0x00,      // how many bits are ready: 4 bytes
  read_now = 0x01,   // count(1): what there is, at most count: length(1) and the bytes
  read_wait = 0x02,  // count(1): exactly count bytes, however long they take
  write = 0x03,      // bits(2) count(1) bytes: mixed in, credited nothing, no answer
  pid = 0x04,        // length(1) and the digits of our process id
  draw = 0x51,       // count(2) type(1): a head, the bytes and their provenance
};

struct Request {
  Command command = Command::level;
  std::size_t count = 0;   // bytes asked for
  std::uint8_t type = 0;   // draw only, unchecked
  Bytes data;              // write only; points into the input
  std::size_t length = 0;  // of the request itself
};
inline constexpr std::size_t kMaxRequestBytes = 4 + 255;

// parse_request reads the request that input begins with. Errors: would_block (more of it must come), unknown (no such command: nothing
// after it can be understood).
Result<Request> parse_request(Bytes input) noexcept;

// Code is the first byte of 0x51's answer. After any but ok the connection goes on.
enum class Code : std::uint8_t {
  ok = 0,
  bad_request = 1,  // count 0, or a type that is not 0, 1 or 2
  starved = 2,      // not enough entropy at the moment: again after the retry time
  alarmed = 3,      // health tests have failed: again after the retry time, nothing weaker is given
  over_quota = 4,   // the allowance is used up: again after the retry time
  forbidden = 5,    // the identity of local clients is disabled or gone
  too_large = 6,    // never in one piece: above the burst or the reservoir; ask for less
  failed = 7,       // the operating system failed; its log says more
};
Code code_of(Error error) noexcept;
// refusal is that answer as its client sees it; whose names the socket. For every code but ok.
Fault refusal(Code code, const std::string& whose);

// write_draw_head writes code(1) retry(1) count(2) provenance(2): retry in seconds, 0 where trying again is pointless, 255 for longer.
inline constexpr std::size_t kDrawHeadBytes = 6;
void write_draw_head(std::span<std::uint8_t, kDrawHeadBytes> head, Code code, std::chrono::seconds retry, std::size_t count,
                     std::size_t provenance_bytes) noexcept;

// The client's side: write_draw_request asks for count bytes (1 to kMaxLocalDrawBytes); parse_draw_head reads what answers it. A code
// that is not in the table is failed.
inline constexpr std::size_t kDrawRequestBytes = 4;
inline constexpr std::size_t kMaxLocalDrawBytes = 65535;
void write_draw_request(std::span<std::uint8_t, kDrawRequestBytes> request, std::size_t count, EntropyType type) noexcept;
struct DrawHead {
  Code code = Code::failed;
  std::chrono::seconds retry{0};
  std::size_t count = 0;
  std::size_t provenance_bytes = 0;
};
DrawHead parse_draw_head(std::span<const std::uint8_t, kDrawHeadBytes> head) noexcept;

}  // namespace qeaas::local
