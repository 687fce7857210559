// The wire: one HTTPS exchange at a time over libcurl. TLS 1.2 or later, the peer's certificate verified against the
// given authorities for the gate's name, its SHA-256 taken from the very handshake; with a pin, nothing but the
// handshake happens with another certificate. No proxy, no redirect, no cookie, no netrc, no session resumption.
// Threads: one. Ranges: answers <= 64 KiB. Errors: agent.settings (make), agent.unreachable, agent.certificate,
// agent.answer_malformed, agent.stopped (the watched descriptor said so).
#pragma once
#include "agent/wire.hpp"

#include <sekisho/sdk/result.hpp>
#include <sekisho/sdk/secret.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace sekisho::agent {

struct WireOptions {
  std::string gate;    ///< https://NAME[:PORT]
  std::string ca_pem;  ///< authorities; empty: the system's
  /// What the terminal shows of itself, leaf first, and its key; both or none. A gate that knows the certificate hears
  /// the terminal even while others at its address are penalised for bad logins.
  std::string certificate_pem;
  Secret certificate_key_pem;
  std::string connect_to;  ///< ADDRESS:PORT to connect to instead; the name stays what is verified
  std::string language = "ja";
  std::chrono::milliseconds connect_limit{5000}, limit{10000};
};

class CurlWire {
 public:
  [[nodiscard]] static Result<std::unique_ptr<CurlWire>> make(WireOptions options);
  ~CurlWire();

  /// While it waits, `stop()` is asked whenever `watch` is readable; true ends the exchange. -1: nothing is watched.
  [[nodiscard]] Result<WireAnswer> exchange(const WireAsk& ask, int watch = -1, const std::function<bool()>& stop = {});

 private:
  struct Impl;
  explicit CurlWire(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sekisho::agent
