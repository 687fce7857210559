#include "admission/login.hpp"
#include "base/source.hpp"

namespace sekisho::admission {

std::string source_network(std::string_view address) {
  // A zone index names an interface, not a network; what is no address is one bucket.
  const auto source = source_of(std::string(address.substr(0, address.find('%'))));
  if (!source) return "unknown";
  return source_text(*source) + (source->ipv6 ? "/64" : "");
}

}  // namespace sekisho::admission
