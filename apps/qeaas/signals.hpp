// SPDX-License-Identifier: GPL-3.0-or-later
// Sets of signals, for commands that wait for them by a descriptor.
#pragma once

#include <csignal>
#include <initializer_list>

namespace qeaas::cli {

inline sigset_t signal_set(std::initializer_list<int> numbers) {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int number : numbers) ::sigaddset(&set, number);
  return set;
}

}  // namespace qeaas::cli
