// SPDX-License-Identifier: GPL-3.0-or-later
// The token without which no simulated source can be made.
#pragma once

namespace qeaas {

// NamedByConfiguration is written out by whoever makes a simulator or a replay, and says: a person's configuration (or a test)
// names this source. Nothing converts to it by accident.
struct NamedByConfiguration {
  explicit NamedByConfiguration() = default;
};

}  // namespace qeaas
