// People: the stories of a week. Contractors at work (contractors.cpp), those who want in without a right
// (attackers.cpp), staff who change the registry and things that break (staff.cpp).
// Threads: one. Ownership: everything named in a parameter outlives the story.
#pragma once
#include "story.hpp"
#include "world.hpp"

#include <optional>
#include <string>

namespace sekisho::sim {

/// What somebody shows at a front.
struct Attempt {
  std::string path, peer, der, login, password;
  std::string mailbox;  ///< whose mail he reads; empty: he guesses
  bool typo = false;    ///< types a wrong code first
};
[[nodiscard]] Attempt honest(const Contractor& who);
[[nodiscard]] Arrival arrival_of(const std::string& path, const std::string& peer, const std::string& der);

struct LoginEnd {
  std::optional<Granted> granted;
  std::string refused;  ///< code
  std::string handle, code;
};
[[nodiscard]] Task<LoginEnd> log_in(World& world, Attempt attempt);

/// A report of this terminal's agent; `address` is empty before login. The answer's decision, or empty without one.
struct ReportOf {
  Contractor* device = nullptr;  ///< whose facts, and whose key signs
  std::string address;
  bool good_facts = true;
  bool forged = false;  ///< signed without the key
};
[[nodiscard]] Task<std::string> report(World& world, ReportOf what);

Story contractor_session(World& world, Contractor& who);
/// One of the attacks, by chance, against or with these people.
Story attack(World& world, Contractor& thief, Contractor& victim, int kind);
inline constexpr int kAttacks = 9;
Story staff_change(World& world, int kind);
inline constexpr int kChanges = 10;
void fault(World& world, int kind);
inline constexpr int kFaults = 14;

}  // namespace sekisho::sim
