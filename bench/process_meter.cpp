// SPDX-License-Identifier: GPL-3.0-or-later
#include "process_meter.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sched.h>
#include <unistd.h>

namespace qeaas::bench {

Usage ProcessMeter::usage() const {
  Usage all;
  Usage workers;
  std::error_code ended;
  for (const auto& task : std::filesystem::directory_iterator(folder_ + "/task", ended)) {
    double on_core_ns = 0;
    double waiting_ns = 0;
    std::uint64_t slices = 0;
    std::string name;
    std::ifstream(task.path() / "schedstat") >> on_core_ns >> waiting_ns >> slices;
    std::ifstream(task.path() / "comm") >> name;
    all.cpu_us += on_core_ns / 1000;
    all.slices += slices;
    if (!name.starts_with("worker")) continue;
    workers.worker_us += on_core_ns / 1000;
    workers.slices += slices;
  }
  const bool named = workers.worker_us > 0;
  return {all.cpu_us, named ? workers.worker_us : all.cpu_us, named ? workers.slices : all.slices};
}

void pin_task(int task, int core) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  for (int i = 0; i < CPU_SETSIZE; ++i)
    if (core < 0 || i == core) CPU_SET(i, &cores);
  ::sched_setaffinity(task, sizeof(cores), &cores);
  const sched_param none{};
  ::sched_setscheduler(task, core < 0 ? SCHED_OTHER : SCHED_BATCH, &none);
}

void ProcessMeter::pin(int core) const {
  std::error_code ended;
  for (const auto& task : std::filesystem::directory_iterator(folder_ + "/task", ended))
    pin_task(std::atoi(task.path().filename().c_str()), core);  // NOLINT(cert-err34-c)
}

std::uint64_t ProcessMeter::resident_bytes() const {
  std::uint64_t total = 0;
  std::uint64_t resident = 0;
  std::ifstream(folder_ + "/statm") >> total >> resident;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace qeaas::bench
