// SPDX-License-Identifier: GPL-3.0-or-later
// The built program: each documented misuse has its message and its exit code, the keys command works on a state folder, and nothing
// that fails leaves a file behind. Commands that need a server are in tests/.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <regex>
#include <sys/stat.h>
#include <sys/wait.h>

#include "client/test_folder.hpp"

namespace qeaas {
namespace {

namespace fs = std::filesystem;

struct Ended {
  int code = -1;
  std::string out;
  std::string err;
};

class Program : public ::testing::Test {
 protected:
  Program() {
    fs::create_directory(home());
    ::setenv("HOME", home().c_str(), 1);
    ::setenv("XDG_STATE_HOME", (scratch_.path() / "xdg").c_str(), 1);
    ::unsetenv("STATE_DIRECTORY");
    ::unsetenv("QEAAS_CA");
  }
  fs::path home() const { return scratch_.path() / "home"; }
  fs::path file(const std::string& name, const std::string& content = "", mode_t mode = 0600) const {
    const auto path = scratch_.path() / name;
    std::ofstream(path) << content;
    ::chmod(path.c_str(), mode);
    return path;
  }
  static std::string content(const fs::path& path) {
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  // run gives the arguments to a shell; "@" stands for the scratch folder.
  Ended run(std::string arguments) const {
    for (auto at = arguments.find('@'); at != std::string::npos; at = arguments.find('@', at))
      arguments.replace(at, 1, scratch_.path().string());
    const auto errors = scratch_.path() / "stderr";
    const std::string command = std::string(QEAAS_BINARY_DIR) + "/bin/qeaas " + arguments + " 2>" + errors.string();
    Ended ended;
    std::FILE* pipe = ::popen(command.c_str(), "r");
    if (pipe == nullptr) return ended;
    std::array<char, 4096> piece{};
    for (std::size_t size = 0; (size = std::fread(piece.data(), 1, piece.size(), pipe)) > 0;) ended.out.append(piece.data(), size);
    const int status = ::pclose(pipe);
    ended.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    ended.err = content(errors);
    return ended;
  }

  TestFolder scratch_;
};

struct Misuse {
  const char* arguments;
  int code;
  const char* message;
};

TEST_F(Program, EveryMisuseOfTheLineIsAUsageError) {
  const std::vector<Misuse> cases{
      {"", 2, "a command is missing: get, sources, doctor, keys, clients, feed or bench"},
      {"fetch", 2, "not expected: fetch"},
      {"clients", 2, "add, list, show, disable, enable, rotate, quota or remove"},
      {"clients hide", 2, "not expected: hide"},
      {"clients add", 2, "NAME is required"},
      {"clients add a", 2, "--psk, --token, --certificate FILE, --public-key FILE or --sha256 HEX"},
      {"clients add a --psk --token", 2, "say by one option"},
      {"clients add '' --psk", 2, "1 to 64 bytes of UTF-8"},
      {"clients add a --token --identity b", 2, "--identity and --show belong to a PSK"},
      {"clients add a --certificate c --key-file k", 2, "--key-file is for a PSK or a token"},
      {"clients add a --certificate c --show", 2, "belong to a PSK"},
      {"clients add a --certificate c --out d", 2, "this client has its own"},
      {"clients add a --psk --key-file k --out o", 2, "--key-file excludes --out"},
      {"clients add a --psk --show --out o", 2, "excludes"},
      {"clients add a --psk --kind certificate", 2, "--kind requires --sha256"},
      {"clients add a --sha256 00 --kind psk", 2, "psk not in {certificate,raw_public_key}"},
      {"clients add a --psk --bytes-per-second fast", 2, "\"fast\" is no amount of bytes"},
      {"clients add a --psk --bytes-per-day 1.5M", 2, "\"1.5M\" is no amount of bytes"},
      {"clients add a --psk --bytes-per-day 99999999T", 2, "more than any limit"},
      {"clients add a --psk --bytes-per-second 20G", 2, "0 (unlimited) to 10000000000"},
      {"clients add a --psk --burst 5", 2, "give --bytes-per-second too"},
      {"clients rotate a --psk", 2, "not expected: --psk"},
      {"clients quota a", 2, "say what changes"},
      {"clients quota a --default --burst 5", 2, "exclude each other"},
      {"clients show", 2, "NAME is required"},
      {"clients list a", 2, "not expected: a"},
      {"get", 2, "N is required"},
      {"get 0", 2, "\"0\": ask for at least 1 byte"},
      {"get -5", 2, "\"-5\" is no number of bytes"},
      {"get abc", 2, "\"abc\" is no number of bytes"},
      {"get 3.5", 2, "\"3.5\" is no number of bytes"},
      {"get 10T", 2, "\"10T\" is no number of bytes"},
      {"get k", 2, "\"k\" is no number of bytes"},
      {"get 99999999999999999999", 2, "at most 1048576G"},
      {"get 1048577G", 2, "at most 1048576G"},
      {"get 32 64", 2, "not expected: 64"},
      {"get 32 --type quantum", 2, "quantum not in {direct,mixed,drbg}"},
      {"get 32 --hex --raw", 2, "--hex excludes --raw"},
      {"get 32 --base64 --raw", 2, "--base64 excludes --raw"},
      {"get 32 --json --raw", 2, "with --raw or --base64 write them to a file"},
      {"get 32 --json --base64", 2, "with --raw or --base64 write them to a file"},
      {"get 2M --json", 2, "--json keeps the whole answer in memory"},
      {"get 32 --need 2", 2, "--need 2, but only 1 server is named"},
      {"get 32 --need 0", 2, "--need"},
      {"get 32 --need 3 --from coaps://a --from coaps://b", 2, "--need 3, but only 2 servers are named"},
      {"get 32 --from http://127.0.0.1", 2, "only coaps:// and coap:// addresses"},
      {"get 32 --from 127.0.0.1", 2, "has no scheme; write coaps://host"},
      {"get 32 --from coaps://h:0", 2, "out_of_range"},
      {"get 32 --from coaps://h:99999", 2, "out_of_range"},
      {"get 32 --from coaps://h/sources", 2, "write coaps://host"},
      {"get 32 --from 'coaps://h/random?n=5'", 2, "options of the command"},
      {"get 32 --groups MLKEM512,Kyber", 2, "unknown group 'Kyber'; known are MLKEM512"},
      {"get 32 --groups MLKEM512,", 2, "unknown group ''"},
      {"get 32 --signatures ML-DSA-44,RSA", 2, "unknown signature algorithm 'RSA'; known are ML-DSA-44, ML-DSA-65, ML-DSA-87, P-256"},
      {"keys --certificates ML-DSA", 2, "unknown signature algorithm 'ML-DSA'"},
      {"get 32 --psk sensor", 2, "write ID:FILE"},
      {"get 32 --psk :file", 2, "write ID:FILE"},
      {"get 32 --psk sensor:", 2, "write ID:FILE"},
      {"get 32 --psk 12345678901234567890123456789012345678901234567890123456789012345:f", 2, "at most 64 bytes"},
      {"get 32 --timeout 0", 2, "--timeout"},
      {"get 32 --timeout soon", 2, "--timeout"},
      {"get 32 --retry -1", 2, "--retry"},
      {"get 32 --quiet", 2, "not expected: --quiet"},
      {"get 32 --out", 2, "--out"},
      {"sources --from coaps://a --from coaps://b", 2, "--from"},
      {"bench --count 0", 2, "--count"},
      {"bench --measure speed", 2, "\"speed\" is no measure: handshake, resume"},
      {"bench --measure request,request", 2, "\"request\" is named twice"},
      {"bench --measure psk", 2, "--psk ID:FILE"},
      {"bench --measure wake --from coap://h --insecure", 2, "plain coap:// has none, use coaps://"},
      {"bench --measure wake --from coap://h --json", 2, "needs a session"},
      {"bench --path random", 2, "no path of a resource"},
      {"bench --path /a --proxy-uri http://h/", 2, "leave --path out"},
      {"bench --from coaps://a --from coaps://b", 2, "--from"},
      {"doctor 32", 2, "not expected: 32"},
      {"doctor openssl 32", 2, "not expected: 32"},
      {"keys --san", 2, "--san"},
      {"keys hide", 2, "not expected: hide"},
  };
  for (const auto& misuse : cases) {
    const auto ended = run(misuse.arguments);
    EXPECT_EQ(ended.code, misuse.code) << misuse.arguments << "\n" << ended.err;
    EXPECT_NE(ended.err.find(misuse.message), std::string::npos) << misuse.arguments << "\n" << ended.err;
    const bool json = std::string_view(misuse.arguments).find("--json") != std::string_view::npos;
    EXPECT_EQ(ended.out.empty(), !json) << misuse.arguments;
  }
}

TEST_F(Program, WhatTheWorldRefusesIsAFailure) {
  file("open.key", "00112233445566778899aabbccddeeff\n", 0644);
  file("short.key", "00112233");
  file("long.key", std::string(130, 'a'));
  file("words.key", "this is not hexadecimal, but it is long");
  file("good.key", "00112233445566778899aabbccddeeff\n");
  file("no.pem", "-----BEGIN CERTIFICATE-----\nnonsense\n");
  const std::vector<Misuse> cases{
      {"get 32 --from coap://127.0.0.1", 1, "is plain CoAP: everybody on the way can read"},
      {"get 32 --from coaps://127.0.0.1:1", 1, "no CA certificate to verify the server with; give its ca.pem"},
      {"get 32 --ca @/none.pem", 1, "none.pem: No such file"},
      {"get 32 --ca @/no.pem", 1, "no.pem holds no certificates in PEM"},
      {"get 32 --psk sensor:@/none.key", 1, "none.key: No such file"},
      {"get 32 --psk sensor:@/open.key", 1, "open.key is a secret key that others may read; run: chmod 600"},
      {"get 32 --psk sensor:@/short.key", 1, "16 to 64 bytes in hexadecimal"},
      {"get 32 --psk sensor:@/long.key", 1, "16 to 64 bytes in hexadecimal"},
      {"get 32 --psk sensor:@/words.key", 1, "16 to 64 bytes in hexadecimal"},
      {"get 32 --psk sensor:@/good.key --from coaps://127.0.0.1:1", 1, "unreachable"},
      {"get 32 --out @/none/file", 1, "none/file"},
      {"get 32 --insecure --from coaps://127.0.0.1:1", 1, "warning: --insecure: the server is not verified"},
      {"get 32 --insecure --from coap://127.0.0.1:1", 1, "nothing answers there"},
      {"sources --insecure --from coaps://127.0.0.1:1", 1, "unreachable"},
      {"keys --state @/open.key/state", 1, "state folder"},
      {"clients list --state @/none", 1, "none/access.db; name the server's state folder with --state"},
      {"clients add a --token --state @/open.key/state", 1, "state folder"},
      {"clients add a --psk --key-file @/open.key --state @/some", 1, "chmod 600"},
      {"clients add a --token --key-file @/open.key --state @/some", 1, "open.key is a secret token that others may read; run: chmod 600"},
      {"clients add a --token --key-file @/words.key --state @/some", 1, "words.key must hold one token on one line"},
      {"clients add a --token --key-file @/short.key --state @/some", 1, "16 to 512 bytes are allowed"},
      {"clients add a --psk --key-file @/short.key --state @/some", 1, "16 to 64 bytes in hexadecimal"},
      {"clients add a/b --psk --state @/some", 1, "does not make a file name; say with --out"},
      {"clients add a --psk --out @/none/key --state @/some", 1, "none/key"},
      {"clients add a --certificate @/no.pem --state @/some", 1, "no.pem is no X.509 certificate"},
      {"clients add a --public-key @/no.pem --state @/some", 1, "no.pem is a certificate; give it with --certificate"},
      {"clients add a --public-key @/good.key --state @/some", 1, "openssl pkey -in KEY -pubout"},
      {"clients add a --sha256 abc --state @/some", 1, "64 hexadecimal digits"},
      {"clients show a --state @/some", 1, "no identity is named 'a'; 'qeaas clients list' shows them"},
      {"clients remove anonymous --state @/some", 1, "disable it instead"},
      {"clients rotate anonymous --state @/some", 2, "nothing to rotate"},
      {"keys --state @/keys --san 'not a name'", 1, "a certificate cannot carry one of these names"},
  };
  for (const auto& misuse : cases) {
    const auto ended = run(misuse.arguments);
    EXPECT_EQ(ended.code, misuse.code) << misuse.arguments << "\n" << ended.err;
    EXPECT_NE(ended.err.find(misuse.message), std::string::npos) << misuse.arguments << "\n" << ended.err;
    EXPECT_EQ(ended.out, "") << misuse.arguments;
  }
}

TEST_F(Program, FailuresAreJsonWhereItIsAsked) {
  const auto ended = run("get 32 --json --from coap://127.0.0.1");
  EXPECT_EQ(ended.code, 1);
  EXPECT_EQ(ended.out.substr(0, 38), R"({"error":"refused","detail":"address \)");
  const auto usage = run("get 32 --json --need 2");
  EXPECT_EQ(usage.code, 2);
  EXPECT_EQ(usage.out.substr(0, 23), R"({"error":"out_of_range")");
}

TEST_F(Program, EveryFailedServerIsNamed) {
  const auto ended = run("get 32 --insecure --from coaps://127.0.0.1:1 --from coaps://127.0.0.1:2 --need 1");
  EXPECT_EQ(ended.code, 1);
  EXPECT_NE(ended.err.find("0 of 2 servers answered, and 1 must (--need)"), std::string::npos) << ended.err;
  EXPECT_NE(ended.err.find("coaps://127.0.0.1:1: "), std::string::npos);
  EXPECT_NE(ended.err.find("coaps://127.0.0.1:2: "), std::string::npos);
}

TEST_F(Program, AFailedDownloadLeavesTheOldFileAndNoOther) {
  const auto target = file("kept", "old");
  EXPECT_EQ(run("get 32 --insecure --from coap://127.0.0.1:1 --out @/kept").code, 1);
  EXPECT_EQ(content(target), "old");
  std::size_t files = 0;
  for (const auto& entry : fs::directory_iterator(scratch_.path())) files += entry.path().filename().string().starts_with("kept") ? 1u : 0u;
  EXPECT_EQ(files, 1u);
}

TEST_F(Program, HelpAndVersionAreNotErrors) {
  for (const auto* command : {"", "get", "sources", "doctor", "doctor openssl", "keys", "clients", "clients add", "clients list",
                              "clients show", "clients disable", "clients enable", "clients rotate", "clients quota", "clients remove"}) {
    const auto ended = run(std::string(command) + " --help");
    EXPECT_EQ(ended.code, 0) << command;
    EXPECT_NE(ended.out.find("Example:\n  qeaas "), std::string::npos) << ended.out;
  }
  const auto version = run("--version");
  EXPECT_EQ(version.code, 0);
  EXPECT_EQ(version.out, "qeaas " QEAAS_VERSION "\n");
}

TEST_F(Program, KeysOfAFurtherLevelAreMadeWhenAskedFor) {
  const auto made = run("keys --state @/keys");
  EXPECT_EQ(made.out.find("ML-DSA-87"), std::string::npos) << made.out;
  const auto added = run("keys --state @/keys --certificates ml-dsa-87,ML-DSA-44");
  EXPECT_EQ(added.code, 0) << added.err;
  EXPECT_NE(added.err.find("server-mldsa87.pem"), std::string::npos) << added.err;
  EXPECT_EQ(added.err.find("server-mldsa44.pem"), std::string::npos) << added.err;
  for (const auto* row : {"CA           ML-DSA-87", "server       ML-DSA-87"})
    EXPECT_NE(added.out.find(row), std::string::npos) << added.out;
  const auto doctor = run("doctor --state @/keys --from coaps://127.0.0.1:1 --timeout 1");
  EXPECT_NE(doctor.out.find("ok    server-mldsa87.pem"), std::string::npos) << doctor.out;
}

TEST_F(Program, KeysAreMadeShownAndRenewed) {
  const auto made = run("keys --state @/keys");
  EXPECT_EQ(made.code, 0) << made.err;
  EXPECT_NE(made.out.find("ML-DSA-44"), std::string::npos);
  EXPECT_NE(made.out.find("names: localhost 127.0.0.1 ::1"), std::string::npos) << made.out;
  EXPECT_NE(made.err.find("wrote"), std::string::npos);
  const auto shown = run("keys show --state @/keys");
  EXPECT_EQ(shown.code, 0) << shown.err;
  // The days that are left change within a second of the making.
  const std::regex days(" [0-9]{3,4} ");
  EXPECT_EQ(std::regex_replace(shown.out, days, " N "), std::regex_replace(made.out, days, " N "));
  EXPECT_EQ(shown.err, "");
  const auto renewed = run("keys --state @/keys --renew --san qrng.example.org 192.0.2.7 --json");
  EXPECT_EQ(renewed.code, 0) << renewed.err;
  EXPECT_NE(renewed.out.find(R"("qrng.example.org","192.0.2.7"])"), std::string::npos) << renewed.out;
  EXPECT_NE(renewed.out.find(R"("days_left":39)"), std::string::npos) << renewed.out;
  EXPECT_NE(run("keys --state @/keys").out, made.out);
  ::chmod((scratch_.path() / "keys").c_str(), 0755);
  const auto open = run("keys --state @/keys --json");
  EXPECT_EQ(open.code, 1);
  EXPECT_EQ(open.out.substr(0, 18), R"({"error":"refused")");
}

TEST_F(Program, KeysAreExportedWithoutTheirPublicPart) {
  const auto done = run("keys --state @/keys --export @/openssl");
  EXPECT_EQ(done.code, 0) << done.err;
  const auto to = scratch_.path() / "openssl";
  for (const std::string file : {"ca.pem", "server-mldsa44.pem", "server-p256.pem", "server-p256.key"})
    EXPECT_EQ(content(to / file), content(scratch_.path() / "keys" / file)) << file;
  const auto whole = content(scratch_.path() / "keys/server-mldsa44.key");
  const auto alone = content(to / "server-mldsa44.key");
  EXPECT_EQ(alone.substr(0, alone.find('\n')), whole.substr(0, whole.find('\n'))) << "PKCS #8 still";
  EXPECT_LT(alone.size() + 1312, whole.size());
  struct stat status {};
  EXPECT_EQ(::stat((to / "server-mldsa44.key").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  EXPECT_EQ(run("keys --state @/keys --export @/openssl").code, 0) << "again, over what is there";
  const auto same = run("keys --state @/keys --export @/keys");
  EXPECT_EQ(same.code, 1);
  EXPECT_NE(same.err.find("name another folder"), std::string::npos) << same.err;
  EXPECT_EQ(content(scratch_.path() / "keys/server-mldsa44.key"), whole);
  EXPECT_NE(run("keys --state @/keys --export @/none/openssl").err.find("cannot make the folder"), std::string::npos);
}

TEST_F(Program, ClientsAreAddedChangedAndForgotten) {
  const std::string state = " --state @/state";
  const auto added = run("clients add sensor --psk --out @/sensor.key --bytes-per-second 4Ki --bytes-per-day 1M" + state);
  EXPECT_EQ(added.code, 0) << added.err;
  EXPECT_NE(added.out.find("quota         4096/s, burst 65536, 1000000/day"), std::string::npos) << added.out;
  EXPECT_NE(added.err.find("qeaas get 32 --psk sensor:"), std::string::npos) << added.err;
  const auto key = content(scratch_.path() / "sensor.key");
  EXPECT_EQ(key.size(), 65u);
  EXPECT_EQ((added.out + added.err).find(key.substr(0, 64)), std::string::npos);
  EXPECT_EQ(run("clients rotate sensor --out @/sensor.key" + state).code, 0);
  EXPECT_NE(content(scratch_.path() / "sensor.key"), key);
  const auto shown = run("clients show sensor --json" + state);
  EXPECT_EQ(shown.out,
            R"({"name":"sensor","kind":"psk","credential":"sensor","enabled":true,"quota":{"bytes_per_second":4096,"burst_bytes":0,)"
            R"("bytes_per_day":1000000},"last_seen":null,"bytes_served":0})"
            "\n");
  EXPECT_NE(run("clients disable sensor" + state).out.find("enabled       no"), std::string::npos);
  EXPECT_NE(run("clients quota sensor --default" + state).out.find("quota         default"), std::string::npos);
  EXPECT_EQ(run("clients remove sensor" + state).out, "removed sensor\n");
  EXPECT_EQ(run("clients show sensor" + state).code, 1);
}

TEST_F(Program, AFailedChangeLeavesKeyAndTableAsTheyWere) {
  ASSERT_EQ(run("clients add a --psk --identity one --out @/a.key --state @/state").code, 0);
  ASSERT_EQ(run("clients add b --psk --identity two --out @/b.key --state @/state").code, 0);
  const auto key = content(scratch_.path() / "a.key");
  const auto refused = run("clients rotate a --identity two --out @/a.key --state @/state");
  EXPECT_EQ(refused.code, 1);
  EXPECT_NE(refused.err.find("belongs to another identity"), std::string::npos) << refused.err;
  EXPECT_EQ(content(scratch_.path() / "a.key"), key);
  const auto taken = run("clients add c --psk --out @/a.key --state @/state");
  EXPECT_EQ(taken.code, 1);
  EXPECT_NE(taken.err.find("a.key is there already"), std::string::npos) << taken.err;
  EXPECT_EQ(run("clients show c --state @/state").code, 1);
  std::size_t files = 0;
  for (const auto& entry : fs::directory_iterator(scratch_.path()))
    files += entry.path().filename().string().starts_with("a.key") ? 1u : 0u;
  EXPECT_EQ(files, 1u);
}

TEST_F(Program, DoctorSaysWhatIsWrong) {
  const auto bare = run("doctor --from coaps://127.0.0.1:1");
  EXPECT_EQ(bare.code, 1);
  EXPECT_NE(bare.out.find("FAIL  trusted CA"), std::string::npos) << bare.out;
  EXPECT_NE(bare.out.find("copy ca.pem from the server's state folder"), std::string::npos) << bare.out;
  ASSERT_EQ(run("keys --state @/keys").code, 0);
  const auto keyed = run("doctor --state @/keys --from coaps://127.0.0.1:1");
  EXPECT_EQ(keyed.code, 1);
  EXPECT_NE(keyed.out.find("ok    trusted CA"), std::string::npos) << keyed.out;
  EXPECT_NE(keyed.out.find("ok    server-mldsa44.pem"), std::string::npos) << keyed.out;
  EXPECT_NE(keyed.out.find("FAIL  server"), std::string::npos) << keyed.out;
  const auto json = run("doctor --state @/keys --from coaps://127.0.0.1:1 --json");
  EXPECT_EQ(json.code, 1);
  EXPECT_EQ(json.out.substr(0, 44), R"({"ok":false,"checks":[{"check":"state folder)");
}

}  // namespace
}  // namespace qeaas
