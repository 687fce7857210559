#include "texts.hpp"

namespace sekisho::fortinet {

std::string say(Say what, Language language, std::initializer_list<std::string_view> values) {
  std::string out;
  std::string_view rest = say(what, language);
  for (const std::string_view value : values) {
    const std::size_t at = rest.find("{}");
    if (at == rest.npos) break;
    out.append(rest.substr(0, at)).append(value);
    rest.remove_prefix(at + 2);
  }
  return out.append(rest);
}

}  // namespace sekisho::fortinet
