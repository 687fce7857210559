#include "base/json.hpp"

#include <sekisho/sdk/config.hpp>

#include <gtest/gtest.h>

namespace sekisho {
namespace {

struct Inner {
  std::string name;
  std::uint8_t level = 7;
  static void describe(auto& d) {
    d.field("name", &Inner::name, "Name of the entry", {.required = true});
    d.field("level", &Inner::level, "Level");
  }
};

struct Config {
  std::string host;
  std::uint16_t port = 5900;
  std::chrono::seconds idle_limit{600};
  bool verify = true;
  double share = 0.5;
  std::string mode = "warn", key_file, text;
  std::vector<std::string> listen{"127.0.0.1:443"};
  std::vector<Inner> entries;
  Inner one{.name = "first", .level = 3};
  std::optional<std::int32_t> limit;
  nlohmann::json extra = nlohmann::json::object();
  static void describe(auto& d) {
    d.field("host", &Config::host, "Address", {.range = {1, 20}, .required = true});
    d.field("port", &Config::port, "TCP port", {{1, 65535}});
    d.field("idle_limit_s", &Config::idle_limit, "Close after this much silence (s)", {{10, 86400}});
    d.field("verify", &Config::verify, "Check | the certificate");
    d.field("share", &Config::share, "Share", {{0, 1}});
    d.field("mode", &Config::mode, "Mode", {.one_of = {"enforce", "warn", "off"}});
    d.field("key_file", &Config::key_file, "Key", {.secret = true});
    d.field("text", &Config::text, "Text", {.multiline = true});
    d.field("listen", &Config::listen, "Addresses", {{1, 3}});
    d.field("entries", &Config::entries, "Entries");
    d.field("limit", &Config::limit, "Limit");
    d.field("extra", &Config::extra, "Anything");
  }
};

ConfigParse<Config> parse(const char* text) {
  return parse_config<Config>(parse_json(text).value());
}

/// "code pointer" of every error, in order.
std::vector<std::string> errors(const char* text) {
  std::vector<std::string> out;
  for (const Error& error : parse(text).errors) {
    out.push_back(error.code + " " + error.detail.substr(0, error.detail.find(':')));
  }
  return out;
}

using Words = std::vector<std::string>;

TEST(Config, FillsEveryDefault) {
  const auto parsed = parse(R"({"host":"h"})");
  ASSERT_TRUE(parsed.value);
  EXPECT_EQ(parsed.value->host, "h");
  EXPECT_EQ(parsed.value->port, 5900);
  EXPECT_EQ(parsed.value->idle_limit, std::chrono::seconds(600));
  EXPECT_EQ(parsed.value->listen, Words{"127.0.0.1:443"});
  EXPECT_EQ(parsed.value->limit, std::nullopt);
  EXPECT_TRUE(parsed.value->extra.is_object());
}

TEST(Config, ReadsEveryType) {
  const auto parsed = parse(R"({"host":"h","port":65535,"idle_limit_s":10,"verify":false,"share":1,"mode":"off",
    "key_file":"/k","text":"a\nb","listen":["x","y"],"entries":[{"name":"n"},{"name":"m","level":255}],"limit":-5,
    "extra":{"a":[1]}})");
  ASSERT_TRUE(parsed.value) << join_config_errors(parsed.errors).detail;
  EXPECT_EQ(parsed.value->port, 65535);
  EXPECT_EQ(parsed.value->idle_limit, std::chrono::seconds(10));
  EXPECT_FALSE(parsed.value->verify);
  EXPECT_EQ(parsed.value->share, 1.0);
  EXPECT_EQ(parsed.value->text, "a\nb");
  EXPECT_EQ(parsed.value->listen, (Words{"x", "y"}));
  ASSERT_EQ(parsed.value->entries.size(), 2u);
  EXPECT_EQ(parsed.value->entries[0].level, 7);
  EXPECT_EQ(parsed.value->entries[1].level, 255);
  EXPECT_EQ(parsed.value->limit, -5);
  EXPECT_EQ(parsed.value->extra["a"][0], 1);
}

TEST(Config, NamesAllErrorsAtOnceWithTheirPlaces) {
  EXPECT_EQ(errors(R"({"prot":1,"port":0,"idle_limit_s":"5","mode":"of","listen":[],
                       "entries":[{"name":"n"},{"level":256,"x/y":1}]})"),
            (Words{"config.missing /host", "config.out_of_range /port", "config.wrong_type /idle_limit_s",
                   "config.not_allowed /mode", "config.out_of_range /listen", "config.missing /entries/1/name",
                   "config.out_of_range /entries/1/level", "config.unknown_key /entries/1/x~1y",
                   "config.unknown_key /prot"}));
}

TEST(Config, ChecksRangesOnTheNumberItself) {
  EXPECT_EQ(errors(R"({"host":"h","port":65536})"), Words{"config.out_of_range /port"});
  EXPECT_EQ(errors(R"({"host":"h","port":18446744073709551615})"), Words{"config.out_of_range /port"});
  EXPECT_EQ(errors(R"({"host":"h","port":-1})"), Words{"config.out_of_range /port"});
  EXPECT_EQ(errors(R"({"host":"h","port":443.0})"), Words{"config.wrong_type /port"});
  EXPECT_EQ(errors(R"({"host":"h","port":true})"), Words{"config.wrong_type /port"});
  EXPECT_EQ(errors(R"({"host":"h","limit":2147483648})"), Words{"config.out_of_range /limit"});
  EXPECT_EQ(errors(R"({"host":"h","share":1.01})"), Words{"config.out_of_range /share"});
}

TEST(Config, RefusesNullTextTrapsAndWrongShapes) {
  EXPECT_EQ(errors(R"({"host":null})"), Words{"config.wrong_type /host"});
  EXPECT_EQ(errors(R"({"host":"h","limit":null})"), Words{"config.wrong_type /limit"});
  EXPECT_EQ(errors(R"({"host":"a\nb"})"), Words{"config.bad_text /host"});
  EXPECT_EQ(errors(R"({"host":"123456789012345678901"})"), Words{"config.out_of_range /host"});
  EXPECT_EQ(errors(R"({"host":"h","text":"a\tb"})"), Words{"config.bad_text /text"});
  EXPECT_EQ(errors(R"({"host":"h","extra":[]})"), Words{"config.wrong_type /extra"});
  EXPECT_EQ(errors(R"({"host":"h","entries":{}})"), Words{"config.wrong_type /entries"});
  EXPECT_EQ(errors(R"([])"), Words{"config.wrong_type /"});
}

TEST(Config, ErrorsNeverHoldTheValue) {
  for (const Error& error : parse(R"({"host":"h","mode":"hunter2","key_file":5})").errors) {
    EXPECT_EQ(error.detail.find("hunter2"), std::string::npos);
  }
}

struct Outer {
  Inner inner{.name = "n", .level = 3};
  static void describe(auto& d) { d.field("inner", &Outer::inner, "Nested"); }
};

TEST(Config, ANestedStructKeepsItsOwnersDefaultsAndItsRequiredKeys) {
  const auto given = parse_config<Outer>(nlohmann::json{{"inner", {{"name", "x"}}}});
  ASSERT_TRUE(given.value);
  EXPECT_EQ(given.value->inner.level, 3);
  const auto absent = parse_config<Outer>(nlohmann::json::object());
  ASSERT_EQ(absent.errors.size(), 1u);
  EXPECT_EQ(absent.errors[0].detail, "/inner/name: is required");
}

TEST(Config, TheSchemaTextChecksLikeTheStruct) {
  const auto schema = nlohmann::json::parse(schema_text<Config>());
  const auto good = check_config(schema, {{"host", "h"}});
  EXPECT_TRUE(good.errors.empty());
  EXPECT_EQ(good.value["port"], 5900);
  EXPECT_EQ(check_config(schema, {{"host", "h"}, {"port", 0}}).errors.size(), 1u);
}

TEST(Config, ABrokenSchemaRefusesInsteadOfPassing) {
  for (const char* schema : {"null", "{}", R"({"type":"object"})", R"({"type":"object","fields":[{}]})",
                             R"({"type":"object","fields":[{"name":"a","type":"integer"}]})",
                             R"({"type":"object","fields":[{"name":"a","type":"magic"}]})", R"({"type":["object"]})"}) {
    const auto check = check_config(nlohmann::json::parse(schema), {{"a", 1}});
    ASSERT_FALSE(check.errors.empty()) << schema;
    EXPECT_EQ(check.errors[0].code, "config.bad_schema") << schema;
  }
}

TEST(Config, TheOperatorPageListsEveryKey) {
  const std::string page = config_page(schema_of<Config>());
  EXPECT_NE(page.find("| `port` | integer 1..65535 | 5900 | TCP port |"), std::string::npos) << page;
  EXPECT_NE(page.find("| `entries[].name` | string | required |"), std::string::npos) << page;
  EXPECT_NE(page.find("Check \\| the certificate"), std::string::npos) << page;
  EXPECT_NE(page.find("| `key_file` | string, path of a file with a secret |"), std::string::npos) << page;
}

}  // namespace
}  // namespace sekisho
