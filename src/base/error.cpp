// SPDX-License-Identifier: GPL-3.0-or-later
// Names and advice of the errors.
#include "base/error.hpp"

#include <array>
#include <cerrno>
#include <cstring>

namespace qeaas {
namespace {

struct Words {
  std::string_view name;
  std::string_view advice;
};

constexpr std::array<Words, kErrorCount> kWords{{
    {"malformed", "check the format against docs/protocol.md"},
    {"out_of_range", "use a value within the documented limits"},
    {"unknown", "check the spelling against the documented names"},
    {"unsupported", "use what both this build and the peer support"},
    {"too_large", "ask for less at a time"},
    {"no_space", "free something or raise the configured limit"},
    {"starved", "wait for the retry time; add a source or ask for type drbg if this is frequent"},
    {"alarmed", "look at 'qeaas sources': a source failed its health test and serves nothing until start-up tests pass"},
    {"source_gone", "check that the device or process is there; it is retried with back-off"},
    {"refused", "the configuration must name this explicitly to allow it"},
    {"unauthorized", "present the key, certificate or token that the server knows"},
    {"forbidden", "ask the operator to enable this identity"},
    {"over_quota", "wait until the allowance is refilled or ask the operator for a larger one"},
    {"not_trusted", "give the server's ca.pem with --ca or QEAAS_CA"},
    {"tampered", "somebody changed the data on the way, or the key is wrong"},
    {"would_block", "try again when the channel is ready"},
    {"closed", "connect again"},
    {"timeout", "check that the server runs and that no firewall drops UDP"},
    {"unreachable", "check the address and that the server runs"},
    {"in_use", "choose another address, or stop what holds this one"},
    {"not_found", "check the name or path"},
    {"denied", "check permissions and ownership"},
    {"io", "see the system's own message"},
    {"crypto", "report this: the cryptographic library failed unexpectedly"},
}};

}  // namespace

std::string_view name(Error error) noexcept { return kWords[static_cast<std::size_t>(error)].name; }
std::string_view advice(Error error) noexcept { return kWords[static_cast<std::size_t>(error)].advice; }

Error from_errno(int number) noexcept {
  switch (number) {
    case EAGAIN:
    case EINTR: return Error::would_block;
    case ENOENT:
    case ENODEV:
    case ENXIO: return Error::not_found;
    case EACCES:
    case EPERM:
    case EROFS: return Error::denied;
    case EADDRINUSE:
    case EBUSY:
    case EEXIST: return Error::in_use;
    case ECONNREFUSED:
    case EHOSTUNREACH:
    case ENETUNREACH: return Error::unreachable;
    case ETIMEDOUT: return Error::timeout;
    case EPIPE:
    case ECONNRESET: return Error::closed;
    case ENOSPC:
    case ENOBUFS:
    case ENOMEM:
    case EMFILE:
    case ENFILE: return Error::no_space;
    default: return Error::io;
  }
}

tl::unexpected<Fault> system_fault(int number, std::string_view what) {
  return fault(from_errno(number),
               std::string(what) + ": " + std::strerror(number));  // NOLINT(concurrency-mt-unsafe): set-up is one thread
}

tl::unexpected<Fault> explain(Error error, std::string_view what) {
  std::string text(what);
  text += ": ";
  text += name(error);
  text += " (";
  text += advice(error);
  text += ")";
  return fault(error, std::move(text));
}

}  // namespace qeaas
