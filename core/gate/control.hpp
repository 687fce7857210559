// Control: what staff may do to a running gate; the JSON API (core/api) maps requests onto it, core/gate implements it.
// Threads: call and be called back on the gate's loop. Errors: registry.invalid (findings in detail),
// gate.no_such_session, gate.cannot_enrol, registry.no_such_object, registry.already_ended, store.unavailable.
#pragma once
#include "audit/journal.hpp"
#include "recording/export.hpp"
#include "registry/model.hpp"

#include <sekisho/sdk/console_driver.hpp>
#include <sekisho/sdk/path/gate_messages.hpp>
#include <sekisho/sdk/result.hpp>
#include <sekisho/sdk/secret.hpp>

#include <nlohmann/json.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace sekisho::gate {

struct SessionInfo {
  std::string number, person, terminal, contractor, contract, application, path, zone, desktop, address, peer;
  std::string node;  ///< that serves it; of another node's only what stands in the store is known
  SessionState state = SessionState::quarantine;
  bool tunnel_up = false;
  Instant granted_at{}, until{};
  std::uint64_t bytes_in = 0, bytes_out = 0, refused_packets = 0;
};

class Control {
 public:
  virtual ~Control() = default;
  /// The newest snapshot; never null.
  [[nodiscard]] virtual std::shared_ptr<const registry::Registry> registry() const = 0;
  /// Applies `change` to the newest registry inside a store transaction, validates, stores, journals `what` with `by`,
  /// and ends every session that lost its right (<= 2 s). Answers with the new generation.
  using Change = std::function<Result<registry::Registry>(registry::Registry)>;
  virtual void change_registry(Change change, std::string by, std::string what,
                               std::function<void(Result<std::uint64_t>)> done) = 0;
  [[nodiscard]] virtual std::vector<SessionInfo> sessions() const = 0;
  virtual void end_session(std::string number, std::string by, std::string reason,
                           std::function<void(Result<void>)> done) = 0;
  /// R19. Ends what the stop covers and refuses newcomers until release(). Answers with the number of ended sessions.
  virtual void stop(registry::Stop stop, std::function<void(Result<std::size_t>)> done) = 0;
  virtual void release(std::string scope, std::string target, std::string by,
                       std::function<void(Result<void>)> done) = 0;
  /// Enrols a person anew in a factor that must be handed out (an authenticator app): what was enrolled before and its
  /// counters are gone. Answers with what the person is given, once, when the journal has it.
  virtual void enrol_factor(std::string person, std::string factor, std::string by,
                            std::function<void(Result<Secret>)> done) = 0;
  /// Takes the enrolment away; sessions that it opened stay.
  virtual void end_factor(std::string person, std::string factor, std::string by,
                          std::function<void(Result<void>)> done) = 0;
  /// Lets a recording out as a video when `wanted.by` is an auditor in force; answers when the journal has it. A
  /// refusal is journalled too. Errors: recording.not_auditor.
  virtual void export_recording(recording::ExportRequest wanted, std::string caller,
                                std::function<void(Result<void>)> done) = 0;
  /// Switches a server's machine as far as its manager's policy goes; the journal has it before. Errors:
  /// server.no_hypervisor, server.not_switched (detail: why).
  virtual void switch_server(std::string server, PowerAction action, std::string by,
                             std::function<void(Result<void>)> done) = 0;
  /// {"node", "started_at", "sessions", "journal", "store", "links":[…], "conditions":[…]}
  [[nodiscard]] virtual nlohmann::json health() const = 0;
  /// [{"circuit", "contractor", "site", "state", "addresses", "line", "since", "in_use_by", …}], one row a circuit and
  /// closed path; without "line" where the gate has no closed path.
  [[nodiscard]] virtual nlohmann::json circuits() const = 0;
};

}  // namespace sekisho::gate
