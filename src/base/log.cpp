// SPDX-License-Identifier: GPL-3.0-or-later
// Logging by spdlog. Kept out of the header, so that a change of library or format touches this file alone.
#include "base/log.hpp"

#include <algorithm>
#include <atomic>
#include <memory>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "base/json_text.hpp"
#include "base/timestamp.hpp"

namespace qeaas::log {
namespace {

constexpr auto kTextPattern = "%Y-%m-%dT%H:%M:%S.%e%z %l %v";
std::atomic<Format> chosen{Format::text};

spdlog::logger& logger() {
  static const auto instance = [] {
    auto made = std::make_shared<spdlog::logger>("qeaas", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern(kTextPattern);
    made->flush_on(spdlog::level::info);
    return made;
  }();
  return *instance;
}

spdlog::level::level_enum translate(Level level) noexcept {
  switch (level) {
    case Level::debug: return spdlog::level::debug;
    case Level::info: return spdlog::level::info;
    case Level::warning: return spdlog::level::warn;
    case Level::error: return spdlog::level::err;
  }
  return spdlog::level::err;
}

std::string_view name(Level level) noexcept {
  switch (level) {
    case Level::debug: return "debug";
    case Level::info: return "info";
    case Level::warning: return "warning";
    case Level::error: break;
  }
  return "error";
}

bool is_control(char character) noexcept { return static_cast<unsigned char>(character) < 0x20 || character == 0x7f; }

// A line break or an escape sequence in a text could pass for another line, or steer the terminal of whoever reads the log.
void append_plain(std::string& out, std::string_view text) {
  for (const char character : text) {
    if (is_control(character))
      out += character == 0x7f ? std::string_view("\\u007f") : JsonEscape(character).text();
    else
      out += character;
  }
}

// append_word writes a field's text bare where it cannot be mistaken, otherwise in quotation marks.
void append_word(std::string& out, std::string_view text) {
  const bool bare =
      !text.empty() && text.find_first_of(" =\"\\") == std::string_view::npos && std::none_of(text.begin(), text.end(), is_control);
  if (bare)
    out += text;
  else
    append_json_text(out, text);
}

void append_value(std::string& out, const Value& value, void (*append_text)(std::string&, std::string_view)) {
  std::visit(
      [&](const auto& held) {
        using Held = std::decay_t<decltype(held)>;
        if constexpr (std::is_same_v<Held, std::string_view>)
          append_text(out, held);
        else if constexpr (std::is_same_v<Held, bool>)
          out += held ? "true" : "false";
        else
          out += std::to_string(held);
      },
      value.get());
}

// tells: the message says so already.
bool tells(std::string_view message, const Value& value) noexcept {
  const auto* text = std::get_if<std::string_view>(&value.get());
  return text != nullptr && !text->empty() && message.find(*text) != std::string_view::npos;
}

}  // namespace

std::string text_line(std::string_view text, Fields fields) {
  std::string line;
  append_plain(line, text);
  for (const auto& field : fields) {
    if (tells(text, field.value)) continue;
    line += ' ';
    line += field.name;
    line += '=';
    append_value(line, field.value, append_word);
  }
  return line;
}

std::string json_line(std::chrono::system_clock::time_point when, Level level, std::string_view text, Fields fields) {
  std::string line = "{\"time\":\"" + rfc3339(when) + "\",\"level\":\"";
  line += name(level);
  line += "\",\"message\":";
  append_json_text(line, text);
  for (const auto& field : fields) {
    line += ',';
    append_json_text(line, field.name);
    line += ':';
    append_value(line, field.value, append_json_text);
  }
  return line + '}';
}

void set_level(Level level) noexcept { logger().set_level(translate(level)); }

void set_format(Format format) noexcept {
  chosen.store(format);
  try {
    logger().set_pattern(format == Format::json ? "%v" : kTextPattern);
  } catch (...) {  // the old pattern stays
  }
}

Format format() noexcept { return chosen.load(); }

void write(Level level, std::string_view text, Fields fields) noexcept {
  try {
    if (!logger().should_log(translate(level))) return;
    const auto line = format() == Format::json ? json_line(std::chrono::system_clock::now(), level, text, fields) : text_line(text, fields);
    logger().log(translate(level), spdlog::string_view_t(line.data(), line.size()));
  } catch (...) {  // a log line that cannot be written must not stop the service
  }
}

}  // namespace qeaas::log
