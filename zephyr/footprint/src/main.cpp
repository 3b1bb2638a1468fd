// SPDX-License-Identifier: GPL-3.0-or-later
// The application that footprint.py measures: it runs one client in a thread of its own and prints figures, a line each, then "done".
#include "measure.hpp"

#include <zephyr/kernel.h>
#include <zephyr/sys/printk.h>

namespace {

K_THREAD_STACK_DEFINE(client_stack, CONFIG_FOOTPRINT_STACK_BYTES);
k_thread client_thread;

void run(void*, void*, void*) {
  const int result = run_client();
  if (result != 0) printk("text failed %d\n", result);
}

std::size_t stack_used(const k_thread* thread) {
  std::size_t unused = 0;
  return k_thread_stack_space_get(thread, &unused) == 0 ? thread->stack_info.size - unused : 0;
}

void print_stack(const k_thread* thread, void*) {
  const char* name = k_thread_name_get(const_cast<k_tid_t>(thread));
  printk("stack %s %u %u\n", name != nullptr && *name != '\0' ? name : "unnamed", static_cast<unsigned>(stack_used(thread)),
         static_cast<unsigned>(thread->stack_info.size));
}

std::uint64_t own_cycles() {
  k_thread_runtime_stats_t stats{};
  k_thread_runtime_stats_get(k_current_get(), &stats);
  return stats.execution_cycles;
}

// all_cycles leaves out the idle thread. Interrupts count for the thread that they interrupt.
std::uint64_t all_cycles() {
  k_thread_runtime_stats_t stats{};
  k_thread_runtime_stats_all_get(&stats);
  return stats.total_cycles;
}

}  // namespace

void print_figure(const char* phase, const char* member, std::uint64_t value) {
  printk("figure %s.%s %llu\n", phase, member, static_cast<unsigned long long>(value));
}

void print_text(const char* name, const char* value) { printk("text %s %s\n", name, value); }

Phase::Phase(const char* name, Traffic before) : name_(name), before_(before), own_(own_cycles()), all_(all_cycles()) {}

void Phase::stop() {
  own_ = own_cycles() - own_;
  all_ = all_cycles() - all_;
}

void Phase::print(const Traffic& after, unsigned times) const {
  print_figure(name_, "cycles", own_ / times);
  print_figure(name_, "all_cycles", all_ / times);
  print_figure(name_, "datagrams_sent", (after.datagrams_sent - before_.datagrams_sent) / times);
  print_figure(name_, "datagrams_received", (after.datagrams_received - before_.datagrams_received) / times);
  print_figure(name_, "bytes_sent", (after.bytes_sent - before_.bytes_sent) / times);
  print_figure(name_, "bytes_received", (after.bytes_received - before_.bytes_received) / times);
  print_figure(name_, "stack", stack_used(k_current_get()));
}

int main() {
  k_thread_create(&client_thread, client_stack, K_THREAD_STACK_SIZEOF(client_stack), run, nullptr, nullptr, nullptr, 5, 0, K_NO_WAIT);
  k_thread_name_set(&client_thread, "client");
  // The thread has to be there still when its stack is looked at: it is not joined but waited for.
  while (k_thread_join(&client_thread, K_MSEC(100)) == -EAGAIN) {
  }
  print_stack(&client_thread, nullptr);
  k_thread_foreach(print_stack, nullptr);
  printk("done\n");
  return 0;
}
