// SPDX-License-Identifier: GPL-3.0-or-later
// The table of keys.
#include "config_keys.hpp"

#include <algorithm>
#include <array>

namespace qeaas::config {
namespace {

using Words = std::span<const std::string_view>;

template <auto SectionMember, auto Member>
Slot at(Config& config, SourceEntry&) {
  return &((config.*SectionMember).*Member);
}
template <auto Member>
Slot of(Config&, SourceEntry& entry) {
  return &(entry.*Member);
}

using V = ServerConfig;
using R = ServiceConfig;
using S = SourceEntry;
using D = CoapsConfig;
using H = HttpConfig;
using T = HttpsConfig;
using P = ProxyConfig;
using U = LocalConfig;
using L = LimitsConfig;
constexpr auto kServer = &Config::server;
constexpr auto kService = &Config::service;
constexpr auto kCoaps = &Config::coaps;
constexpr auto kCoap = &Config::coap;
constexpr auto kHttp = &Config::http;
constexpr auto kHttps = &Config::https;
constexpr auto kProxy = &Config::proxy;
constexpr auto kLocal = &Config::local;
constexpr auto kLimits = &Config::limits;

constexpr std::array<std::string_view, 4> kLevels{"debug", "info", "warning", "error"};
constexpr std::array<std::string_view, 2> kFormats{"text", "json"};
constexpr std::array<std::string_view, 3> kPolicies{"combine", "least_loaded", "failover"};
constexpr std::array<std::string_view, 2> kConditioners{"sha256", "toeplitz"};
constexpr std::array<std::string_view, 8> kTypes{"device", "rdseed", "jitter", "os", "process", "remote", "photon", "replay"};
constexpr std::array<std::string_view, 3> kKinds{"quantum", "physical", "os"};
constexpr std::array<std::string_view, 8> kFaults{"none", "stuck", "bias", "drift", "lag", "period", "slow", "vanish"};
constexpr std::array<std::string_view, 8> kGroups{"MLKEM512",          "MLKEM768", "MLKEM1024", "X25519MLKEM768",
                                                  "SecP256r1MLKEM768", "P-256",    "P-384",     "X25519"};
constexpr std::array<std::string_view, 4> kCertificates{"ML-DSA-44", "ML-DSA-65", "ML-DSA-87", "P-256"};
constexpr std::string_view kCertificatesHelp =
    "Signature algorithms of the server's certificates in order of preference: a client gets the first that it says it can verify. Keys "
    "and "
    "a CA for ML-DSA-65 and ML-DSA-87 are made when they are first named here; clients then need the new ca.pem.";
constexpr std::array<std::string_view, 4> kClientAuth{"none", "psk", "certificate", "raw_public_key"};

constexpr std::array<std::string_view, 3> kModes{"0600", "0660", "0666"};

constexpr double kLongest = 4096;                        // bytes of a path or address
constexpr double kYear = 31'536'000;                     // seconds
constexpr double kLargestExact = 9'007'199'254'740'991;  // 2^53 - 1: a double compares it exactly
constexpr double kMaxRate = 10'000'000'000;              // access/identity.hpp: kMaxBytesPerSecond
constexpr double kMaxBurst = 2'147'483'648;              // kMaxBurstBytes
constexpr double kMaxDay = 8'796'093'022'208;            // kMaxBytesPerDay

constexpr std::array<Section, 10> kSections{{
    {"server", "The process as a whole."},
    {"service", "How the bytes of the sources become answers."},
    {"source",
     "One noise source; the section is repeated for each. Without any, every physical source that the machine has is used. "
     "Once one is named, only the named ones are."},
    {"coaps", "CoAP over DTLS 1.3 (RFC 7252, RFC 9147)."},
    {"coap", "Plain CoAP: whoever is on the path reads the random bytes. For tests and trusted wires only."},
    {"http",
     "HTTP/1.1 without encryption: whoever is on the path reads the random bytes and the tokens. For this machine, or behind a TLS front."},
    {"https", "HTTP/1.1 over TLS 1.3, with the same resources as [http] and its limits."},
    {"proxy",
     "Forward proxy from CoAP to HTTP (RFC 7252 5.7): GET, to the listed origins and no others. An origin is scheme, host and port, "
     "exactly. "
     "Loopback, private and other special addresses are reached only where that very address is listed; a name never leads to one."},
    {"local",
     "Unix socket for programs on this machine: the EGD protocol (QEMU's rng-egd) and one that tells where bytes came from. Root and the "
     "server's own user may always connect."},
    {"limits", "What clients may draw. Identities of the access table may have quotas of their own; 0 is unlimited."},
}};

constexpr Key kKeys[] = {
    {"server", "state", &at<kServer, &V::state>,
     "Folder for keys, certificates and the identities. Empty: $STATE_DIRECTORY, $XDG_STATE_HOME/qeaas, "
     "/var/lib/qeaas (root) or ~/.local/state/qeaas.",
     "", 0, kLongest},
    {"server", "workers", &at<kServer, &V::workers>, "Worker threads, each with its own sockets and sessions. 0: one for each core.",
     "threads", 0, 64},
    {"server", "log_level", &at<kServer, &V::log_level>, "The least important events that are still logged.", "", 0, 0, Shape::choice,
     kLevels},
    {"server", "log_format", &at<kServer, &V::log_format>, "text: a line for people. json: one JSON object a line.", "", 0, 0,
     Shape::choice, kFormats},
    {"server", "drain_seconds", &at<kServer, &V::drain_seconds>, "How long SIGTERM waits for running answers.", "seconds", 0, 3600},

    {"service", "policy", &at<kService, &R::policy>,
     "combine: every answer is made from all healthy sources. least_loaded: each block from the source that "
     "has most ready. failover: from the first healthy source in the order of this file.",
     "", 0, 0, Shape::choice, kPolicies},
    {"service", "min_sources", &at<kService, &R::min_sources>, "With fewer healthy sources the answer is an error, never weaker bytes.",
     "sources", 1, 16},
    {"service", "reservoir_blocks", &at<kService, &R::reservoir_blocks>,
     "Blocks of 32 bytes kept ready for each source and worker; a power of two. 2048 hold one "
     "largest answer.",
     "blocks", 16, 65'536},
    {"service", "conditioner", &at<kService, &R::conditioner>,
     "sha256: vetted by SP 800-90B. toeplitz: a 2-universal extractor, as quantum devices use themselves.", "", 0, 0, Shape::choice,
     kConditioners},
    {"service", "drbg_reseed_bytes", &at<kService, &R::drbg_reseed_bytes>,
     "The DRBG of types mixed and drbg is reseeded after this much output.", "bytes", 32, 1'073'741'824},
    {"service", "drbg_reseed_seconds", &at<kService, &R::drbg_reseed_seconds>, "It is reseeded after this long in any case.", "seconds", 1,
     86'400},

    {"source", "id", &of<&S::id>, "Unique name, shown in every answer: a-z, 0-9, - and _.", "", 1, 31, Shape::id, {}, "", "\"quantis0\""},
    {"source", "type", &of<&S::type>, "What it is.", "", 0, 0, Shape::choice, kTypes, "", "\"device\""},
    {"source",
     "path",
     &of<&S::path>,
     "The character device, or the recorded file to replay.",
     "",
     1,
     kLongest,
     Shape::any,
     {},
     "device replay",
     "\"/dev/qrandom0\""},
    {"source",
     "argv",
     &of<&S::argv>,
     "The program, by absolute path, and its arguments; its standard output is the noise.",
     "",
     1,
     64,
     Shape::any,
     {},
     "process",
     "[\"/usr/bin/my-noise\", \"--raw\"]"},
    {"source",
     "url",
     &of<&S::url>,
     "The server to fetch from, https or http.",
     "",
     1,
     kLongest,
     Shape::any,
     {},
     "remote",
     "\"https://qrng.example.org:6066\""},
    {"source",
     "entropy_type",
     &of<&S::entropy_type>,
     "The type that is asked of the server.",
     "",
     1,
     64,
     Shape::any,
     {},
     "remote",
     "\"direct\""},
    {"source",
     "ca_file",
     &of<&S::ca_file>,
     "The certificates that the server is verified against; the system's when not given.",
     "",
     1,
     kLongest,
     Shape::any,
     {},
     "remote",
     "\"/etc/qeaas/far-end-ca.pem\""},
    {"source",
     "token_file",
     &of<&S::token_file>,
     "A file with the bearer token for the server.",
     "",
     1,
     kLongest,
     Shape::any,
     {},
     "remote",
     "\"/etc/qeaas/far-end-token\""},
    {"source",
     "trust_far_end",
     &of<&S::trust_far_end>,
     "Whether its bytes count as what the far end says they are.",
     "",
     0,
     0,
     Shape::any,
     {},
     "remote",
     "false"},
    {"source",
     "timeout_seconds",
     &of<&S::timeout_seconds>,
     "Without an answer for this long the source counts as gone.",
     "seconds",
     0.001,
     300,
     Shape::any,
     {},
     "device process remote",
     "10.0"},
    {"source", "kind", &of<&S::kind>, "What the operator vouches for, where the type does not decide it.", "", 0, 0, Shape::choice, kKinds,
     "device process remote", "\"quantum\""},
    {"source",
     "sample_bits",
     &of<&S::sample_bits>,
     "Width of one sample.",
     "bits",
     1,
     8,
     Shape::any,
     {},
     "device process replay photon",
     "8"},
    {"source",
     "min_entropy",
     &of<&S::min_entropy>,
     "Assessed min-entropy of one sample; the health tests' cutoffs follow from it.",
     "bits per sample",
     0.000001,
     8,
     Shape::any,
     {},
     "",
     "6.5"},
    {"source",
     "conditioned",
     &of<&S::conditioned>,
     "Whether the device conditions its output itself.",
     "",
     0,
     0,
     Shape::any,
     {},
     "device process",
     "true"},
    {"source",
     "contribute",
     &of<&S::contribute>,
     "Policy combine: XOR this source onto blocks that others have made. It is named in the answer and never counted.",
     "",
     0,
     0,
     Shape::any,
     {},
     "os remote",
     "false"},
    {"source", "fault", &of<&S::fault>, "A fault that the simulator shows.", "", 0, 0, Shape::choice, kFaults, "photon", "\"none\""},
    {"source",
     "fault_onset_samples",
     &of<&S::fault_onset_samples>,
     "The index of the first sample that shows the fault.",
     "samples",
     0,
     kLargestExact,
     Shape::any,
     {},
     "photon",
     "0"},
    {"source",
     "fault_magnitude",
     &of<&S::fault_magnitude>,
     "How strong the fault is; what it means depends on the fault.",
     "",
     0,
     1e9,
     Shape::any,
     {},
     "photon",
     "0.0"},
    {"source",
     "mean_counts",
     &of<&S::mean_counts>,
     "Mean number of photons in a time bin.",
     "counts",
     0,
     100,
     Shape::any,
     {},
     "photon",
     "8.0"},
    {"source",
     "dark_counts",
     &of<&S::dark_counts>,
     "Mean number of dark counts in a time bin.",
     "counts",
     0,
     100,
     Shape::any,
     {},
     "photon",
     "0.01"},
    {"source",
     "dead_time",
     &of<&S::dead_time>,
     "Dead time of the detector, as a fraction of the time bin.",
     "",
     0,
     1,
     Shape::any,
     {},
     "photon",
     "0.01"},
    {"source",
     "seed",
     &of<&S::seed>,
     "The same seed gives the same samples; from the operating system when not given.",
     "",
     0,
     kLargestExact,
     Shape::any,
     {},
     "photon",
     "1"},
    {"source",
     "loop",
     &of<&S::loop>,
     "Whether the replay begins again at the end of the file.",
     "",
     0,
     0,
     Shape::any,
     {},
     "replay",
     "false"},

    {"coaps", "enabled", &at<kCoaps, &D::enabled>, "Whether to listen at all."},
    {"coaps", "listen", &at<kCoaps, &D::listen>, "IP addresses and UDP ports; port 0 lets the system choose.", "", 1, 16, Shape::listen},
    {"coaps", "groups", &at<kCoaps, &D::groups>, "Key exchange groups in order of preference.", "", 1, 8, Shape::choice, kGroups},
    {"coaps", "pq_only", &at<kCoaps, &D::pq_only>, "Drop the classical groups from the list."},
    {"coaps", "certificates", &at<kCoaps, &D::certificates>, kCertificatesHelp, "", 1, 4, Shape::choice, kCertificates},
    {"coaps", "client_auth", &at<kCoaps, &D::client_auth>,
     "How clients may prove who they are. With none in the list, proving is optional.", "", 1, 4, Shape::choice, kClientAuth},
    {"coaps", "client_ca", &at<kCoaps, &D::client_ca>,
     "PEM file with the roots of client certificates; needed for client_auth certificate.", "", 0, kLongest},
    {"coaps", "mtu", &at<kCoaps, &D::mtu>, "Largest IP packet of the path; 1280 passes everywhere.", "bytes", 576, 16'384},
    {"coaps", "max_sessions", &at<kCoaps, &D::max_sessions>, "Sessions in the whole process; beyond that the least recently used one goes.",
     "sessions", 1, 10'000'000},
    {"coaps", "idle_timeout_seconds", &at<kCoaps, &D::idle_timeout_seconds>, "A session without traffic for this long is closed.",
     "seconds", 1, kYear},
    {"coaps", "handshake_timeout_seconds", &at<kCoaps, &D::handshake_timeout_seconds>, "A handshake that takes longer is dropped.",
     "seconds", 1, 600},
    {"coaps", "tickets", &at<kCoaps, &D::tickets>, "Session tickets, for resumption without a signature."},
    {"coaps", "ticket_lifetime_seconds", &at<kCoaps, &D::ticket_lifetime_seconds>,
     "How long a ticket is accepted (RFC 8446 4.6.1: at most seven days).", "seconds", 1, 604'800},
    {"coaps", "ticket_rotation_seconds", &at<kCoaps, &D::ticket_rotation_seconds>,
     "How often the key that seals tickets changes; at most ticket_lifetime_seconds.", "seconds", 1, 604'800},
    {"coaps", "connection_id", &at<kCoaps, &D::connection_id>,
     "Connection IDs (RFC 9147 9): a client whose address changes keeps its session."},
    {"coaps", "cookie_rotation_seconds", &at<kCoaps, &D::cookie_rotation_seconds>, "How often the secret of the stateless cookies changes.",
     "seconds", 1, 3600},

    {"coap", "enabled", &at<kCoap, &CoapConfig::enabled>, "Whether to listen at all."},
    {"coap", "listen", &at<kCoap, &CoapConfig::listen>, "IP addresses and UDP ports; port 0 lets the system choose.", "", 1, 16,
     Shape::listen},

    {"http", "enabled", &at<kHttp, &H::enabled>, "Whether to listen at all."},
    {"http", "listen", &at<kHttp, &H::listen>, "IP addresses and TCP ports; port 0 lets the system choose.", "", 1, 16, Shape::listen},
    {"http", "dashboard", &at<kHttp, &H::dashboard>, "Serve the dashboard at /."},
    {"http", "pollen", &at<kHttp, &H::pollen>, "Serve pollinate clients (POST / with a challenge)."},
    {"http", "anu", &at<kHttp, &H::anu>, "Serve the shape of ANU's service (/API/jsonI.php)."},
    {"http", "qrypt", &at<kHttp, &H::qrypt>, "Serve the shape of Qrypt's service (/api/v1/quantum-entropy)."},
    {"http", "max_connections", &at<kHttp, &H::max_connections>,
     "Connections on each address that is listened on, over all workers; beyond that whoever has been idle longest goes, then WebSockets "
     "without credit.",
     "connections", 1, 1'000'000},
    {"http", "max_connections_per_address", &at<kHttp, &H::max_connections_per_address>,
     "Connections of one IPv4 address or IPv6 /64 to one worker.", "connections", 1, 1'000'000},
    {"http", "request_timeout_seconds", &at<kHttp, &H::request_timeout_seconds>, "From the first byte of a request to its last; then 408.",
     "seconds", 1, 600},
    {"http", "idle_timeout_seconds", &at<kHttp, &H::idle_timeout_seconds>, "A connection without a request for this long is closed.",
     "seconds", 1, 3600},
    {"http", "stall_timeout_seconds", &at<kHttp, &H::stall_timeout_seconds>,
     "A client that takes nothing of its answer for this long is dropped.", "seconds", 1, 3600},

    {"https", "enabled", &at<kHttps, &T::enabled>, "Whether to listen at all."},
    {"https", "listen", &at<kHttps, &T::listen>, "IP addresses and TCP ports; port 0 lets the system choose.", "", 1, 16, Shape::listen},
    {"https", "groups", &at<kHttps, &T::groups>, "Key exchange groups in order of preference.", "", 1, 8, Shape::choice, kGroups},
    {"https", "pq_only", &at<kHttps, &T::pq_only>, "Drop the classical groups from the list."},
    {"https", "certificates", &at<kHttps, &T::certificates>, kCertificatesHelp, "", 1, 4, Shape::choice, kCertificates},
    {"https", "client_auth", &at<kHttps, &T::client_auth>,
     "How clients may prove who they are in the handshake; API tokens work beside it. With none in the list, proving is optional.", "", 1,
     4, Shape::choice, kClientAuth},
    {"https", "client_ca", &at<kHttps, &T::client_ca>,
     "PEM file with the roots of client certificates; needed for client_auth certificate.", "", 0, kLongest},
    {"https", "handshake_timeout_seconds", &at<kHttps, &T::handshake_timeout_seconds>, "A handshake that takes longer is dropped.",
     "seconds", 1, 600},
    {"https", "tickets", &at<kHttps, &T::tickets>, "Session tickets, for resumption without a signature."},
    {"https", "ticket_lifetime_seconds", &at<kHttps, &T::ticket_lifetime_seconds>,
     "How long a ticket is accepted (RFC 8446 4.6.1: at most seven days).", "seconds", 1, 604'800},
    {"https", "ticket_rotation_seconds", &at<kHttps, &T::ticket_rotation_seconds>,
     "How often the key that seals tickets changes; at most ticket_lifetime_seconds.", "seconds", 1, 604'800},

    {"proxy", "enabled", &at<kProxy, &P::enabled>, "Whether Proxy-Uri and Proxy-Scheme are served at all."},
    {"proxy", "origins", &at<kProxy, &P::origins>, "What may be fetched from; an empty list forbids everything.", "", 0, 64, Shape::origin},
    {"proxy", "plain_coap", &at<kProxy, &P::plain_coap>, "Serve proxy requests over plain CoAP too, once a client has proved its address."},
    {"proxy", "max_body_bytes", &at<kProxy, &P::max_body_bytes>, "A larger answer of an origin is 5.02.", "bytes", 1, 1'048'576},
    {"proxy", "timeout_seconds", &at<kProxy, &P::timeout_seconds>, "For name, connection, redirects and body together; then 5.04.",
     "seconds", 1, 120},
    {"proxy", "max_concurrent", &at<kProxy, &P::max_concurrent>,
     "Fetches at once in each worker; one more is 5.03. A client has at most 4.", "fetches", 1, 256},
    {"proxy", "cache_bytes", &at<kProxy, &P::cache_bytes>,
     "Memory of each worker for answers that the origin declares fresh; 0 caches nothing. Entropy is never cached.", "bytes", 0,
     1'073'741'824},
    {"proxy", "ca_file", &at<kProxy, &P::ca_file>, "PEM file that https origins are verified against; empty: the system's certificates.",
     "", 0, kLongest},

    {"local", "enabled", &at<kLocal, &U::enabled>, "Whether to listen at all."},
    {"local", "path", &at<kLocal, &U::path>,
     "The socket, by absolute path, in a folder that exists. Empty: $RUNTIME_DIRECTORY/entropy.sock, /run/qeaas/entropy.sock (root) or "
     "$XDG_RUNTIME_DIR/qeaas/entropy.sock; if that cannot be made, the server warns and goes on without.",
     "", 0, 100},
    {"local", "mode", &at<kLocal, &U::mode>,
     "Permissions of the socket. Whatever they are, only root, the server's user and the members of groups are served.", "", 0, 0,
     Shape::choice, kModes},
    {"local", "groups", &at<kLocal, &U::groups>,
     "Groups whose members may connect, by name or number. The first becomes the socket's group; with mode 0660 the system lets in no "
     "other.",
     "", 0, 16},
    {"local", "max_connections", &at<kLocal, &U::max_connections>,
     "Connections at once; one more is closed. A user who is let in by a group has at most half of them, all of those together three "
     "quarters.",
     "connections", 1, 1024},
    {"local", "identity", &at<kLocal, &U::identity>,
     "Name of the identity (qeaas clients) whose quota all local clients draw on. Empty: they have no quota.", "", 0, 64},

    {"limits", "address_bytes_per_second", &at<kLimits, &L::address_bytes_per_second>, "For one IPv4 address or IPv6 /64.",
     "bytes per second", 0, kMaxRate},
    {"limits", "address_burst_bytes", &at<kLimits, &L::address_burst_bytes>, "How much at once. 0: one second's worth, at least 65536.",
     "bytes", 0, kMaxBurst},
    {"limits", "address_handshakes_per_second", &at<kLimits, &L::address_handshakes_per_second>,
     "Handshakes of one IPv4 address or IPv6 /64.", "handshakes per second", 0, 1'000'000},
    {"limits", "identity_bytes_per_second", &at<kLimits, &L::identity_bytes_per_second>,
     "For an identity without a quota of its own. Everybody who proves nothing is the "
     "one identity 'anonymous'.",
     "bytes per second", 0, kMaxRate},
    {"limits", "identity_burst_bytes", &at<kLimits, &L::identity_burst_bytes>, "How much at once. 0: one second's worth, at least 65536.",
     "bytes", 0, kMaxBurst},
    {"limits", "identity_bytes_per_day", &at<kLimits, &L::identity_bytes_per_day>, "The allowance of a day (UTC).", "bytes", 0, kMaxDay},
};

}  // namespace

std::span<const Section> sections() noexcept { return kSections; }
std::span<const Key> keys() noexcept { return kKeys; }

}  // namespace qeaas::config
