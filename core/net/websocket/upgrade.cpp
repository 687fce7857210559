#include "net/websocket/upgrade.hpp"

#include <sekisho/sdk/memory.hpp>

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

namespace sekisho::websocket {
namespace {

constexpr std::string_view kGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";  // RFC 6455 §1.3
constexpr std::string_view kBinary = "binary", kTicket = "sekisho.ticket.";
constexpr std::size_t kTicketLength = 43;
constexpr std::size_t kMostProtocols = 8;

bool same(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::ranges::equal(a, b, [&](char x, char y) { return lower(x) == lower(y); });
}

/// The members of a comma list, without white space around them.
std::vector<std::string_view> list(std::string_view text) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    std::string_view member = text.substr(0, comma);
    while (!member.empty() && (member.front() == ' ' || member.front() == '\t')) member.remove_prefix(1);
    while (!member.empty() && (member.back() == ' ' || member.back() == '\t')) member.remove_suffix(1);
    out.push_back(member);
    text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
  }
  return out;
}

bool is_base64_letter(char c, std::string_view last_two) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
         last_two.find(c) != std::string_view::npos;
}

/// 16 bytes in base64, in their one canonical spelling.
bool is_key(std::string_view key) {
  return key.size() == 24 && key.ends_with("==") &&
         std::all_of(key.begin(), key.end() - 2, [](char c) { return is_base64_letter(c, "+/"); }) &&
         std::string_view("AQgw").find(key[21]) != std::string_view::npos;
}

std::string accept_of(std::string_view key) {
  const std::string text = std::string(key) + std::string(kGuid);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  need_memory(EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr) == 1);
  std::array<unsigned char, 29> encoded{};  // 28 and the closing zero
  const int length = EVP_EncodeBlock(encoded.data(), digest.data(), static_cast<int>(size));
  return {reinterpret_cast<const char*>(encoded.data()), static_cast<std::size_t>(length)};
}

HttpRefusal refuse(std::uint16_t status, std::string detail) {
  return {status, std::move(detail)};
}

/// The ticket, if exactly one stands in the list and "binary" beside it.
std::optional<std::string_view> ticket_of(const std::vector<std::string_view>& protocols) {
  std::optional<std::string_view> ticket;
  for (const std::string_view protocol : protocols) {
    if (!protocol.starts_with(kTicket)) continue;
    const std::string_view value = protocol.substr(kTicket.size());
    if (ticket || value.size() != kTicketLength ||
        !std::ranges::all_of(value, [](char c) { return is_base64_letter(c, "-_"); })) {
      return std::nullopt;
    }
    ticket = value;
  }
  return ticket;
}

}  // namespace

std::variant<Upgrade, HttpRefusal> judge_upgrade(const HttpRequest& request, const UpgradeRules& rules) {
  SEKISHO_ASSERT(!rules.origin.empty() && !rules.path.empty());
  if (request.path != rules.path) return refuse(404, "no WebSocket there");
  if (request.method != "GET" || !request.body.empty() || !same(request.field("upgrade"), "websocket") ||
      std::ranges::none_of(list(request.field("connection")), [](auto option) { return same(option, "upgrade"); })) {
    return refuse(400, "no WebSocket opening");
  }
  if (request.field("sec-websocket-version") != "13") return refuse(426, "WebSocket version is not 13");
  // Before anything that costs: another site's page must learn nothing.
  if (request.field("origin") != rules.origin) return refuse(403, "Origin is not ours");
  const std::string_view key = request.field("sec-websocket-key");
  if (!is_key(key)) return refuse(400, "Sec-WebSocket-Key is malformed");
  const auto protocols = list(request.field("sec-websocket-protocol"));
  if (protocols.size() > kMostProtocols || std::ranges::find(protocols, kBinary) == protocols.end()) {
    return refuse(400, "subprotocol binary is not offered");
  }
  const auto ticket = ticket_of(protocols);
  if (!ticket) return refuse(403, "no ticket");
  return Upgrade{Secret(std::string(*ticket)), accept_of(key)};
}

std::string switching_protocols(const Upgrade& upgrade) {
  return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
         upgrade.accept + "\r\nSec-WebSocket-Protocol: " + std::string(kBinary) + "\r\n\r\n";
}

}  // namespace sekisho::websocket
