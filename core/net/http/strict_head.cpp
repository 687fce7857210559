#include "net/http/strict_head.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

namespace sekisho::http {
namespace {

bool is_alpha(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
bool is_token_char(char c) {
  return is_alpha(c) || is_digit(c) || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}
bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_char);
}
bool same(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}
bool starts_with_ignoring_case(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() && same(text.substr(0, prefix.size()), prefix);
}
std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}
int hex_value(char c) {
  return is_digit(c) ? c - '0' : lower(c) - 'a' + 10;
}

HttpRefusal refuse(std::uint16_t status, std::string detail) {
  return HttpRefusal{status, std::move(detail)};
}

/// Fields that mean one thing: a second one is a smuggling attempt or a broken client.
constexpr std::array<std::string_view, 19> kSingletons = {"authorization",
                                                          "connection",
                                                          "content-encoding",
                                                          "content-length",
                                                          "content-type",
                                                          "cookie",
                                                          "date",
                                                          "expect",
                                                          "from",
                                                          "host",
                                                          "if-modified-since",
                                                          "if-unmodified-since",
                                                          "origin",
                                                          "referer",
                                                          "sec-websocket-key",
                                                          "sec-websocket-version",
                                                          "transfer-encoding",
                                                          "upgrade",
                                                          "user-agent"};

struct FieldsSeen {
  std::array<bool, kSingletons.size()> seen{};
  bool host = false, has_length = false, upgrade = false;
};

/// Digits alone, no sign, no list, at most 2^64-1.
std::optional<std::uint64_t> parse_length(std::string_view text) {
  if (text.empty() || text.size() > 20 || !std::all_of(text.begin(), text.end(), is_digit)) return std::nullopt;
  std::uint64_t value = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end.ec != std::errc() || end.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<HttpRefusal> judge_request_line(std::string_view line, std::string_view& target, HeadFacts& facts) {
  const std::size_t first = line.find(' ');
  const std::size_t second = first == std::string_view::npos ? first : line.find(' ', first + 1);
  if (second == std::string_view::npos || line.find(' ', second + 1) != std::string_view::npos ||
      line.find('\t') != std::string_view::npos)
    return refuse(400, "request line is not three words");
  facts.method = line.substr(0, first);
  target = line.substr(first + 1, second - first - 1);
  const std::string_view version = line.substr(second + 1);
  if (!is_token(facts.method)) return refuse(400, "method is no token");
  if (version.size() != 8 || !version.starts_with("HTTP/") || !is_digit(version[5]) || version[6] != '.' ||
      !is_digit(version[7]))
    return refuse(400, "version is malformed");
  if (version != "HTTP/1.1") return refuse(505, "only HTTP/1.1 is spoken");
  if (target.empty()) return refuse(400, "target is empty");
  return std::nullopt;
}

std::optional<HttpRefusal> judge_connection(std::string_view value, HeadFacts& facts) {
  while (true) {
    const std::size_t comma = value.find(',');
    const std::string_view option = trim(value.substr(0, comma));
    if (!option.empty() && !is_token(option)) return refuse(400, "Connection is malformed");
    if (same(option, "close")) facts.keep_alive = false;
    if (comma == std::string_view::npos) return std::nullopt;
    value.remove_prefix(comma + 1);
  }
}

std::optional<HttpRefusal> judge_field(std::string_view line, HeadFacts& facts, FieldsSeen& seen) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return refuse(400, "field line without colon");
  const std::string_view name = line.substr(0, colon), value = trim(line.substr(colon + 1));
  if (!is_token(name)) return refuse(400, "field name is no token");
  for (std::size_t i = 0; i < kSingletons.size(); ++i) {
    if (!same(name, kSingletons[i])) continue;
    if (seen.seen[i]) return refuse(400, "field " + std::string(kSingletons[i]) + " occurs twice");
    seen.seen[i] = true;
  }
  if (same(name, "transfer-encoding")) return refuse(501, "Transfer-Encoding is not spoken");
  if (same(name, "expect")) return refuse(417, "Expect is not spoken");
  if (same(name, "upgrade")) seen.upgrade = true;
  if (same(name, "connection")) return judge_connection(value, facts);
  if (same(name, "host")) {
    if (!acceptable_host(value)) return refuse(400, "Host is malformed");
    facts.host = value;
    seen.host = true;
  }
  if (same(name, "content-length")) {
    const auto length = parse_length(value);
    if (!length) return refuse(400, "Content-Length is malformed");
    facts.content_length = *length;
    seen.has_length = true;
  }
  return std::nullopt;
}

std::optional<HttpRefusal> judge_target(std::string_view target, HeadFacts& facts) {
  if (target.front() != '/') {
    constexpr std::string_view kScheme = "https://";
    if (!starts_with_ignoring_case(target, kScheme)) return refuse(400, "target is neither a path nor an https URL");
    target.remove_prefix(kScheme.size());
    const std::size_t end = target.find_first_of("/?#");
    if (!same(target.substr(0, end), facts.host)) return refuse(400, "target's host differs from Host");
    if (end == std::string_view::npos || target[end] != '/') return refuse(400, "target has no path");
    target.remove_prefix(end);
  }
  const std::size_t mark = target.find('?');
  facts.path = target.substr(0, mark);
  facts.query = mark == std::string_view::npos ? std::string_view{} : target.substr(mark + 1);
  if (!acceptable_path(facts.path)) return refuse(400, "path is not acceptable");
  if (!acceptable_query(facts.query)) return refuse(400, "query is not acceptable");
  return std::nullopt;
}

std::optional<HttpRefusal> judge_length(const HeadFacts& facts, const HttpLimits& limits) {
  std::uint64_t most = limits.body_bytes;
  if (limits.body_of != nullptr) most = std::min<std::uint64_t>(most, limits.body_of(facts.method, facts.path));
  if (facts.content_length <= most) return std::nullopt;
  HttpRefusal out = refuse(413, "body is too long");
  out.path = facts.path;
  return out;
}

}  // namespace

HeadScanner::Step HeadScanner::feed(std::string_view bytes) {
  Step step;
  for (const char c : bytes) {
    if (bytes_ == limits_.head_bytes) {
      step.refusal = refuse(431, "head is too long");
      return step;
    }
    ++bytes_, ++step.taken;
    const auto byte = static_cast<unsigned char>(c);
    if (after_cr_ != (c == '\n')) {
      step.refusal = refuse(400, "bare carriage return or line feed");
      return step;
    }
    if (c == '\n') {
      after_cr_ = false;
      if (line_bytes_ == 0) {
        if (lines_ == 0) step.refusal = refuse(400, "empty line before the request");
        step.complete = lines_ != 0;
        return step;
      }
      line_bytes_ = 0;
      if (++lines_ > limits_.fields + 1) {
        step.refusal = refuse(431, "too many fields");
        return step;
      }
      continue;
    }
    if (c == '\r') {
      after_cr_ = true;
      continue;
    }
    if ((byte < 0x20 && c != '\t') || byte >= 0x7f) {
      step.refusal = refuse(400, "control or non-ASCII byte in the head");
      return step;
    }
    if (line_bytes_ == 0 && (c == ' ' || c == '\t')) {
      step.refusal = refuse(400, "line begins with white space");
      return step;
    }
    if (++line_bytes_ > limits_.request_line_bytes && lines_ == 0) {
      step.refusal = refuse(414, "request line is too long");
      return step;
    }
  }
  return step;
}

HeadVerdict check_head(std::string_view head, const HttpLimits& limits) {
  HeadVerdict verdict;
  FieldsSeen seen;
  std::string_view target;
  for (bool first = true;; first = false) {
    const std::size_t end = head.find("\r\n");
    if (end == std::string_view::npos) {
      verdict.refusal = refuse(400, "head does not end");
      return verdict;
    }
    const std::string_view line = head.substr(0, end);
    head.remove_prefix(end + 2);
    if (line.empty() && !first) break;
    verdict.refusal = first ? judge_request_line(line, target, verdict.facts) : judge_field(line, verdict.facts, seen);
    if (verdict.refusal) return verdict;
    if (!first && ++verdict.facts.fields > limits.fields) {
      verdict.refusal = refuse(431, "too many fields");
      return verdict;
    }
  }
  if (!seen.host) {
    verdict.refusal = refuse(400, "Host is missing");
  } else if (verdict.facts.method != "GET" && verdict.facts.method != "POST") {
    verdict.refusal = refuse(405, "only GET and POST are spoken");
  } else if (verdict.facts.method == "POST" && !seen.has_length) {
    verdict.refusal = refuse(411, "POST without Content-Length");
  } else if (seen.upgrade && verdict.facts.content_length != 0) {
    verdict.refusal = refuse(400, "body together with Upgrade");
  } else {
    verdict.refusal = judge_target(target, verdict.facts);
    if (!verdict.refusal) verdict.refusal = judge_length(verdict.facts, limits);
  }
  return verdict;
}

bool acceptable_path(std::string_view path) {
  constexpr std::string_view kOther = "-._~!$&'()*+,=:@/";
  if (path.empty() || path.front() != '/') return false;
  std::size_t begin = 1;
  for (std::size_t i = 1; i <= path.size(); ++i) {
    if (i < path.size() && path[i] != '/') {
      const char c = path[i];
      if (!is_alpha(c) && !is_digit(c) && kOther.find(c) == std::string_view::npos) return false;
      continue;
    }
    const std::string_view segment = path.substr(begin, i - begin);
    if (segment.empty() && i < path.size()) return false;
    if (!segment.empty() && segment.find_first_not_of('.') == std::string_view::npos) return false;
    begin = i + 1;
  }
  return true;
}

bool acceptable_query(std::string_view query) {
  constexpr std::string_view kOther = "-._~!$&'()*+,=:@/?;[]|{}";
  for (std::size_t i = 0; i < query.size(); ++i) {
    const char c = query[i];
    if (c == '%') {
      if (i + 2 >= query.size() || !is_hex(query[i + 1]) || !is_hex(query[i + 2])) return false;
      const int value = hex_value(query[i + 1]) * 16 + hex_value(query[i + 2]);
      if (value < 0x20 || value == 0x7f) return false;
      i += 2;
    } else if (!is_alpha(c) && !is_digit(c) && kOther.find(c) == std::string_view::npos) {
      return false;
    }
  }
  return true;
}

bool acceptable_host(std::string_view host) {
  if (host.empty() || host.size() > 255) return false;
  std::size_t end = 0;
  if (host.front() == '[') {
    end = host.find(']');
    if (end == std::string_view::npos || end == 1) return false;
    for (const char c : host.substr(1, end - 1))
      if (!is_hex(c) && c != ':' && c != '.') return false;
    ++end;
  } else {
    while (end < host.size() &&
           (is_alpha(host[end]) || is_digit(host[end]) || host[end] == '-' || host[end] == '.' || host[end] == '_'))
      ++end;
    if (end == 0) return false;
  }
  if (end == host.size()) return true;
  if (host[end] != ':') return false;
  const std::string_view port = host.substr(end + 1);
  if (port.empty() || port.size() > 5 || !std::all_of(port.begin(), port.end(), is_digit)) return false;
  unsigned value = 0;
  std::from_chars(port.data(), port.data() + port.size(), value);
  return value >= 1 && value <= 65535;
}

}  // namespace sekisho::http
