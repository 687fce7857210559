// Methods: the table of the JSON API over gate::Control.
//
// | method | params | result |
// | health | – | {node, started_at, generation, sessions, screens, rdp, journal, links, conditions} |
// | circuit.list | – | {circuits: […]} |
// | registry.export | secrets? | the registry's document (registry/json.hpp) |
// | registry.import | document, if_generation? | {generation} |
// | registry.put | kind, object, if_generation? | {generation, key} |
// | registry.remove | kind, id | {generation} |
// | registry.end | kind, id | {generation} |
// | application.submit | object | {generation, key} |
// | application.accept | id, by, note?, build_up_exception? | {generation} |
// | application.return | id, by, note? | {generation} |
// | person.set_password_hash | person, hash | {generation} |
// | person.enrol_factor | person, factor | {shown}: what the person is given, told once |
// | person.end_factor | person, factor | {} |
// | certificate.register | object, replace? | {generation, key} |
// | terminal.enrolment_token | terminal | {token, until}: told once, stored as SHA-256 |
// | exception.grant | object | {generation, key} |
// | session.list | – | {sessions: […]} |
// | session.show | number | a session |
// | session.end | number, reason? | {} |
// | server.power | server, action | {}: journalled; action: start, shut_down, power_off, reboot, reset |
// | stop | scope, target?, reason? | {ended} |
// | release | scope, target? | {} |
// | stops | – | {stops: […]} |
// | recording.export | recording, session, by, format, reason | {}: journalled, he may take it out |
// | journal.search | session?, person?, rule?, event?, code?, from?, until?, limit? | {entries: […]} |
//
// Threads: the gate's loop; `done` comes there, at once or later. Ownership: the Api borrows all it is given.
// Errors: api.bad_request (pointer in detail), api.unknown_method, and those of Control and registry/changes.hpp.
#pragma once
#include "audit/journal.hpp"
#include "gate/control.hpp"
#include "run/services.hpp"

#include <sekisho/sdk/refusal.hpp>

#include <nlohmann/json_fwd.hpp>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace sekisho::api {

/// Reads the journal's files: blocking, run on the general pool.
using JournalReader = std::function<Result<std::vector<audit::StoredEntry>>(const audit::Query&)>;

struct Context {
  gate::Control& control;
  JournalReader journal;
  run::Blocking& blocking;
  Entropy& entropy;
  const run::Clock& clock;
};

using Done = std::function<void(Result<nlohmann::json>)>;

/// `caller`: who asks, for the journal ("uid:0"). Unknown methods and wrong params answer at once.
void call(const Context& context, std::string_view method, const nlohmann::json& params, const std::string& caller,
          Done done);

[[nodiscard]] std::vector<std::string_view> method_names();
/// {"code","what":{ja,en},"why":{…},"remedy":{…},"detail"?,"findings"?}
[[nodiscard]] nlohmann::json error_json(const Error& error);
/// Every code that this room itself gives, with its words.
[[nodiscard]] std::vector<Refusal> api_refusals();

}  // namespace sekisho::api
