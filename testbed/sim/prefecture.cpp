#include "prefecture.hpp"

#include "model_signatures.hpp"

#include <sekisho/sdk/result.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <string_view>

namespace sekisho::sim {

std::string_view cast_text();  // made from data/cast.json

namespace {

using nlohmann::json;
using registry::Zone;
using std::chrono::days;
using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::minutes;

std::string bytes_of_hex(const std::string& hex) {
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    out += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  return out;
}

Leaf leaf_of(const json& row) {
  Leaf out;
  out.person = row.at("person");
  out.terminal = row.at("terminal");
  out.der = bytes_of_hex(row.at("der_hex"));
  out.row = {row.at("fingerprint"),
             row.at("serial_hex"),
             out.person,
             out.terminal,
             *parse_rfc3339(row.at("not_before").get<std::string>()),
             *parse_rfc3339(row.at("not_after").get<std::string>()),
             std::nullopt};
  return out;
}

Cast read_cast() {
  const json text = json::parse(cast_text());
  Cast out;
  out.ca_pem = text.at("ca_pem");
  out.crl_pem = text.at("crl_pem");
  for (const json& row : text.at("leaves")) out.leaves.push_back(leaf_of(row));
  out.short_leaf = leaf_of(text.at("short_leaf"));
  out.stranger = leaf_of(text.at("stranger_leaf"));
  for (const json& row : text.at("devices"))
    out.devices.push_back({row.at("terminal"), row.at("jwk"), row.at("thumbprint")});
  return out;
}

template <class T>
void add(std::map<std::string, T>& map, T object) {
  std::string id = object.id;
  map.emplace(std::move(id), std::move(object));
}

/// Five working days; each has one stretch of 20 to 45 minutes.
std::vector<Hours> make_hours(Chance& chance) {
  std::vector<Hours> out;
  for (int day = 0; day < 5; ++day) {
    const Instant from = week_begin() + days(day) + chance.span(hours(0), hours(7));
    out.push_back({from, from + chance.span(minutes(20), minutes(45))});
  }
  return out;
}

Instant moment_in(Chance& chance, const std::vector<Hours>& hours) {
  const Hours& stretch = chance.pick(hours);
  return stretch.from + chance.span(microseconds(0), stretch.until - stretch.from);
}

struct Company {
  const char *id, *name, *system, *department;
  Zone zone;
  const char* path;
};
constexpr Company kCompanies[] = {
    {"mori-kogyo", "森工業", "web", "情報政策課", Zone::internet_business, kInternet},
    {"tani-denki", "谷電機", "dmz", "広報課", Zone::internet_dmz, kInternet},
    {"sato-joho", "佐藤情報", "num", "税務課", Zone::my_number, kClosed},
};

}  // namespace

const Cast& cast() {
  static const Cast kCast = read_cast();
  return kCast;
}

Instant week_begin() {
  return Instant(std::chrono::sys_days(std::chrono::year(2026) / 11 / 23));
}

Prefecture make_prefecture(Chance& chance) {
  Prefecture out;
  registry::Registry& r = out.registry;
  out.hours = make_hours(chance);
  const Instant begin = week_begin();
  const registry::Period year{begin - days(100), begin + days(200)};
  r.generation = 1;
  for (const auto& [id, name, roles] :
       {std::tuple{"yama", "山 三奈", std::vector{registry::Role::staff, registry::Role::approver}},
        std::tuple{"kato", "加藤 四郎", std::vector{registry::Role::auditor}}}) {
    add(r.people, registry::Person{id, "", id, name, std::string(id) + "@seki.test", "", roles, year, {}});
  }
  std::size_t n = 0;
  int circuit = 0;
  for (const Company& company : kCompanies) {
    const bool lent = company.zone == Zone::my_number;
    add(r.contractors, registry::Contractor{company.id, company.name});
    add(r.systems, registry::System{company.system, company.name, company.department, company.zone});
    registry::Contract contract{
        std::string("c-") + company.system, company.id, company.name, year, lent, {company.system}, {}};
    if (chance.one_in(10)) contract.period.from = moment_in(chance, out.hours);
    if (chance.one_in(6))
      contract.period.until = std::max(moment_in(chance, out.hours), contract.period.from + minutes(1));
    const registry::Period of_contract = contract.period;
    const std::string contract_id = contract.id;
    add(r.contracts, std::move(contract));
    if (lent) {
      add(r.circuits, registry::Circuit{"line-" + std::to_string(++circuit),
                                        company.id,
                                        "本社",
                                        {"10.90.1.0/24"},
                                        begin - days(90),
                                        {},
                                        begin - days(20),
                                        {}});
    }
    const std::size_t staff = lent ? 3 : static_cast<std::size_t>(chance.between(3, 4));
    for (std::size_t i = 0; i < staff; ++i, ++n) {
      const Leaf* leaf = &cast().leaves[n];
      if (n == 0 && chance.one_in(3)) leaf = &cast().short_leaf;
      const Device& device = cast().devices[n];
      Contractor who;
      who.id = leaf->person;
      who.login = "login-" + who.id;
      who.password = "pw " + to_hex(sha256(who.id + std::to_string(chance.next()))).substr(0, 20);
      who.mail = who.id + "@" + company.id + ".test";
      who.terminal = leaf->terminal;
      who.path = company.path;
      who.leaf = leaf;
      who.device = &device;
      who.peer = (lent ? "10.90.1." : "198.51.100.") + std::to_string(10 + n);
      who.mac = "00:1b:21:00:00:" + std::string(n < 9 ? "0" : "1") + std::to_string((n + 1) % 10);
      who.stale_antivirus = chance.one_in(8);
      registry::Person person{who.id,
                              company.id,
                              who.login,
                              "保守 " + who.id,
                              who.mail,
                              model_password_hash(who.password, "salt" + who.id),
                              {registry::Role::contractor},
                              year,
                              {}};
      if (chance.one_in(20)) person.valid.until = moment_in(chance, out.hours);
      add(r.people, std::move(person));
      registry::Terminal terminal;
      terminal.id = who.terminal;
      terminal.contractor = company.id;
      terminal.name = who.terminal;
      terminal.kind = lent ? registry::TerminalKind::lent : registry::TerminalKind::own;
      terminal.macs = {who.mac};
      terminal.key_jwk = device.jwk;
      terminal.key_thumbprint = device.thumbprint;
      terminal.binding = 1;
      if (lent) {
        terminal.circuit = "line-" + std::to_string(circuit);
        terminal.lent_to = who.id;
        terminal.place = "本社";
        terminal.handed_over_at = begin - days(10);
      }
      add(r.terminals, std::move(terminal));
      r.certificates.emplace(leaf->row.fingerprint_sha256, leaf->row);
      add(r.desktops, registry::Desktop{"vdi-" + who.id, who.id, company.zone,
                                        (lent ? "10.40.0." : "10.20.0.") + std::to_string(11 + n), 5900});
      registry::Application application;
      application.id = "a-" + who.id;
      application.contract = contract_id;
      application.people = {who.id};
      application.terminals = {who.terminal};
      application.systems = {company.system};
      application.period = of_contract;
      if (chance.one_in(8)) {
        application.period.until =
            std::clamp(moment_in(chance, out.hours), of_contract.from + std::chrono::seconds(30), of_contract.until);
      }
      application.summary = "定期保守";
      if (chance.one_in(10)) {
        application.state = registry::ApplicationState::submitted;  // staff accept it some time in the week
      } else {
        application.state = registry::ApplicationState::accepted;
        application.decided_by = "yama";
        application.decided_at = begin - days(11);
      }
      add(r.applications, std::move(application));
      out.people.push_back(std::move(who));
    }
  }
  return out;
}

}  // namespace sekisho::sim
