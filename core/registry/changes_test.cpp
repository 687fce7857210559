#include "registry/changes.hpp"

#include "registry/findings.hpp"
#include "registry/json.hpp"
#include "registry/refusals.hpp"
#include "registry/testing/cast.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace sekisho::registry {
namespace {

using nlohmann::json;
using std::chrono::days;
using testing::cast;
using testing::kNow;

constexpr std::string_view kPhc =
    "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

template <class T>
std::string code(const Result<T>& result) {
  return result ? "ok" : result.error().code;
}
json application(const Registry& r, const char* id) {
  return *export_object(r, Kind::application, id);
}
Registry with_submitted() {
  Registry r = cast();
  json object = application(r, "a-mori");
  object["id"] = "a-new";
  for (const char* key : {"state", "decided_by", "decided_at"}) object.erase(key);
  return submit_application(std::move(r), object).value().registry;
}

TEST(Applications, AreSubmittedWithoutADecision) {
  const Registry r = with_submitted();
  EXPECT_EQ(r.applications.at("a-new").state, ApplicationState::submitted);
  json object = application(r, "a-new");
  EXPECT_EQ(code(submit_application(r, object)), "registry.exists");
  object["id"] = "a-forged";
  object["state"] = "accepted";
  object["decided_by"] = "yama";
  object["decided_at"] = "2026-11-01T00:00:00Z";
  EXPECT_EQ(code(submit_application(r, object)), "application.state_by_hand");
  object = application(r, "a-new");
  object["id"] = "a-forged";
  object["purpose"] = "build_up";
  object["build_up_exception"] = true;
  EXPECT_EQ(code(submit_application(r, object)), "application.state_by_hand");
}

TEST(Applications, AreDecidedOnceByAnApproverWhoIsNoApplicant) {
  Registry r = with_submitted();
  Person colleague = r.people.at("mori");
  colleague.id = colleague.login = "mori2";
  colleague.mail = "";
  r.people.emplace("mori2", colleague);
  Person ended = r.people.at("yama");
  ended.id = ended.login = "moto";
  ended.ended_at = kNow;
  r.people.emplace("moto", ended);
  EXPECT_EQ(code(accept_application(r, "a-new", {.by = "mori"}, kNow)), "application.own_decision");
  EXPECT_EQ(code(accept_application(r, "a-new", {.by = "mori2"}, kNow)), "application.own_decision");
  EXPECT_EQ(code(accept_application(r, "a-new", {.by = "kato"}, kNow)), "application.not_approver");
  EXPECT_EQ(code(accept_application(r, "a-new", {.by = "moto"}, kNow)), "application.not_approver");
  EXPECT_EQ(code(accept_application(r, "a-new", {.by = ""}, kNow)), "application.not_approver");
  EXPECT_EQ(code(accept_application(r, "a-new", {.by = "yama"}, kNow + days(300))), "application.not_approver");
  EXPECT_EQ(code(accept_application(r, "a-none", {.by = "yama"}, kNow)), "registry.no_such_object");
  for (const char* by : {"mori", "mori2", "kato", "moto", ""}) {
    EXPECT_FALSE(return_application(r, "a-new", {.by = by}, kNow)) << by;
  }
  const auto accepted = accept_application(r, "a-new", {.by = "yama", .note = "可"}, kNow);
  ASSERT_TRUE(accepted) << accepted.error().detail;
  EXPECT_EQ(accepted->applications.at("a-new").state, ApplicationState::accepted);
  EXPECT_EQ(accepted->applications.at("a-new").decided_at, kNow);
  EXPECT_EQ(code(accept_application(*accepted, "a-new", {.by = "yama"}, kNow)), "application.wrong_state");
  EXPECT_EQ(code(return_application(*accepted, "a-new", {.by = "yama"}, kNow)), "application.wrong_state");
}

TEST(Applications, AnyEditVoidsTheDecision) {
  const Registry r = cast();
  const std::vector<std::function<void(json&)>> edits{[](json& o) { o["summary"] = "別の作業"; },
                                                      [](json& o) { o["period"]["until"] = "2026-12-01"; },
                                                      [](json& o) { o["purpose"] = "build_up"; }};
  for (const auto& edit : edits) {
    json object = application(r, "a-mori");
    edit(object);
    const auto put = put_object(r, Kind::application, object);
    ASSERT_TRUE(put) << put.error().detail;
    EXPECT_EQ(put->registry.applications.at("a-mori").state, ApplicationState::submitted);
    EXPECT_TRUE(put->registry.applications.at("a-mori").decided_by.empty());
  }
  // Saying the same again changes nothing.
  const auto same = put_object(r, Kind::application, application(r, "a-mori"));
  ASSERT_TRUE(same);
  EXPECT_EQ(same->registry.applications, r.applications);
}

TEST(Applications, AnEditTakesTheExceptionsAlong) {
  Registry r = cast();
  r.exceptions.emplace("e-1", Exception{"e-1", "a-mori", "pc-mori", "antivirus", "入替え中", "yama", kNow});
  json object = application(r, "a-mori");
  object["summary"] = "別の作業";
  const auto put = put_object(r, Kind::application, object);
  ASSERT_TRUE(put) << put.error().detail;
  EXPECT_TRUE(put->registry.exceptions.empty());
}

TEST(Applications, NoDecisionIsTakenByEditing) {
  const Registry r = with_submitted();
  json object = application(r, "a-new");
  object["state"] = "accepted";
  object["decided_by"] = "yama";
  object["decided_at"] = "2026-11-01T00:00:00Z";
  EXPECT_EQ(code(put_object(r, Kind::application, object)), "application.state_by_hand");
  object = application(r, "a-mori");
  object["state"] = "ended";
  EXPECT_EQ(code(put_object(r, Kind::application, object)), "application.state_by_hand");
  const Registry done = *end_object(r, Kind::application, "a-mori", kNow);
  object = application(done, "a-mori");
  object["summary"] = "続き";
  EXPECT_EQ(code(put_object(done, Kind::application, object)), "application.wrong_state");
}

TEST(Applications, BuildUpNeedsAGrantedException) {
  Registry r = with_submitted();
  json object = application(r, "a-new");
  object["purpose"] = "build_up";
  r = put_object(r, Kind::application, object).value().registry;
  EXPECT_FALSE(accept_application(r, "a-new", {.by = "yama"}, kNow)->applications.at("a-new").build_up_exception);
  const auto granted = accept_application(r, "a-new", {.by = "yama", .build_up_exception = true}, kNow);
  EXPECT_TRUE(granted->applications.at("a-new").build_up_exception);
}

TEST(Import, KeepsSecretsStopsAndRevocations) {
  Registry current = cast();
  current.people.at("mori").password_hash = kPhc;
  current.terminals.at("pc-mori").enrolment_hash = std::string(64, 'c');
  current.terminals.at("pc-mori").enrolment_until = kNow;
  json document = export_registry(current);
  current.stops.emplace("person:mori", Stop{"person", "mori", kNow, "yama", "確認中"});
  current.certificates.begin()->second.revoked_at = kNow;
  const auto next = replace_all(current, import_registry(document).registry, std::nullopt);
  ASSERT_TRUE(next) << next.error().detail;
  EXPECT_EQ(next->people.at("mori").password_hash, kPhc);
  EXPECT_EQ(next->terminals.at("pc-mori").enrolment_hash, std::string(64, 'c'));
  EXPECT_EQ(next->stops, current.stops);
  EXPECT_EQ(next->certificates.begin()->second.revoked_at, kNow);
  document["certificates"] = json::array();
  EXPECT_EQ(replace_all(current, import_registry(document).registry, std::nullopt)->certificates, current.certificates);
}

TEST(Import, DoesNotCarryADecisionOverAnEdit) {
  const Registry current = cast();
  json document = export_registry(current);
  document["applications"][0]["summary"] = "広げた作業";
  const auto next = replace_all(current, import_registry(document).registry, std::nullopt);
  EXPECT_EQ(next->applications.at("a-mori").state, ApplicationState::submitted);
  document["applications"][0]["decided_at"] = "2026-11-21T00:00:00Z";
  const auto decided = replace_all(current, import_registry(document).registry, std::nullopt);
  EXPECT_EQ(decided->applications.at("a-mori").state, ApplicationState::accepted);
}

TEST(Import, IntoAMovedRegistryIsRefusedWhenAsked) {
  const Registry current = cast();
  EXPECT_EQ(code(replace_all(current, cast(), 6)), "registry.generation_differs");
  EXPECT_EQ(code(replace_all(current, cast(), 7)), "ok");
  Registry broken = cast();
  broken.systems.erase("web");
  EXPECT_EQ(code(replace_all(current, broken, std::nullopt)), "registry.invalid");
}

TEST(Objects, ArePutEndedAndRemoved) {
  const Registry r = cast();
  const auto put = put_object(r, Kind::contractor, {{"id", "hama-sys"}, {"name", "浜システム"}});
  ASSERT_TRUE(put);
  EXPECT_EQ(put->key, "hama-sys");
  EXPECT_EQ(code(remove_object(put->registry, Kind::contractor, "hama-sys")), "ok");
  EXPECT_EQ(code(remove_object(r, Kind::contractor, "mori-kogyo")), "registry.in_use");
  EXPECT_EQ(code(remove_object(r, Kind::contractor, "nobody")), "registry.no_such_object");
  EXPECT_EQ(code(put_object(r, Kind::contractor, {{"id", "BAD"}, {"name", "x"}})), "registry.invalid");
  EXPECT_EQ(code(put_object(r, Kind::contractor, {{"id", "x"}, {"nmae", "x"}})), "registry.invalid");
  EXPECT_EQ(code(put_object(r, Kind::contractor, 7)), "registry.invalid");
  for (const auto& [kind, key] : std::vector<std::pair<Kind, std::string>>{{Kind::contract, "c-web"},
                                                                           {Kind::person, "mori"},
                                                                           {Kind::terminal, "pc-mori"},
                                                                           {Kind::circuit, "line-sato"},
                                                                           {Kind::application, "a-mori"},
                                                                           {Kind::certificate, std::string(64, 'a')}}) {
    const auto ended = end_object(r, kind, key, kNow);
    ASSERT_TRUE(ended) << key;
    EXPECT_EQ(code(end_object(*ended, kind, key, kNow)), "registry.already_ended") << key;
    EXPECT_EQ(code(end_object(r, kind, "nothing", kNow)), "registry.no_such_object") << key;
  }
  EXPECT_EQ(code(end_object(r, Kind::system, "web", kNow)), "registry.cannot_end");
}

TEST(Objects, WhatWasWrongBeforeKeepsNobodyFromEndingIt) {
  Registry old = cast();
  old.people.at("tani").mail = "no address";
  old.contracts.at("c-web").title.clear();
  ASSERT_EQ(validate(old).size(), 2U);
  for (const auto& [kind, key] :
       {std::pair{Kind::person, "tani"}, std::pair{Kind::person, "mori"}, std::pair{Kind::contract, "c-web"},
        std::pair{Kind::terminal, "pc-mori"}, std::pair{Kind::application, "a-mori"}}) {
    EXPECT_EQ(code(end_object(old, kind, key, kNow)), "ok") << key;
  }
  EXPECT_EQ(code(set_password_hash(old, "mori", kPhc)), "ok") << "somebody else's";
  EXPECT_EQ(code(set_password_hash(old, "tani", kPhc)), "registry.invalid") << "who changes an object answers for it";
}

TEST(Objects, AnOldFaultIsKnownByItsObjectAndNotByItsPlace) {
  Registry before = cast();
  before.people.at("tani").mail = "no address";
  Registry next = before;
  next.people["aaa"] = next.people.at("mori");  // everybody's place moves by one
  next.people.at("aaa").id = "aaa", next.people.at("aaa").login = "aaa";
  const auto added = [&] { return findings_of_change(validate(next), next, validate(before), before); };
  EXPECT_EQ(validate(next).size(), 1U);
  EXPECT_TRUE(added().empty());
  next.people.at("aaa").mail = "no address";
  ASSERT_EQ(added().size(), 1U);
  EXPECT_EQ(added()[0].pointer, "/people/0/mail");
  next = before;
  next.people.at("tani").mail = "another that is none";  // wrong before and wrong now, but not the same
  EXPECT_EQ(added().size(), 1U);
  next = before;
  next.people.at("tani").name = "谷";
  EXPECT_EQ(added().size(), 1U) << "who changes an object answers for all of it";
  next.people.at("tani") = before.people.at("tani");
  next.people.at("tani").ended_at = kNow;
  EXPECT_TRUE(added().empty()) << "its end is no change of it";
}

TEST(Objects, AnExceptionIsEndedByAnEarlierDayAndNotByALaterOne) {
  Registry before = cast();
  const json object{{"id", "x-1"},      {"application", "a-mori"}, {"terminal", "pc-mori"}, {"check", "antivirus"},
                    {"reason", "試験"}, {"approver", "yama"},      {"until", "2026-11-27"}};
  const auto granted = grant_exception(before, object, kNow);
  ASSERT_EQ(code(granted), "ok");
  before = granted->registry;
  before.exceptions.at("x-1").reason.clear();
  ASSERT_FALSE(validate(before).empty());
  Registry next = before;
  const auto added = [&] { return findings_of_change(validate(next), next, validate(before), before); };
  next.exceptions.at("x-1").until = kNow;
  EXPECT_TRUE(added().empty());
  next.exceptions.at("x-1").until = before.exceptions.at("x-1").until + days(1);
  EXPECT_FALSE(added().empty());
}

TEST(Objects, EveryEndTakesTheRightAway) {
  const Registry r = cast();
  for (const auto& [kind, key] : std::vector<std::pair<Kind, std::string>>{{Kind::contract, "c-web"},
                                                                           {Kind::person, "mori"},
                                                                           {Kind::terminal, "pc-mori"},
                                                                           {Kind::application, "a-mori"}}) {
    const auto ended = end_object(r, kind, key, kNow);
    EXPECT_FALSE(rights_of(*ended, "mori", "pc-mori", "internet", {Zone::internet_business}, false, kNow).rights)
        << key;
  }
}

TEST(Objects, StopsAndRevocationsAreNotEdited) {
  Registry r = cast();
  EXPECT_EQ(code(put_object(r, Kind::stop, json::object())), "registry.stop_by_hand");
  EXPECT_EQ(code(remove_object(r, Kind::stop, "all:")), "registry.stop_by_hand");
  r = *end_object(r, Kind::certificate, std::string(64, 'a'), kNow);
  json object = *export_object(r, Kind::certificate, std::string(64, 'a'));
  object.erase("revoked_at");
  EXPECT_EQ(code(put_object(r, Kind::certificate, object)), "certificate.revocation_final");
  EXPECT_EQ(code(remove_object(r, Kind::certificate, std::string(64, 'a'))), "certificate.revocation_final");
}

TEST(Objects, APutWithoutSecretsKeepsThem) {
  Registry r = *set_password_hash(cast(), "mori", kPhc);
  json object = *export_object(r, Kind::person, "mori");
  object["name"] = "森 次郎";
  const auto put = put_object(r, Kind::person, object);
  EXPECT_EQ(put->registry.people.at("mori").password_hash, kPhc);
  EXPECT_EQ(put->registry.people.at("mori").name, "森 次郎");
}

TEST(Passwords, OnlyAStrongEnoughHashIsTaken) {
  EXPECT_EQ(code(set_password_hash(cast(), "mori", kPhc)), "ok");
  EXPECT_EQ(code(set_password_hash(cast(), "nobody", kPhc)), "registry.no_such_object");
  for (std::string bad : {"", "hunter2", "$6$salt$hash", "$argon2i$v=19$m=65536,t=2,p=1$a$b"}) {
    EXPECT_EQ(code(set_password_hash(cast(), "mori", bad)), "person.bad_password_hash") << bad;
  }
  for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{{"m=65536", "m=1024"},
                                                                                 {"m=65536", "m=-1"},
                                                                                 {"t=2", "t=0"},
                                                                                 {"p=1", "p=99"},
                                                                                 {"c29t", "!!!!"},
                                                                                 {"$AAAA", "$"}}) {
    std::string bad(kPhc);
    bad.replace(bad.find(from), from.size(), to);
    EXPECT_EQ(code(set_password_hash(cast(), "mori", bad)), "person.bad_password_hash") << bad;
  }
}

TEST(Certificates, OnePerPersonAndTerminalUnlessReplaced) {
  const json object{{"fingerprint_sha256", std::string(64, 'b')},
                    {"serial_hex", "02"},
                    {"person", "mori"},
                    {"terminal", "pc-mori"},
                    {"not_before", "2026-11-01T00:00:00Z"},
                    {"not_after", "2027-11-01T00:00:00Z"}};
  EXPECT_EQ(code(register_certificate(cast(), object, false, kNow)), "registry.invalid");
  const auto replaced = register_certificate(cast(), object, true, kNow);
  ASSERT_TRUE(replaced) << replaced.error().detail;
  EXPECT_EQ(replaced->registry.certificates.at(std::string(64, 'a')).revoked_at, kNow);
  EXPECT_FALSE(replaced->registry.certificates.at(std::string(64, 'b')).revoked_at);
  EXPECT_EQ(code(register_certificate(replaced->registry, object, true, kNow)), "registry.exists");
}

TEST(Enrolment, OpensForALivingTerminal) {
  const auto open = open_enrolment(cast(), "pc-mori", std::string(64, 'e'), kNow + days(3), kNow);
  ASSERT_TRUE(open);
  EXPECT_EQ(open->terminals.at("pc-mori").enrolment_hash, std::string(64, 'e'));
  EXPECT_EQ(code(open_enrolment(cast(), "pc-none", std::string(64, 'e'), kNow, kNow)), "registry.no_such_object");
  const auto ended = end_object(*open, Kind::terminal, "pc-mori", kNow);
  EXPECT_TRUE(ended->terminals.at("pc-mori").enrolment_hash.empty());
  EXPECT_EQ(code(open_enrolment(*ended, "pc-mori", std::string(64, 'e'), kNow, kNow)), "registry.already_ended");
}

TEST(Exceptions, AreGrantedByAnApproverWhoIsNoApplicant) {
  json object{{"id", "e-1"},          {"application", "a-mori"}, {"terminal", "pc-mori"}, {"check", "antivirus"},
              {"reason", "入替え中"}, {"approver", "yama"},      {"until", "2026-11-30"}};
  const auto granted = grant_exception(cast(), object, kNow);
  ASSERT_TRUE(granted) << granted.error().detail;
  EXPECT_EQ(code(grant_exception(granted->registry, object, kNow)), "registry.exists");
  EXPECT_EQ(code(end_object(granted->registry, Kind::exception, "e-1", kNow)), "ok");
  object["approver"] = "mori";
  EXPECT_EQ(code(grant_exception(cast(), object, kNow)), "application.own_decision");
  object["approver"] = "kato";
  EXPECT_EQ(code(grant_exception(cast(), object, kNow)), "application.not_approver");
}

}  // namespace
}  // namespace sekisho::registry
