// A browser as far as our pages need one: keeps the page cookie, finds a form's fields, sends them from our origin.
// Threads: one.
#pragma once
#include "front.hpp"

#include <cctype>
#include <map>
#include <regex>
#include <string>
#include <utility>

namespace sekisho::fortinet::testing {

using Fields = std::map<std::string, std::string>;

inline std::string percent_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_') {
      out += c;
    } else {
      constexpr std::string_view kHex = "0123456789ABCDEF";
      out += '%';
      out += kHex[static_cast<unsigned char>(c) >> 4];
      out += kHex[static_cast<unsigned char>(c) & 15];
    }
  }
  return out;
}

class Browser {
 public:
  explicit Browser(FortinetConfig config = {}) : front(std::move(config)) {}

  const std::string& open(const std::string& path) { return take(front.request(get(path, fields()))); }
  /// The inputs of the form that leads to `action`, with their values.
  [[nodiscard]] Fields form(const std::string& action) const {
    Fields out;
    const std::size_t begin = page.find("action=\"" + action + "\"");
    if (begin == std::string::npos) return out;
    const std::string inside = page.substr(begin, page.find("</form>", begin) - begin);
    static const std::regex input("<(?:input|button)[^>]* name=\"([^\"]*)\"[^>]*>"), value(" value=\"([^\"]*)\"");
    for (std::sregex_iterator it(inside.begin(), inside.end(), input), end; it != end; ++it) {
      const std::string tag = it->str();
      std::smatch found;
      out[(*it)[1]] = std::regex_search(tag, found, value) ? found[1].str() : "";
    }
    return out;
  }
  const std::string& submit(const std::string& action, const Fields& typed = {}) {
    Fields all = form(action);
    for (const auto& [name, value] : typed) all[name] = value;
    return send(action, all);
  }
  const std::string& send(const std::string& action, const Fields& all) {
    std::string body;
    for (const auto& [name, value] : all) {
      if (!body.empty()) body += '&';
      body += percent_encoded(name) + "=" + percent_encoded(value);
    }
    std::string head = fields() + "Content-Type: application/x-www-form-urlencoded\r\n";
    if (!origin.empty()) head += "Origin: " + origin + "\r\n";
    return take(front.request(post(action, body, head)));
  }
  const std::string& reply(GateReply reply) {
    front.reply(std::move(reply));
    return take(front.host.taken());
  }
  /// As far as the question for `field`; the gatekeeper's handle there is `handle`.
  void reach(const std::string& field, const std::string& handle = "Handle-2") {
    open("/remote/login");
    submit("/remote/login/id", {{"login", "mori"}});
    if (field == "password") {
      reply(question("password", handle));
      return;
    }
    reply(question("password", "Handle-1"));
    submit("/remote/login/password", {{"password", "his password"}});
    reply(question(field, handle, 60));
  }
  static LoginAsked question(const std::string& field, const std::string& handle, std::uint32_t resend_after_s = 0) {
    return {handle, Ask{field, field, {"質問です", "A question"}, resend_after_s}};
  }
  template <class T>
  [[nodiscard]] T& last_asked() {
    return std::get<T>(front.host.asked.back());
  }
  [[nodiscard]] std::size_t asked() const { return front.host.asked.size(); }

  Front front;
  std::string page, cookie, origin = "https://vpn.test";
  std::string agent =
      "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36";
  std::string languages = "ja";

 private:
  [[nodiscard]] std::string fields() const {
    std::string out = "Accept: text/html,application/xhtml+xml;q=0.9,*/*;q=0.8\r\nUser-Agent: " + agent + "\r\n";
    if (!languages.empty()) out += "Accept-Language: " + languages + "\r\n";
    if (!cookie.empty()) out += "Cookie: __Host-login=" + cookie + "\r\n";
    return out;
  }
  const std::string& take(std::string answer) {
    page = std::move(answer);
    static const std::regex set("\r\nSet-Cookie: __Host-login=([^;]*);");
    std::smatch found;
    if (std::regex_search(page, found, set)) cookie = found[1];
    return page;
  }
};

}  // namespace sekisho::fortinet::testing
