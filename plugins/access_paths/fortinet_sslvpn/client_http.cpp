#include "client_http.hpp"

#include <algorithm>
#include <charconv>

namespace sekisho::fortinet {

namespace {

constexpr std::size_t kMostHead = 16384;
constexpr std::size_t kMostBody = 65536;

std::string lower_case(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return out;
}

std::optional<std::size_t> number(std::string_view text) {
  std::size_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return out;
}

}  // namespace

std::string_view HttpAnswer::field(std::string_view name) const {
  for (const auto& [key, value] : fields) {
    if (key == name) return value;
  }
  return {};
}

HttpAnswerReader::State HttpAnswerReader::feed(std::span<const std::byte> bytes, std::size_t& consumed) {
  consumed = 0;
  while (!in_body_) {
    if (consumed == bytes.size()) return State::more;
    head_ += static_cast<char>(bytes[consumed++]);
    if (head_.size() > kMostHead) return State::broken;
    if (!head_.ends_with("\r\n\r\n")) continue;
    if (!read_head()) return State::broken;
    in_body_ = true;
  }
  const std::size_t take = std::min(body_left_, bytes.size() - consumed);
  answer_.body.append(reinterpret_cast<const char*>(bytes.data()) + consumed, take);
  body_left_ -= take;
  consumed += take;
  return body_left_ == 0 ? State::complete : State::more;
}

HttpAnswer HttpAnswerReader::take() {
  HttpAnswer out = std::move(answer_);
  *this = HttpAnswerReader();
  return out;
}

bool HttpAnswerReader::read_head() {
  std::string_view rest(head_);
  if (!rest.starts_with("HTTP/1.1 ") || rest.size() < 13) return false;
  const auto status = number(rest.substr(9, 3));
  if (!status || *status < 200 || *status > 599) return false;
  answer_.status = static_cast<int>(*status);
  rest.remove_prefix(rest.find("\r\n") + 2);
  while (!rest.starts_with("\r\n")) {
    const std::string_view line = rest.substr(0, rest.find("\r\n"));
    const std::size_t colon = line.find(": ");
    if (colon == std::string_view::npos) return false;
    answer_.fields.emplace_back(lower_case(line.substr(0, colon)), line.substr(colon + 2));
    rest.remove_prefix(line.size() + 2);
  }
  const auto length = number(answer_.field("content-length"));
  if (!length || *length > kMostBody) return false;
  body_left_ = *length;
  answer_.close = answer_.field("connection") == "close";
  return true;
}

std::string percent_encode(std::string_view text, bool upper_case) {
  const char* digits = upper_case ? "0123456789ABCDEF" : "0123456789abcdef";
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '_' || c == '.' || c == '~';
    if (plain) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += digits[byte >> 4U];
    out += digits[byte & 15U];
  }
  return out;
}

std::string cookie_of(const HttpAnswer& answer) {
  constexpr std::string_view kName = "SVPNCOOKIE=";
  for (const auto& [name, value] : answer.fields) {
    if (name != "set-cookie" || !value.starts_with(kName)) continue;
    return value.substr(kName.size(), value.find(';') - kName.size());
  }
  return {};
}

std::string_view field_of_list(std::string_view list, std::string_view key) {
  while (!list.empty()) {
    const std::size_t end = list.find(',');
    const std::string_view pair = list.substr(0, end);
    if (pair.size() > key.size() && pair[key.size()] == '=' && pair.starts_with(key)) {
      return pair.substr(key.size() + 1);
    }
    list = end == std::string_view::npos ? std::string_view{} : list.substr(end + 1);
  }
  return {};
}

std::string_view attribute_of(std::string_view xml, std::string_view element, std::string_view name) {
  const std::string open = "<" + std::string(element) + " ", wanted = " " + std::string(name) + "=\"";
  const std::size_t at = xml.find(open);
  if (at == std::string_view::npos) return {};
  const std::string_view tag = xml.substr(at, xml.find('>', at) - at);
  const std::size_t from = tag.find(wanted);
  if (from == std::string_view::npos) return {};
  const std::string_view value = tag.substr(from + wanted.size());
  return value.substr(0, value.find('"'));
}

}  // namespace sekisho::fortinet
