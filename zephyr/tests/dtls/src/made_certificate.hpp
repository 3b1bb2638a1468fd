// SPDX-License-Identifier: GPL-3.0-or-later
// Certificates made by hand for the tests: their shape is right, their signatures are nothing.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <vector>

using Octets = std::vector<std::uint8_t>;

inline Octets join(std::initializer_list<Octets> parts) {
  Octets all;
  for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

inline Octets element(std::uint8_t tag, const Octets& contents) {
  Octets whole{tag};
  if (contents.size() < 0x80)
    whole.push_back(static_cast<std::uint8_t>(contents.size()));
  else
    whole.insert(whole.end(), {0x82, static_cast<std::uint8_t>(contents.size() >> 8), static_cast<std::uint8_t>(contents.size())});
  whole.insert(whole.end(), contents.begin(), contents.end());
  return whole;
}

inline Octets text(std::uint8_t tag, std::string_view words) { return element(tag, Octets(words.begin(), words.end())); }

inline const Octets kEcKey{0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01};
inline const Octets kMlDsaKey{0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, 0x11};

struct Recipe {
  Octets not_before = text(0x17, "250101000000Z");
  Octets not_after = text(0x17, "260101000000Z");
  Octets key = kMlDsaKey;
  Octets names{};  // GeneralNames; none: no extension
  bool critical = false;
};

inline Octets key_info(const Recipe& recipe) { return element(0x30, join({element(0x30, recipe.key), element(0x03, {0x00, 0x01, 0x02})})); }

inline Octets make(const Recipe& recipe) {
  const Octets empty = element(0x30, {});
  const Octets common_name = element(0x30, element(0x31, element(0x30, join({{0x06, 0x03, 0x55, 0x04, 0x03}, text(0x0C, "cn.example")}))));
  Octets extensions;
  if (!recipe.names.empty())
    extensions =
        element(0xA3, element(0x30, join({element(0x30, join({{0x06, 0x03, 0x55, 0x1D, 0x0F}, element(0x04, {0x03, 0x02, 0x07, 0x80})})),
                                          element(0x30, join({{0x06, 0x03, 0x55, 0x1D, 0x11},
                                                              recipe.critical ? Octets{0x01, 0x01, 0xFF} : Octets{},
                                                              element(0x04, element(0x30, recipe.names))}))})));
  const Octets body = element(0x30, join({{0xA0, 0x03, 0x02, 0x01, 0x02},
                                          {0x02, 0x01, 0x07},
                                          empty,
                                          empty,
                                          element(0x30, join({recipe.not_before, recipe.not_after})),
                                          common_name,
                                          key_info(recipe),
                                          extensions}));
  return element(0x30, join({body, empty, element(0x03, {0x00})}));
}
