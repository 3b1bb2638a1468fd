// SPDX-License-Identifier: GPL-3.0-or-later
// The built module inside OpenSSL itself: loaded by a configuration file, used by its RAND functions and by EVP_RAND.
#include <array>
#include <cstring>
#include <fstream>
#include <gtest/gtest.h>
#include <mutex>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/provider.h>
#include <openssl/rand.h>
#include <set>
#include <sys/wait.h>
#include <thread>

#include "fake_server.hpp"
#include "local/test_folder.hpp"

namespace qeaas::provider {
namespace {

using test::Buffer;
using test::FakeServer;
using Library = Handle<OSSL_LIB_CTX, OSSL_LIB_CTX_free>;
using Context = Handle<EVP_RAND_CTX, EVP_RAND_CTX_free>;

std::string last_errors() {
  std::string text;
  const char* data = nullptr;
  int flags = 0;
  while (const auto code = ERR_get_error_all(nullptr, nullptr, nullptr, &data, &flags)) {
    const char* reason = ERR_reason_error_string(code);
    text += std::string(reason == nullptr ? "?" : reason) + " " + ((flags & ERR_TXT_STRING) != 0 ? data : "") + "; ";
  }
  return text;
}

struct ModuleTest : testing::Test {
  local::test::Folder folder;
  std::string socket = (folder.path / "entropy.sock").string();
  std::mutex mutex;
  std::uint64_t next = 1;
  std::set<std::uint64_t> given;  // every number that the server has given
  std::unique_ptr<FakeServer> server;

  void serve() {
    server = std::make_unique<FakeServer>(socket, [this](const local::Request& request, int number) {
      auto out = test::bytes_of(request, number);
      const std::lock_guard hold(mutex);
      for (std::size_t at = 0; at + 8 <= request.count; at += 8, ++next) {
        std::memcpy(out.data() + local::kDrawHeadBytes + at, &next, 8);
        given.insert(next);
      }
      return out;
    });
  }
  Library library(const std::string& random, const std::string& settings = "") {
    const auto file = folder.path / "openssl.cnf";
    std::ofstream(file) << "openssl_conf = init\n[init]\nproviders = providers\nrandom = random\n[providers]\ndefault = default_sect\n"
                        << "qeaas = qeaas_sect\n[default_sect]\nactivate = 1\n[qeaas_sect]\nmodule = " QEAAS_BINARY_DIR
                        << "/lib/qeaas-provider.so\nactivate = 1\nsocket = " << socket << "\n"
                        << settings << "\n[random]\n"
                        << random << "\n";
    Library made(OSSL_LIB_CTX_new());
    EXPECT_EQ(OSSL_LIB_CTX_load_config(made.get(), file.c_str()), 1) << last_errors();
    return made;
  }
  static bool draws(const Library& context, std::size_t size = 32) {
    Buffer out(size);
    return RAND_bytes_ex(context.get(), out.data(), out.size(), 256) == 1 &&
           RAND_priv_bytes_ex(context.get(), out.data(), out.size(), 256) == 1;
  }
  static std::uint64_t counter(const Library& context, const char* name) {
    const Handle<OSSL_PROVIDER, OSSL_PROVIDER_unload> provider(OSSL_PROVIDER_load(context.get(), "qeaas"));
    std::uint64_t number = ~0ULL;
    OSSL_PARAM wanted[] = {OSSL_PARAM_construct_uint64(name, &number), OSSL_PARAM_construct_end()};
    EXPECT_EQ(OSSL_PROVIDER_get_params(provider.get(), wanted), 1);
    return number;
  }
  static Context context(const Library& from, const char* name, EVP_RAND_CTX* parent = nullptr) {
    EVP_RAND* rand = EVP_RAND_fetch(from.get(), name, nullptr);
    EXPECT_NE(rand, nullptr) << last_errors();
    Context made(EVP_RAND_CTX_new(rand, parent));
    EVP_RAND_free(rand);
    return made;
  }
};

std::vector<std::uint64_t> numbers(const Library& context, std::size_t count) {
  std::vector<std::uint64_t> out(count);
  EXPECT_EQ(RAND_bytes_ex(context.get(), reinterpret_cast<unsigned char*>(out.data()), count * 8, 256), 1) << last_errors();
  return out;
}

TEST_F(ModuleTest, EveryByteOfQeaasRandComesFromTheService) {
  serve();
  const auto openssl = library("random = QEAAS-RAND");
  for (const std::size_t size : {4U, 100U, 20000U}) {
    const auto out = numbers(openssl, size);
    const std::lock_guard hold(mutex);
    for (const auto number : out) EXPECT_TRUE(given.contains(number));
  }
  EXPECT_EQ(counter(openssl, "qeaas-random-bytes"), 20104U * 8);
  EXPECT_EQ(counter(openssl, "qeaas-fallbacks"), 0U);
}

TEST_F(ModuleTest, SeedsOfOpensslsOwnGeneratorsComeFromTheService) {
  serve();
  const auto openssl = library("seed = QEAAS-SEED-SRC");
  EXPECT_TRUE(draws(openssl)) << last_errors();
  EXPECT_EQ(counter(openssl, "qeaas-seed-bytes"), 48U);
  EXPECT_EQ(EVP_RAND_reseed(RAND_get0_primary(openssl.get()), 0, nullptr, 0, nullptr, 0), 1) << last_errors();
  EXPECT_EQ(counter(openssl, "qeaas-seed-bytes"), 80U);
}

TEST_F(ModuleTest, PredictionResistanceReachesTheSeedSource) {
  serve();
  const auto openssl = library("seed = QEAAS-SEED-SRC");
  ASSERT_TRUE(draws(openssl));
  Buffer out(32);
  EXPECT_EQ(EVP_RAND_generate(RAND_get0_public(openssl.get()), out.data(), out.size(), 256, 1, nullptr, 0), 1) << last_errors();
  EXPECT_EQ(counter(openssl, "qeaas-seed-bytes"), 80U);
}

// OpenSSL swallows what goes wrong while its seed source is made, and goes on without one; so nothing may go wrong then.
TEST_F(ModuleTest, WithoutTheServiceNothingIsDrawnAndNothingFallsBack) {
  for (const auto* random : {"random = QEAAS-RAND", "seed = QEAAS-SEED-SRC"}) {
    const auto openssl = library(random);
    EXPECT_FALSE(draws(openssl)) << random;
    EXPECT_NE(last_errors().find("is qeaasd running"), std::string::npos);
    EXPECT_EQ(counter(openssl, "qeaas-fallbacks"), 0U);
    EXPECT_GE(counter(openssl, "qeaas-failures"), 1U);
  }
}

TEST_F(ModuleTest, ServiceThatComesLaterIsUsed) {
  const auto openssl = library("random = QEAAS-RAND");
  EXPECT_FALSE(draws(openssl));
  serve();
  EXPECT_TRUE(draws(openssl)) << last_errors();
}

TEST_F(ModuleTest, WrongSettingsGiveNothing) {
  serve();
  for (const auto* random : {"random = QEAAS-RAND", "seed = QEAAS-SEED-SRC"}) {
    const auto openssl = library(random, "fallback = yes");
    EXPECT_FALSE(draws(openssl)) << random;
    EXPECT_NE(last_errors().find("fallback = yes: write none or os"), std::string::npos);
  }
}

TEST_F(ModuleTest, TheFallBackHasToBeAskedForAndIsCounted) {
  const auto openssl = library("random = QEAAS-RAND", "fallback = os");
  EXPECT_TRUE(draws(openssl)) << last_errors();
  EXPECT_EQ(counter(openssl, "qeaas-fallbacks"), 2U);
  EXPECT_EQ(counter(openssl, "qeaas-fallback-bytes"), 8192U);
  EXPECT_EQ(counter(openssl, "qeaas-fetched-bytes"), 0U);
}

TEST_F(ModuleTest, ThreadsHaveGeneratorsOfTheirOwn) {
  serve();
  for (const auto* random : {"random = QEAAS-RAND", "seed = QEAAS-SEED-SRC"}) {
    const auto openssl = library(random);
    constexpr std::size_t kThreads = 8;
    std::array<std::vector<std::uint64_t>, kThreads> all;
    std::array<std::jthread, kThreads> threads;
    for (std::size_t i = 0; i < kThreads; ++i)
      threads[i] = std::jthread([&, i] {
        for (int round = 0; round < 200; ++round) {
          const auto part = numbers(openssl, 4);
          all[i].insert(all[i].end(), part.begin(), part.end());
        }
        OPENSSL_thread_stop_ex(openssl.get());
      });
    for (auto& thread : threads) thread.join();
    std::set<std::uint64_t> seen;
    for (const auto& part : all) seen.insert(part.begin(), part.end());
    EXPECT_EQ(seen.size(), kThreads * 800) << random;
  }
}

TEST_F(ModuleTest, ParentAndChildNeverShareOutput) {
  serve();
  for (const auto* random : {"random = QEAAS-RAND", "seed = QEAAS-SEED-SRC"}) {
    const auto openssl = library(random);
    numbers(openssl, 4);
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    constexpr std::size_t kChildren = 4;
    for (std::size_t i = 0; i < kChildren; ++i)
      if (::fork() == 0) {
        const auto out = numbers(openssl, 64);
        ::_exit(::write(ends[1], out.data(), 512) == 512 ? 0 : 1);
      }
    const auto mine = numbers(openssl, 64);
    std::set<std::uint64_t> seen(mine.begin(), mine.end());
    for (std::size_t i = 0; i < kChildren; ++i) {
      std::array<std::uint64_t, 64> out{};
      ASSERT_EQ(::read(ends[0], out.data(), 512), 512);
      seen.insert(out.begin(), out.end());
      int status = 1;
      EXPECT_GT(::wait(&status), 0);
      EXPECT_EQ(status, 0);
    }
    EXPECT_EQ(seen.size(), 64 * (kChildren + 1)) << random;
  }
}

TEST_F(ModuleTest, AChildMadeWithoutTheLibrarysKnowledgeSharesNothingEither) {
  serve();
  const auto openssl = library("random = QEAAS-RAND");
  numbers(openssl, 4);
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const auto child = ::_Fork();  // runs no handler of pthread_atfork
  if (child == 0) {
    const auto out = numbers(openssl, 64);
    ::_exit(::write(ends[1], out.data(), 512) == 512 ? 0 : 1);
  }
  const auto mine = numbers(openssl, 64);
  std::array<std::uint64_t, 64> out{};
  ASSERT_EQ(::read(ends[0], out.data(), 512), 512);
  ::waitpid(child, nullptr, 0);
  std::set<std::uint64_t> seen(mine.begin(), mine.end());
  seen.insert(out.begin(), out.end());
  EXPECT_EQ(seen.size(), 128U);
}

TEST_F(ModuleTest, AContextAsOpensslsInterfaceDescribesIt) {
  serve();
  const auto openssl = library("random = QEAAS-RAND");
  const auto rand = context(openssl, "QEAAS-RAND");
  EXPECT_EQ(EVP_RAND_get_state(rand.get()), EVP_RAND_STATE_UNINITIALISED);
  Buffer out(100);
  EXPECT_EQ(EVP_RAND_generate(rand.get(), out.data(), out.size(), 0, 0, nullptr, 0), 0);
  ERR_clear_error();
  ASSERT_EQ(EVP_RAND_instantiate(rand.get(), 256, 1, out.data(), 16, nullptr), 1) << last_errors();
  EXPECT_EQ(EVP_RAND_get_state(rand.get()), EVP_RAND_STATE_READY);
  EXPECT_EQ(EVP_RAND_get_strength(rand.get()), 256U);
  EXPECT_EQ(EVP_RAND_enable_locking(rand.get()), 1);
  EXPECT_EQ(EVP_RAND_generate(rand.get(), out.data(), out.size(), 256, 1, out.data(), 10), 1) << last_errors();
  EXPECT_EQ(EVP_RAND_generate(rand.get(), out.data(), out.size(), 512, 0, nullptr, 0), 0);
  ERR_clear_error();
  EXPECT_EQ(EVP_RAND_reseed(rand.get(), 0, out.data(), 48, out.data(), 3), 1) << last_errors();
  EXPECT_EQ(EVP_RAND_nonce(rand.get(), out.data(), 16), 1);
  EXPECT_EQ(EVP_RAND_verify_zeroization(rand.get()), 0);
  EXPECT_EQ(EVP_RAND_uninstantiate(rand.get()), 1);
  EXPECT_EQ(EVP_RAND_verify_zeroization(rand.get()), 1);
  EXPECT_EQ(EVP_RAND_get_state(rand.get()), EVP_RAND_STATE_UNINITIALISED);
}

TEST_F(ModuleTest, BothMaySeedADrbg) {
  serve();
  const auto openssl = library("random = QEAAS-RAND");
  for (const auto* name : {"QEAAS-RAND", "QEAAS-SEED-SRC"}) {
    const auto parent = context(openssl, name);
    ASSERT_EQ(EVP_RAND_instantiate(parent.get(), 0, 0, nullptr, 0, nullptr), 1);
    EXPECT_EQ(EVP_RAND_enable_locking(parent.get()), 1);
    const auto drbg = context(openssl, "HASH-DRBG", parent.get());
    char digest[] = "SHA256";
    const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_DRBG_PARAM_DIGEST, digest, 0), OSSL_PARAM_construct_end()};
    EXPECT_EQ(EVP_RAND_instantiate(drbg.get(), 256, 0, nullptr, 0, parameters), 1) << last_errors();
    Buffer out(32);
    EXPECT_EQ(EVP_RAND_generate(drbg.get(), out.data(), out.size(), 256, 0, nullptr, 0), 1) << last_errors();
  }
  EXPECT_GE(counter(openssl, "qeaas-seed-bytes"), 48U);
}

TEST_F(ModuleTest, TwoLibraryContextsAreStrangers) {
  serve();
  const auto one = library("random = QEAAS-RAND");
  const auto other = library("seed = QEAAS-SEED-SRC");
  EXPECT_TRUE(draws(one));
  EXPECT_TRUE(draws(other));
  EXPECT_EQ(counter(one, "qeaas-seed-bytes"), 0U);
  EXPECT_EQ(counter(other, "qeaas-random-bytes"), 0U);
}

TEST_F(ModuleTest, RandAddIsTakenIn) {
  serve();
  const auto openssl = library("random = QEAAS-RAND");
  const auto before = numbers(openssl, 1);
  auto* rand = RAND_get0_public(openssl.get());
  const Buffer input(20, 7);
  EXPECT_EQ(EVP_RAND_reseed(rand, 0, nullptr, 0, input.data(), input.size()), 1);
  const auto out = numbers(openssl, 8);
  const std::lock_guard hold(mutex);
  std::size_t bare = 0;
  for (const auto number : out) bare += given.contains(number) ? 1 : 0;
  EXPECT_EQ(bare, 0U);  // what the service gave is covered by the generator that the input has seeded
}

}  // namespace
}  // namespace qeaas::provider
