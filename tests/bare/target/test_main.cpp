// SPDX-License-Identifier: GPL-3.0-or-later
// Runs every case of the image, says how each went, and ends with 0 when all were good and there were any.
#include "frame/print.hpp"
#include "frame/test.hpp"
#include "target/machine.hpp"

extern "C" const frame::Case test_cases_begin[], test_cases_end[];

namespace {

bool case_is_good;

}  // namespace

bool frame::check(bool good, const char* text, const char* file, int line) noexcept {
  if (good) return true;
  case_is_good = false;
  print(file);
  print(":");
  print(static_cast<std::uint32_t>(line));
  print(": not so: ");
  print(text);
  print("\n");
  return false;
}

int program() {
  std::uint32_t good = 0, bad = 0;
  for (const frame::Case* now = test_cases_begin; now != test_cases_end; ++now) {
    case_is_good = true;
    now->body();
    ++(case_is_good ? good : bad);
    frame::print(case_is_good ? "ok     " : "FAILED ");
    frame::print(now->suite);
    frame::print(".");
    frame::print(now->name);
    frame::print("\n");
  }
  frame::print(good);
  frame::print(" cases good, ");
  frame::print(bad);
  frame::print(" bad\n");
  return bad == 0 && good != 0 ? 0 : 1;
}
