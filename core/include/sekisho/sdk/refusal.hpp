// Refusal: the one shape of "no" that the person reads, the journal holds and the scenario asserts (design.md, idea 3).
// Threads: plain values.
#pragma once
#include <string>

namespace sekisho {

/// A sentence for people, in both languages; neither may be empty when shown.
struct Text {
  std::string ja;
  std::string en;
  friend bool operator==(const Text&, const Text&) = default;
};

/// `rule` is an id of mission.md ("R04") or "T-.." where only the threat page demands it. `code` is stable and dotted
/// ("password.wrong"). `what` says what was refused, `why` the reason, `remedy` what the person can do.
/// None of them may tell a stranger whether an account exists.
struct Refusal {
  std::string rule;
  std::string code;
  Text what;
  Text why;
  Text remedy;
  friend bool operator==(const Refusal&, const Refusal&) = default;
};

}  // namespace sekisho
