// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzz target of the CoAP message codec. Properties, for every datagram:
//  1. parse neither crashes nor reads outside the datagram; options, token and payload of what it accepts lie inside.
//  2. What it rejects as a Reset has a header of version 1 and type CON, and its own message ID.
//  3. Writing what was parsed gives a message that parses to the same header, token, options and payload (the canonical form).
//  4. The canonical form is not longer than the datagram, and writing it again gives the same bytes.
//  5. With one byte less room the writer reports no_space and does not touch memory beyond its room.
#include <algorithm>
#include <cstdlib>
#include <vector>

#include "wire/coap_message.hpp"
#include "wire/random_query.hpp"

namespace {

using namespace qeaas;
using namespace qeaas::coap;

void require(bool holds) {
  if (!holds) std::abort();
}

bool inside(Bytes part, Bytes whole) {
  return part.empty() || (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

bool same(Bytes a, Bytes b) { return std::equal(a.begin(), a.end(), b.begin(), b.end()); }

Result<std::size_t> write(const MessageView& message, MutableBytes into) {
  MessageWriter writer(into, message.type, message.code, message.id, message.token);
  for (const OptionView& option : message.options) writer.option(option.number, option.value);
  return writer.payload(message.payload).finish();
}

void require_same(const MessageView& a, const MessageView& b) {
  require(a.type == b.type && a.code == b.code && a.id == b.id && a.token == b.token && same(a.payload, b.payload));
  auto other = b.options.begin();
  for (const OptionView& option : a.options) {
    require(!(other == b.options.end()) && option.number == other->number && same(option.value, other->value));
    ++other;
  }
  require(other == b.options.end());
}

void check_rejected(const Rejection& rejection, Bytes datagram) {
  if (rejection.action == Rejection::Action::ignore) return;
  require(datagram.size() >= kHeaderBytes && datagram[0] >> 4 == 4);
  require(rejection.id == (datagram[2] << 8 | datagram[3]));
}

void check_accepted(const MessageView& message, Bytes datagram) {
  require(inside(message.payload, datagram) && inside(message.options.encoded(), datagram));
  for (const OptionView& option : message.options) require(inside(option.value, datagram));
  static_cast<void>(parse_random_query(message.options));

  std::vector<std::uint8_t> memory(datagram.size());
  const auto size = write(message, memory);
  require(size.has_value());
  const auto again = parse(Bytes(memory).first(*size));
  require(again.has_value());
  require_same(message, *again);

  std::vector<std::uint8_t> second(*size, 0xee);
  require(write(*again, second) == size && same(second, Bytes(memory).first(*size)));
  second.back() = 0xee;
  require(write(*again, MutableBytes(second).first(*size - 1)) == fail(Error::no_space) && second.back() == 0xee);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // An allocation of exactly this size lets the address sanitizer see every read beyond it.
  const std::vector<std::uint8_t> datagram(data, data + size);
  const auto message = qeaas::coap::parse(datagram);
  if (message)
    check_accepted(*message, datagram);
  else
    check_rejected(message.error(), datagram);
  return 0;
}
