// The body of POST /remote/logincheck: which round it is and what it proves (the page's §2.4, §2.5).
// Threads: pure functions. Ownership: values leave as Secrets; the decoded form is wiped.
#pragma once
#include <sekisho/sdk/secret.hpp>

#include <string>
#include <string_view>
#include <variant>

namespace sekisho::fortinet {

/// First round: name and password. Both have 1 to 512 bytes of UTF-8 without NUL.
struct PasswordRound {
  Secret login, password;
  std::string realm;
};
/// Second round: the answer to a question. The handle has 1 to 31 characters of [A-Za-z0-9_-]. The client's form has
/// one field for it, "code"; which question it answers comes back in `grp`.
struct CodeRound {
  std::string handle;
  Secret code;
  std::string field = "code";  ///< a name that may_be_asked()
};
/// Whether this form can ask for `field`: 1 to 16 of [a-z_], and nothing that has another meaning in it.
[[nodiscard]] bool may_be_asked(std::string_view field);
/// What a challenge says in `grp`: "remote" for the mailed code, "ask-FIELD" for others.
[[nodiscard]] std::string group_of_field(std::string_view field);
/// Not a login: broken form, repeated field, absent or empty or over-long value.
struct NoRound {};
using LoginRound = std::variant<NoRound, PasswordRound, CodeRound>;

/// Fields may come in any order; unknown ones are ignored and never interpreted (CVE-2018-13382).
[[nodiscard]] LoginRound read_login(std::string_view body);

/// A host check claim, untouched: printable ASCII, at most 4 KiB (openfortivpn does not percent-encode it).
[[nodiscard]] bool acceptable_claim(std::string_view body);

}  // namespace sekisho::fortinet
