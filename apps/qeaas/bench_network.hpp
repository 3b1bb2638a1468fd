// SPDX-License-Identifier: GPL-3.0-or-later
// The measures of `qeaas bench` in which a server takes part. Each opens a run in the book and fills it.
#pragma once

#include "bench_session.hpp"

namespace qeaas::cli {

// A fresh session for each sample, from its creation to the first answer (the paper's phase 2). `need` says what must have happened for a
// sample to count.
enum class BenchProof : std::uint8_t { any, ticket, psk };
void measure_handshake(const BenchTarget& target, BenchBook& book, BenchProof need);

// These use one session, opened beforehand, and opened again (untimed) when the server has closed it.
void measure_request(const BenchTarget& target, BenchBook& book);
// measure_wake moves the client to another local port before each request; the session must live on by its connection ID.
void measure_wake(const BenchTarget& target, BenchBook& book);
// measure_cycle fetches /random_number/n through a proxy, injects what came into a pool and extracts as much from it (the paper's table 4).
void measure_cycle(const BenchTarget& target, BenchBook& book);

}  // namespace qeaas::cli
