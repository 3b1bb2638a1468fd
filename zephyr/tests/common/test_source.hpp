// SPDX-License-Identifier: GPL-3.0-or-later
// An entropy device whose every read the test decides, and which notes how it was read.
#pragma once

#include <zephyr/device.h>

#include <cstddef>
#include <cstdint>
#include <span>

struct TestSource {
  enum class Does : std::uint8_t {
    counts,      // bytes that differ from each other, the same after every reset
    fails,       // -EIO
    gives_none,  // success, but of the interrupt call 0 bytes
    sticks,      // the same byte for ever
    lies,        // the interrupt call says that it gave more than was asked for
    blocks,      // entropy_get_entropy waits until the test opens the gate
  };
  Does does = Does::counts;
  std::uint32_t next = 1;
  std::int64_t read_at_ms[8] = {};  // uptimes of the blocking reads, of number n at n % 8
  unsigned blocking_reads = 0;
  unsigned busy_reads = 0;
  unsigned no_wait_reads = 0;
  unsigned bytes = 0;
  unsigned locked_reads = 0;      // reads with interrupts off in thread context: somebody holds a spinlock across them
  unsigned wrong_context = 0;     // entropy_get_entropy where nothing may block
  unsigned work_queue_reads = 0;  // reads by the system work queue

  void give(std::span<std::uint8_t> to);
};

TestSource& test_source(const device* dev);
void test_source_open_gate();
