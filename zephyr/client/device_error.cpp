// SPDX-License-Identifier: GPL-3.0-or-later
// The texts of DeviceError: what happened, and what to do about it.
#include "device_error.hpp"

namespace qeaas::device {

const char* text(DeviceError error) noexcept {
  switch (error) {
    case DeviceError::invalid_argument: return "the configuration contradicts itself, or a buffer does not fit the message";
    case DeviceError::not_open: return "no session is open";
    case DeviceError::no_trust: return "nothing to verify the server with; configure its CA, its key's hash, or a pre-shared key";
    case DeviceError::bad_root:
      return "a root certificate cannot be used; it must be the DER of an ML-DSA or P-256 CA whose algorithm is compiled in";
    case DeviceError::unsupported: return "not compiled into this firmware; see CONFIG_QEAAS_DTLS_*";
    case DeviceError::no_memory: return "wolfSSL's heap is full; raise CONFIG_QEAAS_DTLS_HEAP_BYTES";
    case DeviceError::no_entropy: return "the entropy device gave no seed; it needs a source of its own before the first session";
    case DeviceError::network: return "the network does not carry datagrams to the server; check address, route and interface";
    case DeviceError::timeout: return "no answer in time; does the server run, and does a firewall drop UDP?";
    case DeviceError::closed: return "the server closed the session; open a new one";
    case DeviceError::refused: return "the server refused the handshake; it may want a pre-shared key, or other groups";
    case DeviceError::not_trusted: return "the server's certificate is not signed by the configured CA";
    case DeviceError::wrong_key: return "the server's key is not the pinned one";
    case DeviceError::wrong_name: return "the server's certificate does not carry its name; add it there with 'qeaas keys --san'";
    case DeviceError::expired: return "the server's certificate or its CA has expired; renew it there with 'qeaas keys --renew'";
    case DeviceError::not_yet_valid: return "the server's certificate is not valid yet; check both clocks";
    case DeviceError::no_date: return "no clock and no floor date to check the certificate with; set one, or accept unknown dates";
    case DeviceError::bad_certificate: return "the server's certificate cannot be read";
    case DeviceError::unknown_identity: return "the server does not know this pre-shared key's identity, or it is disabled there";
    case DeviceError::handshake: return "the handshake failed; wolfSSL's error is in the report";
    case DeviceError::bad_answer: return "the answer is no CoAP message, or not the answer to this request";
    case DeviceError::wrong_format: return "the answer has another content format than was asked for";
    case DeviceError::short_answer: return "the answer has fewer bytes than were asked for";
    case DeviceError::denied: return "the server denied the request; check the identity's rights and quota";
    case DeviceError::server_failed: return "the server failed; its log says why";
    case DeviceError::server_unready: return "the server has no entropy at the moment; try again later";
    case DeviceError::no_server: return "no server is configured; set CONFIG_QEAAS_CLIENT_SERVERS";
    case DeviceError::resting: return "every server failed lately and rests; the status says when the next one is asked";
    case DeviceError::unresolved: return "the server's name has no address; check it, and the resolver (CONFIG_DNS_RESOLVER)";
  }
  return "unknown error";
}

}  // namespace qeaas::device
