#include "api/methods.hpp"

#include "base/json.hpp"
#include "registry/changes.hpp"
#include "registry/fields.hpp"
#include "registry/findings.hpp"
#include "registry/json.hpp"

#include <sekisho/sdk/memory.hpp>

#include <nlohmann/json.hpp>
#include <openssl/evp.h>

#include <array>
#include <map>
#include <memory>
#include <utility>

namespace sekisho::api {
namespace {

using nlohmann::json;
using registry::Registry;

constexpr std::size_t kId = 128;
constexpr auto kEnrolmentLife = std::chrono::hours{72};  // posture.md §8
constexpr std::chrono::seconds kSearchLimit{20};

struct Call {
  const Context& context;
  const json& params;
  std::string caller;
  Done done;
};
using Handler = void (*)(Call&&);

/// The params as typed values; the first fault is kept and answered once.
class Params {
 public:
  explicit Params(const json& params) : params_(params) {}
  std::string text(std::string_view key, std::size_t max = kId) { return take(get_string(params_, key, max)); }
  std::string optional_text(std::string_view key, std::size_t max = 1024) {
    return take(get_optional_string(params_, key, max)).value_or(std::string());
  }
  bool flag(std::string_view key) { return take(get_optional_bool(params_, key)).value_or(false); }
  std::optional<std::int64_t> number(std::string_view key, std::int64_t min, std::int64_t max) {
    return take(get_optional_int(params_, key, min, max));
  }
  json object(std::string_view key) {
    const json* found = take(get_object(params_, key));
    return found != nullptr ? *found : json::object();
  }
  std::optional<Instant> moment(std::string_view key, registry::Day day) {
    const std::string value = optional_text(key);
    if (value.empty()) return std::nullopt;
    auto at = registry::parse_moment(value, day);
    if (!at && !error_) error_ = fail("api.bad_request", "/" + std::string(key));
    return at;
  }
  std::optional<registry::Kind> kind() {
    const std::string name = text("kind");
    auto found = registry::kind_of(name);
    if (!found && !error_) error_ = fail("api.bad_request", "/kind");
    return found;
  }
  [[nodiscard]] const std::optional<Error>& error() const { return error_; }

 private:
  template <class T>
  T take(Result<T> value) {
    if (value) return std::move(*value);
    if (!error_) error_ = fail("api.bad_request", value.error().detail);
    return T{};
  }
  const json& params_;
  std::optional<Error> error_;
};

/// Runs a registry change that also names the key it made.
void change_with_key(Call&& call, std::string what, std::function<Result<registry::Put>(Registry)> change) {
  auto key = std::make_shared<std::string>();
  call.context.control.change_registry(
      [change = std::move(change), key](Registry current) -> Result<Registry> {
        Result<registry::Put> put = change(std::move(current));
        if (!put) return put.error();
        *key = put->key;
        return std::move(put->registry);
      },
      call.caller, std::move(what),
      [key, done = std::move(call.done)](Result<std::uint64_t> generation) {
        if (!generation) return done(generation.error());
        done(json{{"generation", *generation}, {"key", *key}});
      });
}

void change(Call&& call, std::string what, gate::Control::Change work, json extra = json::object()) {
  call.context.control.change_registry(
      std::move(work), call.caller, std::move(what),
      [extra = std::move(extra), done = std::move(call.done)](Result<std::uint64_t> generation) mutable {
        if (!generation) return done(generation.error());
        extra["generation"] = *generation;
        done(std::move(extra));
      });
}

#define SEKISHO_API_CHECK(params) \
  if ((params).error()) return call.done(*(params).error())

std::string_view state_name(SessionState state) {
  switch (state) {
    case SessionState::asking:
      return "asking";
    case SessionState::quarantine:
      return "quarantine";
    case SessionState::admitted:
      return "admitted";
    case SessionState::ended:
      return "ended";
  }
  return "ended";
}

json session_json(const gate::SessionInfo& s) {
  return {{"number", s.number},
          {"state", state_name(s.state)},
          {"person", s.person},
          {"terminal", s.terminal},
          {"contractor", s.contractor},
          {"contract", s.contract},
          {"application", s.application},
          {"path", s.path},
          {"zone", s.zone},
          {"desktop", s.desktop},
          {"address", s.address},
          {"peer", s.peer},
          {"tunnel_up", s.tunnel_up},
          {"granted_at", to_rfc3339(s.granted_at)},
          {"until", to_rfc3339(s.until)},
          {"node", s.node},
          {"bytes_in", s.bytes_in},
          {"bytes_out", s.bytes_out},
          {"refused_packets", s.refused_packets}};
}

void health(Call&& call) {
  call.done(call.context.control.health());
}

void circuit_list(Call&& call) {
  call.done(json{{"circuits", call.context.control.circuits()}});
}

void registry_export(Call&& call) {
  Params p(call.params);
  const bool secrets = p.flag("secrets");
  SEKISHO_API_CHECK(p);
  call.done(registry::export_registry(*call.context.control.registry(), {.secrets = secrets}));
}

void registry_import(Call&& call) {
  Params p(call.params);
  const json document = p.object("document");
  const auto wanted = p.number("if_generation", 0, std::numeric_limits<std::int64_t>::max());
  SEKISHO_API_CHECK(p);
  registry::Imported imported = registry::import_registry(document);
  if (!imported.findings.empty()) return call.done(registry::invalid(imported.findings));
  std::optional<std::uint64_t> if_generation;
  if (wanted) if_generation = static_cast<std::uint64_t>(*wanted);
  change(std::move(call), "import", [next = std::move(imported.registry), if_generation](Registry current) {
    return registry::replace_all(std::move(current), next, if_generation);
  });
}

void registry_put(Call&& call) {
  Params p(call.params);
  const auto kind = p.kind();
  const json object = p.object("object");
  const auto wanted = p.number("if_generation", 0, std::numeric_limits<std::int64_t>::max());
  SEKISHO_API_CHECK(p);
  change_with_key(std::move(call), "put", [kind = *kind, object, wanted](Registry current) -> Result<registry::Put> {
    if (wanted && current.generation != static_cast<std::uint64_t>(*wanted)) {
      return fail("registry.generation_differs", std::to_string(current.generation));
    }
    return registry::put_object(std::move(current), kind, object);
  });
}

void registry_remove(Call&& call) {
  Params p(call.params);
  const auto kind = p.kind();
  const std::string id = p.text("id");
  SEKISHO_API_CHECK(p);
  change(std::move(call), "remove " + id,
         [kind = *kind, id](Registry current) { return registry::remove_object(std::move(current), kind, id); });
}

void registry_end(Call&& call) {
  Params p(call.params);
  const auto kind = p.kind();
  const std::string id = p.text("id");
  SEKISHO_API_CHECK(p);
  const Instant now = call.context.clock.now();
  change(std::move(call), "end " + id,
         [kind = *kind, id, now](Registry current) { return registry::end_object(std::move(current), kind, id, now); });
}

void application_submit(Call&& call) {
  Params p(call.params);
  const json object = p.object("object");
  SEKISHO_API_CHECK(p);
  change_with_key(std::move(call), "application submitted",
                  [object](Registry current) { return registry::submit_application(std::move(current), object); });
}

template <bool kAccept>
void application_decide(Call&& call) {
  Params p(call.params);
  const std::string id = p.text("id");
  registry::Decision decision;
  decision.by = p.text("by");
  decision.note = p.optional_text("note");
  if (kAccept) decision.build_up_exception = p.flag("build_up_exception");
  SEKISHO_API_CHECK(p);
  const Instant now = call.context.clock.now();
  change(std::move(call), std::string(kAccept ? "accept " : "return ") + id + " by " + decision.by,
         [id, decision, now](Registry current) {
           return kAccept ? registry::accept_application(std::move(current), id, decision, now)
                          : registry::return_application(std::move(current), id, decision, now);
         });
}

void set_password_hash(Call&& call) {
  Params p(call.params);
  const std::string person = p.text("person"), hash = p.text("hash", 256);
  SEKISHO_API_CHECK(p);
  change(std::move(call), "password of " + person,
         [person, hash](Registry current) { return registry::set_password_hash(std::move(current), person, hash); });
}

void enrol_factor(Call&& call) {
  Params p(call.params);
  const std::string person = p.text("person"), factor = p.text("factor");
  SEKISHO_API_CHECK(p);
  call.context.control.enrol_factor(person, factor, call.caller, [done = std::move(call.done)](Result<Secret> shown) {
    if (!shown) return done(shown.error());
    done(json{{"shown", std::string(shown->reveal())}});
  });
}

void end_factor(Call&& call) {
  Params p(call.params);
  const std::string person = p.text("person"), factor = p.text("factor");
  SEKISHO_API_CHECK(p);
  call.context.control.end_factor(person, factor, call.caller, [done = std::move(call.done)](Result<void> end) {
    if (!end) return done(end.error());
    done(json::object());
  });
}

void certificate_register(Call&& call) {
  Params p(call.params);
  const json object = p.object("object");
  const bool replace = p.flag("replace");
  SEKISHO_API_CHECK(p);
  const Instant now = call.context.clock.now();
  change_with_key(std::move(call), "certificate registered", [object, replace, now](Registry current) {
    return registry::register_certificate(std::move(current), object, replace, now);
  });
}

std::string hex(std::span<const unsigned char> bytes) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  for (const unsigned char byte : bytes) {
    out += kHex[byte >> 4];
    out += kHex[byte & 15];
  }
  return out;
}

void enrolment_token(Call&& call) {
  Params p(call.params);
  const std::string terminal = p.text("terminal");
  SEKISHO_API_CHECK(p);
  std::array<unsigned char, 32> raw{};
  call.context.entropy.fill(std::as_writable_bytes(std::span(raw)));
  std::string token = hex(raw);
  wipe(raw.data(), raw.size());
  std::array<unsigned char, 32> digest{};
  unsigned size = 0;
  need_memory(EVP_Digest(token.data(), token.size(), digest.data(), &size, EVP_sha256(), nullptr) == 1);
  const Instant now = call.context.clock.now();
  const Instant until = now + kEnrolmentLife;
  change(
      std::move(call), "enrolment of " + terminal,
      [terminal, hash = hex(digest), until, now](Registry current) {
        return registry::open_enrolment(std::move(current), terminal, hash, until, now);
      },
      json{{"token", token}, {"until", to_rfc3339(until)}});
}

void exception_grant(Call&& call) {
  Params p(call.params);
  const json object = p.object("object");
  SEKISHO_API_CHECK(p);
  const Instant now = call.context.clock.now();
  change_with_key(std::move(call), "exception granted", [object, now](Registry current) {
    return registry::grant_exception(std::move(current), object, now);
  });
}

void session_list(Call&& call) {
  json rows = json::array();
  for (const auto& session : call.context.control.sessions()) rows.push_back(session_json(session));
  call.done(json{{"sessions", std::move(rows)}});
}

void session_show(Call&& call) {
  Params p(call.params);
  const std::string number = p.text("number");
  SEKISHO_API_CHECK(p);
  for (const auto& session : call.context.control.sessions()) {
    if (session.number == number) return call.done(session_json(session));
  }
  call.done(fail("gate.no_such_session", number));
}

void session_end(Call&& call) {
  Params p(call.params);
  const std::string number = p.text("number"), reason = p.optional_text("reason", 200);
  SEKISHO_API_CHECK(p);
  call.context.control.end_session(number, call.caller, reason, [done = std::move(call.done)](Result<void> ended) {
    if (!ended) return done(ended.error());
    done(json::object());
  });
}

void server_power(Call&& call) {
  static const std::map<std::string, PowerAction, std::less<>> kActions{{"start", PowerAction::start},
                                                                        {"shut_down", PowerAction::shut_down},
                                                                        {"power_off", PowerAction::power_off},
                                                                        {"reboot", PowerAction::reboot},
                                                                        {"reset", PowerAction::reset}};
  Params p(call.params);
  const std::string server = p.text("server"), action = p.text("action");
  SEKISHO_API_CHECK(p);
  const auto wanted = kActions.find(action);
  if (wanted == kActions.end()) return call.done(fail("api.bad_request", "/action"));
  call.context.control.switch_server(server, wanted->second, call.caller,
                                     [done = std::move(call.done)](const Result<void>& switched) {
                                       if (!switched) return done(switched.error());
                                       done(json::object());
                                     });
}

void stop(Call&& call) {
  Params p(call.params);
  registry::Stop wanted;
  wanted.scope = p.text("scope");
  wanted.target = p.optional_text("target", kId);
  wanted.reason = p.optional_text("reason", 200);
  wanted.by = call.caller;
  SEKISHO_API_CHECK(p);
  call.context.control.stop(std::move(wanted), [done = std::move(call.done)](Result<std::size_t> ended) {
    if (!ended) return done(ended.error());
    done(json{{"ended", *ended}});
  });
}

void release(Call&& call) {
  Params p(call.params);
  const std::string scope = p.text("scope"), target = p.optional_text("target", kId);
  SEKISHO_API_CHECK(p);
  call.context.control.release(scope, target, call.caller, [done = std::move(call.done)](Result<void> released) {
    if (!released) return done(released.error());
    done(json::object());
  });
}

void stops(Call&& call) {
  json rows = json::array();
  for (const auto& [key, s] : call.context.control.registry()->stops) {
    rows.push_back(
        {{"scope", s.scope}, {"target", s.target}, {"at", to_rfc3339(s.at)}, {"by", s.by}, {"reason", s.reason}});
  }
  call.done(json{{"stops", std::move(rows)}});
}

void recording_export(Call&& call) {
  Params p(call.params);
  recording::ExportRequest wanted;
  wanted.recording = p.text("recording");
  wanted.session = p.text("session");
  wanted.by = p.text("by");
  wanted.format = p.text("format", 8);
  wanted.reason = p.text("reason", 200);
  SEKISHO_API_CHECK(p);
  call.context.control.export_recording(std::move(wanted), call.caller,
                                        [done = std::move(call.done)](Result<void> end) {
                                          if (!end) return done(end.error());
                                          done(json::object());
                                        });
}

json entry_json(const audit::StoredEntry& stored) {
  const audit::Entry& e = stored.entry;
  return {{"sequence", stored.sequence},
          {"hash", stored.hash_hex},
          {"at", to_rfc3339(e.at)},
          {"event", e.event},
          {"session", e.session},
          {"person", e.person},
          {"from", e.from},
          {"path", e.path},
          {"rule", e.rule},
          {"code", e.code},
          {"result", e.result},
          {"detail", e.detail}};
}

void journal_search(Call&& call) {
  Params p(call.params);
  audit::Query query;
  query.session = p.optional_text("session", kId);
  query.person = p.optional_text("person", kId);
  query.rule = p.optional_text("rule", kId);
  query.event = p.optional_text("event", kId);
  query.code = p.optional_text("code", kId);
  query.from = p.moment("from", registry::Day::begin);
  query.until = p.moment("until", registry::Day::end);
  query.limit = static_cast<std::size_t>(p.number("limit", 1, 100'000).value_or(1000));
  SEKISHO_API_CHECK(p);
  run::run_blocking<Result<std::vector<audit::StoredEntry>>>(
      call.context.blocking, run::Pool::general, kSearchLimit,
      [reader = call.context.journal, query] { return reader(query); },
      [done = std::move(call.done)](Result<Result<std::vector<audit::StoredEntry>>> found) {
        if (!found) return done(found.error());
        if (!*found) return done(found->error());
        json rows = json::array();
        for (const auto& entry : **found) rows.push_back(entry_json(entry));
        done(json{{"entries", std::move(rows)}});
      });
}

#undef SEKISHO_API_CHECK

const std::map<std::string_view, Handler>& table() {
  static const std::map<std::string_view, Handler> methods{
      {"health", health},
      {"circuit.list", circuit_list},
      {"registry.export", registry_export},
      {"registry.import", registry_import},
      {"registry.put", registry_put},
      {"registry.remove", registry_remove},
      {"registry.end", registry_end},
      {"application.submit", application_submit},
      {"application.accept", application_decide<true>},
      {"application.return", application_decide<false>},
      {"person.set_password_hash", set_password_hash},
      {"person.enrol_factor", enrol_factor},
      {"person.end_factor", end_factor},
      {"certificate.register", certificate_register},
      {"terminal.enrolment_token", enrolment_token},
      {"exception.grant", exception_grant},
      {"session.list", session_list},
      {"session.show", session_show},
      {"session.end", session_end},
      {"server.power", server_power},
      {"stop", stop},
      {"release", release},
      {"stops", stops},
      {"recording.export", recording_export},
      {"journal.search", journal_search},
  };
  return methods;
}

}  // namespace

void call(const Context& context, std::string_view method, const json& params, const std::string& caller, Done done) {
  const auto found = table().find(method);
  if (found == table().end()) return done(fail("api.unknown_method", std::string(method.substr(0, 64))));
  found->second(Call{context, params, caller, std::move(done)});
}

std::vector<std::string_view> method_names() {
  std::vector<std::string_view> out;
  for (const auto& [name, handler] : table()) out.push_back(name);
  return out;
}

}  // namespace sekisho::api
