#include "settings_xml.hpp"

#include "ppp_codec.hpp"

namespace sekisho::fortinet {

namespace {

/// How long a client may come back with its cookie (decisions.md "Reconnect grace"); for show, the gatekeeper enforces
/// it.
constexpr std::uint32_t kGraceSeconds = 120;

std::string in_quotes(std::string_view value) {
  return "\"" + std::string(value) + "\"";
}
std::string in_quotes(std::uint32_t value) {
  return in_quotes(std::to_string(value));
}

}  // namespace

bool usable(const SessionView& view) {
  const auto address = parse_ipv4(view.address), gate = parse_ipv4(view.gate_address);
  return address && *address != 0 && gate && *gate != 0 && view.prefix > 0 && view.prefix <= 32;
}

std::string settings_xml(const SessionView& view, bool datagrams) {
  if (!usable(view)) return {};
  const auto address = parse_ipv4(view.address), gate = parse_ipv4(view.gate_address);
  const std::uint32_t mask = ~std::uint32_t{0} << (32U - view.prefix);
  std::string out;
  out.reserve(1024);
  out += "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n";
  out += "<sslvpn-tunnel ver=\"2\" dtls=" + in_quotes(datagrams ? 1 : 0) + " patch=\"1\">";
  out += "<dtls-config heartbeat-interval=" + in_quotes(view.heartbeat_s) +
         " heartbeat-fail-count=\"3\" heartbeat-idle-timeout=" + in_quotes(view.heartbeat_s) +
         " client-hello-timeout=\"10\"/>";
  out += "<tunnel-method value=\"ppp\"/>";
  out +=
      "<auth-ses check-src-ip=\"0\" tun-connect-without-reauth=\"1\" tun-user-ses-timeout=" + in_quotes(kGraceSeconds) +
      "/>";
  out += "<client-config save-password=\"off\" keep-alive=\"off\" auto-connect=\"off\"/>";
  out += "<ipv4><assigned-addr ipv4=" + in_quotes(ipv4_text(*address)) + "/>";
  out += "<split-tunnel-info><addr ip=" + in_quotes(ipv4_text(*gate & mask)) + " mask=" + in_quotes(ipv4_text(mask)) +
         "/></split-tunnel-info></ipv4>";
  out +=
      "<idle-timeout val=" + in_quotes(view.idle_limit_s) + "/><auth-timeout val=" + in_quotes(view.remaining_s) + "/>";
  out += "</sslvpn-tunnel>\n";
  return out;
}

}  // namespace sekisho::fortinet
