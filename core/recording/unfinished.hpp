// Unfinished: which recordings a journal saw begin and neither end, fail nor break off. Its entries go in one by one in
// their order, so that one walk over a journal may answer this beside other questions.
// Threads: a plain value. Ownership: copies what it keeps. Memory: the recordings that are open at one time. Errors:
// none; an entry that does not hold what it should is passed over, and its recording is not told of.
#pragma once
#include "audit/journal.hpp"
#include "recording/format.hpp"

#include <map>
#include <string>
#include <vector>

namespace sekisho::recording {

class Unfinished {
 public:
  /// The events to search a journal for.
  [[nodiscard]] static const std::vector<std::string>& events();
  /// Those of other events change nothing.
  void take(const audit::Entry& entry);
  /// Id, session, person and target; in the order of their ids.
  [[nodiscard]] std::vector<FileHeader> left() const;

 private:
  std::map<RecordingId, FileHeader> open_;
};

}  // namespace sekisho::recording
