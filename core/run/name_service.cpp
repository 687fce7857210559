#include "run/name_service.hpp"

#include <dlfcn.h>

#include <algorithm>
#include <fstream>
#include <sstream>

namespace sekisho::run {

std::vector<std::string> name_service_modules(const std::string& nsswitch_conf) {
  std::vector<std::string> out;
  std::istringstream lines(nsswitch_conf);
  for (std::string line; std::getline(lines, line);) {
    line = line.substr(0, line.find('#'));
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos) continue;
    bool action = false;
    std::string name;
    for (const char c : line.substr(colon + 1) + " ") {
      if (c == '[') action = true;
      const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
      if (plain && !action) {
        name += c;
      } else {
        if (!name.empty() && std::ranges::find(out, name) == out.end()) out.push_back(name);
        name.clear();
      }
      if (c == ']') action = false;
    }
  }
  return out;
}

void load_name_services(const char* conf_file) {
  std::ifstream file(conf_file);
  std::ostringstream text;
  text << file.rdbuf();
  // Never closed: the C library finds them loaded when it looks for them.
  for (const auto& name : name_service_modules(text.str())) {
    static_cast<void>(dlopen(("libnss_" + name + ".so.2").c_str(), RTLD_NOW | RTLD_LOCAL));
  }
}

}  // namespace sekisho::run
