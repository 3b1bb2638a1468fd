// SPDX-License-Identifier: GPL-3.0-or-later
// Pages of their own.
#include "locked_memory.hpp"

#include <sys/mman.h>
#include <unistd.h>

namespace qeaas::provider {
namespace {

std::size_t whole_pages(std::size_t size) noexcept {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return (size + page - 1) / page * page;
}

}  // namespace

LockedMemory::LockedMemory(std::size_t size) noexcept : size_(whole_pages(size)) {
  void* memory = ::mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    size_ = 0;
    return;
  }
  memory_ = static_cast<std::uint8_t*>(memory);
  wiped_on_fork_ = ::madvise(memory, size_, MADV_WIPEONFORK) == 0;
  static_cast<void>(::madvise(memory, size_, MADV_DONTDUMP));
}

bool LockedMemory::lock() noexcept { return memory_ != nullptr && ::mlock(memory_, size_) == 0; }

LockedMemory::~LockedMemory() {
  if (memory_ == nullptr) return;
  wipe(span());
  ::munmap(memory_, size_);
}

ForkMark::ForkMark() noexcept : page_(1), owner_(0) { claim(); }

bool ForkMark::forked() const noexcept {
  if (!page_.wiped_on_fork()) return owner_.load(std::memory_order_relaxed) != ::getpid();
  return __atomic_load_n(page_.span().data(), __ATOMIC_RELAXED) == 0;
}

void ForkMark::claim() noexcept {
  owner_.store(::getpid(), std::memory_order_relaxed);
  if (!page_.span().empty()) __atomic_store_n(page_.span().data(), 1, __ATOMIC_RELAXED);
}

}  // namespace qeaas::provider
