// JournalAtStart: what the gate asks the journal when it starts, all from one walk over its files.
//
// Five questions are asked one after the other in one job of the store's thread, and nothing is written in between: the
// first one walks, the others are answered from what it found. Another `from` walks anew.
// Threads: one at a time. Ownership: copies. Memory: what the walk found, until this goes. Errors: audit.* of the walk,
// for every question of it. An entry that does not hold what it should counts for nothing, and never for an error: a
// gate must be able to start with it.
#pragma once
#include "audit/journal.hpp"
#include "gate/gate.hpp"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace sekisho::programs {

class JournalAtStart {
 public:
  /// audit::search_any() over some journal.
  using Search = std::function<Result<std::vector<audit::StoredEntry>>(const audit::Query& query,
                                                                       const std::vector<std::string>& events)>;
  explicit JournalAtStart(Search search) : search_(std::move(search)) {}
  /// Of the journal in that directory.
  explicit JournalAtStart(const std::string& directory);

  /// Sessions that the journal granted since `from` and never ended.
  [[nodiscard]] Result<std::vector<std::string>> unfinished(Instant from);
  /// Sessions that the journal ended since `from`.
  [[nodiscard]] Result<std::vector<std::string>> ended(Instant from);
  /// The desktop that each session was given last since `from`, unless it has stopped or was destroyed.
  [[nodiscard]] Result<std::map<std::string, gate::GivenDesktop>> given_desktops(Instant from);
  /// Recordings that began since `from` and have no end of any kind.
  [[nodiscard]] Result<std::vector<recording::FileHeader>> recordings(Instant from);
  /// Screens that opened since `from` and have not closed; not the streams of the bare entrance, which have no number.
  [[nodiscard]] Result<std::vector<gate::OpenScreen>> screens(Instant from);

 private:
  struct Known {
    std::vector<std::string> unfinished, ended;
    std::map<std::string, gate::GivenDesktop> desktops;
    std::vector<recording::FileHeader> recordings;
    std::vector<gate::OpenScreen> screens;
  };
  [[nodiscard]] Result<Known> walk(Instant from) const;
  [[nodiscard]] const Result<Known>& known(Instant from);

  Search search_;
  std::optional<Instant> from_;
  std::optional<Result<Known>> known_;
};

}  // namespace sekisho::programs
