// SPDX-License-Identifier: GPL-3.0-or-later
// Character devices. The path is resolved first, and the open descriptor is the object that was examined (no race between the two).
#include "source/device_source.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <fstream>
#include <string_view>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "source/basic_source.hpp"

namespace qeaas {
namespace {

constexpr std::string_view kQuantisPrefix = "/dev/qrandom";
constexpr std::array<std::string_view, 2> kKernelPaths{"/dev/random", "/dev/urandom"};
constexpr std::array<std::string_view, 2> kHardwarePaths{"/dev/hwrng", "/dev/hw_random"};

bool is_quantis_path(std::string_view path) {
  return path.starts_with(kQuantisPrefix) && path.size() > kQuantisPrefix.size() &&
         path.substr(kQuantisPrefix.size()).find_first_not_of("0123456789") == std::string_view::npos;
}
bool is_kernel_path(std::string_view path) { return std::find(kKernelPaths.begin(), kKernelPaths.end(), path) != kKernelPaths.end(); }
bool is_hardware_path(std::string_view path) {
  return std::find(kHardwarePaths.begin(), kHardwarePaths.end(), path) != kHardwarePaths.end();
}
// linux/Documentation/admin-guide/devices.txt: 1:8 random, 1:9 urandom, 10:183 hw_random.
bool is_kernel_device(dev_t device) { return ::major(device) == 1 && (::minor(device) == 8 || ::minor(device) == 9); }
bool is_hardware_device(dev_t device) { return ::major(device) == 10 && ::minor(device) == 183; }

// Nature is what a device is, as far as its path and numbers tell.
struct Nature {
  SourceKind kind;
  bool conditioned;
  bool hardware;  // the kernel's hw_random: which generator stands behind it can change while it is open
  std::string who;
};

class DeviceSource final : public BasicSource {
 public:
  explicit DeviceSource(DeviceSettings settings)
      : BasicSource({.tag = {settings.id, settings.kind.value_or(SourceKind::physical), settings.conditioned.value_or(false)},
                     .sample_bits = settings.sample_bits,
                     .per_sample = settings.per_sample.value_or(kConditionedByte),
                     .claim = "not opened yet"}),
        settings_(std::move(settings)) {}

  Outcome<void> open() noexcept override;
  Status read(MutableBytes samples) noexcept override;
  void close() noexcept override { device_.reset(); }

 private:
  std::string generator_behind() const;
  Outcome<Nature> examine(const std::string& resolved, dev_t device) const;
  Outcome<Nature> hardware_nature() const;
  Outcome<void> state(const Nature& nature, const std::string& resolved);

  DeviceSettings settings_;
  FileDescriptor device_;
  bool stated_ = false;
  std::string generator_;  // rng_current when the device is hw_random, else empty
};

// generator_behind is the content of rng_current; empty when it cannot be read.
std::string DeviceSource::generator_behind() const {
  std::ifstream file(settings_.rng_current);
  std::string text;
  std::getline(file, text);
  return text;
}

Outcome<Nature> DeviceSource::hardware_nature() const {
  const auto generator = generator_behind();
  // An unknown generator is not believed to be physical: fail closed.
  if (!generator.empty() && !generator.starts_with("virtio"))
    return Nature{settings_.kind.value_or(SourceKind::physical), true, true, "the kernel's hardware generator (" + generator + ")"};
  if (settings_.kind.value_or(SourceKind::os) != SourceKind::os)
    return fault(Error::refused, label() + ": the generator behind " + settings_.path.string() + " is '" + generator +
                                     "', which are the hypervisor's bytes or unknown; only kind os may be claimed for it");
  return Nature{SourceKind::os, true, true, "the hypervisor's bytes or an unknown generator ('" + generator + "')"};
}

Outcome<Nature> DeviceSource::examine(const std::string& resolved, dev_t device) const {
  if (is_kernel_path(resolved)) {
    if (settings_.kind.value_or(SourceKind::os) != SourceKind::os)
      return fault(Error::refused, label() + ": " + resolved + " is the kernel's generator; only kind os may be claimed for it");
    return Nature{SourceKind::os, true, false, "the kernel's generator"};
  }
  if (is_hardware_path(resolved)) return hardware_nature();
  if (settings_.kind) return Nature{*settings_.kind, is_quantis_path(resolved), false, "a device whose kind the configuration states"};
  if (is_quantis_path(resolved)) return Nature{SourceKind::quantum, true, false, "a Quantis, which processes its noise itself"};
  if (is_kernel_device(device)) return Nature{SourceKind::os, true, false, "the kernel's generator under another name"};
  if (is_hardware_device(device)) return hardware_nature();
  return Nature{SourceKind::physical, false, false, "a device that nothing more is known about"};
}

Outcome<void> DeviceSource::state(const Nature& nature, const std::string& resolved) {
  const auto generator = nature.hardware ? generator_behind() : std::string();
  if (stated_ && (info_.tag.kind != nature.kind || generator != generator_))
    return fault(Error::refused, label() + ": " + resolved + " is no longer what it was at the start (now " + nature.who +
                                     "); restart to use it as what it is now");
  const bool conditioned = settings_.conditioned.value_or(nature.conditioned);
  if (!settings_.per_sample && (!conditioned || settings_.sample_bits != 8))
    return fault(Error::out_of_range,
                 label() + ": " + resolved +
                     " delivers raw samples, so its min-entropy per sample must be stated; "
                     "set min_entropy, or conditioned = true for whole bytes from a device that processes its noise itself");
  if (stated_) return {};
  info_.tag.kind = nature.kind;
  info_.tag.conditioned = conditioned;
  info_.claim = resolved + ", " + nature.who + "; " +
                (settings_.per_sample ? "the min-entropy is the configuration's claim"
                                      : "it cannot be assessed from outside, so half of every bit is credited");
  generator_ = generator;
  stated_ = true;
  return {};
}

Outcome<void> DeviceSource::open() noexcept {
  close();
  if (auto allowed = may_open(); !allowed) return allowed;
  std::error_code code;
  const auto resolved = std::filesystem::canonical(settings_.path, code);
  if (code) return system_fault(code.value(), "no such device " + settings_.path.string(), "check the path, and that the driver is loaded");
  const FileDescriptor place(::open(resolved.c_str(), O_PATH | O_CLOEXEC | O_NOFOLLOW));
  struct stat status {};
  if (!place || ::fstat(place.get(), &status) != 0) return system_fault(errno, "cannot examine " + resolved.string());
  if (!S_ISCHR(status.st_mode))
    return fault(Error::refused, label() + ": " + resolved.string() + " is not a character device; a recorded file is type replay");
  const auto nature = examine(resolved.string(), status.st_rdev);
  if (!nature) return tl::unexpected(nature.error());
  if (auto stated = state(*nature, resolved.string()); !stated) return stated;
  // Opening the examined object again, not its name.
  const auto same = "/proc/self/fd/" + std::to_string(place.get());
  device_.reset(::open(same.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!device_) return system_fault(errno, "cannot open " + resolved.string(), "check that this user may read it and nobody else holds it");
  return {};
}

Status DeviceSource::read(MutableBytes samples) noexcept {
  if (const auto ready = interrupter_.ready(); !ready) return fail(Error::closed);
  if (!device_) return fail(Error::source_gone);
  if (const auto filled = read_descriptor(device_.get(), samples, settings_.timeout, interrupter_); !filled) return filled;
  // The kernel may have put a virtio generator behind hw_random meanwhile; open then refuses to go on.
  if (!generator_.empty() && generator_behind() != generator_) return fail(Error::source_gone);
  keep_low_bits(samples, settings_.sample_bits);
  return {};
}

}  // namespace

bool device_states_itself(const std::filesystem::path& path) {
  const auto text = path.string();
  return is_quantis_path(text) || is_kernel_path(text) || is_hardware_path(text);
}

std::unique_ptr<Source> make_device_source(DeviceSettings settings) { return std::make_unique<DeviceSource>(std::move(settings)); }

}  // namespace qeaas
