// The host check of older clients as a device-facts document. Everything in it was typed by the client:
// collector.source says so, and the desk lets such a document deny but never admit by itself.
#include "admission/device_facts.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sekisho::admission {
namespace {

constexpr std::size_t kMaxFormBytes = 4096;
constexpr std::size_t kMaxInterfaces = 64;

Error malformed(const char* why) {
  return fail("report.malformed", why);
}

std::optional<unsigned> hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
  return std::nullopt;
}

/// Decoded once; nullopt for a broken escape or anything but printable ASCII.
std::optional<std::string> decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      if (text.size() - i < 3) return std::nullopt;
      const auto high = hex_digit(text[i + 1]), low = hex_digit(text[i + 2]);
      if (!high || !low) return std::nullopt;
      c = static_cast<char>(*high * 16 + *low);
      i += 2;
    }
    if (c < 0x20 || c > 0x7E) return std::nullopt;
    out.push_back(c);
  }
  return out;
}

/// Lower case with colons; nullopt when it is no hardware address.
std::optional<std::string> mac_of(std::string_view typed) {
  if (typed.size() != 17) return std::nullopt;
  std::string out;
  for (std::size_t i = 0; i < typed.size(); ++i) {
    if (i % 3 == 2) {
      if (typed[i] != ':' && typed[i] != '-') return std::nullopt;
      out.push_back(':');
      continue;
    }
    const auto digit = hex_digit(typed[i]);
    if (!digit) return std::nullopt;
    out.push_back("0123456789abcdef"[*digit]);
  }
  return out;
}

std::optional<std::array<std::uint32_t, 3>> version_of(std::string_view text) {
  std::array<std::uint32_t, 3> out{};
  std::size_t part = 0, digits = 0;
  for (const char c : text) {
    if (c == '.') {
      if (digits == 0 || ++part > 2) return std::nullopt;
      digits = 0;
    } else {
      if (c < '0' || c > '9' || ++digits > 6) return std::nullopt;
      out[part] = out[part] * 10 + static_cast<std::uint32_t>(c - '0');
    }
  }
  if (part != 2 || digits == 0) return std::nullopt;
  return out;
}

}  // namespace

Result<nlohmann::json> facts_of_hostcheck(std::string_view form, Instant now) {
  if (form.size() > kMaxFormBytes) return malformed("host check longer than 4 KiB");
  std::optional<std::string> hostcheck, macs;
  for (std::size_t at = 0; at <= form.size();) {
    const auto end = std::min(form.find('&', at), form.size());
    const std::string_view pair = form.substr(at, end - at);
    at = end + 1;
    const auto equals = pair.find('=');
    if (equals == std::string_view::npos) return malformed("a field of the host check has no value");
    const std::string_view name = pair.substr(0, equals);
    std::optional<std::string>* field = name == "hostcheck"               ? &hostcheck
                                        : name == "check_virtual_desktop" ? &macs
                                                                          : nullptr;
    if (field == nullptr) continue;
    if (field->has_value()) return malformed("a field of the host check occurs twice");
    *field = decode(pair.substr(equals + 1));
    if (!*field) return malformed("a field of the host check is not printable");
  }
  if (!hostcheck || !macs) return malformed("hostcheck and check_virtual_desktop are both needed");

  nlohmann::json os{{"family", "unknown"}};
  if (const auto comma = hostcheck->find(','); comma != std::string::npos) {
    const std::string_view rest = std::string_view(*hostcheck).substr(comma + 1);
    if (const auto version = version_of(rest.substr(0, rest.find(',')))) {
      os = {{"family", "windows"}, {"major", (*version)[0]}, {"minor", (*version)[1]}, {"build", (*version)[2]}};
    }
  }
  nlohmann::json interfaces = nlohmann::json::array();
  for (std::size_t at = 0; !macs->empty() && at <= macs->size();) {
    const auto end = std::min(macs->find('|', at), macs->size());
    if (interfaces.size() == kMaxInterfaces) return malformed("too many hardware addresses");
    const auto mac = mac_of(std::string_view(*macs).substr(at, end - at));
    interfaces.push_back({{"mac", mac ? nlohmann::json(*mac) : nlohmann::json(nullptr)}});
    at = end + 1;
  }
  return nlohmann::json{{"schema", "sekisho.device-facts/1.0"},
                        {"collected_at", to_rfc3339(now)},
                        {"collector", {{"name", "host check"}, {"version", nullptr}, {"source", "fortinet_hostcheck"}}},
                        {"os", std::move(os)},
                        {"network", {{"interfaces", std::move(interfaces)}}}};
}

}  // namespace sekisho::admission
