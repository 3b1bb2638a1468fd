// SPDX-License-Identifier: GPL-3.0-or-later
// Replay of a recorded file.
#include "source/replay_source.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "source/basic_source.hpp"

namespace qeaas {
namespace {

class ReplaySource final : public BasicSource {
 public:
  explicit ReplaySource(ReplaySettings settings)
      : BasicSource({.tag = {settings.id, SourceKind::simulated, false},
                     .sample_bits = settings.sample_bits,
                     .per_sample = settings.per_sample,
                     .claim = "a replay of the recorded file " + settings.path.string() +
                              ", which anybody may know; the min-entropy is the configuration's claim about the recording"}),
        settings_(std::move(settings)) {}

  Outcome<void> open() noexcept override;
  Status read(MutableBytes samples) noexcept override;
  void close() noexcept override { file_.reset(); }

 private:
  ReplaySettings settings_;
  FileDescriptor file_;
  off_t offset_ = 0;  // kept when closed: what was served once is not served again
};

Outcome<void> ReplaySource::open() noexcept {
  close();
  if (auto allowed = may_open(); !allowed) return allowed;
  const auto path = settings_.path.string();
  FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat status {};
  if (!file || ::fstat(file.get(), &status) != 0) return system_fault(errno, "cannot read " + path, "check path and permissions");
  if (!S_ISREG(status.st_mode)) return fault(Error::refused, label() + ": " + path + " is not a regular file; a device is type device");
  if (status.st_size == 0) return fault(Error::out_of_range, label() + ": " + path + " is empty");
  if (offset_ >= status.st_size && !settings_.loop)
    return fault(Error::source_gone, label() + ": the recording " + path + " is at its end; set loop = true to repeat it");
  file_ = std::move(file);
  return {};
}

Status ReplaySource::read(MutableBytes samples) noexcept {
  auto rest = samples;
  while (!rest.empty()) {
    if (interrupter_.interrupted()) return fail(Error::closed);
    if (!file_) return fail(Error::source_gone);
    const auto got = ::pread(file_.get(), rest.data(), rest.size(), offset_);
    if (got < 0 && errno == EINTR) continue;
    // Nothing at the beginning means that the file was emptied meanwhile.
    if (got < 0 || (got == 0 && (!settings_.loop || offset_ == 0))) return fail(Error::source_gone);
    offset_ = got == 0 ? 0 : offset_ + got;
    rest = rest.subspan(static_cast<std::size_t>(got));
  }
  keep_low_bits(samples, settings_.sample_bits);
  return {};
}

}  // namespace

std::unique_ptr<Source> make_replay_source(ReplaySettings settings, NamedByConfiguration) {
  return std::make_unique<ReplaySource>(std::move(settings));
}

}  // namespace qeaas
