#include "admission/login.hpp"

#include <arpa/inet.h>

#include <array>
#include <cstring>

namespace sekisho::admission {

std::string source_network(std::string_view address) {
  const std::string text(address.substr(0, address.find('%')));  // a zone index names an interface, not a network
  in_addr four{};
  if (inet_pton(AF_INET, text.c_str(), &four) == 1) return text;
  in6_addr six{};
  if (inet_pton(AF_INET6, text.c_str(), &six) != 1) return "unknown";  // one bucket for what is no address
  std::array<char, INET6_ADDRSTRLEN> out{};
  if (IN6_IS_ADDR_V4MAPPED(&six)) {
    std::memcpy(&four, &six.s6_addr[12], sizeof four);
    inet_ntop(AF_INET, &four, out.data(), out.size());
    return out.data();
  }
  std::memset(&six.s6_addr[8], 0, 8);
  inet_ntop(AF_INET6, &six, out.data(), out.size());
  return std::string(out.data()) + "/64";
}

}  // namespace sekisho::admission
