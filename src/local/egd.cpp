// SPDX-License-Identifier: GPL-3.0-or-later
// Requests and answers of the local socket.
#include "local/egd.hpp"

#include <algorithm>

namespace qeaas::local {
namespace {

std::size_t big_endian(std::uint8_t high, std::uint8_t low) noexcept { return std::size_t{high} << 8 | low; }

void put(std::span<std::uint8_t, 2> out, std::size_t number) noexcept {
  out[0] = static_cast<std::uint8_t>(number >> 8);
  out[1] = static_cast<std::uint8_t>(number);
}

// fixed_length is how long a request is, without the data of a write; 0 for what is no command.
std::size_t fixed_length(std::uint8_t command) noexcept {
  switch (static_cast<Command>(command)) {
    case Command::level:
    case Command::pid: return 1;
    case Command::read_now:
    case Command::read_wait: return 2;
    case Command::write:
    case Command::draw: return 4;
  }
  return 0;
}

}  // namespace

Result<Request> parse_request(Bytes input) noexcept {
  if (input.empty()) return fail(Error::would_block);
  Request request;
  request.length = fixed_length(input[0]);
  if (request.length == 0) return fail(Error::unknown);
  if (input.size() < request.length) return fail(Error::would_block);
  request.command = static_cast<Command>(input[0]);
  if (request.length == 2) request.count = input[1];
  if (request.command == Command::draw) {
    request.count = big_endian(input[1], input[2]);
    request.type = input[3];
  }
  if (request.command == Command::write) {  // bytes 1 and 2 claim how many bits they are worth; no claim is believed
    request.count = input[3];
    if (input.size() < request.length + request.count) return fail(Error::would_block);
    request.data = input.subspan(request.length, request.count);
    request.length += request.count;
  }
  return request;
}

Code code_of(Error error) noexcept {
  switch (error) {
    case Error::starved:
    case Error::source_gone: return Code::starved;
    case Error::alarmed: return Code::alarmed;
    case Error::over_quota: return Code::over_quota;
    case Error::forbidden: return Code::forbidden;
    case Error::too_large: return Code::too_large;
    default: return Code::failed;
  }
}

Fault refusal(Code code, const std::string& whose) {
  switch (code) {
    case Code::starved: return explain(Error::starved, whose).value();
    case Code::alarmed: return explain(Error::alarmed, whose).value();
    case Code::over_quota: return explain(Error::over_quota, whose).value();
    case Code::forbidden: return explain(Error::forbidden, whose).value();
    case Code::too_large: return explain(Error::too_large, whose).value();
    case Code::bad_request: return explain(Error::malformed, whose).value();
    default: return {Error::io, whose + ": the server failed; its log says why"};
  }
}

void write_draw_head(std::span<std::uint8_t, kDrawHeadBytes> head, Code code, std::chrono::seconds retry, std::size_t count,
                     std::size_t provenance_bytes) noexcept {
  head[0] = static_cast<std::uint8_t>(code);
  head[1] = static_cast<std::uint8_t>(std::clamp<std::int64_t>(retry.count(), 0, 255));
  put(head.subspan<2, 2>(), count);
  put(head.subspan<4, 2>(), provenance_bytes);
}

void write_draw_request(std::span<std::uint8_t, kDrawRequestBytes> request, std::size_t count, EntropyType type) noexcept {
  request[0] = static_cast<std::uint8_t>(Command::draw);
  put(request.subspan<1, 2>(), count);
  request[3] = static_cast<std::uint8_t>(type);
}

DrawHead parse_draw_head(std::span<const std::uint8_t, kDrawHeadBytes> head) noexcept {
  DrawHead parsed;
  parsed.code = head[0] > static_cast<std::uint8_t>(Code::failed) ? Code::failed : static_cast<Code>(head[0]);
  parsed.retry = std::chrono::seconds(head[1]);
  parsed.count = big_endian(head[2], head[3]);
  parsed.provenance_bytes = big_endian(head[4], head[5]);
  return parsed;
}

}  // namespace qeaas::local
