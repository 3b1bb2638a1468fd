// SPDX-License-Identifier: GPL-3.0-or-later
// Draws of OpenSSL with a configuration, and reads of a device at every call, which is how providers for QRNGs are usually written.
// usage: rand_bench library FILE SIZE SECONDS      RAND_bytes of a library context that FILE configures
//        rand_bench device PATH SIZE SECONDS       read(2) from the open device at every call
//        rand_bench reopen PATH SIZE SECONDS       open, read and close it at every call
// Each prints "rand size=... calls=... ns=... cpu_ns=..." a call: wall time, and CPU of this thread.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fcntl.h>
#include <functional>
#include <string>
#include <string_view>
#include <unistd.h>
#include <vector>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/rand.h>

#include "base/handle.hpp"

namespace qeaas::bench {
namespace {

using Draw = std::function<bool(std::vector<unsigned char>&)>;
using Library = Handle<OSSL_LIB_CTX, OSSL_LIB_CTX_free>;
using std::chrono::steady_clock;

[[noreturn]] void die(const std::string& why) {
  std::fprintf(stderr, "rand_bench: %s\n", why.c_str());
  ERR_print_errors_fp(stderr);
  std::exit(1);
}

double cpu_seconds() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

void measure(const Draw& draw, std::size_t size, double seconds) {
  std::vector<unsigned char> out(size);
  const std::size_t batch = size < 4096 ? 64 : 1;
  for (std::size_t i = 0; i < batch; ++i)
    if (!draw(out)) die("the first draw failed");
  const auto began = steady_clock::now();
  const auto cpu = cpu_seconds();
  std::size_t calls = 0;
  double wall = 0;
  while (wall < seconds) {
    for (std::size_t i = 0; i < batch; ++i)
      if (!draw(out)) die("a draw failed");
    calls += batch;
    wall = std::chrono::duration<double>(steady_clock::now() - began).count();
  }
  const auto per_call = 1e9 / static_cast<double>(calls);
  std::printf("rand size=%zu calls=%zu ns=%.1f cpu_ns=%.1f\n", size, calls, wall * per_call, (cpu_seconds() - cpu) * per_call);
}

bool read_whole(int descriptor, std::vector<unsigned char>& out) {
  for (std::size_t done = 0; done < out.size();) {
    const auto got = ::read(descriptor, out.data() + done, out.size() - done);
    if (got <= 0) return false;
    done += static_cast<std::size_t>(got);
  }
  return true;
}

int run(std::string_view kind, const char* place, std::size_t size, double seconds) {
  const Library library(OSSL_LIB_CTX_new());
  FileDescriptor device;
  Draw draw;
  if (kind == "library") {
    if (OSSL_LIB_CTX_load_config(library.get(), place) != 1) die("the configuration cannot be loaded");
    draw = [&](auto& out) { return RAND_bytes_ex(library.get(), out.data(), out.size(), 256) == 1; };
  } else if (kind == "device") {
    device.reset(::open(place, O_RDONLY | O_CLOEXEC));
    draw = [&](auto& out) { return read_whole(device.get(), out); };
  } else if (kind == "reopen") {
    draw = [place](auto& out) {
      const FileDescriptor opened(::open(place, O_RDONLY | O_CLOEXEC));
      return read_whole(opened.get(), out);
    };
  } else {
    die("unknown kind");
  }
  measure(draw, size, seconds);
  return 0;
}

}  // namespace
}  // namespace qeaas::bench

int main(int count, char** arguments) {
  if (count != 5) {
    std::fprintf(stderr, "usage: rand_bench library|device|reopen PLACE SIZE SECONDS\n");
    return 2;
  }
  return qeaas::bench::run(arguments[1], arguments[2], std::strtoul(arguments[3], nullptr, 10), std::strtod(arguments[4], nullptr));
}
