#include "audit/canonical.hpp"
#include "audit/format.hpp"
#include "audit/plain_entry.hpp"
#include "audit/signing.hpp"
#include "audit/testing/journal_stage.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <random>

namespace sekisho::audit {

using nlohmann::json;

// T-73: forty strings that try to forge a line, hide text or break the reader.
TEST(AuditText, MakesHostileTextHarmless) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"mori", "mori"},
      {"関所 番所", "関所 番所"},
      {"a b", "a b"},
      {"", ""},
      {"a\nb", "a\\u000ab"},
      {"a\r\nb", "a\\u000d\\u000ab"},
      {"\t", "\\u0009"},
      {std::string("a\0b", 3), "a\\u0000b"},
      {"\x1b[2J", "\\u001b[2J"},
      {"\x7f", "\\u007f"},
      {"\xC2\x80", "\\u0080"},
      {"\xC2\x9B"
       "31m",
       "\\u009b31m"},
      {"\xC2\xAD", "\\u00ad"},
      {"\xD8\x9C", "\\u061c"},
      {"\xE2\x80\x8B", "\\u200b"},
      {"\xE2\x80\x8E", "\\u200e"},
      {"\xE2\x80\x8F", "\\u200f"},
      {"\xE2\x80\xA8", "\\u2028"},
      {"\xE2\x80\xA9", "\\u2029"},
      {"\xE2\x80\xAA", "\\u202a"},
      {"user\xE2\x80\xAEgnp.exe", "user\\u202egnp.exe"},
      {"\xE2\x81\xA0", "\\u2060"},
      {"\xE2\x81\xA6", "\\u2066"},
      {"\xE2\x81\xA9", "\\u2069"},
      {"\xEF\xBB\xBFx", "\\ufeffx"},
      {"\xEF\xBF\xBE", "\\ufffe"},
      {"\xEF\xBF\xB9", "\\ufff9"},
      {"\xEE\x80\x80", "\\ue000"},
      {"\xF3\xA0\x80\xA1", "\\U000e0021"},
      {"\xF4\x8F\xBF\xBF", "\\U0010ffff"},
      {"\xE3\x85\xA4", "\\u3164"},
      {"\xFF", "\\xff"},
      {"\xC0\xAF", "\\xc0\\xaf"},
      {"\xE0\x80\xAF", "\\xe0\\x80\\xaf"},
      {"\xED\xA0\x80", "\\xed\\xa0\\x80"},
      {"\xF4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},
      {"\xE9\x96", "\\xe9\\x96"},
      {"\xF0\x9F\x98\x80", "\xF0\x9F\x98\x80"},
      {"\",\"result\":\"ok", "\",\"result\":\"ok"},
      {"<script>", "<script>"},
      {"=cmd|' /C calc'!A0", "=cmd|' /C calc'!A0"},
  };
  EXPECT_GE(cases.size(), 40U);
  for (const auto& [text, expected] : cases) {
    EXPECT_EQ(safe_text(text), expected);
    EXPECT_EQ(safe_text(safe_text(text)), expected);
    Entry entry;
    entry.person = text;
    entry.detail["said"] = text;
    const auto back = parse_entry(canonical_json(entry));
    ASSERT_TRUE(back) << text;
    EXPECT_EQ(back->person, expected);
    EXPECT_EQ(back->detail.at("said"), expected);
    EXPECT_EQ(back->result, "");
  }
}

TEST(AuditText, CutsAtACharacterAndSaysSo) {
  for (const std::string& piece : {std::string("x"), std::string("関"), std::string("\n"), std::string("\xFF")}) {
    for (std::size_t cap = 8; cap < 40; ++cap) {
      std::string text;
      while (text.size() < 100) text += piece;
      const std::string safe = safe_text(text, cap);
      ASSERT_LE(safe.size(), cap);
      ASSERT_GT(safe.size() + 9, cap);
      ASSERT_TRUE(safe.ends_with(kCutMark));
      ASSERT_EQ(safe_text(safe, cap), safe);
    }
  }
  EXPECT_EQ(safe_text("12345678", 8), "12345678");
}

TEST(AuditText, KeepsEveryEntryBelowItsLimit) {
  Entry entry;
  const std::string nasty(3000, '"');
  entry.event = entry.session = entry.person = entry.from = entry.path = entry.rule = entry.code = entry.result = nasty;
  for (int i = 0; i < 50; ++i) entry.detail["k" + std::to_string(i)] = std::string(3000, '\\');
  const std::string text = canonical_json(entry);
  EXPECT_LE(text.size(), kMaxEntryJson);
  const auto back = parse_entry(text);
  ASSERT_TRUE(back) << back.error().detail;
  EXPECT_EQ(back->detail.at("cut"), true);
  EXPECT_EQ(back->detail.at("sha256").get<std::string>().size(), 64U);

  Entry small;
  small.detail["text"] = std::string(3000, 'x');
  EXPECT_EQ(parse_entry(canonical_json(small))->detail.at("text").get<std::string>().size(), kMaxText);
}

TEST(AuditText, SurvivesAnyDetail) {
  json deep = "bottom";
  for (int i = 0; i < 100; ++i) deep = json::array({deep});
  const std::vector<json> details = {json::object({{"deep", deep}}),
                                     json(42),
                                     json::array({1, 2}),
                                     json(nullptr),
                                     json::object({{"nan", std::nan("")}, {"inf", INFINITY}, {"half", 0.5}}),
                                     json::object({{"max", UINT64_MAX}, {"min", INT64_MIN}}),
                                     json::object({{"bin", json::binary({1, 2, 3})}}),
                                     json::object({{"a\nb", 1}, {"", 2}})};
  for (const auto& detail : details) {
    Entry entry;
    entry.detail = detail;
    const std::string text = canonical_json(entry);
    const auto back = parse_entry(text);
    ASSERT_TRUE(back) << text << ' ' << back.error().detail;
    EXPECT_EQ(canonical_json(*back), text);
  }
}

TEST(AuditText, ReadsOnlyItsOwnSpelling) {
  Entry entry;
  entry.event = "a";
  const std::string good = canonical_json(entry);
  EXPECT_EQ(good, R"({"at":"1970-01-01T00:00:00.000000Z","event":"a"})");
  ASSERT_TRUE(parse_entry(good));
  for (const char* bad :
       {"", "{}", "[]", "null", R"({"at":"1970-01-01T00:00:00.000000Z","event":"a"} )",
        R"({"event":"a","at":"1970-01-01T00:00:00.000000Z"})", R"({"at":"1970-01-01T00:00:00Z","event":"a"})",
        R"({"at":"1970-01-01T00:00:00.000000Z","event":""})",
        R"({"at":"1970-01-01T00:00:00.000000Z","event":"\u0061"})",
        R"({"at":"1970-01-01T00:00:00.000000Z","event":"a","event":"b"})",
        R"({"at":"1970-01-01T00:00:00.000000Z","other":"a"})", R"({"at":"1970-01-01T00:00:00.000000Z","detail":[]})",
        R"({"at":"1970-01-01T00:00:00.000000Z","event":1})"}) {
    EXPECT_FALSE(parse_entry(bad)) << bad;
  }
}

// What is short and plain is spelled without a copy: the same bytes, at every limit.
TEST(AuditText, SpellsWhatIsSafeAsItSpellsWhatItHasMadeSafe) {
  json deep = json::object({{"bottom", 1}});
  std::vector<json> details = {json::object({{"a", -1}, {"b", 2u}, {"c", true}, {"d", false}, {"e", nullptr}}),
                               json::object({{"min", INT64_MIN}, {"max", UINT64_MAX}}),
                               json::object({{"\"quoted\"", "back\\slash and \"quote\""}}),
                               json::object({{"~ }", "~"}, {"del", "\x7f"}, {"tab", "\t"}}),
                               json::object({{std::string(kMaxName, 'k'), std::string(kMaxText, 't')}}),
                               json::object({{std::string(kMaxName + 1, 'k'), 1}}),
                               json::object({{"long", std::string(kMaxText + 1, 't')}}),
                               json::object({{"list", json::array({"x", json::array(), json::object()})}}),
                               json::object({{"half", 0.5}, {"nan", std::nan("")}})};
  for (std::size_t i = 0; i < kMaxDetailDepth + 2; ++i) details.push_back(deep = json::object({{"deep", deep}}));
  for (const json& detail : details) {
    std::string whole;
    append_canonical(whole, safe_json(detail));
    Entry entry;
    entry.detail = detail;
    EXPECT_EQ(canonical_json(entry), R"({"at":"1970-01-01T00:00:00.000000Z","detail":)" + whole + "}");
  }
  for (const std::size_t size : {kMaxName, kMaxName + 1}) {
    Entry entry;
    entry.event = std::string(size, 'e');
    EXPECT_EQ(parse_entry(canonical_json(entry))->event, safe_text(entry.event, kMaxName));
  }
}

TEST(AuditFormat, AHeaderReadsBackAndRefusesEveryChangedByte) {
  Sha256 sha;
  SegmentHeader header;
  header.number = 7;
  header.segment_bytes = 1 << 20;
  header.epoch = 3;
  header.key_period = 9;
  header.node = "seki-1";
  header.before.hash = sha({"x"});
  header.before.heads = 4;
  for (int i = 0; i < 1000; ++i) header.before.tree.append(sha, std::to_string(i));
  const std::string bytes = encode_header(header, sha);
  const auto back = decode_header(bytes, sha);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->number, 7U);
  EXPECT_EQ(back->node, "seki-1");
  EXPECT_EQ(back->before.entries(), 1000U);
  EXPECT_EQ(back->before.tree.root(sha), header.before.tree.root(sha));
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string changed = bytes;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    ASSERT_FALSE(decode_header(changed, sha)) << i;
  }
  EXPECT_FALSE(decode_header(bytes.substr(0, kHeaderBytes - 1), sha));
}

TEST(AuditFormat, SegmentNamesAreExact) {
  EXPECT_EQ(segment_name(1), "00000001.journal");
  EXPECT_EQ(segment_number("00000012.journal"), 12U);
  EXPECT_EQ(segment_number("123456789.journal"), 123456789U);
  for (const char* bad : {"", "1.journal", "00000000.journal", "0000000a.journal", "000000001.journal", "spare",
                          "00000001.journal.tmp", "cut-1.bin", "9999999999999999999.journal"}) {
    EXPECT_FALSE(segment_number(bad)) << bad;
  }
}

TEST(AuditSigning, AHeadHoldsOnlyAsItWasSigned) {
  SeededEntropy entropy(1);
  const SigningKey key = SigningKey::make(entropy), other = SigningKey::make(entropy);
  Head head;
  head.tree_size = 5;
  head.node = "1";
  const std::string text = signed_head(head, key);
  ASSERT_TRUE(read_head(text));
  EXPECT_EQ(read_head(text)->key, key.public_key());
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    ASSERT_FALSE(read_head(changed)) << changed;
  }
  EXPECT_FALSE(read_key_step(text)) << "one statement is never another";
  EXPECT_FALSE(read_head(signed_key_step({.at = {}, .key = {}, .next = other.public_key(), .period = 1}, key)));
}

TEST(AuditSigning, KeysTravelAsPemAndNothingElsePasses) {
  SeededEntropy entropy(1);
  const SigningKey key = SigningKey::make(entropy);
  const auto back = SigningKey::from_pem(key.to_pem());
  ASSERT_TRUE(back);
  EXPECT_EQ(back->public_key(), key.public_key());
  EXPECT_EQ(public_key_from_pem(key.public_pem()).value(), key.public_key());
  EXPECT_TRUE(signature_holds(key.public_key(), "text", back->sign("text")));
  EXPECT_FALSE(signature_holds(key.public_key(), "text.", back->sign("text")));
  EXPECT_FALSE(SigningKey::from_pem(Secret("")));
  EXPECT_FALSE(SigningKey::from_pem(Secret(key.public_pem())));
  EXPECT_FALSE(public_key_from_pem(key.to_pem().reveal()));
}

TEST(AuditSearch, FindsByEveryFieldAndTime) {
  JournalStage stage;
  ASSERT_TRUE(stage.open());
  const auto add = [&](const char* session, const char* person, const char* rule, const char* code) {
    Entry entry = stage.entry("login.refused", "refused");
    entry.session = session;
    entry.person = person;
    entry.rule = rule;
    entry.code = code;
    stage.journal->append(entry);
    stage.pass(Seconds(1));
  };
  const Instant start = stage.now;
  add("S20261122-1-000001", "mori", "R04", "password.wrong");
  add("S20261122-1-000002", "tani", "R04", "code.wrong");
  add("S20261122-1-000003", "mori", "R16", "contract.none");
  for (int i = 0; i < 200; ++i) add("S20261122-1-000004", "tani", "R19", "stop.all");
  const auto count = [&](auto set) {
    Query query;
    set(query);
    return stage.find(query).size();
  };
  EXPECT_EQ(count([](Query& q) { q.person = "mori"; }), 2U);
  EXPECT_EQ(count([](Query& q) { q.rule = "R04"; }), 2U);
  EXPECT_EQ(count([](Query& q) { q.code = "stop.all"; }), 200U);
  EXPECT_EQ(count([](Query& q) { q.session = "S20261122-1-000003"; }), 1U);
  EXPECT_EQ(count([](Query& q) { q.session = "S20261122-1-00000"; }), 0U);
  EXPECT_EQ(count([](Query& q) { q.event = "journal.opened"; }), 1U);
  EXPECT_EQ(count([](Query& q) {
              q.person = "mori";
              q.rule = "R16";
            }),
            1U);
  EXPECT_EQ(count([&](Query& q) {
              q.from = start;
              q.until = start + Seconds(2);
              q.event = "login.refused";
            }),
            2U);
  const Query all;
  Query of_mori;
  of_mori.person = "mori";
  const auto several = search_any(stage.disk, all, {"journal.opened", "login.refused", "login.asked"});
  ASSERT_TRUE(several);
  EXPECT_EQ(several->size(), 204U) << "the start and every refusal, in one walk";
  EXPECT_EQ(several->front().entry.event, "journal.opened");
  EXPECT_EQ(search_any(stage.disk, of_mori, {"login.refused"})->size(), 2U);
  EXPECT_EQ(search_any(stage.disk, all, {"login.refuse"})->size(), 0U);
  Query newest;
  newest.code = "stop.all";
  newest.limit = 3;
  const auto found = stage.find(newest);
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[2].sequence, 204U);
  EXPECT_EQ(found[0].sequence, 202U);
  EXPECT_EQ(found[0].hash_hex.size(), 64U);
}

TEST(AuditSearch, ShowsAnEntryThatHoldsNothing) {
  JournalStage stage;
  ASSERT_TRUE(stage.open());
  const std::vector<nlohmann::json> empty{nlohmann::json::object(), nlohmann::json(), nlohmann::json::array(), ""};
  for (const auto& detail : empty) {
    Entry entry = stage.entry("", "");
    entry.session.clear();
    entry.person.clear();
    entry.from.clear();
    entry.path.clear();
    entry.rule.clear();
    entry.code.clear();
    entry.detail = detail;
    stage.journal->append(entry);
    stage.pass(Seconds(1));
  }
  Entry named = stage.entry("login.refused", "refused");
  named.detail = nlohmann::json::object();
  stage.journal->append(named);
  stage.pass(Seconds(1));
  const auto all = stage.find({});
  EXPECT_EQ(std::ranges::count(all, "", [](const StoredEntry& each) { return each.entry.event; }), 4);
  for (const StoredEntry& each : all) EXPECT_TRUE(each.entry.detail.is_object());
  EXPECT_EQ(search_any(stage.disk, {}, {""})->size(), 4U) << "asked for by its name";
  EXPECT_EQ(search_any(stage.disk, {}, {"", "login.refused"})->size(), 5U);
  EXPECT_EQ(search_any(stage.disk, {}, {"login.refused"})->size(), 1U) << "and not otherwise";
  EXPECT_TRUE(stage.check().ok);
}

// What is_plain_entry() lets pass unread, parse_entry() would have taken: at every limit, after every small change.
TEST(AuditText, CallsPlainOnlyWhatIsAGoodEntry) {
  const std::string at = R"({"at":"2026-11-27T03:04:05.000006Z")";
  const auto with = [&at](const std::string& rest) { return at + rest + "}"; };
  const auto repeated = [](std::size_t size) { return std::string(size, 'x'); };
  const auto nested = [](std::size_t depth) {
    return R"(,"detail":)" + [&] {
      std::string out;
      for (std::size_t i = 0; i < depth; ++i) out += R"({"a":)";
      return out + "1" + std::string(depth, '}');
    }();
  };
  const std::string full =
      with(R"(,"code":"c","detail":{"b":[1,-2,"x",[],{}],"c":{"d":true,"e":false,"f":null}},"event":"session.granted",)"
           R"("from":"10.0.0.1","path":"p","person":"mori","result":"ok","rule":"R04","session":"S1")");
  for (const std::string& plain :
       {with(""), full, with(R"(,"event":")" + repeated(kMaxName) + "\""), with(nested(kMaxDetailDepth)),
        with(R"(,"detail":{"a":")" + repeated(kMaxText) + "\"}"), with(R"(,"detail":{"":0,"a":999999999999999999})")}) {
    EXPECT_TRUE(is_plain_entry(plain)) << plain;
    EXPECT_TRUE(parse_entry(plain)) << plain;
  }
  for (const std::string& other : {std::string(),
                                   std::string("{}"),
                                   at,
                                   with(R"(,"event":")" + repeated(kMaxName + 1) + "\""),
                                   with(nested(kMaxDetailDepth + 1)),
                                   with(R"(,"detail":{"a":")" + repeated(kMaxText + 1) + "\"}"),
                                   with(R"(,"detail":{})"),
                                   with(R"(,"detail":[1])"),
                                   with(R"(,"detail":{"a":-0})"),
                                   with(R"(,"detail":{"a":01})"),
                                   with(R"(,"detail":{"a":1,"a":1})"),
                                   with(R"(,"detail":{"b":1,"a":1})"),
                                   with(R"(,"event":"")"),
                                   with(R"(,"event":"a","code":"b")"),
                                   with(R"(,"event":"a","event":"b")"),
                                   with(R"(,"other":"a")"),
                                   with(R"(,"event":"\u0061")"),
                                   with(",\"event\":\"\x7f\""),
                                   with(R"(,"event":1)"),
                                   std::string(R"({"event":"a"})"),
                                   std::string(R"({"at":"2026-11-27T03:04:05Z"})"),
                                   std::string(R"({"at":"2026-02-30T03:04:05.000006Z"})"),
                                   full + " "}) {
    EXPECT_FALSE(is_plain_entry(other)) << other;
    EXPECT_FALSE(parse_entry(other)) << other;
  }
  const std::string half = with(R"(,"detail":{"a":0.5})"), japanese = with(R"(,"event":"関所")");
  EXPECT_FALSE(is_plain_entry(half) || is_plain_entry(japanese));
  EXPECT_TRUE(parse_entry(half) && parse_entry(japanese));
  // A number that 64 bits do not hold reads back as another one, so it is no good entry; plain ones end well before.
  const std::string nineteen = with(R"(,"detail":{"a":1000000000000000000})"),
                    thirty = with(R"(,"detail":{"a":)" + std::string(30, '9') + "}");
  EXPECT_FALSE(is_plain_entry(nineteen) || is_plain_entry(thirty));
  EXPECT_FALSE(parse_entry(thirty));
  std::mt19937 chance(7);
  std::size_t still_plain = 0;
  static constexpr std::string_view kBytes = "{}[]\",:0123456789-aez. \\\x80";
  for (int round = 0; round < 20000; ++round) {
    std::string text = full;
    for (std::size_t changes = chance() % 3 + 1; changes > 0; --changes) {
      const std::size_t where = chance() % text.size();
      const char byte = kBytes[chance() % kBytes.size()];
      switch (chance() % 3) {
        case 0:
          text[where] = byte;
          break;
        case 1:
          text.insert(where, 1, byte);
          break;
        default:
          text.erase(where, chance() % 4 + 1);
      }
    }
    if (!is_plain_entry(text)) continue;
    ++still_plain;
    ASSERT_TRUE(parse_entry(text)) << text;
  }
  EXPECT_GT(still_plain, 500U);
}

}  // namespace sekisho::audit
