// SPDX-License-Identifier: GPL-3.0-or-later
// The schema of /v1/sessions.
#include "wire/sessions_report.hpp"

#include <boost/json/value.hpp>

#include "wire/json_tree.hpp"

namespace qeaas {
namespace {

namespace bj = boost::json;

using json_tree::view;

bj::object tree_of(const SessionsRow& row) {
  return {{"transport", view(row.transport)},
          {"group", view(row.group)},
          {"signature", view(row.signature)},
          {"open", row.open},
          {"total", row.total},
          {"resumed", row.resumed}};
}

}  // namespace

Result<std::string> to_json(const SessionsReport& report) {
  bj::array rows;
  for (const auto& row : report.sessions) rows.emplace_back(tree_of(row));
  return json_tree::to_json(bj::object{{"sessions", std::move(rows)}});
}

}  // namespace qeaas
