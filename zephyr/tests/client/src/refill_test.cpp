// SPDX-License-Identifier: GPL-3.0-or-later
// Rounds with several servers that are combined, two of which must answer (the CMakeLists of this test), over a link and a pool that only
// take notes.
#include "refill.hpp"

#include <cstring>

#include <zephyr/kernel.h>

#include "messages.hpp"

using namespace test;

namespace {

constexpr std::size_t kBytes = CONFIG_QEAAS_CLIENT_BYTES;

// Answers for each server what the test says: bytes, a refusal with Max-Age, or a failure of the network.
class Servers final : public Link {
 public:
  enum class Kind { answers, sends_away, dead };
  struct Server {
    Kind kind = Kind::answers;
    std::uint8_t max_age = 0;
  };

  int open(std::size_t index, const ServerAddress&) override {
    ++opens;
    if (at[index].kind == Kind::dead) return failure(DeviceError::timeout);
    open_ = static_cast<int>(index);
    return 0;
  }
  bool is_open(std::size_t index) const override { return open_ == static_cast<int>(index); }
  bool move() override { return false; }
  void close(bool) override { open_ = -1; }
  void give_up() override { open_ = -1; }
  void forget() override { open_ = -1; }
  int send(std::span<const std::uint8_t> message) override {
    std::copy_n(message.begin(), request_.size(), request_.begin());
    return 0;
  }
  int receive(std::span<std::uint8_t> room, std::int64_t) override {
    const auto& server = at[static_cast<std::size_t>(open_)];
    const bool fine = server.kind == Kind::answers;
    auto answer = Message::header(fine ? kContent : 0xa3);
    std::copy_n(request_.begin() + 2, request_.size() - 2, answer.data.begin() + 2);  // its id and token
    if (fine) {
      answer.option(12, {42}).payload(kBytes);
    } else {
      answer.option(14, {server.max_age});
    }
    std::copy_n(answer.data.begin(), answer.size, room.begin());
    return static_cast<int>(answer.size);
  }
  std::int64_t now_ms() override { return k_uptime_get(); }

  std::array<Server, kMaxServers> at{};
  int opens = 0;

 private:
  std::array<std::uint8_t, 4 + kTokenBytes> request_{};
  int open_ = -1;
};

Servers servers;

struct Mixed {
  std::size_t bytes = 0;
  std::size_t bits = 0;
  int opens = 0;  // servers that had been asked by then
};
std::array<Mixed, 8> mixed;
std::size_t mixes = 0;

Refill begun(std::size_t count) {
  servers = Servers();
  mixes = 0;
  Refill refill;
  refill.begin(nullptr);
  ServerList list;
  list.count = count;
  refill.set_servers(list);
  return refill;
}

std::size_t credited() {
  std::size_t bits = 0;
  for (std::size_t i = 0; i < mixes; ++i) bits += mixed[i].bits;
  return bits;
}

}  // namespace

namespace qeaas::device {
Link& the_link() noexcept { return servers; }
LinkReport link_report() noexcept { return {}; }
}  // namespace qeaas::device

extern "C" int z_impl_entropy_add_entropy(const device*, const std::uint8_t*, std::size_t len, std::size_t bits) {
  mixed[mixes++] = {len, bits, servers.opens};
  return 0;
}

ZTEST_SUITE(refill, nullptr, nullptr, nullptr, nullptr, nullptr);

ZTEST(refill, test_all_servers_are_asked_before_anything_is_credited) {
  auto refill = begun(3);
  zassert_equal(refill.round(), 3 * static_cast<int>(kBytes));
  zassert_equal(mixes, 3);
  for (std::size_t i = 0; i < 3; ++i) zassert_equal(mixed[i].bytes, kBytes);
  zassert_equal(mixed[0].bits, 0);
  zassert_equal(mixed[1].bits, 0);
  zassert_equal(mixed[2].bits, 8 * kBytes);  // that of one server
  zassert_equal(mixed[2].opens, 3);
}

ZTEST(refill, test_the_last_answer_carries_the_credit_when_a_later_server_fails) {
  auto refill = begun(4);
  servers.at[3].kind = Servers::Kind::dead;
  zassert_equal(refill.round(), 3 * static_cast<int>(kBytes));
  zassert_equal(credited(), 8 * kBytes);
  zassert_equal(mixed[2].bits, 8 * kBytes);
  zassert_equal(mixed[2].opens, 4);
}

ZTEST(refill, test_too_few_answers_are_mixed_and_credited_nothing) {
  auto refill = begun(3);
  servers.at[0] = servers.at[2] = {Servers::Kind::dead};
  zassert_equal(refill.round(), failure(DeviceError::timeout));
  zassert_equal(mixes, 1);
  zassert_equal(mixed[0].bytes, kBytes);
  zassert_equal(credited(), 0);
}

ZTEST(refill, test_the_next_try_waits_for_as_many_servers_as_are_needed_and_not_for_the_slowest) {
  auto refill = begun(3);
  servers.at[1] = {Servers::Kind::dead};
  servers.at[2] = {Servers::Kind::sends_away, 200};
  const auto before = k_uptime_get();
  zassert_equal(refill.round(), failure(DeviceError::server_unready));
  const auto wait = refill.next_try_ms() - before;
  zassert_true(wait >= 500, "the back-off of the dead server: %lld", wait);
  zassert_true(wait < 100000, "and not the Max-Age of the other: %lld", wait);
}

ZTEST(refill, test_the_next_try_is_no_sooner_than_enough_servers_may_be_asked) {
  auto refill = begun(3);
  servers.at[1] = servers.at[2] = {Servers::Kind::sends_away, 200};
  const auto before = k_uptime_get();
  zassert_true(refill.round() < 0);
  zassert_true(refill.next_try_ms() - before >= 200000);
}

ZTEST(refill, test_one_server_suffices_where_there_is_only_one) {
  auto refill = begun(1);
  zassert_equal(refill.round(), static_cast<int>(kBytes));
  zassert_equal(credited(), 8 * kBytes);
  zassert_equal(begun(0).round(), failure(DeviceError::no_server));
}
