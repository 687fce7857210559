// What a request says about its sender: language and program. Claims, nothing is believed because of them.
#include <sekisho/sdk/path/http.hpp>

#include <algorithm>

namespace sekisho {
namespace {

constexpr std::size_t kLongestUserAgent = 512;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool same_letters(std::string_view a, std::string_view lower) {
  return a.size() == lower.size() && std::equal(a.begin(), a.end(), lower.begin(), [](char x, char y) {
           return (x >= 'A' && x <= 'Z' ? static_cast<char>(x - 'A' + 'a') : x) == y;
         });
}

}  // namespace

std::string_view accepted_language(const HttpRequest& request, std::string_view otherwise) {
  std::string_view rest = request.field("accept-language");
  while (!rest.empty()) {
    const std::size_t end = rest.find(',');
    const std::string_view range = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
    const std::string_view tag = trimmed(range.substr(0, range.find(';')));
    const std::string_view primary = tag.substr(0, tag.find('-'));
    if (same_letters(primary, "ja")) return "ja";
    if (same_letters(primary, "en")) return "en";
  }
  return otherwise;
}

std::string_view printable_user_agent(const HttpRequest& request) {
  const std::string_view value = request.field("user-agent");
  const bool printable = std::all_of(value.begin(), value.end(), [](char c) { return c >= 0x20 && c <= 0x7e; });
  return printable && value.size() <= kLongestUserAgent ? value : std::string_view{};
}

}  // namespace sekisho
