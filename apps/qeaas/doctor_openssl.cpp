// SPDX-License-Identifier: GPL-3.0-or-later
// Runs the probe and tells what it found.
#include "doctor_openssl.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <optional>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/handle.hpp"
#include "client/refusal.hpp"
#include "text.hpp"

extern char** environ;

namespace qeaas::cli {
namespace {

constexpr const char* kProbe = "qeaas-openssl-probe";
constexpr std::size_t kMaxOutputBytes = 1 << 20;

// probe_path: beside this program (a build folder), or where both are installed.
std::optional<std::filesystem::path> probe_path() {
  std::error_code failed;
  const auto folder = std::filesystem::read_symlink("/proc/self/exe", failed).parent_path();
  for (const auto& path : {folder / kProbe, folder.parent_path() / "libexec/qeaas" / kProbe})
    if (::access(path.c_str(), X_OK) == 0) return path;
  return std::nullopt;
}

std::string read_to_end(int descriptor) {
  std::string text;
  std::array<char, 4096> room;
  while (text.size() < kMaxOutputBytes) {
    const auto size = ::read(descriptor, room.data(), room.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) break;
    text.append(room.data(), static_cast<std::size_t>(size));
  }
  return text;
}

Outcome<std::string> run_probe(const std::filesystem::path& path) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return explain(from_errno(errno), "pipe");
  const FileDescriptor reading(ends[0]);
  FileDescriptor writing(ends[1]);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, writing.get(), STDOUT_FILENO);
  std::string name = path.string();
  char* arguments[] = {name.data(), nullptr};
  pid_t child = 0;
  const int failed = ::posix_spawn(&child, name.c_str(), &actions, nullptr, arguments, environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) return explain(from_errno(failed), name);
  writing.reset();
  auto text = read_to_end(reading.get());
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    return fault(Error::io,
                 "OpenSSL ends every program that uses this configuration (" + name + " did not survive it); what it said stands above");
  return text;
}

}  // namespace

Probed read_probe(std::string_view lines) {
  Probed probed;
  while (!lines.empty()) {
    const auto line = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(std::min(line.size() + 1, lines.size()));
    const auto first = line.find('\t');
    const auto second = first == std::string_view::npos ? first : line.find('\t', first + 1);
    if (second == std::string_view::npos) continue;
    const auto kind = line.substr(0, first);
    const std::string name(line.substr(first + 1, second - first - 1));
    const auto text = printable(line.substr(second + 1));
    if (kind == "value") probed.values.emplace_back(name, text);
    for (const auto verdict : {Verdict::ok, Verdict::warn, Verdict::fail})
      if (kind == word(verdict)) probed.findings.push_back({name, verdict, text});
  }
  return probed;
}

int examine_openssl(bool json) {
  const auto path = probe_path();
  if (!path)
    return complain(
        Fault{Error::not_found, std::string(kProbe) + " is not beside this program; install qeaas's OpenSSL provider, or build its target"},
        json);
  const auto lines = run_probe(*path);
  if (!lines) return complain(lines.error(), json);
  auto probed = read_probe(*lines);
  if (probed.findings.empty()) return complain(Fault{Error::io, path->string() + " said nothing"}, json);
  return report(probed.findings, json, probed.values);
}

}  // namespace qeaas::cli
