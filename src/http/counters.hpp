// SPDX-License-Identifier: GPL-3.0-or-later
// Counters of one worker's HTTP front. Its thread adds, whoever writes the metrics reads.
#pragma once

#include <array>

#include "base/counter.hpp"

namespace qeaas::http {

struct Counters {
  std::array<Counter, 5> answers;  // by class of status: 1xx to 5xx
  Counter random_bytes;            // of entropy given out, before any encoding
  Counter sent_bytes;              // on the wire, without TLS's own
  Counter accepted;                // connections
  Counter open;                    // connections now
  Counter refused;                 // connections beyond a limit
  Counter timed_out;
  Counter web_sockets;  // opened
};

}  // namespace qeaas::http
