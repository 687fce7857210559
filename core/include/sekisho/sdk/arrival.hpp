// Arrival and Evidence: what a front says about a stranger before anything is believed.
// Threads: plain values. Source: design.md "A session's way through the house".
#pragma once
#include <sekisho/sdk/secret.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace sekisho {

enum class CertificateFault : std::uint8_t { none, untrusted, expired, not_yet_valid, wrong_usage, weak_key };

/// Where the person types: the VPN client's own form, our pages (he copies the cookie into the client), or our pages
/// opened for a client that fetches its session by itself (SAML form). R09 is judged at login for pages alone.
enum class LoginForm : std::uint8_t { client, page, page_for_client };

/// Where and as what somebody stands before the gate. Everything is a claim except `peer_address`, `peer_port`
/// (the socket's) and `certificate_proved` (the TLS handshake's).
struct Arrival {
  std::string path;          ///< configured name of the access path, e.g. "internet"
  std::string peer_address;  ///< textual IPv4/IPv6 address of the socket's peer
  std::uint16_t peer_port = 0;
  std::string circuit;      ///< closed network only; empty otherwise
  std::string user_agent;   ///< <= 512 bytes, printable ASCII, else empty
  std::string language;     ///< "ja" or "en"; texts are shown in it
  std::string tls_version;  ///< "TLSv1.3"
  std::string tls_cipher;
  /// DER, leaf first, <= 4 certificates and <= 16 KiB together. Only filled when the handshake proved possession of the
  /// leaf's key and the chain ends at this path's client CA; the authenticator checks all of it again.
  std::vector<std::string> certificate_chain;
  /// A certificate was presented but did not verify against the client CA: why. Its bytes are withheld from whoever
  /// holds keys or rights; the fault is what the handshake's own check met first.
  CertificateFault certificate_fault = CertificateFault::none;
  LoginForm form = LoginForm::client;  ///< the front's word: which of its forms was sent
};

/// Named answers, each a secret: "login", "password", "code". Values <= 512 bytes, valid UTF-8.
using Evidence = std::map<std::string, Secret>;

}  // namespace sekisho
