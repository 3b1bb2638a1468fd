// SPDX-License-Identifier: GPL-3.0-or-later
// The errors of the whole system: one enum, a result type that cannot be ignored, and a fault, which is an error with the
// words that a person needs. The hot path returns Result; set-up, configuration and the command line return Outcome.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace qeaas {

enum class Error : std::uint8_t {
  malformed,     // bytes or text do not follow their format
  out_of_range,  // well-formed, but outside the documented limits
  unknown,       // a name (source, key, group, resource) that nobody defined
  unsupported,   // defined, but not by this build, this machine or this peer
  too_large,     // more than the documented maximum
  no_space,      // the caller's buffer or a fixed table is full
  starved,       // too few full-entropy blocks at the moment; try again later
  alarmed,       // a health test failed and its alarm is latched
  source_gone,   // the noise source stopped answering
  refused,       // allowed by no configuration: a simulated source, a plain link, a file that is no device
  unauthorized,  // the peer did not prove who it is
  forbidden,     // the peer is known and may not do this
  over_quota,    // the allowance of an identity or an address is used up
  not_trusted,   // a certificate, key or signature does not verify against what is trusted
  tampered,      // authenticated data does not authenticate
  would_block,   // nothing to read or no room to write right now
  closed,        // the other side closed the channel
  timeout,       // no answer within the time allowed
  unreachable,   // the network or the name has no such peer
  in_use,        // an address, a lock or a name is taken
  not_found,     // no such file, entry or session
  denied,        // the operating system denies it (permissions)
  io,            // the operating system failed otherwise
  crypto,        // the cryptographic library failed
};
inline constexpr std::uint8_t kErrorCount = static_cast<std::uint8_t>(Error::crypto) + 1;

// name gives the enumerator as text, for logs and structured answers.
std::string_view name(Error error) noexcept;
// advice says in one sentence what a person can do about it.
std::string_view advice(Error error) noexcept;
// from_errno maps an errno value of the operating system.
Error from_errno(int number) noexcept;

template <class T>
using Result = tl::expected<T, Error>;
using Status = Result<void>;
inline tl::unexpected<Error> fail(Error error) noexcept { return tl::unexpected<Error>(error); }

// Fault is an error for a person: what happened, where, and what to do. It never holds a secret.
struct Fault {
  Error error;
  std::string text;
};
template <class T>
using Outcome = tl::expected<T, Fault>;
inline tl::unexpected<Fault> fault(Error error, std::string text) { return tl::unexpected<Fault>(Fault{error, std::move(text)}); }
// system_fault gives an errno value with what failed: "what: No such file or directory". For set-up, not for the hot path.
tl::unexpected<Fault> system_fault(int number, std::string_view what);
// explain turns an error into a fault: "what: name (advice)".
tl::unexpected<Fault> explain(Error error, std::string_view what);

}  // namespace qeaas
