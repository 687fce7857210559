#include "base/json.hpp"

#include "base/json_object.hpp"
#include "base/json_text.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace sekisho {
namespace {

std::string code_of(std::string_view text, JsonLimits limits = {}) {
  const auto parsed = parse_json(text, limits);
  return parsed ? "" : parsed.error().code;
}

TEST(Json, ReadsWhatIsWellFormed) {
  const auto parsed = parse_json(R"( {"a":[1,-2,3.5,"x",true,null,{"b":{}}],"c":18446744073709551615} )");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->dump(), R"({"a":[1,-2,3.5,"x",true,null,{"b":{}}],"c":18446744073709551615})");
}

TEST(Json, RefusesADuplicateKeyAndSaysWhere) {
  const auto parsed = parse_json(R"({"people":[{"id":1},{"id":1,"id":2}]})");
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().code, "json.duplicate_key");
  EXPECT_EQ(parsed.error().detail, "/people/1/id: a key occurs twice");
  EXPECT_EQ(parse_json(R"({"a":{"b":1},"c":2,"a":3})").error().detail, "/a: a key occurs twice");
  EXPECT_EQ(parse_json(R"({"a":[1,{"b":{]}]})").error().detail.substr(0, 8), "/a/1/b/:");
}

TEST(Json, TheSameKeyInTwoObjectsIsNoDuplicate) {
  EXPECT_EQ(code_of(R"([{"a":1},{"a":{"a":2}}])"), "");
}

TEST(Json, RefusesDepthBeyondTheLimitAndTakesTheLimitItself) {
  EXPECT_EQ(code_of("[[[]]]", {.depth = 3}), "");
  EXPECT_EQ(code_of("[[[[]]]]", {.depth = 3}), "json.too_deep");
  EXPECT_EQ(code_of(std::string(60000, '[')), "json.too_deep");
}

TEST(Json, RefusesTextBeyondTheLimitAndTakesTheLimitItself) {
  EXPECT_EQ(code_of(R"("12345678")", {.bytes = 10}), "");
  EXPECT_EQ(code_of(R"("123456789")", {.bytes = 10}), "json.too_large");
}

TEST(Json, RefusesIntegersThatFitNo64Bits) {
  EXPECT_EQ(code_of("18446744073709551616"), "json.number_range");
  EXPECT_EQ(code_of("-9223372036854775809"), "json.number_range");
  EXPECT_EQ(code_of("-9223372036854775808"), "");
  EXPECT_EQ(code_of("1e400"), "json.malformed");
}

TEST(Json, RefusesNulAndByteOrderMark) {
  EXPECT_EQ(code_of(R"(["\u0000"])"), "json.nul");
  EXPECT_EQ(code_of(R"({"a\u0000b":1})"), "json.nul");
  EXPECT_EQ(code_of(std::string_view("{}\0garbage", 10)), "json.nul");
  EXPECT_EQ(code_of("\xEF\xBB\xBF{}"), "json.bom");
}

TEST(Json, RefusesWhatIsNoJson) {
  for (const char* bad : {"", " ", "{", "{}{}", "[1,]", "{\"a\"}", "nan", "Infinity", "// x\n{}", "\"\xff\"", "'a'",
                          "\"\\ud800\"", "01", "[1] x"}) {
    EXPECT_EQ(code_of(bad), "json.malformed") << bad;
  }
}

TEST(Json, GettersCheckTypeRangeAndLength) {
  const auto object = nlohmann::json::parse(
      R"({"s":"abc","i":70000,"b":true,"l":[1,2],"o":{},"n":null,"f":1.0,"u":18446744073709551615})");
  EXPECT_EQ(get_string(object, "s", 3).value(), "abc");
  EXPECT_EQ(get_string(object, "s", 2).error().code, "json.too_long");
  EXPECT_EQ(get_string(object, "i", 2).error().code, "json.wrong_type");
  EXPECT_EQ(get_string(object, "x/y", 2, "/at").error().detail, "/at/x~1y: missing");
  EXPECT_EQ(get_int(object, "i", 1, 70000).value(), 70000);
  EXPECT_EQ(get_int(object, "i", 1, 65535).error().code, "json.out_of_range");
  EXPECT_EQ(get_int(object, "u").error().code, "json.out_of_range");
  EXPECT_EQ(get_int(object, "f").error().code, "json.wrong_type");
  EXPECT_EQ(get_int(object, "b").error().code, "json.wrong_type");
  EXPECT_TRUE(get_bool(object, "b").value());
  EXPECT_EQ(get_bool(object, "i").error().code, "json.wrong_type");
  EXPECT_EQ(get_array(object, "l", 2).value()->size(), 2u);
  EXPECT_EQ(get_array(object, "l", 1).error().code, "json.too_long");
  EXPECT_EQ(get_array(object, "o", 9).error().code, "json.wrong_type");
  EXPECT_TRUE(get_object(object, "o").value()->empty());
  EXPECT_EQ(get_object(object, "l").error().code, "json.wrong_type");
  EXPECT_EQ(get_object(object, "x").error().code, "json.missing");
  EXPECT_EQ(get_string(nlohmann::json::array(), "s", 3).error().code, "json.wrong_type");
}

TEST(Json, MakesAnObjectOfNamesAndValues) {
  const std::string text = "t";
  const nlohmann::json object =
      json_object("b", text, "a", 1, "c", nullptr, "d", std::string_view("v"), "e", json_object(), "f",
                  nlohmann::json::array({1, 2}), "g", true, "h", std::uint64_t{7}, "i", "word");
  const nlohmann::json wanted = {
      {"a", 1},      {"b", "t"},  {"c", nullptr}, {"d", "v"},   {"e", nlohmann::json::object()},
      {"f", {1, 2}}, {"g", true}, {"h", 7},       {"i", "word"}};
  EXPECT_EQ(object, wanted);
  EXPECT_EQ(object.dump(), wanted.dump());
}

TEST(Json, IsWrittenInTheBytesOfTheLibrary) {
  const auto parsed = nlohmann::json::parse(
      R"({"a":[1,-2,3.5,1e300,"x",true,null,{"b":{}},[],[[]]],"\"":"\\ \n \u0001 \u007f","関":"所","u":18446744073709551615})");
  EXPECT_EQ(json_text(parsed), parsed.dump());
  for (const char* scalar : {"1", "-1", "0.5", "\"x\"", "\"\\\"\"", "null", "true", "[]", "{}", "[{}]", "\"\u00e9\""}) {
    EXPECT_EQ(json_text(nlohmann::json::parse(scalar)), nlohmann::json::parse(scalar).dump());
  }
  const nlohmann::json broken = {{"\xff", "a\xc3"}};
  EXPECT_EQ(json_text(broken), broken.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

TEST(Json, EveryTextIsWrittenInTheBytesOfTheLibrary) {
  // Where one kind of UTF-8 ends and the next begins, and what must be escaped.
  constexpr std::string_view kEdges =
      "\x1f\x20\"\\\x7f\x80\x9f\xa0\xbf\xc1\xc2\xdf\xe0\xe1\xec\xed\xee\xef\xf0\xf4\xf5";
  std::vector<std::string> texts{""};
  for (std::size_t done = 0, size = 0; size < 3; ++size) {
    for (const std::size_t end = texts.size(); done < end; ++done) {
      for (const char c : kEdges) texts.push_back(texts[done] + c);
    }
  }
  for (const std::string& text : texts) {
    const nlohmann::json value = text;
    ASSERT_EQ(json_text(value), value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  }
}

TEST(Json, MembersWrittenAtOnceAreThoseOfTheValue) {
  std::string text = "[";
  JsonMembers members(text);
  members.add("a", "x\"y").add("b", std::string_view("関")).add("c", std::int64_t{-7}).add("d", nullptr);
  JsonMembers(members.place("e")).close();
  JsonMembers(members.place("f")).add("g", 3).close();
  members.close();
  text += ']';
  const nlohmann::json wanted = nlohmann::json::array(
      {{{"a", "x\"y"}, {"b", "関"}, {"c", -7}, {"d", nullptr}, {"e", nlohmann::json::object()}, {"f", {{"g", 3}}}}});
  EXPECT_EQ(text, json_text(wanted));
}

TEST(Json, AbsentIsNotNull) {
  const auto object = nlohmann::json::parse(R"({"n":null})");
  EXPECT_FALSE(get_optional_string(object, "x", 3).value());
  EXPECT_FALSE(get_optional_int(object, "x").value());
  EXPECT_FALSE(get_optional_bool(object, "x").value());
  EXPECT_EQ(get_optional_array(object, "x", 3).value(), nullptr);
  EXPECT_EQ(get_optional_object(object, "x").value(), nullptr);
  EXPECT_EQ(get_optional_string(object, "n", 3).error().code, "json.wrong_type");
  EXPECT_EQ(get_optional_int(object, "n").error().code, "json.wrong_type");
  EXPECT_EQ(get_optional_bool(object, "n").error().code, "json.wrong_type");
  EXPECT_EQ(get_optional_object(object, "n").error().code, "json.wrong_type");
}

}  // namespace
}  // namespace sekisho
