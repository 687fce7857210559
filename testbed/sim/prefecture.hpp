// Prefecture: who and what a simulated week begins with, drawn from its seed: contractors, contracts that begin and end
// in the week, applications, people with passwords and certificates, terminals. And the week's working hours.
// Threads: one. Ownership: values; certificates are borrowed from the program's cast (data/cast.json).
#pragma once
#include "chance.hpp"
#include "registry/model.hpp"

#include <sekisho/sdk/arrival.hpp>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace sekisho::sim {

struct Leaf {
  std::string person, terminal, der;
  registry::Certificate row;
};
struct Device {
  std::string terminal, jwk, thumbprint;
};
/// The constant part, read once per program.
struct Cast {
  std::string ca_pem, crl_pem;
  std::vector<Leaf> leaves;  ///< of p01 on t01, p02 on t02, …
  Leaf short_leaf;           ///< of p01 on t01, ends on Thursday, 02:00 UTC
  Leaf stranger;             ///< of nobody the registry knows, issued by the same CA
  std::vector<Device> devices;
};
[[nodiscard]] const Cast& cast();

/// A person as the world knows him; the gate knows registry::Person.
struct Contractor {
  std::string id, login, password, mail, terminal, path, mac;
  const Leaf* leaf = nullptr;
  const Device* device = nullptr;
  std::string peer;              ///< his line's address
  bool stale_antivirus = false;  ///< and he does not notice before the gate tells him
  std::int64_t seq = 0;          ///< of his terminal's reports
};

/// One stretch of time in which people work; in between the machine sleeps.
struct Hours {
  Instant from{}, until{};
};

struct Prefecture {
  sekisho::registry::Registry registry;
  std::vector<Contractor> people;
  std::vector<Hours> hours;
};

inline constexpr const char* kInternet = "internet";
inline constexpr const char* kClosed = "ip_vpn";

[[nodiscard]] Instant week_begin();  ///< Monday 2026-11-23, 00:00 UTC
[[nodiscard]] Prefecture make_prefecture(Chance& chance);

}  // namespace sekisho::sim
