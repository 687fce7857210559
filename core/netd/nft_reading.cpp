#include "netd/nft_reading.hpp"

#include "base/json.hpp"

#include <nlohmann/json.hpp>

#include <charconv>
#include <optional>

namespace sekisho::netd {
namespace {

constexpr JsonLimits kLimits{.bytes = 64u << 20, .depth = 16};
constexpr const char* kName = "sekisho";

bool says(const nlohmann::json& object, const char* key, const char* value) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() && found->get_ref<const std::string&>() == value;
}

/// The objects of one kind that belong to our table.
Result<std::vector<nlohmann::json>> objects(std::string_view text, const char* kind) {
  auto document = parse_json(text, kLimits);
  if (!document) return document.error();
  std::vector<nlohmann::json> out;
  if (!document->is_object()) return fail("netd.nft", "an answer that is no object");
  const auto list = document->find("nftables");
  if (list == document->end() || !list->is_array()) return fail("netd.nft", "an answer without its list");
  for (auto& entry : *list) {
    if (!entry.is_object() || !entry.contains(kind) || !entry[kind].is_object()) continue;
    auto& object = entry[kind];
    if (says(object, "family", "inet") && says(object, "table", kName)) out.push_back(std::move(object));
  }
  return out;
}

/// A number, written as one or as decimal text.
template <class N>
std::optional<N> number(const nlohmann::json& value) {
  if (value.is_number_unsigned()) {
    const auto wide = value.get<std::uint64_t>();
    if (wide > std::numeric_limits<N>::max()) return std::nullopt;
    return static_cast<N>(wide);
  }
  if (!value.is_string()) return std::nullopt;
  const auto& text = value.get_ref<const std::string&>();
  N out{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

/// The element's fields, two texts at least; nullptr when it is not `size` of them or has no end.
const nlohmann::json* parts_of(const nlohmann::json& entry, std::size_t size) {
  if (!entry.is_object() || !entry.contains("elem") || !entry["elem"].is_object()) return nullptr;
  const auto& element = entry["elem"];
  if (!element.contains("val") || !element["val"].is_object() || !element["val"].contains("concat") ||
      !element.contains("expires")) {
    return nullptr;
  }
  const auto& parts = element["val"]["concat"];
  const bool fits = parts.is_array() && parts.size() == size && parts[0].is_string() && parts[1].is_string();
  return fits ? &parts : nullptr;
}

std::optional<FoundRight> read_element(const std::string& set, const nlohmann::json& entry) {
  const auto* found = parts_of(entry, 4);
  if (found == nullptr) return std::nullopt;
  const auto& parts = *found;
  const auto& element = entry["elem"];
  const auto address = parse_ipv4(parts[0].get_ref<const std::string&>());
  const auto protocol = number<std::uint8_t>(parts[2]);
  const auto port = number<std::uint16_t>(parts[3]);
  const auto left = number<std::uint32_t>(element["expires"]);
  if (!address || !protocol || !port || !left) return std::nullopt;
  return FoundRight{set, parts[1].get<std::string>(), {*address, *protocol, *port}, std::chrono::seconds(*left)};
}

std::optional<FoundRdp> read_rdp(const nlohmann::json& entry) {
  const auto* parts = parts_of(entry, 2);
  if (parts == nullptr) return std::nullopt;
  const auto source = parse_ipv4((*parts)[0].get_ref<const std::string&>());
  const auto destination = parse_ipv4((*parts)[1].get_ref<const std::string&>());
  const auto left = number<std::uint32_t>(entry["elem"]["expires"]);
  if (!source || !destination || !left) return std::nullopt;
  return FoundRdp{{*source, *destination}, std::chrono::seconds(*left)};
}

}  // namespace

Result<std::vector<FoundRdp>> read_rdp_rights(std::string_view json) {
  auto found = objects(json, "set");
  if (!found) return found.error();
  std::vector<FoundRdp> out;
  for (const auto& set : *found) {
    if (!says(set, "name", kRdpRights) || !set.contains("elem") || !set["elem"].is_array()) continue;
    for (const auto& entry : set["elem"]) {
      if (const auto right = read_rdp(entry)) out.push_back(*right);
    }
  }
  return out;
}

Result<std::vector<FoundRight>> read_rights(std::string_view json) {
  auto found = objects(json, "set");
  if (!found) return found.error();
  std::vector<FoundRight> out;
  for (const auto& set : *found) {
    if (!set.contains("name") || !set["name"].is_string() || !set.contains("elem") || !set["elem"].is_array()) continue;
    for (const auto& entry : set["elem"]) {
      if (auto right = read_element(set["name"].get<std::string>(), entry)) out.push_back(std::move(*right));
    }
  }
  return out;
}

}  // namespace sekisho::netd
