// Options of the certificate factor. Files are PEM; the list of CAs and the revocation lists may hold several blocks.
// Threads: plain values.
#pragma once
#include <chrono>
#include <cstdint>
#include <string>

namespace sekisho::client_certificate {

struct Config {
  std::string ca_file;   ///< roots and intermediates that may issue
  std::string crl_file;  ///< one current list of every issuing CA
  std::chrono::seconds crl_grace{0};
  std::uint32_t min_rsa_bits = 3072;
  std::uint32_t max_path_length = 3;

  static void describe(auto& d) {
    d.field("ca_file", &Config::ca_file, "CA certificates that may issue client certificates (PEM)",
            {.range = {1, 4096}, .required = true});
    d.field("crl_file", &Config::crl_file,
            "Revocation lists of all these CAs (PEM); replace it by renaming. Read again every 30 s",
            {.range = {1, 4096}, .required = true});
    d.field("crl_grace_s", &Config::crl_grace,
            "How long a list may be past its nextUpdate before everybody is refused (s)", {{0, 86400}});
    d.field("min_rsa_bits", &Config::min_rsa_bits, "Smallest RSA key of a client certificate", {{2048, 8192}});
    d.field("max_path_length", &Config::max_path_length, "Longest chain below the root, the leaf not counted",
            {{1, 3}});
  }
};

}  // namespace sekisho::client_certificate
