#include "registry/rules.hpp"
#include "registry/testing/cast.hpp"
#include "registry/text.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <string>

namespace sekisho::registry {
namespace {

using std::chrono::days;
using testing::cast;
using testing::kNow;

bool says(const Registry& r, const std::string& pointer, const std::string& code) {
  for (const Finding& f : validate(r)) {
    if (f.pointer == pointer && f.code == code) return true;
  }
  return false;
}

void second_circuit(Registry& r) {
  Circuit other = r.circuits.begin()->second;
  other.id = "line-zz";
  other.prefixes = {"10.90.2.0/24"};
  r.circuits.emplace(other.id, other);
}

void two_terminals_with_one_key(Registry& r) {
  Terminal& mine = r.terminals.at("pc-mori");
  mine.key_thumbprint = std::string(43, 'k');
  mine.key_jwk = R"({"kty":"EC"})";
  Terminal other = mine;
  other.id = "pc-mori-2";
  r.terminals.emplace(other.id, other);
}

TEST(Validate, TheCastIsValid) {
  for (const Finding& f : validate(cast())) ADD_FAILURE() << f.pointer << " " << f.code;
}

TEST(Validate, NamesEachMistakeAtItsPlace) {
  struct Case {
    const char *pointer, *code;
    std::function<void(Registry&)> spoil;
  };
  // Places count in id order: people kato 0, mori 1, sato 2, tani 3, yama 4; applications a-mori 0, a-sato 1, a-tani 2.
  const std::vector<Case> cases{
      {"/contractors/0", "key.mismatch", [](Registry& r) { r.contractors.begin()->second.id = "other"; }},
      {"/contractors/0/name", "text.empty", [](Registry& r) { r.contractors.begin()->second.name = ""; }},
      {"/contractors/0/name", "text.invisible",
       [](Registry& r) { r.contractors.begin()->second.name = "a\xe2\x80\xae"; }},
      {"/contractors/0/name", "text.invisible",
       [](Registry& r) { r.contractors.begin()->second.name = std::string("a\0b", 3); }},
      {"/contractors/0/name", "text.invisible", [](Registry& r) { r.contractors.begin()->second.name = "\xc3\x28"; }},
      {"/contractors/0/name", "text.too_long",
       [](Registry& r) { r.contractors.begin()->second.name = std::string(201, 'a'); }},
      {"/servers/0/address", "server.no_address", [](Registry& r) { r.servers.at("phys-01").address = "10.0.0.01"; }},
      {"/servers/1/machine", "server.no_machine", [](Registry& r) { r.servers.at("web-01").machine = "1234"; }},
      {"/servers/1/system", "reference.unknown", [](Registry& r) { r.servers.at("web-01").system = "gone"; }},
      {"/contracts/1/systems/0", "contract.number_handling",
       [](Registry& r) { r.contracts.at("c-num").number_handling = false; }},
      {"/contracts/2/period", "period.empty",
       [](Registry& r) { r.contracts.at("c-web").period.until = r.contracts.at("c-web").period.from; }},
      {"/people/1/login", "login.not_canonical", [](Registry& r) { r.people.at("mori").login = "Mori"; }},
      {"/people/3/login", "login.duplicate", [](Registry& r) { r.people.at("tani").login = "mori"; }},
      {"/people/1/mail", "mail.malformed", [](Registry& r) { r.people.at("mori").mail = "a@b.test\r\nBcc: x@y.test"; }},
      {"/people/1/mail", "mail.malformed", [](Registry& r) { r.people.at("mori").mail = "a@b@c"; }},
      {"/people/1/password_hash", "person.password_hash",
       [](Registry& r) { r.people.at("mori").password_hash = "clear text"; }},
      {"/people/1/contractor", "person.contractor_missing", [](Registry& r) { r.people.at("mori").contractor = ""; }},
      {"/people/1/roles", "person.mixed_roles",
       [](Registry& r) { r.people.at("mori").roles.push_back(Role::approver); }},
      {"/people/1/roles", "list.empty", [](Registry& r) { r.people.at("mori").roles.clear(); }},
      {"/certificates/0/terminal", "certificate.contractor",
       [](Registry& r) { r.certificates.begin()->second.terminal = "pc-tani"; }},
      {"/certificates/0/serial_hex", "certificate.serial",
       [](Registry& r) { r.certificates.begin()->second.serial_hex = "0X"; }},
      {"/certificates/1", "certificate.second",
       [](Registry& r) {
         Certificate second = r.certificates.begin()->second;
         second.fingerprint_sha256 = std::string(64, 'b');
         r.certificates.emplace(second.fingerprint_sha256, second);
       }},
      {"/terminals/0/macs", "list.empty", [](Registry& r) { r.terminals.at("pc-mori").macs.clear(); }},
      {"/terminals/0/macs/0", "terminal.mac_local",
       [](Registry& r) { r.terminals.at("pc-mori").macs = {"00:00:00:00:00:00"}; }},
      {"/terminals/0/macs/0", "terminal.mac",
       [](Registry& r) { r.terminals.at("pc-mori").macs = {"00:1B:21:00:00:01"}; }},
      {"/terminals/0/key_jwk", "terminal.key", [](Registry& r) { r.terminals.at("pc-mori").key_thumbprint = "x"; }},
      {"/terminals/0/key_jwk", "terminal.key",
       [](Registry& r) {
         r.terminals.at("pc-mori").key_thumbprint = "x";
         r.terminals.at("pc-mori").key_jwk = R"({"kty":"EC","d":"private"})";
       }},
      {"/terminals/1/key_thumbprint", "terminal.key_taken", two_terminals_with_one_key},
      {"/terminals/0/binding", "terminal.binding", [](Registry& r) { r.terminals.at("pc-mori").binding = 1; }},
      {"/terminals/0/enrolment_hash", "terminal.enrolment",
       [](Registry& r) { r.terminals.at("pc-mori").enrolment_hash = std::string(64, 'a'); }},
      {"/desktops/1/address", "desktop.address_taken",
       [](Registry& r) { r.desktops.at("vdi-02").address = "10.20.0.11"; }},
      {"/desktops/0/port", "field.range", [](Registry& r) { r.desktops.at("vdi-01").port = 0; }},
      {"/circuits/0/prefixes/0", "circuit.prefix",
       [](Registry& r) { r.circuits.begin()->second.prefixes = {"10.90.1.1/24"}; }},
      {"/circuits/1/prefixes/0", "circuit.overlap",
       [](Registry& r) {
         Circuit other = r.circuits.begin()->second;
         other.id = "line-zz";
         other.prefixes = {"10.90.0.0/16"};
         r.circuits.emplace(other.id, other);
       }},
      {"/circuits/0/usable_at", "circuit.order",
       [](Registry& r) { r.circuits.begin()->second.usable_at = kNow - days(91); }},
      {"/circuits/0/planned_at", "circuit.order",
       [](Registry& r) { r.circuits.begin()->second.planned_at = kNow - days(91); }},
      {"/circuits/0/device_name", "circuit.device_name",
       [](Registry& r) { r.circuits.begin()->second.device_name = "Line_Sato"; }},
      {"/circuits/0/device_certificate", "circuit.device_certificate",
       [](Registry& r) { r.circuits.begin()->second.device_certificate.clear(); }},
      {"/circuits/0/device_certificate", "circuit.device_certificate",
       [](Registry& r) { r.circuits.begin()->second.device_name.clear(); }},
      {"/circuits/0/device_certificate", "circuit.device_certificate",
       [](Registry& r) { r.circuits.begin()->second.device_certificate = "MAUCAgAB"; }},
      {"/circuits/1/device_name", "circuit.device_name_taken", [](Registry& r) { second_circuit(r); }},
      {"/circuits/1/device_certificate", "circuit.device_certificate_taken", [](Registry& r) { second_circuit(r); }},
      {"/terminals/0", "terminal.own_has_no_loan", [](Registry& r) { r.terminals.at("pc-mori").place = "本社"; }},
      {"/terminals/0", "terminal.own_has_no_loan", [](Registry& r) { r.terminals.at("pc-mori").due_at = kNow; }},
      {"/terminals/1/circuit", "terminal.loan_incomplete", [](Registry& r) { r.terminals.at("pc-sato").circuit = ""; }},
      {"/terminals/1/lent_to", "terminal.loan_incomplete", [](Registry& r) { r.terminals.at("pc-sato").lent_to = ""; }},
      {"/terminals/1/place", "terminal.loan_incomplete", [](Registry& r) { r.terminals.at("pc-sato").place = ""; }},
      {"/terminals/1/circuit", "terminal.loan_contractor",
       [](Registry& r) { r.circuits.begin()->second.contractor = "mori-kogyo"; }},
      {"/terminals/1/lent_to", "terminal.loan_contractor",
       [](Registry& r) { r.terminals.at("pc-sato").lent_to = "mori"; }},
      {"/terminals/1/circuit", "reference.unknown",
       [](Registry& r) { r.terminals.at("pc-sato").circuit = "line-none"; }},
      {"/terminals/1/due_at", "terminal.loan_order",
       [](Registry& r) { r.terminals.at("pc-sato").due_at = kNow - days(16); }},
      {"/terminals/1/returned_at", "terminal.loan_order",
       [](Registry& r) { r.terminals.at("pc-sato").returned_at = kNow - days(16); }},
      {"/terminals/1/wiped_at", "terminal.loan_order", [](Registry& r) { r.terminals.at("pc-sato").wiped_at = kNow; }},
      {"/applications/0/people/0", "application.other_contractor",
       [](Registry& r) { r.applications.at("a-mori").people = {"tani"}; }},
      {"/applications/0/terminals/0", "application.other_contractor",
       [](Registry& r) { r.applications.at("a-mori").terminals = {"pc-tani"}; }},
      {"/applications/0/systems/0", "application.system",
       [](Registry& r) { r.applications.at("a-mori").systems = {"dmz"}; }},
      {"/applications/0/period", "application.period",
       [](Registry& r) { r.applications.at("a-mori").period.until = kNow + days(900); }},
      {"/applications/0/decided_by", "application.undecided",
       [](Registry& r) { r.applications.at("a-mori").decided_by = ""; }},
      {"/applications/0/decided_by", "application.decided_early",
       [](Registry& r) { r.applications.at("a-mori").state = ApplicationState::submitted; }},
      {"/applications/0/decided_by", "application.decided_by_applicant",
       [](Registry& r) { r.applications.at("a-mori").decided_by = "mori"; }},
      {"/applications/0/decided_by", "application.decided_by",
       [](Registry& r) { r.applications.at("a-mori").decided_by = "kato"; }},
      {"/applications/0/build_up_exception", "application.exception",
       [](Registry& r) { r.applications.at("a-mori").build_up_exception = true; }},
      {"/exceptions/0/terminal", "exception.terminal",
       [](Registry& r) {
         r.exceptions.emplace("e", Exception{"e", "a-mori", "pc-tani", "antivirus", "理由", "yama", kNow});
       }},
      {"/exceptions/0/approver", "exception.approver",
       [](Registry& r) {
         r.exceptions.emplace("e", Exception{"e", "a-mori", "pc-mori", "antivirus", "理由", "kato", kNow});
       }},
      {"/exceptions/0/until", "exception.until",
       [](Registry& r) {
         r.exceptions.emplace("e", Exception{"e", "a-mori", "pc-mori", "antivirus", "理由", "yama", kNow + days(21)});
       }},
      {"/stops/0/scope", "stop.scope",
       [](Registry& r) {
         r.stops.emplace("zone:x", Stop{"zone", "x", kNow, "yama", "理由"});
       }},
      {"/stops/0/target", "stop.target",
       [](Registry& r) {
         r.stops.emplace("all:x", Stop{"all", "x", kNow, "yama", "理由"});
       }},
      {"/stops/0/target", "reference.unknown",
       [](Registry& r) {
         r.stops.emplace("person:x", Stop{"person", "x", kNow, "yama", "理由"});
       }},
  };
  for (const Case& c : cases) {
    Registry r = cast();
    c.spoil(r);
    EXPECT_TRUE(says(r, c.pointer, c.code)) << c.pointer << " " << c.code;
  }
}

TEST(Validate, TwoCircuitsMayBeAlikeWhenOneEndsBeforeTheOther) {
  Registry r = cast();
  second_circuit(r);
  Circuit &first = r.circuits.at("line-sato"), &second = r.circuits.at("line-zz");
  second.prefixes = first.prefixes;
  const auto clash = [&] { return says(r, "/circuits/1/prefixes/0", "circuit.overlap"); };
  EXPECT_TRUE(clash());
  first.ended_at = kNow;
  EXPECT_TRUE(clash());  // both were usable for a while
  second.usable_at = kNow - std::chrono::microseconds(1);
  EXPECT_TRUE(clash());
  second.usable_at = kNow;
  EXPECT_FALSE(clash());
  EXPECT_TRUE(validate(r).empty());
  second.usable_at.reset();
  EXPECT_FALSE(clash());
  first.ended_at.reset();
  EXPECT_TRUE(clash());
}

TEST(Validate, ADeviceHasOneSpellingOfNameAndCertificate) {
  for (const char* name : {"a.b", "line-1.closed.test", "1.2"}) EXPECT_TRUE(is_dns_name(name)) << name;
  for (const char* name :
       {"", "a", ".a.b", "a..b", "a.b.", "-a.b", "a-.b", "a.-b", "a.b-", "A.b", "a_b.c", "a b.c", "*.a"}) {
    EXPECT_FALSE(is_dns_name(name)) << name;
  }
  EXPECT_FALSE(is_dns_name(std::string(64, 'a') + ".b"));
  EXPECT_TRUE(is_dns_name(std::string(63, 'a') + ".b"));
  EXPECT_TRUE(is_der_base64("MAQCAgAB"));
  EXPECT_TRUE(is_der_base64("MAMCAQE="));
  for (const char* bad : {"", "MAQCAgA", "MAQCAgA=", "MAQCAgAB\n", "MAMCAQF=", "MAUCAgAB", "AAQCAgAB", "MIQCAgAB",
                          "MAQCAgA*", "MIEAAgAB", "===="}) {
    EXPECT_FALSE(is_der_base64(bad)) << bad;
  }
}

TEST(Base64, IsReadOrRefused) {
  EXPECT_EQ(from_base64("TWFu"), "Man");
  EXPECT_EQ(from_base64("TWE="), "Ma");
  EXPECT_EQ(from_base64("TQ=="), "M");
  EXPECT_EQ(from_base64("+/+/"), "\xfb\xff\xbf");
  for (const char* bad : {"", "TWF", "TW=u", "TWF\n", "T===", "TWFu ", "TWF=", "TR==", "===="})
    EXPECT_EQ(from_base64(bad), std::nullopt) << bad;
}

TEST(Validate, ARandomRegistryOfThatKindIsValid) {
  for (std::uint32_t seed = 0; seed < 10; ++seed) {
    for (const Finding& f : validate(testing::random_registry(seed, 20))) ADD_FAILURE() << f.pointer << " " << f.code;
  }
}

TEST(Validate, ARevokedCertificateMakesRoomForTheNext) {
  Registry r = cast();
  Certificate second = r.certificates.begin()->second;
  second.fingerprint_sha256 = std::string(64, 'b');
  r.certificates.begin()->second.revoked_at = kNow;
  r.certificates.emplace(second.fingerprint_sha256, second);
  EXPECT_TRUE(validate(r).empty());
}

TEST(Validate, ATerminalThatHasEndedLeavesItsKeyToAnother) {
  Registry r = cast();
  two_terminals_with_one_key(r);
  ASSERT_FALSE(validate(r).empty());
  r.terminals.at("pc-mori").ended_at = kNow;
  EXPECT_TRUE(validate(r).empty());
}

TEST(Validate, JapaneseNamesWithVariantKanjiAreFine) {
  Registry r = cast();
  r.people.at("mori").name = "\xe8\xbe\xbb\xf3\xa0\x84\x80 一郎";  // U+8FBB U+E0100
  EXPECT_TRUE(validate(r).empty());
}

}  // namespace
}  // namespace sekisho::registry
