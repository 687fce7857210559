// What pages are built of: head and end, language switch, fields with their errors, refusals, the form that asks for
// another code. Pages are written whole on the server: no script, one style sheet, Japanese and English. What comes
// from outside is text, never markup (html.hpp). Threads: pure functions. Ownership: views are borrowed until the call
// returns. Ranges: a page of ours fits one record (16 KiB). Errors: none. Source: threats.md T-05, T-14, T-15, §9.
// The implementation stands in core/net/pages.
#pragma once
#include <sekisho/sdk/path/html.hpp>
#include <sekisho/sdk/path/http.hpp>
#include <sekisho/sdk/path/page_words.hpp>
#include <sekisho/sdk/refusal.hpp>
#include <sekisho/sdk/time.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace sekisho::pages {

/// What every page of one answer has in common.
struct PageHead {
  Language language = Language::ja;
  std::string_view service = {};  ///< name of this environment in `language`
  std::string_view style = {};    ///< path of the style sheet
};

/// text/html as a page (http.hpp). `vary`: the request's fields that the page depends on.
[[nodiscard]] HttpResponse page_of(std::uint16_t status, Html html, std::string_view vary);

/// Everything before the content. `switcher` is the language switch or nothing; `error`: the title says so first.
void begin_page(Html& out, const PageHead& head, std::string_view title, bool error, const Html& switcher = {});
void end_page(Html& out);
void heading(Html& out, std::string_view title);

/// The list of languages; `control` leads from `language` to the other one.
[[nodiscard]] Html switcher(Language language, const Html& control);
[[nodiscard]] Html switch_by_link(Language language, std::string_view url);
/// The button of a form that switches: sends `to` with the other language's tag.
[[nodiscard]] Html switch_button(Language language);

void hidden(Html& out, std::string_view name, std::string_view value);
/// One line to type into.
struct Field {
  std::string_view name, label, hint, error;
  Html::Markup attributes;
  std::string_view value = {};
};
void field(Html& out, Language language, const Field& f);
/// Before the heading: what is wrong, with a link to the field. Nothing when `error` is empty.
void error_summary(Html& out, Language language, std::string_view field, std::string_view error);
void button(Html& out, std::string_view words);
void link_line(Html& out, std::string_view url, std::string_view words);

/// The form for another code; `carried` are its hidden fields. Times are seconds of gate time since 1970.
struct Resend {
  std::string_view action = {};
  const Html& carried;
  std::int64_t at = 0;  ///< from when on a code may be sent; 0 or past: at once
};
void resend_form(Html& out, Language language, const Resend& resend, Instant now);

/// What, why, what to do and the code, as a list.
void refusal_rows(Html& out, Language language, const Refusal& refusal);
/// The same content in the other language, folded: the switch of pages that cannot be asked for again.
void folded(Html& out, Language language, const Html& content);

/// A link at the foot of a page; none when `url` is empty.
struct Again {
  std::string_view url = {};
  std::string_view words = {};
};
/// Both languages, the head's first. `title`: empty: "You cannot connect".
[[nodiscard]] Html refusal_page(const PageHead& head, const Refusal& refusal, Again again, std::string_view title = {});
/// A page of two sentences in both languages, the head's first.
[[nodiscard]] Html short_page(const PageHead& head, Both title, Both text, Again again);
/// What a short page says about a request that nobody could read.
struct ShortWords {
  Common title, text;
};
[[nodiscard]] ShortWords words_for_broken(std::uint16_t status);

/// Whole seconds since 1970.
[[nodiscard]] std::int64_t seconds_of(Instant at);
/// "14:03:20" in Japan's time.
[[nodiscard]] std::string clock_in_japan(std::int64_t seconds_since_1970);

}  // namespace sekisho::pages
