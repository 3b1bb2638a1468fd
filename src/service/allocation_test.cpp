// SPDX-License-Identifier: GPL-3.0-or-later
// A draw allocates nothing: this program's operator new counts per thread.
#include <cstdlib>
#include <new>

#include "service/service_fixture.hpp"

namespace {
thread_local std::size_t allocations = 0;
}  // namespace

void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;  // NOLINT(cppcoreguidelines-no-malloc)
  std::abort();
}
void operator delete(void* memory) noexcept { std::free(memory); }               // NOLINT(cppcoreguidelines-no-malloc)
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }  // NOLINT(cppcoreguidelines-no-malloc)

namespace qeaas {
namespace {

using namespace test;

class AllocationTest : public ServiceTest {};

TEST_F(AllocationTest, NoTypeAndNoPolicyAllocatesInADraw) {
  for (const auto policy : {Policy::combine, Policy::least_loaded, Policy::failover}) {
    options.policy = policy;
    scripts.clear();
    add("a");
    add("b");
    start_healthy();
    std::array<std::uint8_t, 200> out{};
    for (const auto type : {EntropyType::direct, EntropyType::mixed, EntropyType::drbg}) {
      const auto before = allocations;
      const auto status = service->tap(0).fill(out, type, provenance);
      EXPECT_EQ(allocations, before) << name(policy) << ' ' << name(type);
      EXPECT_TRUE(status);
    }
    std::vector<std::uint8_t> large(kMaxDrawBytes);
    const auto before = allocations;
    const auto status = service->tap(0).fill(large, EntropyType::direct, provenance);
    EXPECT_EQ(allocations, before) << "a refusal";
    EXPECT_FALSE(status);
    EXPECT_GT(std::make_unique<int>(1) ? allocations : 0, before);  // the counter counts
  }
}

}  // namespace
}  // namespace qeaas
