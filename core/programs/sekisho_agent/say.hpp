// What the agent says: one JSON document a line for programs, or sentences in one language for people.
//   {"event":"report","decision","session","reason","checks":[{check, rule, verdict, code, observed, required, until,
//    what, why, remedy}],"refusal"?}      {"event":"refused","decision":"deny","error","refusal","detail","checks":[]}
//   {"event":"trouble", … as refused, "again_in_ms"}   {"event":"admitted"|"quarantined"|"ended","session"}
//   {"event":"enrolled","terminal","kid","binding","gateway"}
// Threads: pure functions. Errors: none; control characters of the gate's texts never reach a terminal window.
#pragma once
#include "agent/agent.hpp"

#include <string>

namespace sekisho::agent {

struct Format {
  bool json = false;
  std::string language = "ja";  ///< "ja" or "en"; for people
};

/// Each ends with a line feed.
[[nodiscard]] std::string say(const News& news, const Format& format);
[[nodiscard]] std::string say_refused(const Refusal& refusal, const std::string& detail, const Format& format);
[[nodiscard]] std::string say_enrolled(const Enrolled& enrolled, const Format& format);

/// "en" when the first of LC_ALL, LC_MESSAGES, LANG that is set begins with "en", else "ja".
[[nodiscard]] std::string language_of_environment();

}  // namespace sekisho::agent
