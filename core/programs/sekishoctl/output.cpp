#include "programs/sekishoctl/output.hpp"

#include "programs/sekishoctl/words.hpp"

#include <algorithm>
#include <cstdio>

namespace sekisho::ctl {
namespace {

using nlohmann::json;

/// Columns a terminal gives a UTF-8 text: two for what begins at U+3000 (kana, kanji, full width), else one.
std::size_t width(const std::string& text) {
  std::size_t out = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xC0) == 0x80) continue;
    out += byte >= 0xE3 ? 2 : 1;
  }
  return out;
}

std::string padded(std::string text, std::size_t columns) {
  const std::size_t have = width(text);
  if (have < columns) text.append(columns - have, ' ');
  return text;
}

void print(const std::string& line, std::FILE* to = stdout) {
  const std::size_t end = line.find_last_not_of(' ');
  std::fprintf(to, "%s\n", end == std::string::npos ? "" : line.substr(0, end + 1).c_str());
}

/// Line feeds of a text would break a table.
std::string one_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

std::string cell(const Output& out, const std::string& member, const json& value) {
  if (value.is_null()) return "-";
  if (value.is_boolean()) return out.in(value.get<bool>() ? Text{"はい", "yes"} : Text{"いいえ", "no"});
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    if (text.empty()) return "-";
    const auto words = value_words(member, text);
    return one_line(words ? out.in(*words) : text);
  }
  if (value.is_object() && value.size() == 2 && value.contains("from") && value.contains("until")) {
    return cell(out, "from", value["from"]) + out.in({" 〜 ", " to "}) + cell(out, "until", value["until"]);
  }
  if (value.is_array() && std::all_of(value.begin(), value.end(), [](const json& each) { return each.is_string(); })) {
    std::string joined;
    for (const json& each : value) joined += (joined.empty() ? "" : ", ") + cell(out, member, each);
    return joined.empty() ? "-" : joined;
  }
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string heading(const Output& out, const std::string& member) {
  const auto words = label(member);
  return words ? out.in(*words) : member;
}

void lines(const Output& out, const json& object) {
  std::size_t widest = 0;
  for (const auto& [name, member] : object.items()) widest = std::max(widest, width(heading(out, name)));
  for (const auto& [name, member] : object.items()) {
    print(padded(heading(out, name), widest + 2) + cell(out, name, member));
  }
}

void table(const Output& out, const json& rows, std::vector<std::string> columns) {
  if (rows.empty()) return out.note({"該当するものはありません。", "There is nothing."});
  if (columns.empty()) {
    for (const json& row : rows) {
      for (const auto& [name, member] : row.items()) {
        if (std::find(columns.begin(), columns.end(), name) == columns.end()) columns.push_back(name);
      }
    }
  }
  std::vector<std::vector<std::string>> cells{{}};
  for (const std::string& column : columns) cells[0].push_back(heading(out, column));
  for (const json& row : rows) {
    std::vector<std::string> texts;
    texts.reserve(columns.size());
    for (const std::string& column : columns) texts.push_back(cell(out, column, row.value(column, json())));
    cells.push_back(std::move(texts));
  }
  for (const auto& texts : cells) {
    std::string line;
    for (std::size_t c = 0; c < columns.size(); ++c) {
      std::size_t widest = 0;
      for (const auto& each : cells) widest = std::max(widest, width(each[c]));
      line += padded(texts[c], widest + 2);
    }
    print(line);
  }
}

}  // namespace

void Output::show(const nlohmann::json& value, const std::vector<std::string>& columns) const {
  if (json) {
    std::puts(value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
  } else if (value.is_object()) {
    lines(*this, value);
  } else if (value.is_array()) {
    table(*this, value, columns);
  } else {
    print(cell(*this, {}, value));
  }
}

void Output::done(const Text& sentence, nlohmann::json more) const {
  if (json) {
    more["ok"] = true;
    return show(more);
  }
  print(in(sentence));
  if (!more.empty()) show(more);
}

void Output::note(const Text& sentence) const {
  if (!json) print(in(sentence));
}

int Output::refused(const nlohmann::json& error) const {
  if (json) {
    show({{"error", error}});
    return 1;
  }
  const auto say = [&](const char* member) {
    const auto text = error.value(member, nlohmann::json::object());
    return text.value(language, std::string());
  };
  print(error.value("code", std::string()) + ": " + say("what"), stderr);
  print("  " + say("why"), stderr);
  print("  " + say("remedy"), stderr);
  if (error.contains("detail")) print("  (" + cell(*this, {}, error["detail"]) + ")", stderr);
  if (error.contains("findings") && error["findings"].is_array()) {
    for (const auto& finding : error["findings"]) {
      print("  " + finding.value("pointer", std::string()) + "  " + finding.value("code", std::string()) + "  " +
                finding.value(language, std::string()),
            stderr);
    }
  }
  return 1;
}

int Output::failed(const Error& error) const {
  return refused(error_words(error));
}

}  // namespace sekisho::ctl
