// SPDX-License-Identifier: GPL-3.0-or-later
// What the service knows, as the reports that the HTTP front end and its dashboard show. Each call is a snapshot; any thread.
#pragma once

#include "service/service.hpp"
#include "wire/statistics_report.hpp"

namespace qeaas {

StatisticsReport make_statistics_report(const Service& service);  // /v1/statistics
AlarmsReport make_alarms_report(const Service& service);          // /v1/alarms

}  // namespace qeaas
