// SPDX-License-Identifier: GPL-3.0-or-later
// DeviceError: everything that can go wrong between a device and its server. Calls return a count or zero, or one of these as a negative
// int; text() says to a person what happened and what to do.
#pragma once

namespace qeaas::device {

enum class DeviceError : int {
  // the caller
  invalid_argument = -1,  // the configuration contradicts itself, or a buffer is too small or too large
  not_open = -2,          // no session; open one first
  no_trust = -3,          // nothing to verify the server with: no root, no pinned key, no pre-shared key
  bad_root = -4,          // a root certificate that cannot be read
  unsupported = -5,       // not compiled in: a group, connection IDs, pre-shared keys
  // the device
  no_memory = -10,   // wolfSSL's heap is too small
  no_entropy = -11,  // the entropy device gave no seed
  // the network
  network = -20,  // the socket failed
  timeout = -21,  // nothing in time; an open session stays open
  closed = -22,   // the server ended the session
  // the handshake
  refused = -30,           // the server answered with an alert
  not_trusted = -31,       // the certificate is not signed by the root, or its signature is wrong
  wrong_key = -32,         // the certificate's key is not the pinned one
  wrong_name = -33,        // the certificate does not carry the server's name
  expired = -34,           // the certificate's time has passed, by the clock or by the floor date
  not_yet_valid = -35,     // the certificate's time has not come, by the clock
  no_date = -36,           // neither clock nor floor date, and the configuration asks for dates
  bad_certificate = -37,   // the certificate cannot be read
  unknown_identity = -38,  // the server does not know the pre-shared key's identity
  handshake = -39,         // any other failure of the handshake; the report has wolfSSL's code
  // what the server answers, for the client above
  bad_answer = -50,      // not a CoAP message, or not the answer to what was asked
  wrong_format = -51,    // another content format than was asked for
  short_answer = -52,    // fewer bytes than were asked for
  denied = -53,          // 4.xx: the request itself is refused
  server_failed = -54,   // 5.xx except 5.03
  server_unready = -55,  // 5.03: no entropy at the moment; try later
  // the client above
  no_server = -56,   // none is configured
  resting = -57,     // every server failed lately; the status says when the next is asked
  unresolved = -58,  // a server's name has no address
};

// text never returns null, whatever the number.
const char* text(DeviceError error) noexcept;
inline const char* text(int result) noexcept { return text(static_cast<DeviceError>(result)); }
constexpr int failure(DeviceError error) noexcept { return static_cast<int>(error); }

}  // namespace qeaas::device
