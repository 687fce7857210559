// Reads the site configuration: the fields' own rules (describe()) and the rules between fields, all errors at once.
// Threads: pure functions; load_site_config reads one file. Errors: the config.* codes of sdk/config.hpp, json.* for
// broken text, config.unreadable for a file that cannot be read or is larger than 1 MiB; those of
// site_config_places.hpp.
#pragma once
#include "base/site_config.hpp"

#include <sekisho/sdk/config.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace sekisho {

[[nodiscard]] ConfigParse<SiteConfig> parse_site_config(std::string_view text);
[[nodiscard]] ConfigParse<SiteConfig> load_site_config(const std::string& path);
/// For --print-schema.
[[nodiscard]] nlohmann::json site_config_schema();

/// "198.51.100.1:443" or "[2001:db8::1]:443"; the address is numeric, the port 1 to 65535. An IPv4 address in the form
/// of IPv6 is none.
struct SocketAddress {
  std::string address;  ///< without brackets, as written
  std::uint16_t port = 0;
  bool ipv6 = false;
  /// 0.0.0.0 or ::, however it is spelt: every address of the machine.
  [[nodiscard]] bool is_everywhere() const;
};
/// Errors: config.not_allowed.
[[nodiscard]] Result<SocketAddress> parse_socket_address(std::string_view text);

}  // namespace sekisho
