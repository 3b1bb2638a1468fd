// SPDX-License-Identifier: GPL-3.0-or-later
// What the two clients, CoAPS and plain CoAP, give to the application that measures them.
#pragma once

#include <cstdint>

// Cycles of the calling thread alone, without waiting; the tool multiplies by the cycle of the 25 MHz clock under -icount shift=0.
std::uint64_t own_cycles();
void print_figure(const char* name, std::uint64_t value);
void print_text(const char* name, const char* value);

// run_client makes one session and one request, printing figures. 0, or what failed, negative.
int run_client();
