#include "programs/sekishoctl/output.hpp"

#include <algorithm>
#include <cstdio>

namespace sekisho::ctl {
namespace {

using nlohmann::json;

std::string cell(const json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_null()) return "-";
  return value.dump();
}

/// Columns a terminal gives a UTF-8 text: wide for what begins at U+1100 (Hangul, kana, kanji, full width).
std::size_t width(const std::string& text) {
  std::size_t out = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte & 0xC0) == 0x80) continue;
    out += byte >= 0xE1 ? 2 : 1;
  }
  return out;
}

void print(const std::string& text, std::size_t columns, std::FILE* to = stdout) {
  std::fputs(text.c_str(), to);
  for (std::size_t have = width(text); have < columns; ++have) std::fputc(' ', to);
}

}  // namespace

void Output::show(const nlohmann::json& value, const std::vector<std::string>& wanted) const {
  if (json) {
    std::puts(value.dump().c_str());
    return;
  }
  if (value.is_object()) {
    std::size_t widest = 0;
    for (const auto& [name, member] : value.items()) widest = std::max(widest, name.size());
    for (const auto& [name, member] : value.items()) {
      print(name, widest + 2);
      std::puts(cell(member).c_str());
    }
    return;
  }
  if (!value.is_array()) {
    std::puts(cell(value).c_str());
    return;
  }
  std::vector<std::string> columns = wanted;
  if (columns.empty() && !value.empty()) {
    for (const auto& [name, member] : value.front().items()) columns.push_back(name);
  }
  std::vector<std::size_t> widths;
  for (const std::string& column : columns) {
    std::size_t widest = width(column);
    for (const auto& row : value) widest = std::max(widest, width(cell(row.value(column, nlohmann::json()))));
    widths.push_back(widest);
  }
  for (std::size_t c = 0; c < columns.size(); ++c) print(columns[c], widths[c] + 2);
  std::puts("");
  for (const auto& row : value) {
    for (std::size_t c = 0; c < columns.size(); ++c)
      print(cell(row.value(columns[c], nlohmann::json())), widths[c] + 2);
    std::puts("");
  }
}

void Output::done(const std::string& ja, const std::string& en) const {
  if (json) {
    std::puts("{\"ok\":true}");
  } else {
    std::puts((language == "ja" ? ja : en).c_str());
  }
}

int Output::refused(const nlohmann::json& error) const {
  if (json) {
    std::puts(nlohmann::json{{"error", error}}.dump().c_str());
    return 1;
  }
  const auto say = [&](const char* member) {
    const auto text = error.value(member, nlohmann::json::object());
    std::fprintf(stderr, "%s\n", text.value(language, "").c_str());
  };
  std::fprintf(stderr, "%s: ", error.value("code", "").c_str());
  say("what");
  say("why");
  say("remedy");
  if (error.contains("detail")) std::fprintf(stderr, "(%s)\n", cell(error["detail"]).c_str());
  if (error.contains("findings") && error["findings"].is_array()) {
    for (const auto& finding : error["findings"]) {
      std::fprintf(stderr, "  %s  %s  %s\n", finding.value("pointer", "").c_str(), finding.value("code", "").c_str(),
                   finding.value(language, "").c_str());
    }
  }
  return 1;
}

int Output::failed(const Error& error) const {
  const bool no_gate = error.code == "ctl.no_gate";
  const auto text = [](const char* ja, const char* en) { return nlohmann::json{{"ja", ja}, {"en", en}}; };
  return refused({{"code", error.code},
                  {"what", text("処理できませんでした。", "It could not be done.")},
                  {"why", {{"ja", error.detail}, {"en", error.detail}}},
                  {"remedy", no_gate ? text("関所が動いているか、--socket の場所が正しいかを確かめてください。",
                                            "See whether the gate runs and whether --socket names its socket.")
                                     : text("内容を確かめてやり直してください。", "Look at it and try again.")}});
}

}  // namespace sekisho::ctl
