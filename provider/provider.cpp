// SPDX-License-Identifier: GPL-3.0-or-later
// The module as OpenSSL sees it (provider(7), provider-rand(7)): OSSL_provider_init and the two tables of functions. Nothing else is
// exported, and no exception leaves a function of this file.
#include <memory>
#include <new>

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>

#include "core.hpp"
#include "generator.hpp"
#include "params.hpp"

namespace qeaas::provider {
namespace {

// Loaded is the provider's context: one for each time OpenSSL loads the module.
struct Loaded {
  Core core;
  Feed feed;
  std::string origin;
  Loaded(const OSSL_CORE_HANDLE* handle, const OSSL_DISPATCH* functions)
      : core(handle, functions), feed(core.settings()), origin(feed.origin()) {}
};

struct Context {
  Loaded& loaded;
  Generator generator;
};

Bytes bytes(const unsigned char* data, std::size_t size) noexcept { return data == nullptr ? Bytes{} : Bytes{data, size}; }

// guarded runs one call: 1, or 0 with the fault in OpenSSL's error queue.
template <class Call>
int guarded(const Core& core, Call call) noexcept try {
  const Outcome<void> done = call();
  if (done) return 1;
  core.raise(done.error());
  return 0;
} catch (...) {
  core.raise(Fault{Error::no_space, {}});
  return 0;
}

Context& context_of(void* pointer) noexcept { return *static_cast<Context*>(pointer); }

// --- a context's life -------------------------------------------------------------------------------------------------

template <Use kUse>
void* new_context(void* loaded, void* /*parent*/, const OSSL_DISPATCH* /*parent's*/) noexcept {
  auto& owner = *static_cast<Loaded*>(loaded);
  return new (std::nothrow) Context{owner, {owner.feed, kUse}};
}

void free_context(void* context) noexcept { delete static_cast<Context*>(context); }

int instantiate(void* context, unsigned strength, int prediction_resistance, const unsigned char* personalisation, std::size_t size,
                const OSSL_PARAM* /*of DRBGs*/) noexcept {
  auto& self = context_of(context);
  return guarded(self.loaded.core,
                 [&] { return self.generator.instantiate(strength, prediction_resistance != 0, bytes(personalisation, size)); });
}

int uninstantiate(void* context) noexcept {
  context_of(context).generator.uninstantiate();
  return 1;
}

// --- bytes ------------------------------------------------------------------------------------------------------------

int generate(void* context, unsigned char* out, std::size_t size, unsigned strength, int prediction_resistance,
             const unsigned char* additional, std::size_t additional_size) noexcept {
  auto& self = context_of(context);
  return guarded(self.loaded.core, [&] {
    return self.generator.generate({out, size}, strength, prediction_resistance != 0, bytes(additional, additional_size));
  });
}

int reseed(void* context, int /*prediction_resistance*/, const unsigned char* entropy, std::size_t entropy_size,
           const unsigned char* additional, std::size_t additional_size) noexcept {
  auto& self = context_of(context);
  return guarded(self.loaded.core, [&] { return self.generator.reseed(bytes(entropy, entropy_size), bytes(additional, additional_size)); });
}

// get_seed gives entropy bits in at least min bytes; the bytes are full entropy, so that eight bits are one byte.
std::size_t get_seed(void* context, unsigned char** out, int entropy, std::size_t min, std::size_t max, int prediction_resistance,
                     const unsigned char* additional, std::size_t additional_size) noexcept {
  auto& self = context_of(context);
  const std::size_t needed = std::max(entropy > 0 ? (static_cast<std::size_t>(entropy) + 7) / 8 : 0, min);
  if (needed == 0 || needed > max || needed > kMaxRequestBytes) {
    self.loaded.core.raise(Fault{Error::out_of_range, "no seed of this size can be given"});
    return 0;
  }
  auto* seed = self.loaded.core.allocate(needed);
  if (seed == nullptr) return 0;
  if (generate(context, seed, needed, 0, prediction_resistance, additional, additional_size) == 0) {
    self.loaded.core.release(seed, needed);
    return 0;
  }
  *out = seed;
  return needed;
}

void clear_seed(void* context, unsigned char* seed, std::size_t size) noexcept { context_of(context).loaded.core.release(seed, size); }

int verify_zeroization(void* context) noexcept { return context_of(context).generator.zeroized() ? 1 : 0; }

// --- locks ------------------------------------------------------------------------------------------------------------

int enable_locking(void* context) noexcept try {
  context_of(context).generator.enable_locking();
  return 1;
} catch (...) {
  return 0;
}

int lock(void* context) noexcept {
  context_of(context).generator.lock();
  return 1;
}

void unlock(void* context) noexcept { context_of(context).generator.unlock(); }

// --- parameters of a context ------------------------------------------------------------------------------------------

constexpr OSSL_PARAM asked(const char* key, unsigned type, std::size_t size) noexcept {
  return {key, type, nullptr, size, OSSL_PARAM_UNMODIFIED};
}
constexpr OSSL_PARAM count_of(const char* key) noexcept { return asked(key, OSSL_PARAM_UNSIGNED_INTEGER, sizeof(std::uint64_t)); }
constexpr OSSL_PARAM kEnd{nullptr, 0, nullptr, 0, 0};

constexpr const char* kGivenBytes = "qeaas-bytes";

const OSSL_PARAM* gettable_context_params(void* /*context*/, void* /*loaded*/) noexcept {
  static const OSSL_PARAM known[] = {asked(OSSL_RAND_PARAM_STATE, OSSL_PARAM_INTEGER, sizeof(int)),
                                     asked(OSSL_RAND_PARAM_STRENGTH, OSSL_PARAM_UNSIGNED_INTEGER, sizeof(unsigned)),
                                     asked(OSSL_RAND_PARAM_MAX_REQUEST, OSSL_PARAM_UNSIGNED_INTEGER, sizeof(std::size_t)),
                                     count_of(kGivenBytes), kEnd};
  return known;
}

template <Use kUse>
int get_context_params(void* context, OSSL_PARAM* params) noexcept {
  const auto& generator = context_of(context).generator;
  bool fine = set_number(locate(params, OSSL_RAND_PARAM_STATE), static_cast<std::uint64_t>(generator.state())) &&
              set_number(locate(params, OSSL_RAND_PARAM_STRENGTH), kStrengthBits) &&
              set_number(locate(params, OSSL_RAND_PARAM_MAX_REQUEST), kMaxRequestBytes) &&
              set_number(locate(params, kGivenBytes), generator.given_bytes());
  // A DRBG reseeds when this number of its parent changes. A seed source has none, or every DRBG would begin with two seeds.
  if (kUse == Use::random) fine = fine && set_number(locate(params, OSSL_DRBG_PARAM_RESEED_COUNTER), generator.reseeds());
  return fine ? 1 : 0;
}

// --- parameters of the provider ---------------------------------------------------------------------------------------

struct Counter {
  const char* key;
  std::atomic<std::uint64_t> Account::*count;
};
constexpr Counter kCounters[] = {{"qeaas-seed-bytes", &Account::seed_bytes},       {"qeaas-random-bytes", &Account::random_bytes},
                                 {"qeaas-fetched-bytes", &Account::fetched_bytes}, {"qeaas-fetches", &Account::fetches},
                                 {"qeaas-failures", &Account::failures},           {"qeaas-fallback-bytes", &Account::fall_back_bytes},
                                 {"qeaas-fallbacks", &Account::fall_backs},        {"qeaas-unlocked-buffers", &Account::unlocked_buffers}};
constexpr const char* kOrigin = "qeaas-origin";
constexpr const char* kFallBack = "qeaas-fallback";
constexpr const char* kLastFault = "qeaas-last-fault";

const OSSL_PARAM* gettable_params(void* /*loaded*/) noexcept {
  static const OSSL_PARAM known[] = {asked(OSSL_PROV_PARAM_NAME, OSSL_PARAM_UTF8_PTR, 0),
                                     asked(OSSL_PROV_PARAM_VERSION, OSSL_PARAM_UTF8_PTR, 0),
                                     asked(OSSL_PROV_PARAM_BUILDINFO, OSSL_PARAM_UTF8_PTR, 0),
                                     asked(OSSL_PROV_PARAM_STATUS, OSSL_PARAM_INTEGER, sizeof(int)),
                                     asked(kOrigin, OSSL_PARAM_UTF8_PTR, 0),
                                     asked(kFallBack, OSSL_PARAM_UTF8_PTR, 0),
                                     asked(kLastFault, OSSL_PARAM_UTF8_STRING, 0),
                                     count_of("qeaas-seed-bytes"),
                                     count_of("qeaas-random-bytes"),
                                     count_of("qeaas-fetched-bytes"),
                                     count_of("qeaas-fetches"),
                                     count_of("qeaas-failures"),
                                     count_of("qeaas-fallback-bytes"),
                                     count_of("qeaas-fallbacks"),
                                     count_of("qeaas-unlocked-buffers"),
                                     kEnd};
  return known;
}

int get_params(void* context, OSSL_PARAM* params) noexcept try {
  auto& loaded = *static_cast<Loaded*>(context);
  bool fine = set_text(locate(params, OSSL_PROV_PARAM_NAME), "qeaas: random bytes from an entropy service") &&
              set_text(locate(params, OSSL_PROV_PARAM_VERSION), QEAAS_VERSION) &&
              set_text(locate(params, OSSL_PROV_PARAM_BUILDINFO), QEAAS_VERSION) &&
              set_number(locate(params, OSSL_PROV_PARAM_STATUS), loaded.feed.fault() == nullptr ? 1 : 0) &&
              set_text(locate(params, kOrigin), loaded.origin) &&
              set_text(locate(params, kFallBack), loaded.feed.settings().fall_back ? "os" : "none");
  for (const auto& counter : kCounters)
    fine = fine && set_number(locate(params, counter.key), (loaded.feed.account().*counter.count).load(std::memory_order_relaxed));
  if (auto* param = locate(params, kLastFault); param != nullptr) {
    const auto text = loaded.feed.last_fault();
    fine = fine && param->data_type == OSSL_PARAM_UTF8_STRING &&
           set_text(param, std::string_view(text).substr(0, param->data == nullptr ? text.size() : param->data_size));
  }
  return fine ? 1 : 0;
} catch (...) {
  return 0;
}

// --- tables -----------------------------------------------------------------------------------------------------------

using Function = void (*)();
template <class F>
Function function(F* pointer) noexcept {
  return reinterpret_cast<Function>(pointer);
}

template <Use kUse>
const OSSL_DISPATCH* rand_functions() noexcept {
  static const OSSL_DISPATCH table[] = {{OSSL_FUNC_RAND_NEWCTX, function(new_context<kUse>)},
                                        {OSSL_FUNC_RAND_FREECTX, function(free_context)},
                                        {OSSL_FUNC_RAND_INSTANTIATE, function(instantiate)},
                                        {OSSL_FUNC_RAND_UNINSTANTIATE, function(uninstantiate)},
                                        {OSSL_FUNC_RAND_GENERATE, function(generate)},
                                        {OSSL_FUNC_RAND_RESEED, function(reseed)},
                                        {OSSL_FUNC_RAND_GET_SEED, function(get_seed)},
                                        {OSSL_FUNC_RAND_CLEAR_SEED, function(clear_seed)},
                                        {OSSL_FUNC_RAND_VERIFY_ZEROIZATION, function(verify_zeroization)},
                                        {OSSL_FUNC_RAND_ENABLE_LOCKING, function(enable_locking)},
                                        {OSSL_FUNC_RAND_LOCK, function(lock)},
                                        {OSSL_FUNC_RAND_UNLOCK, function(unlock)},
                                        {OSSL_FUNC_RAND_GETTABLE_CTX_PARAMS, function(gettable_context_params)},
                                        {OSSL_FUNC_RAND_GET_CTX_PARAMS, function(get_context_params<kUse>)},
                                        {0, nullptr}};
  return table;
}

const OSSL_ALGORITHM* query(void* /*loaded*/, int operation, int* no_cache) noexcept {
  static const OSSL_ALGORITHM rands[] = {
      {"QEAAS-SEED-SRC", "provider=qeaas", rand_functions<Use::seed>(), "seeds from qeaas for OpenSSL's own DRBGs"},
      {"QEAAS-RAND", "provider=qeaas", rand_functions<Use::random>(), "every byte from qeaas"},
      {nullptr, nullptr, nullptr, nullptr}};
  *no_cache = 0;
  return operation == OSSL_OP_RAND ? rands : nullptr;
}

void teardown(void* loaded) noexcept { delete static_cast<Loaded*>(loaded); }

const OSSL_ITEM* reasons(void* /*loaded*/) noexcept { return reason_strings(); }

}  // namespace
}  // namespace qeaas::provider

// OSSL_provider_init fails only without memory: a provider that OpenSSL cannot load is one that it does without, silently.
extern "C" __attribute__((visibility("default"))) int OSSL_provider_init(const OSSL_CORE_HANDLE* handle, const OSSL_DISPATCH* in,
                                                                         const OSSL_DISPATCH** out, void** context) {
  using namespace qeaas::provider;
  static const OSSL_DISPATCH table[] = {
      {OSSL_FUNC_PROVIDER_TEARDOWN, function(teardown)},          {OSSL_FUNC_PROVIDER_GETTABLE_PARAMS, function(gettable_params)},
      {OSSL_FUNC_PROVIDER_GET_PARAMS, function(get_params)},      {OSSL_FUNC_PROVIDER_QUERY_OPERATION, function(query)},
      {OSSL_FUNC_PROVIDER_GET_REASON_STRINGS, function(reasons)}, {0, nullptr}};
  try {
    *context = new Loaded(handle, in);
    *out = table;
    return 1;
  } catch (...) {
    return 0;
  }
}
