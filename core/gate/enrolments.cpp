// Factors that are handed out: an authenticator app enrolled and ended by staff. The factor makes its own state, the
// gate keeps it, journals it, and passes on what the person is given; it is told once and stands nowhere else.
#include "gate/state.hpp"

#include <sekisho/sdk/enrolling.hpp>

namespace sekisho::gate {
namespace {

struct Changed {
  std::optional<Error> error;
  Secret shown;
};
using Work = std::function<Enrolled(std::string_view person, std::string_view login)>;

/// One transaction: the person is there and in force, the factor's state is replaced.
Result<Changed> change(store::Tx& tx, const std::string& person, const std::string& factor, Instant now,
                       const Work& work) {
  Changed out;
  const registry::Registry registry = tx.registry();
  const auto found = registry.people.find(person);
  if (found == registry.people.end()) {
    out.error = fail("registry.no_such_object", person);
  } else if (found->second.ended_at && *found->second.ended_at <= now) {
    out.error = fail("registry.already_ended", person);
  } else {
    Enrolled made = work(person, found->second.login);
    tx.put_factor_state("account", person, factor, made.account_state, now);
    out.shown = std::move(made.shown);
  }
  return out;
}

}  // namespace

void Gate::State::change_factor(const std::string& event, std::string person, std::string factor, std::string by,
                                std::function<Enrolled(std::string_view, std::string_view)> work,
                                std::function<void(Result<Secret>)> done) {
  const auto loaded = plugins.authenticators.find(factor);
  if (loaded == plugins.authenticators.end() || dynamic_cast<Enrolling*>(loaded->second) == nullptr) {
    return done(fail("gate.cannot_enrol", factor));
  }
  // shared: a Secret does not copy, the callbacks must.
  auto shown = std::make_shared<Secret>();
  in_store<std::optional<Error>>(
      [person, factor, at = now(), work = std::move(work), shown](store::Tx& tx) {
        auto changed = change(tx, person, factor, at, work);
        *shown = std::move(changed->shown);
        return changed->error;
      },
      [weak = weak_from_this(), event, person, factor, by, shown,
       done = std::move(done)](Result<std::optional<Error>> end) {
        const auto self = weak.lock();
        if (!self) return;
        if (!end) return done(end.error());
        if (*end) return done(**end);
        audit::Entry entry;
        entry.event = event;
        entry.rule = "R04";
        entry.person = person;
        entry.result = "ok";
        entry.detail = {{"factor", factor}, {"by", by}};
        self->record(std::move(entry), [done, shown](Result<std::uint64_t> durable) {
          if (!durable) return done(durable.error());
          done(std::move(*shown));
        });
      });
}

void Gate::enrol_factor(std::string person, std::string factor, std::string by,
                        std::function<void(Result<Secret>)> done) {
  State& s = *state_;
  const auto found = s.plugins.authenticators.find(factor);
  auto* enrolling = found == s.plugins.authenticators.end() ? nullptr : dynamic_cast<Enrolling*>(found->second);
  s.change_factor(
      "factor.enrolled", std::move(person), std::move(factor), std::move(by),
      [enrolling, now = s.now()](std::string_view who, std::string_view login) {
        return enrolling->enrol(who, login, now);
      },
      std::move(done));
}

void Gate::end_factor(std::string person, std::string factor, std::string by, std::function<void(Result<void>)> done) {
  state_->change_factor(
      "factor.ended", std::move(person), std::move(factor), std::move(by),
      [](std::string_view, std::string_view) {
        return Enrolled{nlohmann::json::object(), Secret()};
      },
      [done = std::move(done)](Result<Secret> end) {
        if (!end) return done(end.error());
        done({});
      });
}

}  // namespace sekisho::gate
