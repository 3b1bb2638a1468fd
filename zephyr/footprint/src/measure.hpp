// SPDX-License-Identifier: GPL-3.0-or-later
// What the two clients, CoAPS and plain CoAP, give to the application that measures them. A figure is named phase.member.
#pragma once

#include <cstdint>

// Traffic counts from the opening of a session, or of a socket, on.
struct Traffic {
  std::uint32_t datagrams_sent = 0, datagrams_received = 0, bytes_sent = 0, bytes_received = 0;
};

void print_figure(const char* phase, const char* member, std::uint64_t value);
void print_text(const char* name, const char* value);

// Phase measures from its construction on; print gives what it has cost so far. Cycles are without waiting; the tool multiplies them by the
// cycle of the 25 MHz clock under -icount shift=0.
class Phase {
 public:
  explicit Phase(const char* name, Traffic before = {});
  // stop ends the count of cycles: what is printed afterwards costs nothing.
  void stop();
  // print divides everything by `times`, for a phase that did the same so often.
  void print(const Traffic& after, unsigned times = 1) const;
  const char* name() const { return name_; }

 private:
  const char* name_;
  Traffic before_;
  std::uint64_t own_, all_;
};

// run_client makes the sessions and requests, printing figures. 0, or what failed, negative.
int run_client();
