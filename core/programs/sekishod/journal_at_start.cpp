#include "programs/sekishod/journal_at_start.hpp"

#include "audit/reader.hpp"
#include "recording/unfinished.hpp"

#include <set>
#include <utility>

namespace sekisho::programs {
namespace {

std::string text(const audit::Entry& entry, const char* key) {
  if (!entry.detail.is_object()) return {};
  const auto found = entry.detail.find(key);
  return found != entry.detail.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::optional<std::uint64_t> console_of(const audit::Entry& entry) {
  if (!entry.detail.is_object()) return std::nullopt;
  const auto found = entry.detail.find("console");
  if (found == entry.detail.end() || !found->is_number_unsigned()) return std::nullopt;
  return found->get<std::uint64_t>();
}

}  // namespace

JournalAtStart::JournalAtStart(const std::string& directory)
    : search_([directory](const audit::Query& query, const std::vector<std::string>& events) {
        return audit::search_any(directory, query, events);
      }) {}

Result<JournalAtStart::Known> JournalAtStart::walk(Instant from) const {
  audit::Query query;
  query.from = from;
  query.limit = 1'000'000;
  std::vector<std::string> events{"session.granted",   "session.ended", "desktop.ready",  "desktop.stopped",
                                  "desktop.destroyed", "desktop.stray", "desktop.opened", "desktop.closed",
                                  "console.opened",    "console.closed"};
  events.insert(events.end(), recording::Unfinished::events().begin(), recording::Unfinished::events().end());
  const auto found = search_(query, events);
  if (!found) return found.error();
  Known out;
  std::set<std::string> granted, gone;
  std::vector<std::pair<std::string, gate::GivenDesktop>> ready;
  recording::Unfinished recordings;
  std::map<std::uint64_t, gate::OpenScreen> screens;  // a number is given once in all lives
  for (const audit::StoredEntry& stored : *found) {
    const audit::Entry& entry = stored.entry;
    if (entry.event == "session.granted") {
      granted.insert(entry.session);
    } else if (entry.event == "session.ended") {
      out.ended.push_back(entry.session);
    } else if (entry.event == "desktop.ready") {
      if (std::string machine = text(entry, "machine"); !machine.empty()) {
        ready.emplace_back(entry.session, gate::GivenDesktop{std::move(machine), text(entry, "address")});
      }
    } else if (entry.event == "desktop.opened" || entry.event == "console.opened") {
      const auto console = console_of(entry);
      std::string target = text(entry, "target");
      if (console && !target.empty()) {
        screens[*console] = {*console,         entry.event == "desktop.opened", entry.session, entry.person, entry.path,
                             std::move(target)};
      }
    } else if (entry.event == "desktop.closed" || entry.event == "console.closed") {
      if (const auto console = console_of(entry)) screens.erase(*console);
    } else if (entry.event.starts_with("desktop.")) {
      gone.insert(text(entry, "machine"));
    } else {
      recordings.take(entry);
    }
  }
  for (const std::string& session : out.ended) granted.erase(session);
  out.unfinished.assign(granted.begin(), granted.end());
  for (auto& [session, given] : ready) {
    if (!gone.contains(given.machine)) out.desktops[session] = std::move(given);
  }
  out.recordings = recordings.left();
  for (auto& [console, screen] : screens) out.screens.push_back(std::move(screen));
  return out;
}

const Result<JournalAtStart::Known>& JournalAtStart::known(Instant from) {
  if (!known_ || from_ != from) {
    known_.emplace(walk(from));
    from_ = from;
  }
  return *known_;
}

Result<std::vector<std::string>> JournalAtStart::unfinished(Instant from) {
  const auto& all = known(from);
  if (!all) return all.error();
  return all->unfinished;
}

Result<std::vector<std::string>> JournalAtStart::ended(Instant from) {
  const auto& all = known(from);
  if (!all) return all.error();
  return all->ended;
}

Result<std::map<std::string, gate::GivenDesktop>> JournalAtStart::given_desktops(Instant from) {
  const auto& all = known(from);
  if (!all) return all.error();
  return all->desktops;
}

Result<std::vector<recording::FileHeader>> JournalAtStart::recordings(Instant from) {
  const auto& all = known(from);
  if (!all) return all.error();
  return all->recordings;
}

Result<std::vector<gate::OpenScreen>> JournalAtStart::screens(Instant from) {
  const auto& all = known(from);
  if (!all) return all.error();
  return all->screens;
}

}  // namespace sekisho::programs
