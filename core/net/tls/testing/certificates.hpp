// A certificate zoo for tests, made in memory: authorities, leaves with chosen defects, all as PEM.
// Threads: pure functions (keys are random). Validity is around the system's clock: the TLS library reads that one.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace sekisho::tls::testing {

struct Identity {
  std::string certificate_pem, key_pem;
};

struct LeafOptions {
  std::string name = "leaf";
  std::vector<std::string> dns = {};
  std::vector<std::string> ip = {};
  std::vector<std::string> uri = {};
  bool client = true;  ///< extended key usage clientAuth, else serverAuth
  bool expired = false;
  int rsa_bits = 0;         ///< 0: ECDSA P-256
  std::size_t padding = 0;  ///< bytes of a comment extension, to make it large
};

struct Expired {};
inline constexpr Expired kExpired{};

class Authority {
 public:
  explicit Authority(const std::string& name);
  /// Its last day is over.
  Authority(const std::string& name, Expired expired);
  /// Issued by `parent` (an intermediate authority).
  Authority(const std::string& name, const Authority& parent);
  ~Authority();
  [[nodiscard]] const std::string& pem() const;
  [[nodiscard]] Identity issue(const LeafOptions& options) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sekisho::tls::testing
