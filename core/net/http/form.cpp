// application/x-www-form-urlencoded, decoded exactly once (threats.md law 2).
#include <sekisho/sdk/path/http.hpp>
#include <sekisho/sdk/secret.hpp>

#include <algorithm>

namespace sekisho {
namespace {

constexpr std::size_t kMaxPairs = 32;

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// RFC 3629: shortest form only, no surrogates, at most U+10FFFF; NUL is refused as well.
bool strict_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    if (lead == 0) return false;
    if (lead < 0x80) {
      ++i;
      continue;
    }
    const std::size_t length = lead >= 0xc2 && lead <= 0xdf   ? 2
                               : (lead & 0xf0) == 0xe0        ? 3
                               : lead >= 0xf0 && lead <= 0xf4 ? 4
                                                              : 0;
    if (length == 0 || text.size() - i < length) return false;
    for (std::size_t k = 1; k < length; ++k)
      if ((static_cast<unsigned char>(text[i + k]) & 0xc0) != 0x80) return false;
    const auto second = static_cast<unsigned char>(text[i + 1]);
    if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f) || (lead == 0xf0 && second < 0x90) ||
        (lead == 0xf4 && second > 0x8f))
      return false;
    i += length;
  }
  return true;
}

std::optional<std::string> decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out.push_back(text[i] == '+' ? ' ' : text[i]);
      continue;
    }
    const bool whole = text.size() - i >= 3;
    const int high = whole ? hex_value(text[i + 1]) : -1, low = whole ? hex_value(text[i + 2]) : -1;
    if (high < 0 || low < 0) {
      wipe(out.data(), out.size());
      return std::nullopt;
    }
    out.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  if (strict_utf8(out)) return out;
  wipe(out.data(), out.size());
  return std::nullopt;
}

}  // namespace

std::optional<std::vector<std::pair<std::string, std::string>>> parse_form(std::string_view body) {
  std::vector<std::pair<std::string, std::string>> pairs;
  if (body.empty()) return pairs;
  pairs.reserve(kMaxPairs);  // nothing is moved once it stands, so nothing is left behind
  while (true) {
    const std::size_t end = body.find('&');
    const std::string_view pair = body.substr(0, end);
    const std::size_t equals = pair.find('=');
    auto name = decode(pair.substr(0, equals));
    auto value = equals == std::string_view::npos ? std::string() : decode(pair.substr(equals + 1));
    if (!name || name->empty() || !value || pairs.size() == kMaxPairs ||
        std::any_of(pairs.begin(), pairs.end(), [&](const auto& known) { return known.first == *name; })) {
      // What was read may be a password; the caller never sees it.
      if (value) wipe(value->data(), value->size());
      for (auto& [known, text] : pairs) wipe(text.data(), text.size());
      return std::nullopt;
    }
    pairs.emplace_back(std::move(*name), std::move(*value));
    if (end == std::string_view::npos) return pairs;
    body.remove_prefix(end + 1);
  }
}

}  // namespace sekisho
