#include "world.hpp"

#include "model_signatures.hpp"
#include "people.hpp"
#include "registry/rules.hpp"

#include <sekisho/sdk/result.hpp>

#include <algorithm>

namespace sekisho::sim {

using std::chrono::minutes;

World::World(const WorldOptions& options)
    : options_(options),
      heap_(week_begin() - std::chrono::hours(1)),
      chance_(options.seed * 0x9E3779B97F4A7C15ULL + 1),
      prefecture_(make_prefecture(chance_)),
      judge_(*this),
      posture_(*this, "posture", "posture"),
      netd_(*this) {
  for (const char* path : {kInternet, kClosed}) {
    fronts_.try_emplace(path, *this, "front", path);
    relays_.try_emplace(path, *this, path);
  }
  gatehouse_ = std::make_unique<Gatehouse>(*this);
}

World::~World() = default;

Relay* World::relay(const std::string& path) {
  const auto found = relays_.find(path);
  return found == relays_.end() ? nullptr : &found->second;
}

FilterRule World::posture_page(const std::string& path) {
  return {path == kClosed ? "10.90.0.1" : "10.202.0.1", 8443, 6};
}

FilterRule World::entrance(const std::string& path) {
  return {path == kClosed ? "10.90.0.1" : "10.202.0.1", 5900, 6};
}

std::string code_in(const std::string& body) {
  const auto digit = [&](std::size_t at) { return at < body.size() && body[at] >= '0' && body[at] <= '9'; };
  for (std::size_t at = body.find("\n    "); at != std::string::npos; at = body.find("\n    ", at + 1)) {
    std::size_t end = at + 5;
    while (digit(end)) ++end;
    if (end == at + 11) return body.substr(at + 5, 6);
  }
  return {};
}

void World::deliver(DeliveredMail mail) {
  if (tracing()) say("mail to " + mail.mail.to);
  const std::string code = code_in(mail.mail.body);
  if (code.empty()) return;
  std::vector<Answer<std::optional<std::string>>> ready;
  std::erase_if(mail_waits_, [&](const MailWait& wait) {
    if (wait.answer.given()) return true;
    if (wait.address != mail.mail.to || mail.sent_at < wait.since) return false;
    ready.push_back(wait.answer);
    return true;
  });
  mails_.push_back(std::move(mail));
  for (const auto& answer : ready) answer.give(code);
}

Answer<std::optional<std::string>> World::next_code(const std::string& address, Instant since,
                                                    Instant::duration patience) {
  Answer<std::optional<std::string>> answer;
  for (const DeliveredMail& mail : mails_) {
    if (mail.mail.to != address || mail.sent_at < since) continue;
    answer.give(code_in(mail.mail.body));
    return answer;
  }
  mail_waits_.push_back({address, since, answer});
  heap_.in(0, patience, [answer] { answer.give(std::nullopt); });
  return answer;
}

void World::say(const std::string& line) {
  if (options_.trace) trace_.push_back(to_rfc3339(heap_.now()) + "  " + line);
}

void World::said(const audit::Entry& entry) {
  ++entries_;
  if (!die_after_.empty() && entry.event == die_after_) {
    die_after_.clear();
    const bool power = chance_.one_in(2);
    heap_.in(0, chance_.span(microseconds(0), milliseconds(6)), [this, power] {
      say(power ? "power cut" : "kill");
      power ? gatehouse_->cut_power(Seconds(4)) : gatehouse_->kill(Seconds(1));
    });
  }
  if (!options_.trace) return;
  say(entry.event + " " + entry.session + " " + entry.person + " " + entry.path + " [" + entry.rule + "] " +
      entry.code + " " + entry.result + " " + entry.detail.dump());
}

void World::run_until(Instant end) {
  while (heap_.step(end)) judge_.check();
}

WeekResult World::run() {
  SEKISHO_ASSERT(registry::validate(prefecture_.registry).empty());
  SEKISHO_ASSERT(gatehouse_->store().transact([this](store::Tx& tx) { tx.replace_registry(prefecture_.registry); }));
  judge_.registry_is(prefecture_.registry);
  const auto moment = [this] {
    const Hours& hours = chance_.pick(prefecture_.hours);
    return hours.from + chance_.span(microseconds(0), hours.until - hours.from - minutes(8));
  };
  const auto person = [this]() -> Contractor& { return prefecture_.people[chance_.under(prefecture_.people.size())]; };
  const int sessions = options_.sessions > 0 ? options_.sessions : static_cast<int>(chance_.between(20, 50));
  for (int i = 0; i < sessions; ++i) {
    heap_.at(0, moment(), [this, who = &person()] { contractor_session(*this, *who); });
  }
  if (options_.attacks) {
    for (std::int64_t i = 0, n = chance_.between(1, 6); i < n; ++i) {
      const int kind = static_cast<int>(chance_.under(kAttacks));
      heap_.at(0, moment(),
               [this, thief = &person(), victim = &person(), kind] { attack(*this, *thief, *victim, kind); });
    }
  }
  if (options_.changes) {
    for (std::int64_t i = 0, n = chance_.between(1, 5); i < n; ++i) {
      const int kind = static_cast<int>(chance_.under(kChanges));
      heap_.at(0, moment(), [this, kind] { staff_change(*this, kind); });
    }
  }
  if (options_.faults) {
    for (std::int64_t i = 0, n = chance_.between(0, 4); i < n; ++i) {
      const int kind = static_cast<int>(chance_.under(kFaults));
      heap_.at(0, moment(), [this, kind] { fault(*this, kind); });
    }
  }
  gatehouse_->start();
  for (const Hours& hours : prefecture_.hours) {
    run_until(heap_.now() + Seconds(5));  // the start; what was under way when the machine falls asleep
    heap_.sleep_until(hours.from);
    judge_.disturbed_until(heap_.now());
    run_until(hours.until);
  }
  // The last session's ends, and the mails and restarts still on their way.
  run_until(heap_.now() + minutes(12));
  gatehouse_->close();
  judge_.check_journal(true);

  WeekResult out;
  out.seed = options_.seed;
  out.violations = judge_.violations();
  out.sessions = complete_;
  out.events = heap_.events();
  out.entries = entries_;
  const auto files = journal_disk().contents();
  std::string bytes;
  std::size_t size = 0;
  for (const auto& [name, content] : files) size += name.size() + 1 + content.size();
  bytes.reserve(size);
  for (const auto& [name, content] : files) (bytes += name).append(1, '\n') += content;
  out.journal_sha256 = to_hex(sha256(bytes));
  out.trace = std::move(trace_);
  return out;
}

}  // namespace sekisho::sim
