// SPDX-License-Identifier: GPL-3.0-or-later
// A child process as a source.
#include "source/process_source.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "source/basic_source.hpp"

namespace qeaas {
namespace {

// SpawnPlan owns the two C objects that say how the child starts.
class SpawnPlan {
 public:
  explicit SpawnPlan(int output) {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO);
    ::posix_spawn_file_actions_addopen(&actions_, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    ::posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1);  // no socket or key file leaks into the child
    ::posix_spawnattr_init(&attributes_);
    sigset_t none;
    sigset_t all;
    ::sigemptyset(&none);
    ::sigfillset(&all);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    ::posix_spawnattr_setsigdefault(&attributes_, &all);
    ::posix_spawnattr_setpgroup(&attributes_, 0);
    ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;
  ~SpawnPlan() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }
  // run returns 0 or an errno value, the child's exec included.
  int run(pid_t& child, std::vector<std::string>& words) {
    std::vector<char*> argv;
    argv.reserve(words.size() + 1);
    for (auto& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    // The server's environment may hold a token; the child sees none of it.
    std::string path = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
    std::string language = "LC_ALL=C";
    std::array<char*, 3> environment{path.data(), language.data(), nullptr};
    return ::posix_spawn(&child, argv.front(), &actions_, &attributes_, argv.data(), environment.data());
  }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

class ProcessSource final : public BasicSource {
 public:
  explicit ProcessSource(ProcessSettings settings)
      : BasicSource({.tag = {settings.id, settings.kind, settings.conditioned},
                     .sample_bits = settings.sample_bits,
                     .per_sample = settings.per_sample,
                     .claim = "the output of " + (settings.argv.empty() ? std::string("nothing") : settings.argv.front()) +
                              "; kind and min-entropy are the configuration's claim"}),
        settings_(std::move(settings)) {}
  ~ProcessSource() override { ProcessSource::close(); }

  Outcome<void> open() noexcept override;
  Status read(MutableBytes samples) noexcept override;
  void close() noexcept override;

 private:
  ProcessSettings settings_;
  FileDescriptor output_;
  pid_t child_ = -1;
};

Outcome<void> ProcessSource::open() noexcept {
  close();
  if (auto allowed = may_open(); !allowed) return allowed;
  if (settings_.argv.empty() || !settings_.argv.front().starts_with('/'))
    return fault(Error::refused, label() + ": argv must begin with the absolute path of a program; there is no shell and no search path");
  std::array<int, 2> ends{-1, -1};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return system_fault(errno, "cannot make a pipe", "raise the limit of open files (ulimit -n)");
  FileDescriptor output(ends[0]);
  const FileDescriptor input(ends[1]);
  ::fcntl(output.get(), F_SETFL, O_NONBLOCK);
  SpawnPlan plan(input.get());
  if (const int number = plan.run(child_, settings_.argv); number != 0) {
    child_ = -1;
    return system_fault(number, "cannot start " + settings_.argv.front(), "check that the program is there and may be run");
  }
  output_ = std::move(output);
  return {};
}

Status ProcessSource::read(MutableBytes samples) noexcept {
  if (interrupter_.interrupted()) return fail(Error::closed);
  if (!output_) return fail(Error::source_gone);
  if (const auto filled = read_descriptor(output_.get(), samples, settings_.timeout, interrupter_); !filled) return filled;
  keep_low_bits(samples, settings_.sample_bits);
  return {};
}

void ProcessSource::close() noexcept {
  output_.reset();
  if (child_ <= 0) return;
  // The group first: while the child is not reaped its number, and so the group's, cannot belong to anybody else.
  ::kill(-child_, SIGKILL);
  while (::waitpid(child_, nullptr, 0) < 0 && errno == EINTR) {
  }
  child_ = -1;
}

}  // namespace

std::unique_ptr<Source> make_process_source(ProcessSettings settings) { return std::make_unique<ProcessSource>(std::move(settings)); }

}  // namespace qeaas
