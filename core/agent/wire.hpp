// What the agent sends and gets: one HTTPS exchange with the gate, as values. The driver does TLS and HTTP.
// Threads: plain values. Source: posture.md §8.
#pragma once
#include <cstdint>
#include <string>

namespace sekisho::agent {

struct WireAsk {
  std::string method, path;  ///< "GET" or "POST", "/posture/v1/…"
  std::string content_type;  ///< of the body; empty without one
  std::string body;          ///< <= 64 KiB
  /// SHA-256 of the certificate that the peer must show (64 lower-case hexadecimal digits): the driver sends nothing to
  /// another one. Empty: any that verifies against the CA for the gate's name.
  std::string pin;
};

struct WireAnswer {
  std::uint16_t status = 0;
  std::string body;                ///< <= 64 KiB
  std::string server_fingerprint;  ///< SHA-256 of the certificate that the gate showed, 64 lower-case digits
  std::string local_address;       ///< of this machine on that connection; inside the tunnel its tunnel address
};

}  // namespace sekisho::agent
