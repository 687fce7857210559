#include "registry/testing/cast.hpp"

#include <algorithm>
#include <cstdio>
#include <random>
#include <string>

namespace sekisho::registry::testing {
namespace {

using std::chrono::days;

constexpr const char* kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

template <class T>
void add(std::map<std::string, T>& map, T object) {
  std::string id = object.id;
  map.emplace(std::move(id), std::move(object));
}

std::string numbered(const char* stem, std::size_t n) {
  return std::string(stem) + "-" + std::to_string(n);
}

std::string hex(std::mt19937& chance, std::size_t digits) {
  std::string out;
  for (std::size_t i = 0; i < digits; ++i) out += "0123456789abcdef"[chance() % 16];
  return out;
}

std::string base64(const std::string& bytes) {
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::size_t held = 0;
    for (std::size_t j = i; j < i + 3; ++j) held = held << 8U | (j < bytes.size() ? bytes[j] & 0xffU : 0U);
    for (std::size_t j = 0; j < 4; ++j) out += i + j > bytes.size() ? '=' : kDigits[held >> (18 - 6 * j) & 63U];
  }
  return out;
}
std::string der(char tag, const std::string& content) {
  return std::string{tag, static_cast<char>(content.size())} + content;
}
std::string utc_time(Instant at) {
  std::string out;
  for (const char c : to_rfc3339(at).substr(2, 17)) {
    if (c >= '0' && c <= '9') out += c;
  }
  return der(0x17, out + "Z");
}

/// 30 04 02 02 hi lo in base64: the smallest thing of a certificate's shape, one for each number.
std::string small_der(std::size_t n) {
  const std::size_t low = 2UL << 16U | ((n + 2) & 0xffffU);
  std::string out = "MAQC";
  for (const unsigned shift : {18U, 12U, 6U, 0U}) out += kDigits[low >> shift & 63U];
  return out;
}

}  // namespace

std::string certificate_shape(int serial, Instant from, Instant until) {
  const std::string validity = der(0x30, utc_time(from) + utc_time(until));
  const std::string names = der(0x30, "") + der(0x30, "");
  const std::string body = der('\xa0', der(0x02, "\x02")) + der(0x02, std::string(1, static_cast<char>(serial)));
  return base64(der(0x30, der(0x30, body + names + validity)));
}

Registry cast() {
  const Period year{kNow - days(100), kNow + days(200)};
  const Period season{kNow - days(10), kNow + days(20)};
  Registry r;
  r.generation = 7;
  add(r.contractors, Contractor{"mori-kogyo", "森工業"});
  add(r.contractors, Contractor{"tani-denki", "谷電機"});
  add(r.contractors, Contractor{"sato-joho", "佐藤情報"});
  add(r.systems, System{"web", "施設予約システム", "情報政策課", Zone::internet_business});
  add(r.systems, System{"dmz", "公開サーバ", "広報課", Zone::internet_dmz});
  add(r.systems, System{"num", "税務システム", "税務課", Zone::my_number});
  add(r.servers,
      Server{"web-01", "web", ServerKind::virtual_machine, "manager-01", "0b4a1d5e-6f6a-4a55-9a63-2f0f4d3f9a01", ""});
  add(r.servers, Server{"phys-01", "web", ServerKind::physical, "", "", "10.30.9.1"});
  add(r.contracts, Contract{"c-web", "mori-kogyo", "施設予約システム保守", year, false, {"web"}, {}});
  add(r.contracts, Contract{"c-dmz", "tani-denki", "公開サーバ保守", year, false, {"dmz"}, {}});
  add(r.contracts, Contract{"c-num", "sato-joho", "税務システム保守", year, true, {"num"}, {}});
  const auto person = [&](const char* id, const char* contractor, const char* name, std::vector<Role> roles) {
    add(r.people, Person{id, contractor, id, name, std::string(id) + "@example.test", "", std::move(roles), year, {}});
  };
  person("mori", "mori-kogyo", "森 一郎", {Role::contractor});
  person("tani", "tani-denki", "谷 二葉", {Role::contractor});
  person("sato", "sato-joho", "佐藤 五月", {Role::contractor});
  person("yama", "", "山 三奈", {Role::staff, Role::approver});
  person("kato", "", "加藤 四郎", {Role::auditor});
  const auto terminal = [&](const char* id, const char* contractor, TerminalKind kind, const char* mac) {
    Terminal t;
    t.id = id;
    t.contractor = contractor;
    t.name = id;
    t.kind = kind;
    t.macs = {mac};
    if (kind == TerminalKind::lent) {
      t.circuit = "line-sato", t.lent_to = "sato", t.place = "本社 3階";
      t.handed_over_at = kNow - days(15), t.due_at = kNow + days(150);
    }
    add(r.terminals, std::move(t));
  };
  terminal("pc-mori", "mori-kogyo", TerminalKind::own, "00:1b:21:00:00:01");
  terminal("pc-tani", "tani-denki", TerminalKind::own, "00:1b:21:00:00:02");
  terminal("pc-sato", "sato-joho", TerminalKind::lent, "00:1b:21:00:00:03");
  r.certificates.emplace(
      std::string(64, 'a'),
      Certificate{std::string(64, 'a'), "01", "mori", "pc-mori", kNow - days(10), kNow + days(300), {}});
  add(r.desktops, Desktop{"vdi-01", "mori", Zone::internet_business, "10.20.0.11", 5900});
  add(r.desktops, Desktop{"vdi-02", "tani", Zone::internet_dmz, "10.20.0.12", 5900});
  add(r.desktops, Desktop{"vdi-03", "sato", Zone::my_number, "10.40.0.11", 5900});
  add(r.circuits, Circuit{"line-sato",
                          "sato-joho",
                          "佐藤情報 本社",
                          {"10.90.1.0/24"},
                          kNow - days(90),
                          {},
                          kNow - days(20),
                          {},
                          "line-sato.closed.test",
                          certificate_shape(1, kNow - days(20), kNow + days(340))});
  const auto application = [&](const char* id, const char* contract, const char* who, const char* pc,
                               const char* system) {
    Application a;
    a.id = id;
    a.contract = contract;
    a.people = {who};
    a.terminals = {pc};
    a.systems = {system};
    a.period = season;
    a.summary = "定期保守";
    a.state = ApplicationState::accepted;
    a.decided_by = "yama";
    a.decided_at = kNow - days(11);
    add(r.applications, std::move(a));
  };
  application("a-mori", "c-web", "mori", "pc-mori", "web");
  application("a-tani", "c-dmz", "tani", "pc-tani", "dmz");
  application("a-sato", "c-num", "sato", "pc-sato", "num");
  return r;
}

Registry random_registry(std::uint32_t seed, std::size_t size) {
  std::mt19937 chance(seed);
  const auto below = [&](std::size_t bound) { return static_cast<std::size_t>(chance() % bound); };
  const auto moment = [&] {
    return kNow + days(static_cast<int>(below(400)) - 200) + std::chrono::microseconds(below(86'400'000'000));
  };
  const auto name = [&] {
    static constexpr const char* kWords[] = {"山", "川", "保守 ", "O'Brien ", "\"引用\" ", "a\\b", "辻", "%s ", "é"};
    std::string out = "名";
    for (std::size_t i = 0, n = below(6); i < n; ++i) out += kWords[below(std::size(kWords))];
    return out;
  };
  const auto maybe = [&]() -> std::optional<Instant> {
    if (below(3) != 0) return std::nullopt;
    return moment();
  };
  const auto period = [&] {
    const Instant from = moment();
    return Period{from, from + days(1 + below(300))};
  };
  Registry r = cast();
  for (std::size_t n = 0; n < size; ++n) {
    const std::string contractor = numbered("c", n);
    add(r.contractors, Contractor{contractor, name()});
    const Zone zone = static_cast<Zone>(below(3));
    add(r.systems, System{numbered("s", n), name(), name(), zone});
    if (below(2) == 0) {
      add(r.servers,
          Server{numbered("v", n), numbered("s", n), ServerKind::virtual_machine, zone == Zone::my_number ? "mn" : "m",
                 hex(chance, 8) + "-0000-4000-8000-" + hex(chance, 12), ""});
    } else {
      add(r.servers, Server{numbered("v", n), numbered("s", n), ServerKind::physical, "", "",
                            zone == Zone::my_number ? "10.0.1.1" : "10.0.0.1"});
    }
    const char* more = zone == Zone::my_number ? "num" : "web";
    Contract contract{numbered("k", n), contractor, name(), period(), true, {numbered("s", n), more}, maybe()};
    Person person{numbered("p", n),
                  contractor,
                  numbered("login", n),
                  name(),
                  "a@example.test",
                  "$6$x$" + hex(chance, 20),
                  {Role::contractor},
                  period(),
                  maybe()};
    Terminal terminal;
    terminal.id = numbered("t", n);
    terminal.contractor = contractor;
    terminal.name = name();
    terminal.kind = static_cast<TerminalKind>(below(2));
    for (std::size_t i = 0, count = 1 + below(8); i < count; ++i) {
      char mac[18];
      std::snprintf(mac, sizeof mac, "00:1c:%02x:%02x:%02x:%02x", static_cast<unsigned>(n >> 8 & 255),
                    static_cast<unsigned>(n & 255), static_cast<unsigned>(below(256)), static_cast<unsigned>(i));
      terminal.macs.emplace_back(mac);
    }
    if (below(2) == 0) {
      terminal.key_jwk = R"({"crv":"P-256","kty":"EC","x":")" + hex(chance, 43) + "\"}";
      terminal.key_thumbprint = hex(chance, 43);
      terminal.binding = static_cast<int>(below(4));
    }
    if (below(2) == 0) {
      terminal.enrolment_hash = hex(chance, 64);
      terminal.enrolment_until = moment();
    }
    terminal.ended_at = maybe();
    if (terminal.kind == TerminalKind::lent && below(3) != 0) {
      terminal.circuit = numbered("l", n), terminal.lent_to = person.id, terminal.place = name();
      terminal.handed_over_at = moment(), terminal.due_at = *terminal.handed_over_at + days(1 + below(90));
      if (below(2) == 0) terminal.returned_at = *terminal.handed_over_at + days(1 + below(90));
      if (terminal.returned_at && below(2) == 0) terminal.wiped_at = *terminal.returned_at + days(below(9));
    }
    const Instant born = moment();
    Certificate certificate{hex(chance, 64), hex(chance, 16), person.id, terminal.id, born, born + days(365), maybe()};
    add(r.desktops, Desktop{numbered("d", n), person.id, zone,
                            "10.1." + std::to_string(n / 250) + "." + std::to_string(n % 250 + 1),
                            static_cast<std::uint16_t>(1 + below(65535))});
    add(r.circuits, Circuit{numbered("l", n),
                            contractor,
                            name(),
                            {"172." + std::to_string(16 + n / 250) + "." + std::to_string(n % 250) + ".0/24"},
                            std::nullopt,
                            maybe(),
                            maybe(),
                            maybe(),
                            numbered("device", n) + ".closed.test",
                            small_der(n)});
    Application application;
    application.id = numbered("a", n);
    application.contract = contract.id;
    application.people = {person.id};
    application.terminals = {terminal.id};
    application.systems = {numbered("s", n)};
    application.period = contract.period;
    application.purpose = static_cast<Purpose>(below(2));
    application.summary = name() + "\n" + name();
    application.state = static_cast<ApplicationState>(below(4));
    if (application.state != ApplicationState::submitted) {
      application.decided_by = "yama";
      application.decision_note = below(2) == 0 ? "" : name();
      application.decided_at = moment();
    }
    if (application.state == ApplicationState::accepted) {
      add(r.exceptions, Exception{numbered("e", n), application.id, terminal.id, "antivirus", name(), "yama",
                                  application.period.until});
    }
    if (below(4) == 0) {
      r.stops.emplace("person:" + person.id, Stop{"person", person.id, moment(), "yama", name()});
    }
    add(r.applications, std::move(application));
    add(r.contracts, std::move(contract));
    add(r.people, std::move(person));
    add(r.terminals, std::move(terminal));
    r.certificates.emplace(certificate.fingerprint_sha256, certificate);
  }
  return r;
}

}  // namespace sekisho::registry::testing
