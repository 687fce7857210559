#include "programs/sekishoctl/commands.hpp"

#include "pki/folder.hpp"
#include "pki/testing/bench.hpp"
#include "programs/sekishoctl/testing/gatehouse.hpp"
#include "programs/sekishoctl/words.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <set>

namespace sekisho::ctl {
namespace {

using nlohmann::json;
using testing::Gatehouse;

struct CommandsTest : ::testing::Test {
  json ctl(const std::string& line, int status = 0) {
    const auto done = house.shell("sekishoctl --json " + line);
    EXPECT_EQ(done.status, status) << line << "\n" << done.out << done.err;
    return json::parse(done.out, nullptr, false);
  }
  std::string people(const std::string& line, const std::string& language) {
    const auto done = house.shell("sekishoctl " + line, language);
    EXPECT_EQ(done.status, 0) << done.err;
    return done.out;
  }
  std::string code(const std::string& line) {
    const json answer = ctl(line, 1);
    return answer.is_object() && answer.contains("error") ? answer["error"].value("code", "") : "";
  }
  json row(const std::string& kind, const std::string& id) { return ctl("show " + kind + " " + id); }
  void write(const std::string& name, const std::string& text) { std::ofstream(house.folder() + "/" + name) << text; }
  Gatehouse house;
};

TEST_F(CommandsTest, ACertificateIsIssuedRegisteredAndPassesTheGate) {
  ctl("ca init --dir ca --name 'Sekisho lab CA'");
  const json issued = ctl("ca issue --dir ca --person tani --terminal pc-tani --out issued");
  EXPECT_EQ(issued["certificate"], "issued/tani-pc-tani.pem");
  EXPECT_TRUE(issued["ok"].get<bool>());
  const std::string pem = *pki::read_file(house.folder() + "/issued/tani-pc-tani.pem");
  const json registered = row("certificate", issued["fingerprint_sha256"]);
  EXPECT_EQ(registered["person"], "tani");
  EXPECT_EQ(registered["terminal"], "pc-tani");
  EXPECT_EQ(registered["serial_hex"], issued["serial_hex"]);
  const auto session = house.pass("tani", "pc-tani", pki::testing::der_of(pem));
  ASSERT_TRUE(session) << session.error().code;
  EXPECT_EQ(ctl("sessions")["sessions"].size(), 1u);
  ctl("ca revoke --dir ca --person tani --reason lost");
  EXPECT_TRUE(ctl("sessions")["sessions"].empty()) << "its session ends with it";
  EXPECT_TRUE(row("certificate", issued["fingerprint_sha256"]).contains("revoked_at"));
  EXPECT_EQ(ctl("ca show --dir ca")["crl"]["revoked"], 1);
}

TEST_F(CommandsTest, WhatTheRegistryRefusesIsNotIssued) {
  ctl("ca init --dir ca --name test");
  EXPECT_EQ(code("ca issue --dir ca --person nobody --terminal pc-tani --out issued"), "registry.invalid");
  EXPECT_TRUE(ctl("ca show --dir ca")["issued"].empty());
  EXPECT_FALSE(pki::exists(house.folder() + "/issued/nobody-pc-tani.key"));
}

TEST_F(CommandsTest, AReplacementRevokesTheEarlierOne) {
  ctl("ca init --dir ca --name test");
  const std::string issue = "ca issue --dir ca --person tani --terminal pc-tani --out issued";
  const json first = ctl(issue);
  EXPECT_EQ(code(issue), "pki.file_exists");
  EXPECT_EQ(code(issue + "2"), "pki.already_issued");
  const json second = ctl(issue + " --replace");
  EXPECT_TRUE(row("certificate", first["fingerprint_sha256"]).contains("revoked_at"));
  EXPECT_FALSE(row("certificate", second["fingerprint_sha256"]).contains("revoked_at"));
  EXPECT_EQ(ctl("ca show --dir ca")["crl"]["revoked"], 1);
  // mori's certificate is of another CA: the registry knows of it, this folder does not.
  EXPECT_EQ(code("ca issue --dir ca --person mori --terminal pc-mori --out issued"), "registry.invalid");
  ctl("ca issue --dir ca --person mori --terminal pc-mori --out issued --replace");
}

TEST_F(CommandsTest, AnAppsSeedIsShownOnRequestAloneAndStandsNowhereElse) {
  EXPECT_EQ(code("person totp mori"), "ctl.usage") << "neither --show nor --out";
  EXPECT_EQ(code("person totp mori --show --out uri"), "ctl.usage");
  EXPECT_TRUE(ctl("journal search --person mori")["entries"].empty()) << "nothing was changed";
  EXPECT_EQ(ctl("person totp mori --show")["otpauth"], "otpauth://totp/Sekisho:mori?secret=GEHEIM");
  EXPECT_NE(people("person totp mori --out uri", "ja").find("登録しました"), std::string::npos);
  EXPECT_EQ(*pki::read_file(house.folder() + "/uri"), "otpauth://totp/Sekisho:mori?secret=GEHEIM\n");
  struct stat found {};
  ASSERT_EQ(::stat((house.folder() + "/uri").c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777U, 0600U);
  EXPECT_EQ(code("person totp mori --out uri"), "pki.file_exists");
  EXPECT_EQ(code("person totp nobody --show"), "registry.no_such_object");
  ctl("person totp-end mori");
  const json entries = ctl("journal search --person mori")["entries"];
  ASSERT_EQ(entries.size(), 3u) << entries;
  EXPECT_EQ(entries.dump().find("GEHEIM"), std::string::npos);
  std::multiset<std::string> events;
  for (const json& entry : entries) events.insert(entry["event"].get<std::string>());
  EXPECT_EQ(events, (std::multiset<std::string>{"factor.ended", "factor.enrolled", "factor.enrolled"}));
  ctl("person end mori");
  EXPECT_EQ(code("person totp mori --show"), "registry.already_ended");
}

TEST_F(CommandsTest, ZonesThatAreNotProvedApartAreRefusedInBothLanguages) {
  const std::string listing = *pki::read_file(SEKISHO_SOURCE_DIR "/core/programs/sekishoctl/testing/two_paths.json");
  const std::string check = "check zones --config " SEKISHO_SOURCE_DIR "/core/base/all-keys.json --ruleset ";
  write("good.json", listing);
  EXPECT_TRUE(ctl(check + "good.json")["holds"].get<bool>());
  EXPECT_NE(people(check + "good.json", "ja").find("ゾーンは互いに到達できません"), std::string::npos);
  json changed = json::parse(listing);
  changed["nftables"].push_back({{"rule",
                                  {{"family", "inet"},
                                   {"table", "sekisho"},
                                   {"chain", "arriving"},
                                   {"handle", 999},
                                   {"expr", {{{"notrack", nullptr}}}}}}});
  write("changed.json", changed.dump());
  const json proof = ctl(check + "changed.json", 1);
  EXPECT_FALSE(proof["holds"].get<bool>());
  EXPECT_NE(proof["claims"].dump().find("arriving 999: notrack"), std::string::npos);
  for (const auto& [language, words] : {std::pair("ja", "証明できません"), std::pair("en", "Not proved")}) {
    const auto done = house.shell("sekishoctl " + check + "changed.json", language);
    EXPECT_EQ(done.status, 1);
    EXPECT_NE(done.out.find(words), std::string::npos) << done.out;
    EXPECT_NE(done.out.find("arriving 999: notrack"), std::string::npos) << done.out;
  }
  write("empty.json", "");
  EXPECT_EQ(code(check + "empty.json"), "zones.ruleset");
  EXPECT_EQ(code(check + "absent.json"), "zones.ruleset");
}

TEST_F(CommandsTest, AnOfflineAuthoritysCertificateIsRegisteredByItsFile) {
  ctl("ca init --dir ca --name offline");
  const json issued = ctl("--socket /nowhere ca issue --dir ca --person tani --terminal pc-tani --out o --offline");
  EXPECT_EQ(code("show certificate " + issued["fingerprint_sha256"].get<std::string>()), "registry.no_such_object");
  ctl("certificate register o/tani-pc-tani.pem");
  EXPECT_EQ(row("certificate", issued["fingerprint_sha256"])["person"], "tani");
  EXPECT_EQ(code("certificate register ca/ca.pem"), "pki.not_ours");
  EXPECT_EQ(code("--socket /nowhere ca issue --dir ca --person mori --terminal pc-mori --out o"), "ctl.no_gate");
}

TEST_F(CommandsTest, PassphrasesComeFromFilesAndStdinAlone) {
  write("key.pass", "tetsu no kagi 99\n");
  ctl("ca init --dir ca --name locked --key-passphrase-file key.pass");
  EXPECT_EQ(code("ca issue --dir ca --person tani --terminal pc-tani --out o"), "pki.passphrase_wanted");
  const auto done = house.shell(
      "printf 'sugi no ki 42\\n' | sekishoctl ca issue --dir ca --person tani --terminal pc-tani --out o "
      "--p12-only --passphrase-file - --key-passphrase-file key.pass");
  EXPECT_EQ(done.status, 0) << done.err;
  EXPECT_FALSE(pki::exists(house.folder() + "/o/tani-pc-tani.key"));
  EXPECT_FALSE(pki::exists(house.folder() + "/o/tani-pc-tani.p12.passphrase"));
  write("p12.pass", "sugi no ki 42\n");
  EXPECT_EQ(house.shell("openssl pkcs12 -in o/tani-pc-tani.p12 -passin file:p12.pass -nodes -out /dev/null").status, 0);
  EXPECT_EQ(done.out.find("sugi"), std::string::npos);
  EXPECT_EQ(code("ca issue --dir ca --person mori --terminal pc-mori --out o --passphrase-file - "
                 "--key-passphrase-file -"),
            "ctl.usage");
}

TEST_F(CommandsTest, APasswordIsReadFromStdinJudgedAndStoredAsAHash) {
  const auto set = [&](const std::string& password, const std::string& more = "") {
    return house.shell("printf '" + password + "\\n' | sekishoctl --json person passwd mori " + more);
  };
  EXPECT_EQ(set("quiet river 12").status, 0);
  const json person = ctl("export --with-secrets")["people"];
  std::string hash;
  for (const json& each : person) {
    if (each["id"] == "mori") hash = each.value("password_hash", "");
  }
  EXPECT_TRUE(hash.starts_with("$argon2id$v=19$m=65536,t=2,p=1$")) << hash;
  EXPECT_FALSE(ctl("export")["people"].dump().find("argon2") != std::string::npos) << "not without the flag";
  EXPECT_NE(set("short").out.find("password.too_short"), std::string::npos);
  EXPECT_NE(set("quiet river 1", "--without-certificate").out.find("password.too_short"), std::string::npos);
  EXPECT_NE(set("").out.find("ctl.empty_secret"), std::string::npos);
  EXPECT_NE(set("two\\nlines").out.find("ctl.empty_secret"), std::string::npos);
}

TEST_F(CommandsTest, AnEditKeepsWhatItDoesNotName) {
  ctl("edit person mori 'name=森 一朗' mail=mori@new.test");
  const json mori = row("person", "mori");
  EXPECT_EQ(mori["name"], "森 一朗");
  EXPECT_EQ(mori["mail"], "mori@new.test");
  EXPECT_EQ(mori["contractor"], "mori-kogyo");
  ctl("edit desktop vdi-01 port=5901");
  EXPECT_EQ(row("desktop", "vdi-01")["port"], 5901) << "a number stays a number";
  EXPECT_EQ(code("edit person mori nothing"), "ctl.usage");
  EXPECT_EQ(code("edit person nobody name=x"), "registry.no_such_object");
  EXPECT_EQ(code("edit person mori 'roles=[broken'"), "json.malformed");
}

TEST_F(CommandsTest, TheRegistryGoesOutAndComesBackTheSame) {
  ctl("export --with-secrets --out registry.json");
  struct stat status {};
  ASSERT_EQ(::stat((house.folder() + "/registry.json").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u) << "it may hold hashes";
  const json before = ctl("export --with-secrets");
  const auto generation = before["generation"].get<std::uint64_t>();
  EXPECT_EQ(code("import registry.json --if-generation " + std::to_string(generation + 1)),
            "registry.generation_differs");
  ctl("import registry.json --if-generation " + std::to_string(generation));
  json after = ctl("export --with-secrets");
  after["generation"] = generation;
  EXPECT_EQ(after, before);
  EXPECT_EQ(house.shell("cat registry.json | sekishoctl import -").status, 0);
  write("bad.json", R"({"schema":"sekisho.registry/1","people":[{"id":"x"}]})");
  const json refused = ctl("import bad.json", 1);
  EXPECT_EQ(refused["error"]["code"], "registry.invalid");
  EXPECT_GT(refused["error"]["findings"].size(), 2u) << "all mistakes at once";
}

TEST_F(CommandsTest, EndingWhatGivesARightEndsItsSession) {
  for (const char* what : {"contract end c-web", "application end a-mori", "person end mori", "terminal end pc-mori"}) {
    Gatehouse fresh;
    const auto session = fresh.pass();
    ASSERT_TRUE(session) << session.error().code;
    EXPECT_NE(fresh.shell("sekishoctl --json sessions").out.find(*session), std::string::npos) << "it can fail";
    EXPECT_EQ(fresh.shell(std::string("sekishoctl --json ") + what).status, 0) << what;
    EXPECT_EQ(fresh.shell("sekishoctl --json sessions").out, "{\"sessions\":[]}\n") << what;
    EXPECT_EQ(fresh.shell(std::string("sekishoctl --json ") + what).status, 1) << "a second end is refused";
  }
}

TEST_F(CommandsTest, ASessionIsShownAndEndedWithItsReason) {
  const auto session = house.pass();
  ASSERT_TRUE(session);
  EXPECT_EQ(ctl("session show " + *session)["person"], "mori");
  EXPECT_EQ(code("session show S20261122-1-999999"), "gate.no_such_session");
  ctl("session end " + *session + " --reason drill");
  const json entries = ctl("journal search --event session.ended --session " + *session)["entries"];
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries[0]["code"], "session.ended_by_staff");
  EXPECT_NE(entries[0]["detail"]["why"].get<std::string>().find("drill"), std::string::npos);
  EXPECT_EQ(code("session end " + *session), "gate.no_such_session");
}

TEST_F(CommandsTest, TheEmergencyStopEndsRefusesAndIsLifted) {
  ASSERT_TRUE(house.pass());
  EXPECT_EQ(ctl("stop all --reason drill")["ended"], 1);
  EXPECT_EQ(house.pass().error().code, "stop.all");
  EXPECT_EQ(ctl("stops")["stops"][0]["reason"], "drill");
  EXPECT_EQ(ctl("health")["conditions"], json::array({"stop:all:"}));
  ctl("release all");
  EXPECT_TRUE(house.pass());
  ctl("stop contractor mori-kogyo");
  EXPECT_EQ(house.pass().error().code, "stop.contractor");
  ctl("release contractor mori-kogyo");
  EXPECT_EQ(code("release contractor mori-kogyo"), "gate.no_such_stop");
  EXPECT_EQ(code("stop all mori-kogyo"), "gate.bad_stop");
  EXPECT_EQ(house.shell("sekishoctl stop everything").status, 2);
}

TEST_F(CommandsTest, ATokenIsToldOnceAndStoredAsAHash) {
  const json token = ctl("terminal enrol-token pc-mori");
  EXPECT_EQ(token["token"].get<std::string>().size(), 64u);
  EXPECT_EQ(ctl("export --with-secrets").dump().find(token["token"].get<std::string>()), std::string::npos);
  EXPECT_EQ(code("terminal enrol-token pc-nobody"), "registry.no_such_object");
}

TEST_F(CommandsTest, AnApplicationIsSubmittedDecidedByAnotherAndEnds) {
  write("a.json", R"({"id":"a-2","contract":"c-web","people":["mori"],"terminals":["pc-mori"],"systems":["web"],
    "period":{"from":"2026-11-01","until":"2026-12-31"},"summary":"点検"})");
  ctl("application submit a.json");
  EXPECT_EQ(row("application", "a-2")["state"], "submitted");
  EXPECT_EQ(code("application accept a-2 --by mori"), "application.own_decision");
  EXPECT_EQ(code("application accept a-2 --by kato"), "application.not_approver");
  ctl("application accept a-2 --by yama --note 確認済み");
  EXPECT_EQ(row("application", "a-2")["decided_by"], "yama");
  EXPECT_EQ(code("application return a-2 --by yama"), "application.wrong_state");
  ctl("application end a-2");
  EXPECT_EQ(row("application", "a-2")["state"], "ended");
}

TEST_F(CommandsTest, TheJournalIsSearchedThroughTheGateAndVerifiedOnItsFiles) {
  ASSERT_TRUE(house.pass());
  EXPECT_EQ(ctl("journal search --person mori --event session.granted")["entries"].size(), 1u);
  EXPECT_TRUE(ctl("journal search --until 2026-11-01")["entries"].empty());
  const json good = ctl("journal verify --dir journal");
  EXPECT_TRUE(good["ok"].get<bool>());
  EXPECT_GT(good["entries"], 0);
  const std::string segment = house.journal() + "/00000001.journal";
  std::string bytes = *pki::read_file(segment);
  const std::size_t at = bytes.find("session.granted");
  ASSERT_NE(at, std::string::npos);
  bytes[at] ^= 1;
  ASSERT_TRUE(pki::write_file(segment, bytes, 0600, pki::Existing::replaced));
  const json bad = ctl("journal verify --dir journal", 1);
  EXPECT_FALSE(bad["ok"].get<bool>());
  EXPECT_GE(bad["first_bad"], 1);
  EXPECT_EQ(code("journal verify --dir nowhere"), "ctl.unreadable");
}

TEST_F(CommandsTest, AServerIsSwitchedByItsNameOrThePersonHearsWhyNot) {
  EXPECT_EQ(code("server power web-01 reset"), "server.no_hypervisor") << "this gate has none";
  EXPECT_EQ(code("server power phys-01 power_off"), "server.not_switched");
  EXPECT_EQ(code("server power web-09 reset"), "registry.no_such_object");
  const json entries = ctl("journal search --event server.power")["entries"];
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries[0]["detail"]["server"], "web-01");
  EXPECT_EQ(entries[0]["detail"]["action"], "reset");
}

TEST_F(CommandsTest, HealthSaysWhoTriedRdpAndWhereItWasToGo) {
  house.refuse_rdp("10.20.0.11", "10.30.9.1");
  const std::string japanese = people("health", "ja"), english = people("health", "en");
  for (const std::string& said : {japanese, english}) {
    for (const char* shown : {"10.20.0.11", "10.30.9.1", "phys-01"}) {
      EXPECT_NE(said.find(shown), std::string::npos) << shown << "\n" << said;
    }
  }
  EXPECT_NE(japanese.find("RDPの接続先アドレス"), std::string::npos) << japanese;
  EXPECT_NE(english.find("RDP to address"), std::string::npos) << english;
  EXPECT_EQ(japanese.find("内側アドレス"), std::string::npos) << "that is an address of the tunnel";
  EXPECT_EQ(ctl("health")["rdp"]["refused"][0]["address"], "10.30.9.1");
}

TEST_F(CommandsTest, PeopleReadTheirOwnLanguage) {
  ASSERT_TRUE(house.pass());
  EXPECT_NE(people("sessions", "ja_JP.UTF-8").find("利用者"), std::string::npos);
  EXPECT_NE(people("sessions", "en_US.UTF-8").find("person"), std::string::npos);
  EXPECT_NE(people("--lang ja sessions", "en_US.UTF-8").find("利用者"), std::string::npos);
  EXPECT_NE(people("sessions", "C").find("利用者"), std::string::npos) << "Japanese where nothing else is said";
  EXPECT_NE(people("health", "ja").find("異常はありません。"), std::string::npos);
  EXPECT_NE(people("health", "en").find("Everything is well."), std::string::npos);
  people("stop all", "en");
  EXPECT_NE(people("health", "ja").find("緊急停止中です。"), std::string::npos);
  EXPECT_NE(people("health", "en").find("An emergency stop is in force."), std::string::npos);
  const auto refused = house.shell("sekishoctl show person nobody", "ja");
  EXPECT_EQ(refused.status, 1);
  EXPECT_NE(refused.err.find("指定されたものは登録されていません。"), std::string::npos) << refused.err;
  EXPECT_TRUE(refused.out.empty());
}

TEST(CommandLine, SaysWhatIsWrongWithoutRunningAnything) {
  EXPECT_EQ(parse_error({"sessions"}), "");
  EXPECT_EQ(parse_error({"ca", "issue", "--person", "mori", "--terminal", "pc-mori", "--out", "o"}), "");
  EXPECT_NE(parse_error({"ca", "issue", "--person", "mori"}), "");
  EXPECT_NE(parse_error({"session", "end"}), "");
  EXPECT_NE(parse_error({"person", "passwd", "mori", "--password", "x"}), "") << "no secret is taken as an argument";
  EXPECT_NE(parse_error({"list", "persons"}), "");
  EXPECT_NE(parse_error({}), "");
}

TEST(CommandLine, NoOptionTakesASecretItself) {
  // Whatever is secret comes by file or stdin: no option of any command is called after a secret but those.
  for (const std::string& name : command_names()) {
    for (const char* option : {"--password", "--passphrase", "--key-passphrase", "--token", "--secret"}) {
      std::vector<std::string> words;
      for (std::size_t at = 0; at < name.size();) {
        const std::size_t end = std::min(name.find(' ', at), name.size());
        words.push_back(name.substr(at, end - at));
        at = end + 1;
      }
      words.insert(words.end(), {option, "x"});
      EXPECT_NE(parse_error(words), "") << name << " " << option;
    }
  }
}

}  // namespace
}  // namespace sekisho::ctl
