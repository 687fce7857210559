// serialize(): the one place where an HTTP answer of a front gets its bytes. Every answer carries the fixed headers of
// threats.md §9; nothing names the product.
#include <sekisho/sdk/path/http.hpp>

#include <boost/beast/http/status.hpp>

#include <algorithm>

namespace sekisho {
namespace {

std::string_view reason_phrase(std::uint16_t status) {
  // The wording a Fortinet client looks for (its HTML-token branch); 200 is "OK" in the catalogue already.
  if (status == 401) return "Authorization Required";
  const auto text = boost::beast::http::obsolete_reason(static_cast<boost::beast::http::status>(status));
  return {text.data(), text.size()};
}

bool token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}
bool value(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) >= 0x20 && static_cast<unsigned char>(c) < 0x7f;
  });
}
/// True when every part can be written without changing the shape of the head.
bool sound(const HttpResponse& response) {
  if (response.status < 200 || response.status > 599 || !value(response.content_type)) return false;
  return std::all_of(response.fields.begin(), response.fields.end(),
                     [](const auto& field) { return token(field.first) && value(field.second); });
}

constexpr std::string_view kFixed =
    "Strict-Transport-Security: max-age=31536000; includeSubDomains\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "Cross-Origin-Opener-Policy: same-origin\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n";
constexpr std::string_view kPolicyOfData =
    "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'; "
    "form-action 'none'\r\n";
constexpr std::string_view kPolicyOfPages =
    "Content-Security-Policy: default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; object-src 'none'\r\n";
// data: pictures: noVNC makes the guest's cursor and Tight's JPEG rectangles of them.
constexpr std::string_view kPolicyOfPagesWithScripts =
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'\r\n";

}  // namespace

std::string serialize(const HttpResponse& response) {
  if (!sound(response)) {
    HttpResponse instead;
    instead.status = 500;
    instead.body = "error\n";
    instead.close = true;
    return serialize(instead);
  }
  const bool bodiless = response.status == 204 || response.status == 304;
  const std::string_view body = bodiless ? std::string_view{} : std::string_view(response.body);
  std::string out;
  out.reserve(768 + body.size());
  out.append("HTTP/1.1 ").append(std::to_string(response.status)).append(" ").append(reason_phrase(response.status));
  out.append("\r\n");
  if (!bodiless) {
    out.append("Content-Type: ").append(response.content_type).append("\r\n");
    out.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n");
  }
  for (const auto& [name, text] : response.fields) out.append(name).append(": ").append(text).append("\r\n");
  if (response.close) out.append("Connection: close\r\n");
  out.append(kFixed);
  out.append(response.page ? "Referrer-Policy: same-origin\r\n" : "Referrer-Policy: no-referrer\r\n");
  if (response.cache_s == 0) {
    out.append("Cache-Control: no-store\r\n");
  } else {
    out.append("Cache-Control: public, max-age=").append(std::to_string(response.cache_s)).append(", immutable\r\n");
  }
  out.append(!response.page ? kPolicyOfData : response.scripts ? kPolicyOfPagesWithScripts : kPolicyOfPages);
  out.append("\r\n").append(body);
  return out;
}

}  // namespace sekisho
