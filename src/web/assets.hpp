// SPDX-License-Identifier: GPL-3.0-or-later
// The dashboard's files (top folder web/) as they were compiled in by cmake/Embed.cmake. All of them are public and hold no secret.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace qeaas::web {

// Asset lives as long as the program.
struct Asset {
  std::string_view path;  // of the request: "/" or "/web/..."
  std::string_view content_type;
  std::string_view etag;  // strong, with its quotes
  std::span<const std::uint8_t> content;
};

std::span<const Asset> assets() noexcept;
// find_asset is null when there is none; path is without a query.
const Asset* find_asset(std::string_view path) noexcept;

// kContentSecurityPolicy goes with every asset. The page needs no more: no inline script or style, no other origin. With it belong
// "X-Content-Type-Options: nosniff", "Referrer-Policy: no-referrer" and "Cache-Control: no-cache" (ask again, by ETag).
inline constexpr std::string_view kContentSecurityPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; "
    "frame-ancestors 'none'; form-action 'none'";

}  // namespace qeaas::web
