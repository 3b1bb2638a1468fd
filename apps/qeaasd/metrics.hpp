// SPDX-License-Identifier: GPL-3.0-or-later
// /metrics in the Prometheus text format 0.0.4, and the sessions by group and signature. Snapshots; any worker's thread may ask.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "wire/sessions_report.hpp"
#include "worker.hpp"

namespace qeaas {

using Workers = std::span<const std::unique_ptr<Worker>>;

std::string write_metrics(const SourcesReport& report, const SessionCensus& census, Workers workers);
SessionsReport make_sessions_report(const SessionCensus& census, Workers workers);

}  // namespace qeaas
