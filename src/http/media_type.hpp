// SPDX-License-Identifier: GPL-3.0-or-later
// The media types of answers.
#pragma once

#include <string_view>

namespace qeaas::http::media {

inline constexpr std::string_view kOctets = "application/octet-stream";
inline constexpr std::string_view kJson = "application/json";
inline constexpr std::string_view kCbor = "application/cbor";
inline constexpr std::string_view kText = "text/plain";

}  // namespace qeaas::http::media
