// SPDX-License-Identifier: GPL-3.0-or-later
// Where random bytes go.
#include "output.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "base/hex.hpp"
#include "wire/base64.hpp"

namespace qeaas::cli {
namespace {

// The half-written file that a signal must not leave behind.
std::atomic<const char*> unfinished{nullptr};

extern "C" void remove_unfinished(int number) {
  if (const char* path = unfinished.load(); path != nullptr) ::unlink(path);
  std::signal(number, SIG_DFL);
  static_cast<void>(std::raise(number));
}

void guard(const char* path) {
  unfinished = path;
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) std::signal(number, path == nullptr ? SIG_DFL : remove_unfinished);
}

tl::unexpected<Fault> system_fault(const std::string& path) {
  const int number = errno;
  const std::string where = path.empty() ? "to standard output" : path;
  return fault(from_errno(number), "cannot write " + where + ": " + std::strerror(number));  // NOLINT(concurrency-mt-unsafe): one thread
}

}  // namespace

Outcome<Output> Output::open(const std::string& path, Encoding encoding) {
  Output output(path, encoding);
  if (!path.empty()) {
    if (auto opened = output.open_file(); !opened) return tl::unexpected(opened.error());
    return output;
  }
  if (encoding == Encoding::raw && ::isatty(STDOUT_FILENO) == 1)
    return fault(Error::refused, "raw bytes would garble the terminal; redirect the output, or use --out FILE, --hex or --base64");
  output.file_.reset(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3));
  if (!output.file_) return system_fault(path);
  return output;
}

Outcome<void> Output::open_file() {
  struct stat status {};
  if (::stat(path_.c_str(), &status) == 0 && !S_ISREG(status.st_mode)) {
    file_.reset(::open(path_.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY));
    if (!file_) return system_fault(path_);
    if (encoding_ == Encoding::raw && ::isatty(file_.get()) == 1)
      return fault(Error::refused, path_ + " is a terminal; raw bytes would garble it");
    return {};
  }
  // Through a symbolic link, its target is what is replaced.
  std::error_code ignored;
  const auto target = std::filesystem::weakly_canonical(path_, ignored);
  if (!ignored) path_ = target.string();
  scratch_ = path_ + ".XXXXXX";
  file_.reset(::mkostemp(scratch_.data(), O_CLOEXEC));
  if (!file_) {
    scratch_.clear();
    return system_fault(path_);
  }
  if (::fchmod(file_.get(), 0600) != 0) return system_fault(path_);
  return {};
}

Output::Output(Output&& other) noexcept
    : path_(std::move(other.path_)),
      scratch_(std::exchange(other.scratch_, {})),
      encoding_(other.encoding_),
      file_(std::move(other.file_)),
      carry_(std::move(other.carry_)),
      carried_(std::exchange(other.carried_, 0)) {}

Output::~Output() {
  if (scratch_.empty()) return;
  ::unlink(scratch_.c_str());
  guard(nullptr);
}

Outcome<void> Output::write(Bytes bytes) {
  // Here and not in open: the name must not move any more.
  if (!scratch_.empty()) guard(scratch_.c_str());
  if (encoding_ == Encoding::raw || encoding_ == Encoding::text) return put(bytes);
  if (encoding_ == Encoding::base64) return write_base64_text(bytes);
  SecretBytes text(2 * bytes.size());
  write_hex(bytes, {reinterpret_cast<char*>(text.span().data()), text.size()});
  return put(text.span());
}

// write_base64_text keeps back what does not fill a group of three, so that pieces make one text.
Outcome<void> Output::write_base64_text(Bytes bytes) {
  SecretBytes all(carried_ + bytes.size());
  std::copy_n(carry_.span().begin(), carried_, all.span().begin());
  std::ranges::copy(bytes, all.span().begin() + static_cast<std::ptrdiff_t>(carried_));
  const auto whole = all.size() / 3 * 3;
  carried_ = all.size() - whole;
  std::ranges::copy(all.span().subspan(whole), carry_.span().begin());
  SecretBytes text(base64_length(whole));
  write_base64(all.span().first(whole), {reinterpret_cast<char*>(text.span().data()), text.size()});
  return put(text.span());
}

Outcome<void> Output::put(Bytes bytes) const {
  while (!bytes.empty()) {
    const auto written = ::write(file_.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return system_fault(path_);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return {};
}

Outcome<void> Output::finish() {
  Secret<5> end;
  std::size_t size = 0;
  if (encoding_ == Encoding::base64 && carried_ != 0) {
    write_base64(Bytes(carry_.span()).first(carried_), {reinterpret_cast<char*>(end.span().data()), 4});
    size = 4;
  }
  if (encoding_ == Encoding::hex || encoding_ == Encoding::base64) end.span()[size++] = '\n';
  if (auto done = put(Bytes(end.span()).first(size)); !done) return done;
  if (scratch_.empty()) return {};
  if (::fsync(file_.get()) != 0 || ::rename(scratch_.c_str(), path_.c_str()) != 0) return system_fault(path_);
  scratch_.clear();
  guard(nullptr);
  return {};
}

}  // namespace qeaas::cli
