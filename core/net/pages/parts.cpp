#include <sekisho/sdk/path/page_parts.hpp>

#include <array>
#include <chrono>
#include <utility>

namespace sekisho::pages {
namespace {

constexpr std::int64_t kJapan_s = 9 * 3600;

Common name_of(Language language) {
  return language == Language::ja ? Common::japanese : Common::english;
}

void switcher_item(Html& out, Language current, Language language, const Html& control) {
  if (language == current) {
    out.add("<li><span aria-current=\"true\" lang=\"").text(tag_of(language)).add("\">");
    out.text(say(name_of(language), language)).add("</span></li>\n");
  } else {
    out.add("<li>").add(control).add("</li>\n");
  }
}

}  // namespace

HttpResponse page_of(std::uint16_t status, Html html, std::string_view vary) {
  HttpResponse out;
  out.status = status;
  out.content_type = "text/html; charset=utf-8";
  out.page = true;
  out.fields = {{"Vary", std::string(vary)}};
  out.body = std::move(html).str();
  return out;
}

void begin_page(Html& out, const PageHead& head, std::string_view title, bool error, const Html& switcher) {
  out.add("<!DOCTYPE html>\n<html lang=\"").text(tag_of(head.language));
  out.add("\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n<title>");
  if (error) out.text(say(Common::error_prefix, head.language));
  out.text(title).add(" | ").text(head.service);
  out.add("</title>\n<link rel=\"stylesheet\" href=\"").text(head.style);
  out.add("\">\n</head>\n<body>\n<header class=\"top\"><div class=\"wide\">\n<p class=\"service\">");
  out.text(head.service).add("</p>\n").add(switcher).add("</div></header>\n<main class=\"content\">\n");
}
void end_page(Html& out) {
  out.add("</main>\n</body>\n</html>\n");
}
void heading(Html& out, std::string_view title) {
  out.add("<h1>").text(title).add("</h1>\n");
}

Html switcher(Language language, const Html& control) {
  Html out;
  out.add("<nav aria-label=\"").text(say(Common::switch_language, language)).add("\"><ul class=\"languages\">\n");
  switcher_item(out, language, Language::ja, control);
  switcher_item(out, language, Language::en, control);
  out.add("</ul></nav>\n");
  return out;
}
Html switch_by_link(Language language, std::string_view url) {
  const Language to = other(language);
  Html link;
  link.add("<a lang=\"").text(tag_of(to)).add("\" hreflang=\"").text(tag_of(to)).add("\" href=\"");
  link.text(url).add("\">").text(say(name_of(to), to)).add("</a>");
  return switcher(language, link);
}
Html switch_button(Language language) {
  const Language to = other(language);
  Html out;
  out.add("<button class=\"plain\" lang=\"").text(tag_of(to)).add("\" name=\"to\" value=\"").text(tag_of(to));
  out.add("\">").text(say(name_of(to), to)).add("</button>\n");
  return out;
}

void hidden(Html& out, std::string_view name, std::string_view value) {
  out.add("<input type=\"hidden\" name=\"").text(name).add("\" value=\"").text(value).add("\">\n");
}

void field(Html& out, Language language, const Field& f) {
  out.add(f.error.empty() ? Html::Markup("<div class=\"field\">\n<label for=\"")
                          : Html::Markup("<div class=\"field wrong\">\n<label for=\""));
  out.text(f.name).add("\">").text(f.label).add("</label>\n");
  if (!f.hint.empty()) out.add("<p class=\"hint\" id=\"hint\">").text(f.hint).add("</p>\n");
  if (!f.error.empty()) {
    out.add("<p class=\"error\" id=\"error\"><strong>").text(say(Common::error_prefix, language));
    out.add("</strong>").text(f.error).add("</p>\n");
  }
  out.add("<input id=\"").text(f.name).add("\" name=\"").text(f.name).add("\" ").add(f.attributes);
  if (!f.value.empty()) out.add(" value=\"").text(f.value).add("\"");
  if (!f.error.empty()) {
    out.add(" aria-invalid=\"true\" aria-describedby=\"error");
    if (!f.hint.empty()) out.add(" hint");
    out.add("\"");
  } else if (!f.hint.empty()) {
    out.add(" aria-describedby=\"hint\"");
  }
  out.add(">\n</div>\n");
}

void error_summary(Html& out, Language language, std::string_view field, std::string_view error) {
  if (error.empty()) return;
  out.add("<section class=\"summary\" aria-labelledby=\"summary-title\" tabindex=\"-1\" autofocus>\n");
  out.add("<h2 id=\"summary-title\">").text(say(Common::error_summary, language)).add("</h2>\n<ul><li><a href=\"#");
  out.text(field).add("\">").text(error).add("</a></li></ul>\n</section>\n");
}

void button(Html& out, std::string_view words) {
  out.add("<button class=\"main\">").text(words).add("</button>\n");
}

void link_line(Html& out, std::string_view url, std::string_view words) {
  out.add("<p class=\"again\"><a href=\"").text(url).add("\">").text(words).add("</a></p>\n");
}

void resend_form(Html& out, Language language, const Resend& resend, Instant now) {
  out.add("<section class=\"more\" aria-labelledby=\"resend-title\">\n<h2 id=\"resend-title\">");
  out.text(say(Common::resend_title, language)).add("</h2>\n<p>").text(say(Common::resend_now, language));
  out.add("</p>\n");
  const std::int64_t wait = resend.at - seconds_of(now);
  if (wait > 0) {
    out.add("<p id=\"resend-wait\">");
    out.text(say(Common::resend_wait, language, {std::to_string(wait), clock_in_japan(resend.at)})).add("</p>\n");
  }
  out.add("<form method=\"post\" action=\"").text(resend.action).add("\">\n").add(resend.carried);
  if (wait > 0) {
    out.add("<button class=\"second\" aria-describedby=\"resend-wait\">");
  } else {
    out.add("<button class=\"second\">");
  }
  out.text(say(Common::resend, language)).add("</button>\n</form>\n</section>\n");
}

void refusal_rows(Html& out, Language language, const Refusal& refusal) {
  const std::array<std::pair<Common, const Text*>, 3> rows = {{{Common::refused_what, &refusal.what},
                                                               {Common::refused_why, &refusal.why},
                                                               {Common::refused_remedy, &refusal.remedy}}};
  out.add("<dl class=\"facts\">\n");
  for (const auto& [name, text] : rows) {
    out.add("<dt>").text(say(name, language)).add("</dt><dd>").text(pick(*text, language)).add("</dd>\n");
  }
  out.add("<dt>").text(say(Common::refused_code, language)).add("</dt><dd><code>").text(refusal.rule).add(" ");
  out.text(refusal.code).add("</code></dd>\n</dl>\n");
}

void folded(Html& out, Language language, const Html& content) {
  out.add("<details lang=\"").text(tag_of(language)).add("\">\n<summary>");
  out.text(say(name_of(language), language)).add("</summary>\n").add(content).add("</details>\n");
}

Html refusal_page(const PageHead& head, const Refusal& refusal, Again again, std::string_view title) {
  if (title.empty()) title = say(Common::refused_title, head.language);
  Html out;
  begin_page(out, head, title, true);
  out.add("<div class=\"refused\">\n");
  heading(out, title);
  refusal_rows(out, head.language, refusal);
  out.add("</div>\n");
  if (!again.url.empty()) link_line(out, again.url, again.words);
  Html second;
  refusal_rows(second, other(head.language), refusal);
  folded(out, other(head.language), second);
  end_page(out);
  return out;
}

Html short_page(const PageHead& head, Both title, Both text, Again again) {
  const Language second = other(head.language);
  Html out;
  begin_page(out, head, title.in(head.language), false);
  heading(out, title.in(head.language));
  out.add("<p>").text(text.in(head.language)).add("</p>\n");
  if (!again.url.empty()) link_line(out, again.url, again.words);
  out.add("<div class=\"second-language\" lang=\"").text(tag_of(second)).add("\">\n<h2>");
  out.text(title.in(second)).add("</h2>\n<p>").text(text.in(second)).add("</p>\n</div>\n");
  end_page(out);
  return out;
}

ShortWords words_for_broken(std::uint16_t status) {
  if (status == 405) return {Common::method_title, Common::method_text};
  if (status == 413 || status == 414 || status == 431) return {Common::too_large_title, Common::too_large_text};
  return {Common::broken_title, Common::broken_text};
}

std::int64_t seconds_of(Instant at) {
  return std::chrono::duration_cast<std::chrono::seconds>(at.time_since_epoch()).count();
}

std::string clock_in_japan(std::int64_t seconds_since_1970) {
  const std::int64_t day = ((seconds_since_1970 + kJapan_s) % 86400 + 86400) % 86400;
  std::string out;
  for (const std::int64_t part : {day / 3600, day / 60 % 60, day % 60}) {
    if (!out.empty()) out += ':';
    out += static_cast<char>('0' + part / 10);
    out += static_cast<char>('0' + part % 10);
  }
  return out;
}

}  // namespace sekisho::pages
