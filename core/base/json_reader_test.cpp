// The reader against another implementation: nlohmann's own parser must take and refuse the same texts, for the same
// reason, and read the same values of the same types.
#include "base/json.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <random>
#include <set>
#include <string>
#include <vector>

namespace sekisho {
namespace {

using nlohmann::json;

/// The strict rules on top of nlohmann's events.
class Oracle {
 public:
  Oracle(const std::string& text, std::size_t depth) : depth_(depth) {
    if (json::sax_parse(text, this)) value = json::parse(text);
  }
  bool null() { return true; }
  bool boolean(bool) { return true; }
  bool number_integer(std::int64_t) { return true; }
  bool number_unsigned(std::uint64_t) { return true; }
  bool number_float(double, const std::string& text) {
    return text.find_first_of(".eE") != std::string::npos || refuse("json.number_range");
  }
  bool string(const std::string& text) { return text.find('\0') == std::string::npos || refuse("json.nul"); }
  bool binary(json::binary_t&) { return refuse("json.malformed"); }
  bool start_object(std::size_t) { return open(); }
  bool start_array(std::size_t) { return open(); }
  bool key(const std::string& name) {
    if (name.find('\0') != std::string::npos) return refuse("json.nul");
    return keys_.back().insert(name).second || refuse("json.duplicate_key");
  }
  bool end_object() { return keys_.pop_back(), true; }
  bool end_array() { return keys_.pop_back(), true; }
  bool parse_error(std::size_t, const std::string&, const json::exception&) { return refuse("json.malformed"); }

  std::string code;
  json value;

 private:
  bool open() {
    keys_.emplace_back();
    return keys_.size() <= depth_ || refuse("json.too_deep");
  }
  bool refuse(const char* why) {
    if (code.empty()) code = why;
    return false;
  }
  std::size_t depth_;
  std::vector<std::set<std::string>> keys_;
};

bool same_types(const json& a, const json& b) {
  if (a.type() != b.type()) return false;
  if (!a.is_structured()) return true;
  for (auto x = a.begin(), y = b.begin(); x != a.end(); ++x, ++y) {
    if (!same_types(*x, *y)) return false;
  }
  return true;
}

void expect_the_same(const std::string& text, std::size_t depth) {
  if (text.find('\0') != std::string::npos || text.starts_with("\xEF\xBB\xBF")) return;  // refused before it is read
  const Oracle oracle(text, depth);
  const auto read = parse_json(text, {.depth = depth});
  ASSERT_EQ(read ? "" : read.error().code, oracle.code) << text;
  if (!read) return;
  ASSERT_EQ(*read, oracle.value) << text;
  ASSERT_TRUE(same_types(*read, oracle.value)) << text;
}

const std::vector<std::string>& texts() {
  static const std::vector<std::string> kTexts = {
      R"({"v":1,"sid":"S20261122-1-000042","ip":null,"facts":{"os":{"build":26100,"ok":true},"list":[1,2,{"a":[]}]}})",
      R"( [ 0 , -0 , 0.0 , -0.5e-3 , 1E+2 , 18446744073709551615 , -9223372036854775808 , 1.7976931348623157e308 ] )",
      R"([5e-324,1e-400,-1e-400,0.1,123456789.123456789,1e0,18446744073709551616,-9223372036854775809])",
      "[1e400]",
      "[-1.5e999,2]",
      R"(["\"\\\/\b\f\n\r\t","\u00e9\u95a2\ud83d\ude00","\u0041\uFFFF\uDBFF\uDFFF","\u0000"])",
      R"({"\u0061":1,"a":2})",
      R"({"関所":"番所","é":"😀","x\u0000":1})",
      R"({"b":1,"a":2,"c":{"b":1,"a":{},"":[]},"":0})",
      "\"\xC2\x80\xDF\xBF\xE0\xA0\x80\xED\x9F\xBF\xEE\x80\x80\xEF\xBF\xBF\xF0\x90\x80\x80\xF4\x8F\xBF\xBF\x7F\"",
      "\"\xC1\xBF\"",
      "\"\xE0\x9F\xBF\"",
      "\"\xED\xA0\x80\"",
      "\"\xF0\x8F\xBF\xBF\"",
      "\"\xF4\x90\x80\x80\"",
      "\"\xE9\x96\"",
      "\"\x80\"",
      "\"\x1f\"",
      "[[[[[[]]]]]]",
      "{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{}}}}}}",
      "[]]",
      "{,}",
      "[1 2]",
      "[,1]",
      "{\"a\" 1}",
      "{\"a\":1,}",
      "truefalse",
      "nul",
      "-",
      "+1",
      ".5",
      "1.",
      "1e",
      "0x1",
      "00",
      "\"\\x\"",
      "\"\\ud800\\u0041\"",
      "\"\\udc00\"",
      "\"\\u12g4\"",
      "\"open",
      "\t\r\n true \n",
      "\v1",
  };
  return kTexts;
}

TEST(JsonReader, TakesAndRefusesWhatAnotherImplementationDoes) {
  for (const std::string& text : texts()) {
    for (const std::size_t depth : {0, 1, 5, 6, 8}) expect_the_same(text, depth);
    for (std::size_t end = 0; end < text.size(); ++end) expect_the_same(text.substr(0, end), 8);
  }
}

TEST(JsonReader, AgreesWithItAboutTextsThatChanceHasChanged) {
  std::mt19937 chance(20261126);
  const auto under = [&chance](std::size_t bound) { return static_cast<std::size_t>(chance()) % bound; };
  static const std::string kLikely = "{}[]\",:\\u0d8ebnrtfals-+.Ee19 \n\x80\xBF\xC2\xE0\xED\xF4\xFF";
  for (int round = 0; round < 20000 && !HasFatalFailure(); ++round) {
    std::string text = texts()[under(texts().size())];
    for (std::size_t changes = 1 + under(3); changes > 0 && !text.empty(); --changes) {
      const std::size_t at = under(text.size());
      switch (under(4)) {
        case 0:
          text[at] = kLikely[under(kLikely.size())];
          break;
        case 1:
          text.insert(at, 1, kLikely[under(kLikely.size())]);
          break;
        case 2:
          text.erase(at, 1 + under(3));
          break;
        default: {  // a piece of another one
          const std::string& other = texts()[under(texts().size())];
          text.insert(at, other.substr(under(other.size()), 1 + under(12)));
        }
      }
    }
    expect_the_same(text, 1 + under(8));
  }
}

}  // namespace
}  // namespace sekisho
