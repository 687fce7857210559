#include "user_agent.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace sekisho::browser {
namespace {

struct Token {
  std::string_view name, version;
};

constexpr std::size_t kLongest = 512;

/// Products in order, or nullopt when the text has no such shape (unbalanced comment, too long).
std::optional<std::vector<Token>> products(std::string_view text) {
  if (text.size() > kLongest) return std::nullopt;
  std::vector<Token> out;
  int comment = 0;
  std::size_t begin = std::string_view::npos;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    const char c = i < text.size() ? text[i] : ' ';
    const bool separates = c == ' ' || c == '(' || c == ')';
    if (comment == 0 && !separates && begin == std::string_view::npos) begin = i;
    if (comment == 0 && separates && begin != std::string_view::npos) {
      const std::string_view word = text.substr(begin, i - begin);
      const auto slash = word.find('/');
      out.push_back({word.substr(0, slash), slash == word.npos ? std::string_view() : word.substr(slash + 1)});
      begin = std::string_view::npos;
    }
    if (c == '(') ++comment;
    if (c == ')' && --comment < 0) return std::nullopt;
  }
  if (comment != 0) return std::nullopt;
  return out;
}

std::optional<std::int64_t> major_of(std::string_view version) {
  const auto digits = version.substr(0, version.find('.'));
  if (digits.empty() || digits.size() > 6) return std::nullopt;
  std::int64_t out = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return std::nullopt;
    out = out * 10 + (c - '0');
  }
  return out;
}

struct Known {
  std::string_view name;
  Product product;
  std::array<std::string_view, 4> beside;  ///< what else such a browser sends
};
constexpr std::array<Known, 3> kKnown{{{"Edg", Product::edge, {"Mozilla", "AppleWebKit", "Chrome", "Safari"}},
                                       {"Firefox", Product::firefox, {"Mozilla", "Gecko", "", ""}},
                                       {"Chrome", Product::chrome, {"Mozilla", "AppleWebKit", "Safari", ""}}}};

}  // namespace

Agent read_user_agent(std::string_view text) {
  const auto tokens = products(text);
  if (!tokens) return {};
  for (const Known& known : kKnown) {
    const auto named = [&known](const Token& t) { return t.name == known.name; };
    const auto found = std::find_if(tokens->begin(), tokens->end(), named);
    if (found == tokens->end()) continue;
    const bool alone =
        std::count_if(tokens->begin(), tokens->end(), named) == 1 &&
        std::all_of(tokens->begin(), tokens->end(), [&](const Token& t) {
          return named(t) || std::find(known.beside.begin(), known.beside.end(), t.name) != known.beside.end();
        });
    if (!alone) return {};
    return {known.product, major_of(found->version)};
  }
  return {};
}

}  // namespace sekisho::browser
