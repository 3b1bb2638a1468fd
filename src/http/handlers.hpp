// SPDX-License-Identifier: GPL-3.0-or-later
// The handlers, one for each row of the table in routes.cpp; each file of handlers is one shape of the interface.
#pragma once

#include "http/exchange.hpp"

namespace qeaas::http {

// handlers_random.cpp: our own.
void get_random(Exchange& exchange) noexcept;
void get_stream(Exchange& exchange) noexcept;
// handlers_seeds.cpp: the server of the seeds.
void get_random_number(Exchange& exchange) noexcept;
// handlers_qrng.cpp: the QRNG Open API.
void get_capabilities(Exchange& exchange) noexcept;
void post_entropy(Exchange& exchange) noexcept;
void get_healthtest(Exchange& exchange) noexcept;
// handlers_compatible.cpp: pollen, ANU, Qrypt.
void post_pollen(Exchange& exchange) noexcept;
void get_anu(Exchange& exchange) noexcept;
void get_qrypt(Exchange& exchange) noexcept;
// handlers_operations.cpp: what runs the service looks at.
void get_sources(Exchange& exchange) noexcept;
void get_statistics(Exchange& exchange) noexcept;
void get_alarms(Exchange& exchange) noexcept;
void get_sessions(Exchange& exchange) noexcept;
void get_metrics(Exchange& exchange) noexcept;
void get_healthz(Exchange& exchange) noexcept;
void get_readyz(Exchange& exchange) noexcept;
void get_openapi(Exchange& exchange) noexcept;
// get_asset answers with a file of the dashboard; false when it has no such path.
bool get_asset(Exchange& exchange) noexcept;

}  // namespace qeaas::http
