#include "programs/sekisho_agent/say.hpp"

#include <nlohmann/json.hpp>

#include <cstdlib>

namespace sekisho::agent {
namespace {

using nlohmann::json;

json both(const Text& text) {
  return {{"ja", text.ja}, {"en", text.en}};
}

json refusal_json(const Refusal& r) {
  return {{"rule", r.rule}, {"code", r.code}, {"what", both(r.what)}, {"why", both(r.why)}, {"remedy", both(r.remedy)}};
}

std::string line(const json& document) {
  return document.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

/// No control character, no direction mark: C0, DEL, C1, U+200E, U+200F, U+202A–E, U+2066–9 become blanks.
std::string shown(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    const auto next = i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0;
    const auto third = i + 2 < text.size() ? static_cast<unsigned char>(text[i + 2]) : 0;
    if (c < 0x20 || c == 0x7f) {
      out += ' ';
    } else if (c == 0xC2 && next >= 0x80 && next <= 0x9F) {
      out += ' ';
      ++i;
    } else if (c == 0xE2 && ((next == 0x80 && (third == 0x8E || third == 0x8F || (third >= 0xAA && third <= 0xAE))) ||
                             (next == 0x81 && third >= 0xA6 && third <= 0xA9))) {
      out += ' ';
      i += 2;
    } else {
      out += static_cast<char>(c);
    }
  }
  return out;
}

class Words {
 public:
  explicit Words(const Format& format) : english_(format.language == "en") {}
  [[nodiscard]] std::string of(const Text& text) const { return shown(english_ ? text.en : text.ja); }
  [[nodiscard]] const char* operator()(const char* ja, const char* en) const { return english_ ? en : ja; }

 private:
  bool english_;
};

std::string mark(const CheckRow& row) {
  return " [" + shown(row.rule) + " " + shown(row.code.empty() ? row.check : row.code) + "] ";
}

std::string explain(const Refusal& r, const Words& words) {
  return words.of(r.what) + " [" + shown(r.rule) + " " + shown(r.code) + "]\n  " + words("理由: ", "Why: ") +
         words.of(r.why) + "\n  " + words("対処: ", "Remedy: ") + words.of(r.remedy) + "\n";
}

std::string say_judged(const Judged& news, const Format& format) {
  const Verdict& verdict = news.verdict;
  const Text what = verdict.refusal ? verdict.refusal->what : Text{};
  if (format.json) {
    json rows = json::array();
    for (const CheckRow& row : verdict.checks) {
      json one{{"check", row.check},       {"rule", row.rule},         {"verdict", row.verdict},    {"code", row.code},
               {"observed", row.observed}, {"required", row.required}, {"remedy", both(row.remedy)}};
      one["until"] = row.until.empty() ? json(nullptr) : json(row.until);
      if (!row.why.ja.empty()) one["why"] = both(row.why);
      if (row.verdict == "fail" || row.verdict == "unknown") one["what"] = both(what);
      rows.push_back(std::move(one));
    }
    json out{{"event", "report"},
             {"decision", verdict.admitted ? "admit" : "deny"},
             {"session", news.session.empty() ? json(nullptr) : json(news.session)},
             {"reason", news.reason},
             {"checks", std::move(rows)}};
    if (verdict.refusal) out["refusal"] = refusal_json(*verdict.refusal);
    return line(out);
  }
  const Words words(format);
  std::string out = verdict.admitted
                        ? words("端末の確認に合格しました。\n", "The terminal passed its checks.\n")
                        : words("端末の確認に合格していません。\n", "The terminal did not pass its checks.\n");
  for (const CheckRow& row : verdict.checks) {
    if (row.verdict == "pass" || row.verdict == "not_applicable") continue;
    const bool warns = row.verdict == "warn";
    out +=
        words(warns ? "  注意" : "  不合格", warns ? "  warning" : "  failed") + mark(row) + words.of(row.why) + "\n";
    out += words("    対処: ", "    Remedy: ") + words.of(row.remedy) + "\n";
  }
  return out;
}

std::string say_session(const SessionNews& news, const Format& format) {
  using What = SessionNews::What;
  if (format.json) {
    const char* event = news.what == What::admitted      ? "admitted"
                        : news.what == What::quarantined ? "quarantined"
                                                         : "ended";
    return line({{"event", event}, {"session", news.session}});
  }
  const Words words(format);
  const char* text = news.what == What::admitted ? words("接続が開きました: ", "The session is open: ")
                     : news.what == What::quarantined
                         ? words("検疫中です（端末の確認に合格するまで接続できません）: ",
                                 "In quarantine (nothing opens until the terminal passes its checks): ")
                         : words("接続が終わりました: ", "The session is over: ");
  return text + shown(news.session) + "\n";
}

std::string say_trouble(const Trouble& news, const Format& format) {
  if (format.json) {
    json out{{"event", "trouble"},
             {"error", news.refusal.code},
             {"refusal", refusal_json(news.refusal)},
             {"detail", news.detail},
             {"again_in_ms", news.again_in ? json(news.again_in->count()) : json(nullptr)}};
    return line(out);
  }
  const Words words(format);
  std::string out = explain(news.refusal, words);
  if (news.again_in) {
    const auto seconds = std::chrono::ceil<Seconds>(*news.again_in).count();
    out += words("  再試行まで ", "  Next try in ") + std::to_string(seconds) + words(" 秒\n", " s\n");
  }
  return out;
}

}  // namespace

std::string say(const News& news, const Format& format) {
  if (const auto* judged = std::get_if<Judged>(&news)) return say_judged(*judged, format);
  if (const auto* trouble = std::get_if<Trouble>(&news)) return say_trouble(*trouble, format);
  return say_session(std::get<SessionNews>(news), format);
}

std::string say_refused(const Refusal& refusal, const std::string& detail, const Format& format) {
  if (format.json) {
    return line({{"event", "refused"},
                 {"decision", "deny"},
                 {"error", refusal.code},
                 {"refusal", refusal_json(refusal)},
                 {"detail", detail},
                 {"checks", json::array()}});
  }
  std::string out = explain(refusal, Words(format));
  if (!detail.empty()) out += "  (" + shown(detail) + ")\n";
  return out;
}

std::string say_enrolled(const Enrolled& enrolled, const Format& format) {
  if (format.json) {
    return line({{"event", "enrolled"},
                 {"terminal", enrolled.terminal},
                 {"kid", enrolled.kid},
                 {"binding", enrolled.binding},
                 {"gateway", enrolled.gateway}});
  }
  return Words(format)("端末を登録しました: ", "The terminal is enrolled: ") + shown(enrolled.terminal) + "\n";
}

std::string language_of_environment() {
  for (const char* name : {"LC_ALL", "LC_MESSAGES", "LANG"}) {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') continue;
    return std::string_view(value).starts_with("en") ? "en" : "ja";
  }
  return "ja";
}

}  // namespace sekisho::agent
