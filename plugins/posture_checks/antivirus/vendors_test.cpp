#include "vendors.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace sekisho::antivirus {
namespace {

std::string maker_of(std::string_view name) {
  const auto vendors = *parse_vendors(compiled_in_vendors());
  const std::string folded = fold(name);
  const auto found = std::find_if(vendors.begin(), vendors.end(), [&](const Vendor& v) { return v.makes(folded); });
  return found == vendors.end() ? "" : found->vendor;
}

TEST(Vendors, KnowEveryProductOfThePage) {
  for (const auto& [name, vendor] : std::vector<std::pair<const char*, const char*>>{
           {"Windows Defender", "microsoft"},
           {"Microsoft Defender Antivirus", "microsoft"},
           {"Microsoft Defender", "microsoft"},
           {"Trend Micro Antivirus+", "trendmicro"},
           {"Trend Micro Maximum Security", "trendmicro"},
           {"Trend Micro Apex One Antivirus", "trendmicro"},
           {"Trend Micro Security Agent", "trendmicro"},
           {"ウイルスバスター クラウド", "trendmicro"},
           {"ｳｲﾙｽﾊﾞｽﾀｰ ｸﾗｳﾄﾞ", "trendmicro"},
           {"Norton 360", "norton"},
           {"Norton Security", "norton"},
           {"Symantec Endpoint Protection", "norton"},
           {"McAfee", "mcafee"},
           {"McAfee VirusScan", "mcafee"},
           {"McAfee Endpoint Security", "mcafee"},
           {"マカフィー リブセーフ", "mcafee"},
           {"Trellix Endpoint Security", "mcafee"},
           {"ESET Security", "eset"},
           {"ESET Endpoint Antivirus", "eset"},
           {"ESET NOD32 Antivirus", "eset"},
           {"ＥＳＥＴ Security", "eset"},
           {"Webroot SecureAnywhere", "webroot"},
           {"  windows \t defender ", "microsoft"},
           {"Windows Defender Plus", ""},
           {"My Windows Defender", ""},
           {"Free Antivirus", ""},
           {"", ""},
       }) {
    EXPECT_EQ(maker_of(name), vendor) << name;
  }
}

TEST(Vendors, KnowEverySignerOfThePageAndTakeNoOthersForThem) {
  const auto vendors = *parse_vendors(compiled_in_vendors());
  const std::vector<std::pair<const char*, const char*>> signers{{"microsoft", "Microsoft Corporation"},
                                                                 {"microsoft", "Microsoft Windows Publisher"},
                                                                 {"trendmicro", "Trend Micro, Inc."},
                                                                 {"norton", "NortonLifeLock Inc."},
                                                                 {"norton", "Gen Digital Inc."},
                                                                 {"norton", "Symantec Corporation"},
                                                                 {"norton", "Broadcom Inc"},
                                                                 {"mcafee", "McAfee, LLC"},
                                                                 {"mcafee", "Musarubra US LLC"},
                                                                 {"eset", "ESET, spol. s r.o."},
                                                                 {"webroot", "Webroot Inc."},
                                                                 {"webroot", "Open Text Corporation"}};
  for (const auto& [vendor, signer] : signers) {
    for (const Vendor& row : vendors) {
      EXPECT_EQ(row.signs(fold(signer)), row.vendor == vendor) << signer << " for " << row.vendor;
      EXPECT_FALSE(row.signs(fold(std::string("Not ") + signer))) << signer;
    }
  }
}

TEST(Vendors, FoldingSurvivesBrokenText) {
  EXPECT_EQ(fold("ＡＢＣ　ｄ"), "abc d");
  EXPECT_EQ(fold(std::string_view("\xff\xfe")), "\xef\xbf\xbd\xef\xbf\xbd");
  EXPECT_EQ(fold(""), "");
  EXPECT_EQ(fold(" \n "), "");
}

TEST(Vendors, ABrokenTableIsRefusedWithItsPlace) {
  const auto row = [](const std::string& members) { return "{\"vendors\":[{" + members + "}]}"; };
  const std::string good = R"("vendor":"x","names":["x"],"signers":["x"])";
  EXPECT_TRUE(parse_vendors(row(good)));
  for (const std::string& bad :
       {std::string(), std::string("[]"), std::string("{}"), std::string(R"({"vendors":[]})"), row(R"("names":["x"])"),
        row(R"("vendor":"x","signers":["x"])"), row(R"("vendor":"x","names":["x"])"),
        row(R"("vendor":"x","names":["Not Folded"],"signers":["x"])"),
        row(R"("vendor":"x","names":[1],"signers":["x"])"), row(good + R"(,"built_in":1)"),
        row(good + R"(,"name_begins":"x")"), row(R"("vendor":"","names":["x"],"signers":["x"])"),
        "{\"vendors\":[{" + good + "},{" + good + "}]}"}) {
    const auto parsed = parse_vendors(bad);
    ASSERT_FALSE(parsed) << bad;
    EXPECT_EQ(parsed.error().code, "antivirus.bad_table");
  }
}

}  // namespace
}  // namespace sekisho::antivirus
