// SPDX-License-Identifier: GPL-3.0-or-later
// UTC, without the locale.
#include "base/timestamp.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace qeaas {
namespace {

struct Parts {
  std::chrono::year_month_day date;
  std::chrono::hh_mm_ss<std::chrono::seconds> time;
  std::chrono::weekday weekday;
};

Parts parts_of(std::chrono::system_clock::time_point when) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(when);
  const auto day = std::chrono::floor<std::chrono::days>(seconds);
  return {std::chrono::year_month_day(day), std::chrono::hh_mm_ss<std::chrono::seconds>(seconds - day), std::chrono::weekday(day)};
}

using Text = std::array<char, 64>;

// print returns how much of the text is used.
std::size_t print(Text& text, const char* format, auto... values) {
  return static_cast<std::size_t>(std::snprintf(text.data(), text.size(), format, values...));
}

}  // namespace

std::string rfc3339(std::chrono::system_clock::time_point when) {
  const auto parts = parts_of(when);
  const auto milliseconds = std::chrono::floor<std::chrono::milliseconds>(when - std::chrono::floor<std::chrono::seconds>(when));
  Text text;
  const auto size = print(text, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(parts.date.year()),
                          static_cast<unsigned>(parts.date.month()), static_cast<unsigned>(parts.date.day()),
                          static_cast<int>(parts.time.hours().count()), static_cast<int>(parts.time.minutes().count()),
                          static_cast<int>(parts.time.seconds().count()), static_cast<int>(milliseconds.count()));
  return {text.data(), size};
}

HttpDate http_date(std::chrono::system_clock::time_point when) {
  static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto parts = parts_of(when);
  Text text;
  print(text, "%s, %02u %s %04d %02d:%02d:%02d GMT", kDays[parts.weekday.c_encoding()], static_cast<unsigned>(parts.date.day()),
        kMonths[static_cast<unsigned>(parts.date.month()) - 1], static_cast<int>(parts.date.year()),
        static_cast<int>(parts.time.hours().count()), static_cast<int>(parts.time.minutes().count()),
        static_cast<int>(parts.time.seconds().count()));
  HttpDate date;
  std::copy_n(text.begin(), date.size(), date.begin());
  return date;
}

}  // namespace qeaas
