// A certificate in the registry's words. Threads: pure functions.
#pragma once
#include "pki/authority.hpp"

#include <nlohmann/json.hpp>

namespace sekisho::ctl {

/// The JSON form that certificate.register takes (registry/json.hpp).
[[nodiscard]] inline nlohmann::json registry_object(const pki::CertificateFacts& facts) {
  return {{"fingerprint_sha256", facts.fingerprint_sha256},
          {"serial_hex", facts.serial_hex},
          {"person", facts.person},
          {"terminal", facts.terminal},
          {"not_before", to_rfc3339(facts.not_before)},
          {"not_after", to_rfc3339(facts.not_after)}};
}

}  // namespace sekisho::ctl
