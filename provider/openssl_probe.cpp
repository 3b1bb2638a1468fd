// SPDX-License-Identifier: GPL-3.0-or-later
// openssl_probe: a program linked with libcrypto that loads the configuration in force, draws, and says what OpenSSL really used. It is
// asked by `qeaas doctor openssl`, whose own library is another. Lines on standard output, three fields with tabs between them:
//   ok|warn|FAIL  check  text        a finding
//   value         name   number or text
// Exit code 0 whatever it found. The seed source is not believed but measured: a context of OpenSSL does not tell its parent.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include <openssl/conf.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/provider.h>
#include <openssl/rand.h>
#include <unistd.h>

#include "base/handle.hpp"
#include "settings.hpp"

namespace qeaas::provider {
namespace {

using Conf = Handle<CONF, NCONF_free>;

void say(const char* verdict, const std::string& check, std::string text) {
  for (auto& character : text)
    if (static_cast<unsigned char>(character) < 0x20) character = ' ';
  std::printf("%s\t%s\t%s\n", verdict, check.c_str(), text.c_str());
}
void ok(const std::string& check, std::string text) { say("ok", check, std::move(text)); }
void warn(const std::string& check, std::string text) { say("warn", check, std::move(text)); }
void wrong(const std::string& check, std::string text) { say("FAIL", check, std::move(text)); }
void value(const std::string& name, const std::string& text) { say("value", name, text); }
void value(const std::string& name, std::uint64_t number) { say("value", name, std::to_string(number)); }

// errors empties OpenSSL's error queue into one line: reasons and their details.
std::string errors() {
  std::string text;
  const char* data = nullptr;
  int flags = 0;
  while (const auto code = ERR_get_error_all(nullptr, nullptr, nullptr, &data, &flags)) {
    const char* reason = ERR_reason_error_string(code);
    if (!text.empty()) text += "; ";
    text += reason == nullptr ? std::to_string(code) : reason;
    if ((flags & ERR_TXT_STRING) != 0 && data != nullptr && *data != '\0') text += std::string(" (") + data + ")";
  }
  return text.empty() ? "no reason given" : text;
}

// --- what the configuration says --------------------------------------------------------------------------------------

struct Said {
  std::string file;
  bool parsed = false;
  std::string random, seed, random_properties, seed_properties;
  std::string section;  // of the provider whose module is ours
  std::string module;
  bool diagnostics = false;
};

std::string text_of(const CONF* conf, const std::string& section, const char* name) {
  const char* text = NCONF_get_string(conf, section.empty() ? nullptr : section.c_str(), name);
  ERR_clear_error();
  return text == nullptr ? "" : text;
}

std::vector<std::pair<std::string, std::string>> pairs_of(const CONF* conf, const std::string& section) {
  std::vector<std::pair<std::string, std::string>> pairs;
  const auto* list = section.empty() ? nullptr : NCONF_get_section(conf, section.c_str());
  ERR_clear_error();
  for (int i = 0; list != nullptr && i < sk_CONF_VALUE_num(list); ++i) {
    const auto* item = sk_CONF_VALUE_value(list, i);
    pairs.emplace_back(item->name, item->value);
  }
  return pairs;
}

void read_said(const CONF* conf, Said& said) {
  const auto start = text_of(conf, "", "openssl_conf");
  const auto diagnostics = text_of(conf, start, "config_diagnostics") + text_of(conf, "", "config_diagnostics");
  said.diagnostics = diagnostics.find_first_of("123456789tTyY") != std::string::npos;
  const auto random = text_of(conf, start, "random");
  said.random = text_of(conf, random, "random");
  said.seed = text_of(conf, random, "seed");
  said.random_properties = text_of(conf, random, "properties");
  said.seed_properties = text_of(conf, random, "seed_properties");
  for (const auto& [name, section] : pairs_of(conf, text_of(conf, start, "providers"))) {
    const auto module = text_of(conf, section, "module");
    if (module.find("qeaas-provider") == std::string::npos && name.find("qeaas") == std::string::npos) continue;
    said.section = section;
    said.module = module;
  }
}

void check_keys(const CONF* conf, const std::string& section) {
  const auto known = known_keys();
  for (const auto& [key, text] : pairs_of(conf, section)) {
    bool found = key == "module" || key == "activate" || key == "identity" || key == "soft_load";
    for (const auto name : known) found = found || key == name;
    if (!found)
      wrong("settings", "[" + section + "] " + key + ": no such key; OpenSSL ignores it without a word. docs/provider.md has all of them");
  }
}

Said configuration() {
  Said said;
  char* file = CONF_get1_default_config_file();
  said.file = file == nullptr ? "" : file;
  OPENSSL_free(file);
  value("openssl", OpenSSL_version(OPENSSL_VERSION));
  value("configuration", said.file);
  const Conf conf(NCONF_new(nullptr));
  long line = -1;
  if (::access(said.file.c_str(), R_OK) != 0)
    wrong("configuration",
          said.file + " cannot be read by this user: OpenSSL goes on without it; mend its path (OPENSSL_CONF) or its mode");
  else if (NCONF_load(conf.get(), said.file.c_str(), &line) <= 0)
    wrong("configuration", said.file + ": " + errors() + ", line " + std::to_string(line));
  else
    said.parsed = true;
  if (!said.parsed) return said;
  const bool named = std::getenv("OPENSSL_CONF") != nullptr;  // NOLINT(concurrency-mt-unsafe): one thread
  ok("configuration", said.file + (named ? ", from OPENSSL_CONF" : ""));
  if (text_of(conf.get(), "", "openssl_conf").empty())
    wrong("configuration", said.file + " names no section with openssl_conf = ...: nothing in it is in force for programs");
  read_said(conf.get(), said);
  if (!said.section.empty()) check_keys(conf.get(), said.section);
  return said;
}

// --- what OpenSSL has loaded ------------------------------------------------------------------------------------------

std::string text_param(const OSSL_PROVIDER* provider, const char* name) {
  const char* text = nullptr;
  OSSL_PARAM wanted[] = {OSSL_PARAM_construct_utf8_ptr(name, const_cast<char**>(&text), 0), OSSL_PARAM_construct_end()};
  return OSSL_PROVIDER_get_params(provider, wanted) == 1 && text != nullptr ? text : "";
}

std::uint64_t number_param(const OSSL_PROVIDER* provider, const char* name) {
  std::uint64_t number = 0;
  OSSL_PARAM wanted[] = {OSSL_PARAM_construct_uint64(name, &number), OSSL_PARAM_construct_end()};
  return provider != nullptr && OSSL_PROVIDER_get_params(provider, wanted) == 1 ? number : 0;
}

std::string last_fault(const OSSL_PROVIDER* provider) {
  char text[512] = "";
  OSSL_PARAM wanted[] = {OSSL_PARAM_construct_utf8_string("qeaas-last-fault", text, sizeof(text) - 1), OSSL_PARAM_construct_end()};
  OSSL_PROVIDER_get_params(provider, wanted);
  return text;
}

struct Loaded {
  const OSSL_PROVIDER* ours = nullptr;
  bool algorithms = false;  // default or FIPS
};

int note_provider(OSSL_PROVIDER* provider, void* context) {
  auto& loaded = *static_cast<Loaded*>(context);
  const std::string name = OSSL_PROVIDER_get0_name(provider);
  value("provider", name + " " + text_param(provider, OSSL_PROV_PARAM_VERSION));
  if (name == "default" || name == "fips") loaded.algorithms = true;
  if (!text_param(provider, "qeaas-origin").empty()) loaded.ours = provider;
  return 1;
}

Loaded load(const Said& said) {
  Loaded loaded;
  // Programs do not get to know what fails while the file is loaded, unless it asks for that; a library context of our own does.
  const Handle<OSSL_LIB_CTX, OSSL_LIB_CTX_free> trial(OSSL_LIB_CTX_new());
  if (said.parsed && OSSL_LIB_CTX_load_config(trial.get(), said.file.c_str()) != 1)
    wrong("loading", "OpenSSL could not load all of the configuration, and programs are not told: " + errors());
  if (OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, nullptr) != 1)
    wrong("loading", "OpenSSL cannot be used with this configuration: " + errors());
  OSSL_PROVIDER_do_all(nullptr, note_provider, &loaded);
  if (loaded.ours == nullptr)
    wrong("provider", said.section.empty() ? "no provider of qeaas in the configuration; docs/provider.md has one to copy"
                                           : "not loaded" + (said.module.empty() ? "" : " from " + said.module) +
                                                 "; check module = and activate = 1 in [" + said.section + "]");
  else
    ok("provider", text_param(loaded.ours, OSSL_PROV_PARAM_VERSION) + ", bytes from " + text_param(loaded.ours, "qeaas-origin"));
  if (!loaded.algorithms)
    wrong("default provider", "not active, so that nearly nothing works: whoever activates one provider must activate default = ... too");
  if (!said.diagnostics)
    warn("config_diagnostics",
         "not set: a section or a name that OpenSSL does not know is left out without a word; set config_diagnostics = 1. A module that "
         "is missing is left out all the same, so that with seed = QEAAS-SEED-SRC this command is the one to tell");
  return loaded;
}

// --- what OpenSSL draws from ------------------------------------------------------------------------------------------

struct Generator {
  const char* role;
  EVP_RAND_CTX* context;
};

template <class T>
T context_number(EVP_RAND_CTX* context, const char* name, OSSL_PARAM (*construct)(const char*, T*)) {
  T number = 0;
  OSSL_PARAM wanted[] = {construct(name, &number), OSSL_PARAM_construct_end()};
  EVP_RAND_CTX_get_params(context, wanted);
  return number;
}

bool of_ours(EVP_RAND_CTX* context, const Loaded& loaded) {
  return context != nullptr && loaded.ours != nullptr && EVP_RAND_get0_provider(EVP_RAND_CTX_get0_rand(context)) == loaded.ours;
}

// describe says which generator plays a role. taken is what it took for its seeds, from whom.
void describe(const Generator& generator, const Loaded& loaded, std::uint64_t taken, const std::string& from) {
  const std::string check = std::string("generator ") + generator.role;
  if (generator.context == nullptr) return wrong(check, "cannot be made: " + errors());
  auto* rand = EVP_RAND_CTX_get0_rand(generator.context);
  const std::string provider = OSSL_PROVIDER_get0_name(EVP_RAND_get0_provider(rand));
  std::string text = std::string(EVP_RAND_get0_name(rand)) + " of " + provider;
  const std::string key = std::string(generator.role) + "_";
  value(key + "generator", EVP_RAND_get0_name(rand));
  value(key + "provider", provider);
  if (of_ours(generator.context, loaded)) {
    const auto given = context_number<std::uint64_t>(generator.context, "qeaas-bytes", OSSL_PARAM_construct_uint64);
    value(key + "bytes", given);
    return ok(check, text + ", gave " + std::to_string(given) + " bytes of the service");
  }
  value(key + "bytes", taken);
  const auto reseeds = context_number<unsigned>(generator.context, OSSL_DRBG_PARAM_RESEED_COUNTER, OSSL_PARAM_construct_uint);
  value(key + "seeds", reseeds > 0 ? reseeds - 1 : 0);
  ok(check, text + ", took " + std::to_string(taken) + " bytes of seed from " + from);
}

// seed_bytes is what a DRBG of OpenSSL has taken from its parent: nonce and entropy at first, entropy afterwards (drbg.c of 3.0 to 3.5).
std::uint64_t seed_bytes(EVP_RAND_CTX* context) {
  if (context == nullptr) return 0;
  const auto entropy = context_number<std::size_t>(context, OSSL_DRBG_PARAM_MIN_ENTROPYLEN, OSSL_PARAM_construct_size_t);
  const auto nonce = context_number<std::size_t>(context, OSSL_DRBG_PARAM_MIN_NONCELEN, OSSL_PARAM_construct_size_t);
  const auto seeds = context_number<unsigned>(context, OSSL_DRBG_PARAM_RESEED_COUNTER, OSSL_PARAM_construct_uint);
  return seeds < 2 ? 0 : nonce + entropy * (seeds - 1);
}

bool draw(const char* what, int (*function)(unsigned char*, int)) {
  unsigned char bytes[32];
  const bool done = function(bytes, sizeof(bytes)) == 1;
  OPENSSL_cleanse(bytes, sizeof(bytes));
  const std::string check = std::string("32 bytes, ") + what;
  if (done)
    ok(check, "drawn");
  else
    wrong(check, "refused: " + errors());
  return done;
}

void judge_seed(const Said& said, const Loaded& loaded, bool direct, std::uint64_t measured, std::uint64_t random_bytes) {
  value("seed_measured_bytes", measured);
  if (direct) return random_bytes > 0 ? ok("source", "every byte comes from " + text_param(loaded.ours, "qeaas-origin")) : void();
  if (measured > 0) {
    value("seed", "QEAAS-SEED-SRC");
    return ok("source",
              "seeds come from " + text_param(loaded.ours, "qeaas-origin") + ": " + std::to_string(measured) + " bytes, measured");
  }
  value("seed", "os");
  if (said.seed.empty() && said.random.empty())
    return wrong("source",
                 "OpenSSL seeds itself from the operating system: the configuration has no section named by random = ... with "
                 "seed = QEAAS-SEED-SRC or random = QEAAS-RAND in it");
  if (!said.seed.empty() && said.seed != "QEAAS-SEED-SRC")
    return wrong("source", "the seed source is " + said.seed + "; write seed = QEAAS-SEED-SRC (or random = QEAAS-RAND)");
  wrong("source",
        "seed = QEAAS-SEED-SRC is bypassed: not one byte was taken from it, and OpenSSL seeds itself from the operating system. It does "
        "so when the provider is not loaded or the properties (seed_properties, default_properties) exclude it");
}

void judge_fall_back(const Loaded& loaded) {
  const auto fallen = number_param(loaded.ours, "qeaas-fallback-bytes");
  const auto fault = last_fault(loaded.ours);
  if (fallen > 0) return wrong("fall-back", std::to_string(fallen) + " bytes came from the operating system (fallback = os): " + fault);
  if (text_param(loaded.ours, "qeaas-fallback") == "os")
    return warn("fall-back",
                "fallback = os: when the service fails, the operating system steps in, counted and logged; remove it to fail closed");
  ok("fall-back", "none: without the service nothing is drawn");
}

void counters(const Loaded& loaded) {
  for (const std::string name :
       {"seed_bytes", "random_bytes", "fetched_bytes", "fetches", "failures", "fallback_bytes", "fallbacks", "unlocked_buffers"}) {
    auto asked = "qeaas-" + name;
    std::ranges::replace(asked, '_', '-');
    value(name, number_param(loaded.ours, asked.c_str()));
  }
  value("origin", text_param(loaded.ours, "qeaas-origin"));
  if (number_param(loaded.ours, "qeaas-unlocked-buffers") > 0)
    warn("memory", "buffers could not be locked in memory (RLIMIT_MEMLOCK); they may be swapped");
}

void run() {
  const auto said = configuration();
  const auto loaded = load(said);
  if (RAND_get_rand_method() != RAND_OpenSSL())
    wrong("RAND_METHOD", "replaced by an engine or by RAND_set_rand_method: no provider is asked for random bytes; take the engine out");
  ERR_clear_error();
  const bool drawn = draw("public", RAND_bytes) && draw("private", RAND_priv_bytes);
  auto* primary = RAND_get0_primary(nullptr);
  // A seed taken now shows where seeds come from, also where the first one was taken by another piece of the configuration.
  if (drawn && primary != nullptr && !of_ours(primary, loaded) && EVP_RAND_reseed(primary, 0, nullptr, 0, nullptr, 0) != 1)
    wrong("reseed", "refused: " + errors());
  const auto measured = number_param(loaded.ours, "qeaas-seed-bytes");
  if (drawn) {
    auto* open = RAND_get0_public(nullptr);
    const bool direct = of_ours(open, loaded);
    judge_seed(said, loaded, direct, measured, number_param(loaded.ours, "qeaas-random-bytes"));
    const std::string from = measured > 0 ? "QEAAS-SEED-SRC" : "the operating system";
    describe({"primary", primary}, loaded, measured > 0 ? measured : seed_bytes(primary), from);
    describe({"public", open}, loaded, seed_bytes(open), "primary");
    describe({"private", RAND_get0_private(nullptr)}, loaded, seed_bytes(RAND_get0_private(nullptr)), "primary");
  }
  if (loaded.ours == nullptr) return;
  judge_fall_back(loaded);
  counters(loaded);
}

}  // namespace
}  // namespace qeaas::provider

int main() {
  qeaas::provider::run();
  return 0;
}
