// Judge: the invariants of a world, checked after every event against what the world itself knows: who really has which
// password, what was really mailed, what the disk really keeps, what the registry of the store says. It asks the gate
// nothing. Its rules are written a second time on purpose: they share no line with registry/rules.cpp or admission.
//
//   factors    a grant reaches a front only when certificate, password and newest unused code were really shown (R04)
//   rights     … and the person, terminal, contract and application really gave the right then (R03, R16–R19)
//   line       over a line that is down or unknown the kernel lets nobody through and no desktop opens (R02)
//   zones      a desktop, a kernel right or a tunnel never reaches beyond its path and session (R01, R11)
//   durable    what a grant says stands synced in the journal when it leaves the gate (T-71)
//   late       nothing of a session lives 2 s after its right or the session ended, while the gate can act (T-34)
//   code       no code counts twice, none in another login (T-25)
//   address    one inner address has one session
//   refusal    every refusal names a rule, a code and why, in both languages (R10)
//   journal    verifies at every start and at the end; holds every grant that was given (T-70)
//
// Threads: one. Ownership: borrows the world.
#pragma once
#include "audit/journal.hpp"
#include "machine.hpp"
#include "prefecture.hpp"
#include "seam/messages.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace sekisho::sim {

class World;

struct Violation {
  std::string invariant, what;
  Instant at{};
};

class Judge {
 public:
  explicit Judge(World& world) : world_(world) {}

  // What happens in the world
  void asked(const std::string& path, const std::string& role, std::uint64_t number, const GateRequest& request);
  void answered(const std::string& path, const std::string& role, std::uint64_t number, const GateReply& reply);
  void mailed(const SendMail& mail);
  void journalled(const audit::Entry& entry);
  /// Before it is on its way; `link` is role:name.
  void gate_sends(const std::string& link, const seam::Message& message);
  void registry_is(const registry::Registry& registry);
  /// Of the closed network: whether this circuit carries.
  void line_is(const std::string& circuit, bool up);
  /// What it had not yet on the disk was never said: such an end is none.
  void gate_died();
  /// Tunnels, kernel rights or desktop connections are others now.
  void changed() { changed_ = true; }
  /// The gate was not able to act until now (dead, cut off, asleep).
  void disturbed_until(Instant when) { calm_from_ = std::max(calm_from_, when); }

  /// After every event.
  void check();
  /// When the week is over: the journal against everything seen.
  void check_journal(bool at_end);
  void violated(std::string invariant, std::string what);
  [[nodiscard]] const std::vector<Violation>& violations() const { return violations_; }

 private:
  /// What was shown in one login so far.
  struct Proof {
    std::string path, login, password, code, leaf_at_begin, leaf_now;
    Instant asked_at{}, asked_at_gate{};  ///< true time, gate time
  };
  struct Session {
    std::string number, person, terminal, application, contract, path, address, certificate;
    Instant granted_at{};
    Instant lawful_until = Instant::max();  ///< gate time
    std::optional<Instant> replaced_at;     ///< gate time
    std::string replaces{};                 ///< the session whose address it took
    bool admitted = false, ended = false, given = false;
  };
  struct Code {
    std::string person, digits;
    Instant sent_at{}, sent_at_gate{};
    bool used = false;
  };
  void check_grant(const Proof& proof, const Granted& granted, const std::string& path);
  void check_refusal(const Refusal& refusal, const std::string& from);
  void check_durable(const std::string& event, const std::string& session);
  void check_entrance(const std::string& path, const seam::EntranceGrant& grant);
  void check_kernel(const seam::DesiredNet& desired);
  /// Until when (gate time) the registry gives this session's right; nullopt: it does not.
  [[nodiscard]] std::optional<Instant> lawful(const Session& session, Instant at) const;
  void recompute(Session& session);
  /// A grant that nobody was given (the power failed between journal and store) has replaced nothing: the older one of
  /// the address goes on.
  void give_back_the_place_of(const Session& never_given);
  void check_hops();
  void check_addresses();
  void alive(const std::string& hop, const Session* session, const std::string& name);
  /// Since when (true time) the line of this session is lost; nullopt: it carries, or needs none.
  [[nodiscard]] std::optional<Instant> line_lost(const Session& session) const;
  void check_right(const Session* session, const std::string& address);
  [[nodiscard]] Session* session_of(const std::string& path, const std::string& address);
  [[nodiscard]] const Contractor* person(const std::string& id) const;

  World& world_;
  registry::Registry registry_;
  std::map<std::pair<std::string, std::uint64_t>, Proof> asked_;  // (path, number)
  std::map<std::string, Proof> logins_;                           // by handle
  std::vector<Code> codes_;
  std::map<std::string, Session> sessions_;
  std::map<std::pair<std::string, std::string>, std::string> newest_at_;  // (path, address) -> session
  std::map<std::pair<std::string, std::string>, std::string> entries_;    // (event, session) -> its canonical text
  std::vector<Violation> violations_;
  std::set<std::string> told_;           // each kind of violation once
  std::map<std::string, Instant> lost_;  // by circuit, true time
  bool changed_ = false;
  Instant next_due_ = Instant::max(), calm_from_{};
};

}  // namespace sekisho::sim
