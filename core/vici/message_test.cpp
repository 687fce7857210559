#include "vici/message.hpp"

#include <gtest/gtest.h>

#include <initializer_list>

namespace sekisho::vici {
namespace {

Bytes bytes(std::initializer_list<int> values) {
  Bytes out;
  for (const int value : values) out.push_back(static_cast<std::byte>(value));
  return out;
}
std::string why(View bytes) {
  const auto message = decode(bytes);
  return message ? "read" : message.error().code;
}

Section sample() {
  Section inner;
  inner.put("id", "site.example").put_list("certs", {std::string("\x30\x00\xff", 3), ""});
  Section out;
  out.put("version", "2").put_section("remote", inner).put_list("pools", {}).put_section("children", {});
  return out;
}

TEST(Message, HasTheBytesOfTheProtocolsOwnExample) {
  // README.md of the plugin: { key1 = value1  section1 = { sub-section = { key2 = value2 } list1 = [ item1, item2 ] } }
  Section sub, section, message;
  sub.put("key2", "value2");
  section.put_section("sub-section", sub).put_list("list1", {"item1", "item2"});
  message.put("key1", "value1").put_section("section1", section);
  constexpr char kWanted[] =
      "\x03\x04key1\x00\x06value1"
      "\x01\x08section1"
      "\x01\x0bsub-section"
      "\x03\x04key2\x00\x06value2"
      "\x02"
      "\x04\x05list1"
      "\x05\x00\x05item1"
      "\x05\x00\x05item2"
      "\x06"
      "\x02";
  Bytes out;
  ASSERT_TRUE(encode(message, out));
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(out.data()), out.size()),
            std::string(kWanted, sizeof kWanted - 1));
}

TEST(Message, ComesBackAsItWas) {
  Bytes out;
  ASSERT_TRUE(encode(sample(), out));
  const auto back = decode(out);
  ASSERT_TRUE(back);
  EXPECT_EQ(*back, sample());
  EXPECT_EQ(back->section("remote")->list("certs")->front().size(), 3U);
  Section other = sample();
  other.put("version", "1");
  EXPECT_FALSE(*back == other);
}

TEST(Message, AnswersOnlyWhatItHolds) {
  const Section message = sample();
  EXPECT_EQ(message.text("version"), "2");
  EXPECT_TRUE(message.is("version", "2"));
  EXPECT_EQ(message.text("remote"), "");
  EXPECT_EQ(message.value("pools"), nullptr);
  EXPECT_EQ(message.list("version"), nullptr);
  EXPECT_EQ(message.section("pools"), nullptr);
  EXPECT_FALSE(message.has("nothing"));
}

TEST(Message, IsRefusedWhereverItIsCut) {
  Section small;  // its last byte ends a section, so no shorter piece but the empty one and whole elements is a message
  Section inner;
  inner.put("k", "v").put_list("l", {"i"});
  small.put_section("s", inner);
  Bytes out;
  ASSERT_TRUE(encode(small, out));
  for (std::size_t n = 1; n < out.size(); ++n) EXPECT_EQ(why(View(out).first(n)), "vici.malformed") << n;
  EXPECT_EQ(why(out), "read");
  EXPECT_EQ(why({}), "read");
}

TEST(Message, IsRefusedWhenItsPartsDoNotBelongTogether) {
  const std::vector<std::pair<const char*, Bytes>> cases{
      {"kind 0", bytes({0})},
      {"kind 7", bytes({7})},
      {"kind 255", bytes({255})},
      {"end without section", bytes({2})},
      {"item outside a list", bytes({5, 0, 0})},
      {"end outside a list", bytes({6})},
      {"section in a list", bytes({4, 1, 'l', 1, 1, 's', 2, 6})},
      {"key in a list", bytes({4, 1, 'l', 3, 1, 'k', 0, 0, 6})},
      {"list in a list", bytes({4, 1, 'l', 4, 1, 'm', 6, 6})},
      {"section end in a list", bytes({1, 1, 's', 4, 1, 'l', 2})},
      {"empty name", bytes({3, 0, 0, 0})},
      {"name beyond the end", bytes({3, 200, 'k', 0, 0})},
      {"value beyond the end", bytes({3, 1, 'k', 0xff, 0xff, 'v'})},
      {"item beyond the end", bytes({4, 1, 'l', 5, 0, 9, 'v', 6})},
      {"a name twice", bytes({3, 1, 'k', 0, 0, 3, 1, 'k', 0, 0})},
      {"a name twice, other kind", bytes({3, 1, 'k', 0, 0, 4, 1, 'k', 6})}};
  for (const auto& [name, message] : cases) EXPECT_EQ(why(message), "vici.malformed") << name;
}

TEST(Message, MayRepeatANameInAnotherSection) {
  EXPECT_EQ(why(bytes({1, 1, 'a', 3, 1, 'k', 0, 0, 2, 1, 1, 'b', 3, 1, 'k', 0, 0, 2})), "read");
}

TEST(Message, HasItsCaps) {
  Bytes deep;
  for (std::size_t i = 0; i < kMaxDepth; ++i) deep.insert(deep.end(), {std::byte(1), std::byte(1), std::byte('s')});
  for (std::size_t i = 0; i < kMaxDepth; ++i) deep.push_back(std::byte(2));
  EXPECT_EQ(why(deep), "read");
  deep.insert(deep.begin(), {std::byte(1), std::byte(1), std::byte('s')});
  deep.push_back(std::byte(2));
  EXPECT_EQ(why(deep), "vici.malformed");

  Bytes many = bytes({4, 1, 'l'});
  for (std::size_t i = 0; i + 1 < kMaxElements; ++i)
    many.insert(many.end(), {std::byte(5), std::byte(0), std::byte(0)});
  many.push_back(std::byte(6));
  EXPECT_EQ(why(many), "read");
  many.pop_back();
  many.insert(many.end(), {std::byte(5), std::byte(0), std::byte(0), std::byte(6)});
  EXPECT_EQ(why(many), "vici.malformed");
  EXPECT_EQ(why(Bytes(kMaxPacket + 1, std::byte(2))), "vici.malformed");
}

TEST(Message, ThatDoesNotFitIsNotWrittenAtAll) {
  const auto too_long = [](const Section& message) {
    Bytes out = bytes({1, 2, 3});
    const auto written = encode(message, out);
    return !written && written.error().code == "vici.too_long" && out.size() == 3;
  };
  Section name, empty, value, item, whole, deep;
  name.put(std::string(256, 'n'), "");
  empty.put("", "v");
  value.put("k", std::string(65'536, 'v'));
  item.put_list("l", {std::string(65'536, 'v')});
  for (int i = 0; i < 9; ++i) whole.put("k" + std::to_string(i), std::string(65'000, 'v'));
  for (std::size_t i = 0; i <= kMaxDepth; ++i) {
    Section outer;
    outer.put_section("s", deep);
    deep = outer;
  }
  for (const Section* each : {&name, &empty, &value, &item, &whole, &deep}) EXPECT_TRUE(too_long(*each));
  Section longest;
  longest.put(std::string(255, 'n'), std::string(65'535, 'v'));
  Bytes out;
  EXPECT_TRUE(encode(longest, out));
}

}  // namespace
}  // namespace sekisho::vici
