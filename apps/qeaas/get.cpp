// SPDX-License-Identifier: GPL-3.0-or-later
// `qeaas get N`.
#include "get.hpp"

#include <algorithm>
#include <charconv>
#include <memory>
#include <optional>

#include "account.hpp"
#include "client/fetch.hpp"
#include "output.hpp"
#include "progress.hpp"
#include "text.hpp"

namespace qeaas::cli {
namespace {

constexpr std::uint64_t kMaxAmount = std::uint64_t{1} << 50;
constexpr std::uint64_t kMaxJsonAmount = std::uint64_t{1} << 20;

Encoding encoding_of(const GetOptions& options) {
  if (options.raw) return Encoding::raw;
  return options.base64 ? Encoding::base64 : Encoding::hex;
}

// Collected keeps the bytes of a --json answer, which go out as one document with their account.
class Collected {
 public:
  explicit Collected(std::uint64_t size) : bytes_(size) {}
  void add(Bytes more) {
    std::ranges::copy(more, bytes_.span().begin() + static_cast<std::ptrdiff_t>(used_));
    used_ += more.size();
  }
  Bytes span() const noexcept { return bytes_.span(); }

 private:
  SecretBytes bytes_;
  std::size_t used_ = 0;
};

// usage_fault finds the contradictions that no single option shows.
std::optional<Fault> usage_fault(const GetOptions& options, const FetchPlan& plan) {
  const auto servers = std::max<std::size_t>(options.connection.from.size(), 1);
  if (options.need > servers)
    return Fault{Error::out_of_range, "--need " + std::to_string(options.need) + ", but only " + std::to_string(servers) +
                                          (servers == 1 ? " server is" : " servers are") + " named with --from"};
  if (options.json && options.out.empty() && (options.raw || options.base64))
    return Fault{Error::unsupported,
                 "--json gives the bytes as hexadecimal digits; with --raw or --base64 write them to a file with --out"};
  if (options.json && options.out.empty() && plan.bytes > kMaxJsonAmount)
    return Fault{Error::too_large, "--json keeps the whole answer in memory: ask for 1M at most, or write the bytes to a file with --out"};
  return std::nullopt;
}

FetchPlan plan_of(const GetOptions& options) {
  const auto servers = std::max<std::size_t>(options.connection.from.size(), 1);
  return {parse_amount(options.amount).value_or(0), entropy_type(options.type).value_or(EntropyType::mixed),
          options.need == 0 ? servers : options.need};
}

int finish(const GetOptions& options, const FetchReport& report) {
  for (const auto& server : report.servers)
    if (server.failure && !report.failure) warn(server.link.url + " was left out: " + server.failure->fault.text);
  if (report.simulated()) warn("SIMULATED bytes: a source that fed them is a simulator or a recording; never use them as keys");
  if (options.verbose) note(describe(report, entropy_type(options.type).value_or(EntropyType::mixed)));
  return kDone;
}

}  // namespace

Outcome<std::uint64_t> parse_amount(const std::string& text) {
  std::uint64_t number = 0;
  const auto* const end = text.data() + text.size();
  const auto [rest, problem] = std::from_chars(text.data(), end, number);
  const std::string_view suffix(rest, static_cast<std::size_t>(end - rest));
  unsigned shift = 0;
  const bool digits = rest != text.data();
  if (digits && (suffix == "k" || suffix == "K"))
    shift = 10;
  else if (digits && suffix == "M")
    shift = 20;
  else if (digits && suffix == "G")
    shift = 30;
  else if (!suffix.empty() || !digits)
    return fault(Error::malformed, "\"" + text + "\" is no number of bytes; write for example 32, 64k, 10M or 1G");
  if (problem != std::errc() || number == 0 || number > kMaxAmount >> shift)
    return fault(Error::out_of_range, "\"" + text + "\": ask for at least 1 byte and at most 1048576G");
  return number << shift;
}

void add_get(CLI::App& app, GetOptions& options) {
  auto* get = app.add_subcommand("get", "fetch N random bytes");
  get->add_option("N", options.amount, "how many bytes: a number, with k, M or G for 1024, 1024^2 or 1024^3")
      ->required()
      ->check([](const std::string& text) {
        const auto amount = parse_amount(text);
        return amount ? std::string() : amount.error().text;
      });
  add_connection_options(*get, options.connection, true);
  get->add_option("--type", options.type, "direct, mixed or drbg (default mixed)")
      ->type_name("T")
      ->check(CLI::IsMember({"direct", "mixed", "drbg"}));
  auto* hex = get->add_flag("--hex", options.hex, "hexadecimal digits and a newline (default)");
  auto* base64 = get->add_flag("--base64", options.base64, "base64 and a newline");
  auto* raw = get->add_flag("--raw", options.raw, "the bytes themselves");
  hex->excludes(base64)->excludes(raw);
  base64->excludes(raw);
  get->add_option("--out", options.out, "write to this file, mode 0600, which appears when everything has arrived")->type_name("FILE");
  get->add_option("--need", options.need, "how many of the servers must answer (default all)")
      ->type_name("K")
      ->check(CLI::Range(1u, 1000u));
  get->add_flag("--verbose", options.verbose, "say on standard error how the bytes came here and from which sources");
  get->add_flag("--json", options.json,
                "one JSON document on standard output, with the account of the bytes; with --out, the bytes go to the file");
  get->footer(
      "Example:\n  qeaas get 32 --from coaps://127.0.0.1 --verbose\n"
      "  qeaas get 1M --raw --out seed.bin --from coaps://a.example --from coaps://b.example --need 1");
}

int run_get(const GetOptions& options) {
  const auto plan = plan_of(options);
  if (const auto wrong = usage_fault(options, plan)) {
    complain(*wrong, options.json);
    return kUsage;
  }
  const auto links = make_links(options.connection);
  if (!links) return complain(links.error(), options.json);
  const bool inline_json = options.json && options.out.empty();
  std::optional<Output> output;
  if (!inline_json) {
    auto opened = Output::open(options.out, encoding_of(options));
    if (!opened) return complain(opened.error(), options.json);
    output.emplace(std::move(*opened));
  }
  Collected collected(inline_json ? plan.bytes : 0);
  const auto sink = [&](Bytes bytes) -> Outcome<void> {
    if (output) return output->write(bytes);
    collected.add(bytes);
    return {};
  };
  ProgressBar bar(plan.bytes);
  const auto report = fetch(*links, plan, sink, [&](std::uint64_t done, std::uint64_t /*total*/) { bar.show(done); });
  bar.clear();
  if (report.failure) {
    if (options.verbose) note(describe(report, plan.type));
    return complain(*report.failure, options.json);
  }
  if (output)
    if (auto finished = output->finish(); !finished) return complain(finished.error(), options.json);
  if (options.json)
    if (auto written = write_json(report, plan.type, collected.span()); !written) return complain(written.error(), false);
  return finish(options, report);
}

}  // namespace qeaas::cli
