// SPDX-License-Identifier: GPL-3.0-or-later
// Another server's entropy as a source.
#include "source/remote_source.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "source/basic_source.hpp"

namespace qeaas {
namespace {

constexpr auto kPause = std::chrono::milliseconds(250);

std::string claim_of(const RemoteSettings& settings) {
  std::string text = "the QRNG Open API at " + settings.server.url;
  text += settings.server.url.starts_with("http:")
              ? ", over plain HTTP on this machine's loopback"
              : ", over classical TLS (not post-quantum: who records the link today may read it with a quantum computer)";
  text += settings.trust_far_end ? "; the configuration trusts what the far end says it is" : "; what stands behind it is not verified";
  return text + "; at most half of every bit is credited";
}

class RemoteSource final : public BasicSource {
 public:
  explicit RemoteSource(RemoteSettings settings)
      : BasicSource({.tag = {.id = settings.id,
                             .kind = settings.trust_far_end ? settings.far_end_kind : SourceKind::remote,
                             .conditioned = true,
                             .classical_link = true},
                     .sample_bits = 8,
                     .per_sample = settings.per_sample.value_or(kConditionedByte),
                     .claim = claim_of(settings)}),
        client_(settings.server),
        settings_(std::move(settings)) {}

  Outcome<void> open() noexcept override;
  Status read(MutableBytes samples) noexcept override;
  void close() noexcept override { client_.disconnect(); }
  void interrupt() noexcept override {
    BasicSource::interrupt();
    client_.interrupt();
  }

 private:
  Outcome<void> choose_type();
  Status fetch(MutableBytes samples) noexcept;

  QrngClient client_;
  RemoteSettings settings_;
  RemoteCapabilities capabilities_;
  std::string type_;
};

Outcome<void> RemoteSource::choose_type() {
  const auto& offered = capabilities_.entropy_types;
  const auto offers = [&](const std::string& type) { return std::find(offered.begin(), offered.end(), type) != offered.end(); };
  type_ = settings_.entropy_type;
  if (type_.empty() && offers("direct")) type_ = "direct";
  if (type_.empty() || offered.empty() || offers(type_)) return {};
  std::string list;
  for (const auto& type : offered) list += (list.empty() ? "" : ", ") + type;
  return fault(Error::unknown, label() + ": the server does not offer entropy_type '" + type_ + "', but: " + list);
}

Outcome<void> RemoteSource::open() noexcept {
  if (auto allowed = may_open(); !allowed) return allowed;
  auto capabilities = client_.connect();
  if (!capabilities) return fault(capabilities.error().error, label() + ": " + capabilities.error().text);
  capabilities_ = std::move(*capabilities);
  return choose_type();
}

// fetch asks again while the far end has nothing at the moment (503, 429), for as long as it may stay without an answer: a far end that
// is slower than we are is no reason to begin anew, and to throw away what it gave.
Status RemoteSource::fetch(MutableBytes samples) noexcept {
  const auto deadline = Clock::now() + settings_.server.timeout;
  auto fetched = client_.fetch(samples, type_);
  while (!fetched && (fetched.error().error == Error::starved || fetched.error().error == Error::over_quota) && Clock::now() < deadline) {
    if (const auto waited = interrupter_.wait_until(std::min(deadline, Clock::now() + kPause)); !waited) return waited;
    fetched = client_.fetch(samples, type_);
  }
  if (fetched) return {};
  const auto& reason = fetched.error();
  if (reason.error == Error::closed || reason.error == Error::timeout) return fail(reason.error);
  log::warning(label() + ": " + reason.text);
  return fail(Error::source_gone);
}

Status RemoteSource::read(MutableBytes samples) noexcept {
  if (interrupter_.interrupted()) return fail(Error::closed);
  while (samples.size() >= capabilities_.min_block_bytes) {
    const auto size = std::min(samples.size(), capabilities_.max_block_bytes);
    if (const auto fetched = fetch(samples.first(size)); !fetched) return fetched;
    samples = samples.subspan(size);
  }
  if (samples.empty()) return {};
  // The server gives no block as small as the rest: what is over is forgotten.
  SecretBytes block(capabilities_.min_block_bytes);
  if (const auto fetched = fetch(block.span()); !fetched) return fetched;
  std::copy_n(block.span().begin(), samples.size(), samples.begin());
  return {};
}

}  // namespace

std::unique_ptr<Source> make_remote_source(RemoteSettings settings) { return std::make_unique<RemoteSource>(std::move(settings)); }

}  // namespace qeaas
