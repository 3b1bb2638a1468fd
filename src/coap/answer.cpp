// SPDX-License-Identifier: GPL-3.0-or-later
// Writes answers with their options in ascending order.
#include "coap/answer.hpp"

#include <algorithm>

namespace qeaas::coap {
namespace {

Result<std::size_t> write(MutableBytes into, Type type, std::uint16_t id, const Token& token, const Answer& answer,
                          Bytes payload) noexcept {
  MessageWriter writer(into, type, answer.code, id, token);
  if (answer.etag) writer.option(Option::etag, Bytes{*answer.etag});
  if (answer.observe) writer.option_uint(Option::observe, *answer.observe);
  if (answer.content_format && !payload.empty()) writer.option_uint(Option::content_format, *answer.content_format);
  if (answer.max_age_seconds) writer.option_uint(Option::max_age, *answer.max_age_seconds);
  if (answer.block2) writer.option_block(Option::block2, *answer.block2);
  if (answer.size2) writer.option_uint(Option::size2, *answer.size2);
  if (answer.echo) writer.option(Option::echo, Bytes{*answer.echo});
  if (!payload.empty()) writer.payload(payload);
  return writer.finish();
}

}  // namespace

std::uint8_t fitting_szx(std::size_t datagram_bytes) noexcept {
  datagram_bytes = std::min(datagram_bytes, kMaxDatagramBytes);
  std::uint8_t szx = kMaxBlockSzx;
  while (szx > 0 && (std::size_t{16} << szx) + kAnswerOverhead > datagram_bytes) --szx;
  return szx;
}

Answer block_of(Bytes body, std::size_t offset_bytes, std::optional<std::uint16_t> content_format, const BlockWish& wish) noexcept {
  const std::size_t size = std::min(wish.block_bytes(), body.size() - offset_bytes);
  const bool more = offset_bytes + size < body.size();
  Answer answer;
  answer.content_format = content_format;
  if (wish.requested || more || offset_bytes > 0)
    answer.block2 = Block{static_cast<std::uint32_t>(offset_bytes / wish.block_bytes()), more, wish.szx};
  if (wish.size) answer.size2 = static_cast<std::uint32_t>(body.size());
  answer.payload = body.subspan(offset_bytes, size);
  return answer;
}

Result<std::size_t> write_answer(MutableBytes into, Type type, std::uint16_t id, const Token& token, const Answer& answer) noexcept {
  const auto written = write(into, type, id, token, answer, answer.payload);
  if (written || answer.code.is_success()) return written;
  return write(into, type, id, token, answer, {});
}

}  // namespace qeaas::coap
