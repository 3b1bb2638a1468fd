// SPDX-License-Identifier: GPL-3.0-or-later
// Logging: one line an event, to standard error, as text or as one JSON object. Nothing that is logged may be random bytes, key
// material or a token; callers pass names, counts and addresses only. Whatever a text holds, it stays on its line.
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

namespace qeaas::log {

enum class Level { debug, info, warning, error };
enum class Format { text, json };

// Value is what a field says: a text, a number or a truth value. It refers to its text and lives no longer than the call.
class Value {
 public:
  Value(std::string_view text) noexcept : value_(text) {}
  Value(const std::string& text) noexcept : value_(std::string_view(text)) {}
  Value(const char* text) noexcept : value_(std::string_view(text)) {}
  Value(bool truth) noexcept : value_(truth) {}
  Value(std::signed_integral auto number) noexcept : value_(std::int64_t{number}) {}
  Value(std::unsigned_integral auto number) noexcept : value_(std::uint64_t{number}) {}
  const auto& get() const noexcept { return value_; }

 private:
  std::variant<std::string_view, bool, std::int64_t, std::uint64_t> value_;
};

// Field is one thing that a program can filter by. The name is snake_case, and none of time, level and message.
struct Field {
  std::string_view name;
  Value value;
};
using Fields = std::initializer_list<Field>;

void set_level(Level level) noexcept;
// set_format is for start-up, while there is one thread.
void set_format(Format format) noexcept;
Format format() noexcept;
void write(Level level, std::string_view text, Fields fields = {}) noexcept;

inline void debug(std::string_view text, Fields fields = {}) noexcept { write(Level::debug, text, fields); }
inline void info(std::string_view text, Fields fields = {}) noexcept { write(Level::info, text, fields); }
inline void warning(std::string_view text, Fields fields = {}) noexcept { write(Level::warning, text, fields); }
inline void error(std::string_view text, Fields fields = {}) noexcept { write(Level::error, text, fields); }

// text_line is the message and its fields, "bytes refused uid=1000"; a text that the message holds already is not said again. json_line
// is the whole object, with every field. Neither ends the line.
std::string text_line(std::string_view text, Fields fields);
std::string json_line(std::chrono::system_clock::time_point when, Level level, std::string_view text, Fields fields);

}  // namespace qeaas::log
