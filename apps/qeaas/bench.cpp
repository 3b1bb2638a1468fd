// SPDX-License-Identifier: GPL-3.0-or-later
// `qeaas bench`: one thread measures, this one waits for it or for Ctrl-C, and prints.
#include "bench.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <thread>
#include <unistd.h>

#include "bench_network.hpp"
#include "bench_pool.hpp"
#include "bench_report.hpp"
#include "bench_setup.hpp"
#include "output.hpp"
#include "progress.hpp"
#include "signals.hpp"
#include "text.hpp"

namespace qeaas::cli {
namespace {

constexpr std::size_t kMaxCount = 100'000;
constexpr unsigned kMaxPauseMilliseconds = 60'000;
constexpr int kProgressMilliseconds = 250;

void take(Measure measure, const BenchTarget& target, BenchBook& book) {
  switch (measure) {
    case Measure::handshake: return measure_handshake(target, book, BenchProof::any);
    case Measure::resume: return measure_handshake(target, book, BenchProof::ticket);
    case Measure::psk: return measure_handshake(target, book, BenchProof::psk);
    case Measure::request: return measure_request(target, book);
    case Measure::wake: return measure_wake(target, book);
    case Measure::cycle: return measure_cycle(target, book);
    case Measure::pool: return measure_pool(target, book);
  }
}

// Measuring is a thread that takes one measure after another, and the wait for it.
class Measuring {
 public:
  Measuring(const BenchPlan& plan, BenchBook& book) : book_(book) {
    const auto set = signal_set({SIGINT, SIGTERM});
    ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
    signals_.reset(::signalfd(-1, &set, SFD_CLOEXEC));
    done_.reset(::eventfd(0, EFD_CLOEXEC));
    thread_ = std::thread([this, &plan] {
      for (const auto one : plan.measures)
        if (!book_.stopped()) take(one, plan.target, book_);
      static_cast<void>(::eventfd_write(done_.get(), 1));
    });
  }
  Measuring(const Measuring&) = delete;
  Measuring& operator=(const Measuring&) = delete;
  ~Measuring() { thread_.join(); }

  // wait gives false when a signal came first. The thread may then wait for an answer for as long as --timeout says.
  bool wait() {
    std::array<pollfd, 2> waiting{{{signals_.get(), POLLIN, 0}, {done_.get(), POLLIN, 0}}};
    const bool watched = ::isatty(STDERR_FILENO) == 1;
    while (::poll(waiting.data(), waiting.size(), watched ? kProgressMilliseconds : -1) <= 0)
      if (watched) write_now("\r\033[K" + book_.progress());
    if (watched) write_now("\r\033[K");
    const bool finished = waiting[1].revents != 0;
    signalfd_siginfo taken{};
    if (!finished) {
      book_.stop();
      [[maybe_unused]] const auto size = ::read(signals_.get(), &taken, sizeof(taken));  // poll said that one is there
    }
    // A second Ctrl-C ends the printing too.
    const auto set = signal_set({SIGINT, SIGTERM});
    ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
    return finished;
  }

 private:
  BenchBook& book_;
  FileDescriptor signals_;
  FileDescriptor done_;
  std::thread thread_;
};

int print(Output output, const BenchHeading& heading, const std::vector<BenchRun>& runs, bool json) {
  const auto text = json ? bench_json(heading, runs) : bench_table(heading, runs);
  auto done = output.write(bytes_of(text));
  if (done) done = output.finish();
  if (!done) return complain(done.error(), false);
  const bool complete = std::ranges::none_of(runs, [](const BenchRun& run) { return run.samples.empty(); });
  return complete && !heading.interrupted ? kDone : kFailed;
}

void add_measuring_options(CLI::App& bench, BenchOptions& options) {
  bench
      .add_option("--measure", options.measures,
                  "what to measure, with commas between: handshake, resume, psk, request, wake, cycle, pool (default "
                  "handshake,resume,request,pool)")
      ->type_name("LIST")
      ->check([](const std::string& list) {
        const auto measures = read_measures(list);
        return measures ? std::string() : measures.error().text;
      });
  bench.add_option("--count", options.count, "samples of each measure (default 100)")
      ->type_name("N")
      ->check(CLI::Range(std::size_t{1}, kMaxCount));
  bench.add_option("--warmup", options.warmup, "samples before them that are not recorded (default 5)")
      ->type_name("N")
      ->check(CLI::Range(std::size_t{0}, kMaxCount));
  bench.add_option("--pause", options.pause_ms, "milliseconds between samples (default 0)")
      ->type_name("MS")
      ->check(CLI::Range(0U, kMaxPauseMilliseconds));
  bench.add_option("--mtu", options.path_mtu, "largest IP packet of the path (default 1280)")
      ->type_name("N")
      ->check(CLI::Range(std::size_t{576}, kMaxDatagramBytes));
}

void add_request_options(CLI::App& bench, BenchOptions& options) {
  bench.add_option("--bytes", options.bytes, "random bytes that one request asks for (default 32)")
      ->type_name("N")
      ->check(CLI::Range(std::uint32_t{1}, kMaxRandomBytes));
  bench
      .add_option("--path", options.path,
                  "resource that is asked for (default /random); any payload is accepted from another one, and from any CoAP server")
      ->type_name("PATH")
      ->check([](const std::string& path) {
        const auto request = read_path(path);
        return request ? std::string() : request.error().text;
      });
  bench
      .add_option("--proxy-uri", options.proxy_uri,
                  "address that the server is to fetch as a forward proxy, instead of --path (default for cycle: "
                  "http://127.0.0.1:6065/random_number/N)")
      ->type_name("URI");
}

}  // namespace

void add_bench(CLI::App& app, BenchOptions& options) {
  auto* bench = app.add_subcommand("bench", "measure how fast a server is from here");
  add_connection_options(*bench, options.connection, false);
  add_measuring_options(*bench, options);
  add_request_options(*bench, options);
  bench->add_option("--out", options.out, "write to this file, mode 0600, which appears when everything is measured")->type_name("FILE");
  bench->add_flag("--json", options.json, "all samples as one JSON document instead of a table");
  bench->footer(
      "The bytes that arrive are thrown away. --retry has no effect: what goes wrong is counted.\n"
      "Example:\n  qeaas bench --from coaps://127.0.0.1 --measure handshake,request --count 100");
}

int run_bench(const BenchOptions& options) {
  if (const auto wrong = usage_fault(options)) {
    complain(*wrong, options.json);
    return kUsage;
  }
  const auto plan = make_plan(options);
  if (!plan) return complain(plan.error(), options.json);
  auto output = Output::open(options.out, Encoding::text);
  if (!output) return complain(output.error(), options.json);
  BenchHeading heading{plan->server, std::chrono::system_clock::now(), options.warmup, false};
  BenchBook book;
  Measuring measuring(*plan, book);
  heading.interrupted = !measuring.wait();
  const int code = print(std::move(*output), heading, book.runs(), options.json);
  // A sample that is under way ends with the process.
  if (heading.interrupted) ::_exit(code);
  return code;
}

}  // namespace qeaas::cli
