// SPDX-License-Identifier: GPL-3.0-or-later
// /metrics in the Prometheus text format 0.0.4, and the sessions by group and signature. Snapshots; any worker's thread may ask.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "local/site.hpp"
#include "wire/sessions_report.hpp"
#include "worker.hpp"

namespace qeaas {

using Workers = std::span<const std::unique_ptr<Worker>>;

// local is null where there is no local socket: then there are no series of it.
std::string write_metrics(const SourcesReport& report, const SessionCensus& census, Workers workers, const local::Counters* local);
SessionsReport make_sessions_report(const SessionCensus& census, Workers workers);

}  // namespace qeaas
