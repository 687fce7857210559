#include <sekisho/sdk/path/page_words.hpp>

namespace sekisho::pages {

std::string fill(std::string_view sentence, std::initializer_list<std::string_view> values) {
  std::string out;
  for (const std::string_view value : values) {
    const std::size_t at = sentence.find("{}");
    if (at == sentence.npos) break;
    out.append(sentence.substr(0, at)).append(value);
    sentence.remove_prefix(at + 2);
  }
  return out.append(sentence);
}

}  // namespace sekisho::pages
