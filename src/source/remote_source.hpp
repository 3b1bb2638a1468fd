// SPDX-License-Identifier: GPL-3.0-or-later
// Another server's entropy, by the QRNG Open API. Kind remote unless the configuration trusts the far end, and then what it says.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "source/qrng_client.hpp"
#include "source/source.hpp"

namespace qeaas {

struct RemoteSettings {
  std::string id{};
  QrngClientSettings server{};
  std::string entropy_type{};  // empty: "direct" where the server offers it, else the server's default
  bool trust_far_end = false;
  SourceKind far_end_kind = SourceKind::remote;  // counts only with trust_far_end
  std::optional<MinEntropy> per_sample{};        // half of a byte when empty
};

std::unique_ptr<Source> make_remote_source(RemoteSettings settings);

}  // namespace qeaas
