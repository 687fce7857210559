// The schema of posture.md §2 as tables: one row per member, so that a new minor version is a new row.
#include "admission/device_facts.hpp"

#include "base/json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string>

namespace sekisho::admission {
namespace {

using nlohmann::json;
using std::string_view;

constexpr std::size_t kMaxText = 256;

enum class Shape : std::uint8_t {
  text,
  text_not_null,
  flag,
  count,
  time,
  time_not_null,
  mac,
  kb,
  schema,
  choice,
  object,
  list
};

struct Object;
struct Member {
  string_view name;
  Shape shape;
  bool required = false;
  std::span<const string_view> choices = {};
  const Object* inner = nullptr;  ///< of an object, or of each entry of a list
  std::size_t most = 0;           ///< entries of a list
};
struct Object {
  std::span<const Member> members;
};

constexpr auto kSources = std::to_array<string_view>({"agent", "fortinet_hostcheck", "osquery", "simulator"});
constexpr auto kPrivileges = std::to_array<string_view>({"system", "user", "none"});
constexpr auto kFamilies = std::to_array<string_view>({"windows", "linux", "macos", "other", "unknown"});
constexpr auto kProducts = std::to_array<string_view>({"workstation", "server", "domain_controller", "unknown"});
constexpr auto kChannels = std::to_array<string_view>({"general", "insider", "unknown"});
constexpr auto kArches = std::to_array<string_view>({"x64", "arm64", "x86", "unknown"});
constexpr auto kKinds = std::to_array<string_view>({"ethernet", "wifi", "cellular", "other", "unknown"});
constexpr auto kBuses = std::to_array<string_view>({"pci", "usb", "virtual", "other", "unknown"});
constexpr auto kVias = std::to_array<string_view>({"wsc", "wmi_securitycenter2", "defender", "vendor", "other"});
constexpr auto kStates = std::to_array<string_view>({"on", "off", "snoozed", "expired", "unknown"});
constexpr auto kSignatures = std::to_array<string_view>({"up_to_date", "out_of_date", "none_used", "unknown"});
constexpr auto kModes = std::to_array<string_view>({"normal", "passive", "edr_block", "not_running", "unknown"});
constexpr auto kUpdateVias = std::to_array<string_view>({"wua", "qfe", "event", "other"});
constexpr auto kBrowserNames = std::to_array<string_view>({"edge", "chrome", "firefox", "other"});
constexpr auto kReasons =
    std::to_array<string_view>({"not_supported", "access_denied", "api_failed", "timeout", "not_collected"});

constexpr Member text(string_view name, bool required = false) {
  return {name, Shape::text, required};
}
constexpr Member flag(string_view name) {
  return {name, Shape::flag};
}
constexpr Member count(string_view name) {
  return {name, Shape::count};
}
constexpr Member time_of(string_view name) {
  return {name, Shape::time};
}
constexpr Member choice(string_view name, std::span<const string_view> choices, bool required = false) {
  return {name, Shape::choice, required, choices};
}
constexpr Member object(string_view name, const Object& inner, bool required = false) {
  return {name, Shape::object, required, {}, &inner};
}
constexpr Member list(string_view name, const Object& inner, std::size_t most, bool required = false) {
  return {name, Shape::list, required, {}, &inner, most};
}

constexpr Member kCollectorMembers[] = {text("name", true), text("version", true), choice("source", kSources, true),
                                        choice("privilege", kPrivileges)};
constexpr Object kCollector{kCollectorMembers};
constexpr Member kDeviceMembers[] = {text("hostname"), text("manufacturer"), text("model"),
                                     text("serial"),   text("smbios_uuid"),  flag("virtual")};
constexpr Object kDevice{kDeviceMembers};
constexpr Member kOsMembers[] = {choice("family", kFamilies, true),
                                 choice("product_type", kProducts),
                                 count("major"),
                                 count("minor"),
                                 count("build"),
                                 count("ubr"),
                                 text("display_version"),
                                 text("edition"),
                                 choice("channel", kChannels),
                                 choice("arch", kArches)};
constexpr Object kOs{kOsMembers};
constexpr Member kInterfaceMembers[] = {
    text("name"), {"mac", Shape::mac, true}, {"permanent_mac", Shape::mac}, flag("hardware"),
    flag("up"),   choice("kind", kKinds),    choice("bus", kBuses)};
constexpr Object kInterface{kInterfaceMembers};
constexpr Member kNetworkMembers[] = {flag("forwarding"), list("interfaces", kInterface, 64, true)};
constexpr Object kNetwork{kNetworkMembers};
constexpr Member kProductMembers[] = {text("name", true),
                                      text("guid"),
                                      count("raw_state"),
                                      choice("via", kVias, true),
                                      choice("state", kStates, true),
                                      flag("realtime"),
                                      choice("signatures", kSignatures),
                                      text("signature_version"),
                                      time_of("signature_updated_at"),
                                      choice("mode", kModes),
                                      flag("program_present"),
                                      text("signer"),
                                      flag("signer_valid")};
constexpr Object kProduct{kProductMembers};
constexpr Member kAntivirusMembers[] = {list("products", kProduct, 16, true)};
constexpr Object kAntivirus{kAntivirusMembers};
constexpr Member kInstalledMembers[] = {{"kb", Shape::kb, true}, time_of("at"), choice("via", kUpdateVias)};
constexpr Object kInstalled{kInstalledMembers};
constexpr Member kUpdatesMembers[] = {time_of("last_installed_at"), time_of("last_searched_at"), flag("pending_reboot"),
                                      list("installed", kInstalled, 200)};
constexpr Object kUpdates{kUpdatesMembers};
constexpr Member kBrowserMembers[] = {choice("name", kBrowserNames, true), text("version", true)};
constexpr Object kBrowser{kBrowserMembers};
constexpr Member kSecurityMembers[] = {flag("secure_boot"), text("tpm_version"), flag("firewall_on"),
                                       flag("disk_encrypted")};
constexpr Object kSecurity{kSecurityMembers};
constexpr Member kErrorMembers[] = {{"at", Shape::text_not_null, true}, choice("reason", kReasons, true), text("code")};
constexpr Object kErrorRow{kErrorMembers};
constexpr Member kDocumentMembers[] = {{"schema", Shape::schema, true},
                                       {"collected_at", Shape::time_not_null, true},
                                       object("collector", kCollector, true),
                                       object("device", kDevice),
                                       object("os", kOs, true),
                                       object("network", kNetwork),
                                       object("antivirus", kAntivirus),
                                       object("updates", kUpdates),
                                       list("browsers", kBrowser, 16),
                                       object("security", kSecurity),
                                       list("errors", kErrorRow, 64)};
constexpr Object kDocument{kDocumentMembers};

std::size_t code_points(string_view utf8) {
  return static_cast<std::size_t>(
      std::ranges::count_if(utf8, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80; }));
}

bool is_digits(string_view text, std::size_t least, std::size_t most) {
  return text.size() >= least && text.size() <= most &&
         std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

bool is_mac(string_view mac) {
  if (mac.size() != 17) return false;
  for (std::size_t i = 0; i < mac.size(); ++i) {
    const bool good = i % 3 == 2 ? mac[i] == ':' : string_view("0123456789abcdef").find(mac[i]) != string_view::npos;
    if (!good) return false;
  }
  return true;
}

/// Where a value stands; spelled only when something is wrong there.
struct Place {
  const Place* above = nullptr;
  string_view member;     ///< of an object, or
  std::size_t entry = 0;  ///< of a list
  [[nodiscard]] std::string pointer() const {
    if (above == nullptr) return {};
    return json_pointer(above->pointer(), member.empty() ? std::to_string(entry) : std::string(member));
  }
};

Error bad(const Place& at, const char* why) {
  return fail("report.malformed", at.pointer() + ": " + why);
}

Result<void> check_object(const json& value, const Object& shape, const Place& at);

Result<void> check_string(const json& value, const Member& member, const Place& at) {
  const auto* found = value.get_ptr<const json::string_t*>();
  if (found == nullptr) return bad(at, "must be a string");
  const string_view text = *found;
  switch (member.shape) {
    case Shape::text:
    case Shape::text_not_null:
      if (code_points(text) > kMaxText) return bad(at, "longer than 256 characters");
      return {};
    case Shape::time:
    case Shape::time_not_null:
      if (!parse_rfc3339(text)) return bad(at, "must be a time in UTC with Z");
      return {};
    case Shape::mac:
      if (!is_mac(text)) return bad(at, "must be a hardware address in lower case with colons");
      return {};
    case Shape::kb:
      if (!text.starts_with("KB") || !is_digits(text.substr(2), 6, 8)) return bad(at, "must be KB and 6 to 8 digits");
      return {};
    case Shape::schema: {
      constexpr string_view kPrefix = "sekisho.device-facts/";
      if (!text.starts_with(kPrefix)) return bad(at, "must name sekisho.device-facts");
      const string_view version = text.substr(kPrefix.size());
      if (!version.starts_with("1.") || !is_digits(version.substr(2), 1, 6)) {
        return fail("report.other_schema", at.pointer() + ": only major version 1 is understood");
      }
      return {};
    }
    default:
      if (std::ranges::find(member.choices, text) == member.choices.end()) return bad(at, "not one of the known words");
      return {};
  }
}

Result<void> check_value(const json& value, const Member& member, const Place& at) {
  switch (member.shape) {
    case Shape::text:
    case Shape::time:
    case Shape::mac:
      if (value.is_null()) return {};
      return check_string(value, member, at);
    case Shape::flag:
      if (!value.is_null() && !value.is_boolean()) return bad(at, "must be true, false or null");
      return {};
    case Shape::count:
      if (value.is_null()) return {};
      if (!value.is_number_integer() || (!value.is_number_unsigned() && value.get<std::int64_t>() < 0) ||
          value.get<std::uint64_t>() > UINT32_MAX) {
        return bad(at, "must be an integer from 0 to 4294967295");
      }
      return {};
    case Shape::object:
      return check_object(value, *member.inner, at);
    case Shape::list: {
      if (!value.is_array()) return bad(at, "must be a list");
      if (value.size() > member.most) return bad(at, "too many entries");
      for (std::size_t i = 0; i < value.size(); ++i) {
        const auto entry = check_object(value[i], *member.inner, {&at, {}, i});
        if (!entry) return entry;
      }
      return {};
    }
    default:
      return check_string(value, member, at);
  }
}

Result<void> check_object(const json& value, const Object& shape, const Place& at) {
  if (!value.is_object()) return bad(at, "must be an object");
  for (const Member& member : shape.members) {
    const auto found = value.find(member.name);
    const Place place{&at, member.name};
    if (found == value.end()) {
      if (member.required) return bad(place, "missing");
      continue;
    }
    const auto checked = check_value(*found, member, place);
    if (!checked) return checked;
  }
  return {};
}

}  // namespace

Result<void> check_facts(const json& facts) {
  return check_object(facts, kDocument, {});
}

}  // namespace sekisho::admission
