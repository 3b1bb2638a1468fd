// SPDX-License-Identifier: GPL-3.0-or-later
// Chooses and makes the conditioner of one source.
#include "service/conditioning.hpp"

#include "base/file.hpp"

namespace qeaas {
namespace {

Outcome<SecretBytes> make_seed(const ServiceOptions& options, const std::filesystem::path& path, std::size_t bytes) {
  SecretBytes seed(bytes);
  if (const auto filled = options.os_entropy(seed.span()); !filled) return explain(filled.error(), "cannot make " + path.string());
  if (auto written = write_private_file(path, seed.span()); !written) return tl::unexpected(written.error());
  return seed;
}

Outcome<SecretBytes> kept_seed(const ServiceOptions& options, const SourceInfo& info) {
  const auto bytes = toeplitz_seed_bytes(info.sample_bits, info.per_sample);
  const auto path = options.state_folder / ("toeplitz-" + info.tag.id + ".seed");
  auto seed = read_file(path);
  if (!seed && seed.error().error == Error::not_found) return make_seed(options, path, bytes);
  if (!seed) return seed;
  if (seed->size() != bytes)
    return fault(Error::out_of_range, path.string() + " was made for another claim of this source; remove it to have a new one made");
  return seed;
}

}  // namespace

Outcome<std::unique_ptr<Conditioner>> make_conditioner(const ServiceOptions& options, const SourceInfo& info) {
  const bool usable = info.sample_bits >= 1 && info.sample_bits <= 8 && info.per_sample > MinEntropy() &&
                      info.per_sample <= MinEntropy::from_whole_bits(info.sample_bits);
  if (!usable)
    return fault(Error::out_of_range,
                 "source " + info.tag.id + " must claim more than 0 and at most as many bits of min-entropy as a sample has");
  if (options.conditioner == ConditionerKind::sha256) return make_sha256_conditioner(info.per_sample);
  const auto seed = kept_seed(options, info);
  if (!seed) return tl::unexpected(seed.error());
  auto made = make_toeplitz_conditioner(info.sample_bits, info.per_sample, seed->span());
  if (!made) return explain(made.error(), "the Toeplitz extractor of source " + info.tag.id);
  return std::move(*made);
}

}  // namespace qeaas
