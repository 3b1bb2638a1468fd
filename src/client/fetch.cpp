// SPDX-License-Identifier: GPL-3.0-or-later
// fetch: rounds over several servers.
#include "client/fetch.hpp"

#include <algorithm>
#include <thread>

#include "base/units.hpp"
#include "client/combine.hpp"
#include "wire/random_query.hpp"

namespace qeaas {
namespace {

static_assert(kMaxRandomBytes % kBlockBytes == 0, "rounds must begin at a block");

// Download is one call of fetch.
class Download {
 public:
  Download(std::span<const std::unique_ptr<ServerLink>> links, const FetchPlan& plan, const FetchSink& sink, const FetchProgress& progress)
      : links_(links), plan_(plan), sink_(sink), progress_(progress), answers_(links.size()) {
    report_.servers.resize(links.size());
  }

  FetchReport run() {
    while (report_.bytes < plan_.bytes && !report_.failure) {
      const auto size = static_cast<std::uint32_t>(std::min<std::uint64_t>(kMaxRandomBytes, plan_.bytes - report_.bytes));
      ask_all(size);
      deliver(size);
      if (progress_) progress_(report_.bytes, plan_.bytes);
    }
    for (std::size_t i = 0; i < links_.size(); ++i) report_.servers[i].link = links_[i]->report();
    return std::move(report_);
  }

 private:
  void ask_all(std::uint32_t size) {
    if (links_.size() == 1) {
      ask(0, size, [this](std::uint64_t done, std::uint64_t /*total*/) {
        if (progress_) progress_(std::min(report_.bytes + done, plan_.bytes), plan_.bytes);
      });
      return;
    }
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < links_.size(); ++i)
      if (!report_.servers[i].failure) threads.emplace_back([this, i, size] { ask(i, size, {}); });
  }

  void ask(std::size_t i, std::uint32_t size, const CoapClient::Progress& progress) {
    auto answer = links_[i]->random(size, plan_.type, progress);
    if (answer)
      answers_[i] = std::move(*answer);
    else
      report_.servers[i].failure = std::move(answer.error());
  }

  void deliver(std::uint32_t size) {
    std::vector<Bytes> usable;
    for (std::size_t i = 0; i < links_.size(); ++i)
      if (!report_.servers[i].failure) usable.emplace_back(answers_[i].random.span());
    report_.combined = usable.size();
    if (usable.size() < plan_.need) return give_up(usable.size());
    const auto combined = combine(usable, report_.bytes / kBlockBytes);
    if (!combined) {
      report_.failure = explain(combined.error(), "combining the answers").value();
      return;
    }
    if (auto taken = sink_(combined->span()); !taken) {
      report_.failure = taken.error();
      return;
    }
    report_.bytes += size;
    for (std::size_t i = 0; i < links_.size(); ++i)
      if (!report_.servers[i].failure) note(report_.servers[i], answers_[i], size);
  }

  static void note(ServerAccount& account, const RandomAnswer& answer, std::uint32_t size) {
    account.bytes += size;
    account.simulated = account.simulated || answer.simulated;
    for (const auto& tag : answer.sources)
      if (std::ranges::none_of(account.sources, [&](const SourceTag& known) { return known.id == tag.id && known.kind == tag.kind; }))
        account.sources.push_back(tag);
  }

  void give_up(std::size_t usable) {
    if (links_.size() == 1) {
      report_.failure = Fault{report_.servers[0].failure->fault.error, links_[0]->url() + ": " + report_.servers[0].failure->fault.text};
      return;
    }
    Fault fault{Error::starved, std::to_string(usable) + " of " + std::to_string(links_.size()) + " servers answered, and " +
                                    std::to_string(plan_.need) + " must (--need)"};
    for (std::size_t i = 0; i < links_.size(); ++i)
      if (const auto& failure = report_.servers[i].failure) {
        fault.error = failure->fault.error;
        fault.text += "; " + links_[i]->url() + ": " + failure->fault.text;
      }
    report_.failure = std::move(fault);
  }

  std::span<const std::unique_ptr<ServerLink>> links_;
  FetchPlan plan_;
  const FetchSink& sink_;
  const FetchProgress& progress_;
  std::vector<RandomAnswer> answers_;  // of this round
  FetchReport report_;
};

}  // namespace

bool FetchReport::simulated() const noexcept {
  return std::ranges::any_of(servers, [](const ServerAccount& account) { return account.simulated; });
}

FetchReport fetch(std::span<const std::unique_ptr<ServerLink>> links, const FetchPlan& plan, const FetchSink& sink,
                  const FetchProgress& progress) {
  return Download(links, plan, sink, progress).run();
}

}  // namespace qeaas
