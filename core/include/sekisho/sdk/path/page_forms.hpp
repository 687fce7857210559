// What makes a form of our pages acceptable, and what is read out of it. The page cookie is a random value that only
// this browser and this origin know; every form carries a token that is the hash of that cookie, the kind of the form
// and the login's handle. A form of another site has no cookie's token; a token of another login or another step does
// not fit its handle (T-14, T-36). The cookie is no session: it opens nothing.
// Threads: pure functions; FormPairs is a plain value. Ownership: views are borrowed from what they were read from;
// FormPairs wipes its values when it dies. Ranges: as named. Errors: what is malformed is empty, false or nullopt.
// The implementation stands in core/net/pages.
#pragma once
#include <sekisho/sdk/path/http.hpp>
#include <sekisho/sdk/refusal.hpp>
#include <sekisho/sdk/services.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sekisho::pages {

inline constexpr std::size_t kCookieSize = 43;     ///< 256 bits of base64url: page cookies, tokens, session cookies
inline constexpr std::size_t kLongestValue = 512;  ///< bytes of what a person types (arrival.hpp, Evidence)

[[nodiscard]] bool is_base64url(std::string_view text);
/// 1 to 31 characters of base64url: a pending login.
[[nodiscard]] bool handle_shape(std::string_view text);
/// 1 to 32 of [a-z_]: a question with one line for an answer ("password", "code", "totp"), and never the name of
/// something else in our forms.
[[nodiscard]] bool field_shape(std::string_view text);
/// At most ten digits; anything else is 0.
[[nodiscard]] std::int64_t small_number(std::string_view text);

/// The value of the one cookie `name`; empty when it is not there or stands twice. Borrowed from `request`.
[[nodiscard]] std::string_view cookie_value(const HttpRequest& request, std::string_view name);
/// As cookie_value(), and kCookieSize characters of base64url or empty.
[[nodiscard]] std::string_view token_cookie(const HttpRequest& request, std::string_view name);
[[nodiscard]] std::string new_cookie(Entropy& entropy);
/// Set-Cookie values: Secure, HttpOnly, SameSite=Strict, Path=/ (threats.md §8). `name` begins with `__Host-`.
[[nodiscard]] std::string set_cookie(std::string_view name, std::string_view value);
[[nodiscard]] std::string drop_cookie(std::string_view name);

/// kCookieSize characters.
[[nodiscard]] std::string page_token(std::string_view cookie, std::string_view kind, std::string_view handle);
/// False for an empty cookie. Compares in constant time.
[[nodiscard]] bool token_fits(std::string_view token, std::string_view cookie, std::string_view kind,
                              std::string_view handle);

/// "https://…", as the person's browser knows this gate. Letters of a host name and port only, the parser has seen to
/// it.
[[nodiscard]] std::string origin_of(const HttpRequest& request, std::string_view configured);
/// Whether a browser says that another site's page sent this: an `Origin` that is neither `https://` + Host nor
/// `configured` (when that is not empty), or a `Sec-Fetch-Site` other than `same-origin`. Programs say neither.
[[nodiscard]] bool from_other_site(const HttpRequest& request, std::string_view configured);
/// Whether a form came from our own page: `Origin` is there, and it is not from_other_site().
[[nodiscard]] bool same_origin(const HttpRequest& request, std::string_view configured);

/// Whether the media type of the body is `wanted` (lower case); parameters of the type are ignored.
[[nodiscard]] bool media_type_is(const HttpRequest& request, std::string_view wanted);
/// Letters without regard to case, in ASCII; `lower` is in lower case.
[[nodiscard]] bool same_letters(std::string_view text, std::string_view lower);
/// The piece before the next `separator` without blanks around it; `rest` goes on behind it.
[[nodiscard]] std::string_view next_piece(std::string_view& rest, char separator);

/// The fields of a form, decoded once.
class FormPairs {
 public:
  /// Of a query or a body of application/x-www-form-urlencoded; nullopt as parse_form().
  [[nodiscard]] static std::optional<FormPairs> read(std::string_view text);
  ~FormPairs() { wipe_all(); }
  FormPairs(FormPairs&&) = default;
  FormPairs& operator=(FormPairs&&) = delete;
  FormPairs(const FormPairs&) = delete;
  FormPairs& operator=(const FormPairs&) = delete;

  /// Empty when there is none of that name. Borrowed.
  [[nodiscard]] std::string_view value(std::string_view name) const;
  [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& all() const { return pairs_; }

 private:
  explicit FormPairs(std::vector<std::pair<std::string, std::string>> pairs) : pairs_(std::move(pairs)) {}
  void wipe_all() noexcept;
  std::vector<std::pair<std::string, std::string>> pairs_;
};

/// Refusals of the pages' own: T-14 page.other_origin and page.stale.
[[nodiscard]] Refusal other_origin();
[[nodiscard]] Refusal stale_page();
/// Whether the gate could not judge (gate.unavailable, gate.busy): nothing is said about person, terminal or session,
/// and the same request may be right later.
[[nodiscard]] bool could_not_judge(const Refusal& refusal);

}  // namespace sekisho::pages
