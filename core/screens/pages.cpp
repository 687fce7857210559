#include "screens/pages.hpp"

#include "admission/login.hpp"
#include "base/json.hpp"
#include "base/json_object.hpp"
#include "base/json_text.hpp"

#include <algorithm>
#include <utility>

namespace sekisho::screens {
namespace {

using nlohmann::json;

constexpr std::string_view kServers = "/api/console/servers/";
constexpr std::size_t kLongestName = 128, kLongestId = 63, kLongestLogin = 64, kLongestPassword = 512;
constexpr std::uint32_t kForever = 86'400;

HttpResponse data(json body, std::uint16_t status = 200) {
  HttpResponse out;
  out.status = status;
  out.content_type = "application/json";
  out.body = json_text(body);
  return out;
}

json text_json(const Text& text) {
  return json_object("ja", text.ja, "en", text.en);
}
json refusal_json(const Refusal& refusal) {
  return json_object("rule", refusal.rule, "code", refusal.code, "what", text_json(refusal.what), "why",
                     text_json(refusal.why), "remedy", text_json(refusal.remedy));
}

bool is_id(std::string_view text) {
  return !text.empty() && text.size() <= kLongestId && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

std::string host_of(const std::string& origin) {
  const std::size_t at = origin.find("://");
  SEKISHO_ASSERT(at != std::string::npos);
  return origin.substr(at + 3);
}

json policy_json(bool watermark, bool recorded) {
  return json_object("watermark", watermark, "recorded", recorded);
}

json desktop_json(const seam::DesktopView& view) {
  return json_object("session", view.session, "person", view.person, "language", view.language, "until", view.until,
                     "left_s", view.left_s, "zone", view.zone, "desktop",
                     json_object("id", view.desktop, "name", text_json(view.name), "state", view.state, "progress",
                                 view.progress, "expected_s", view.expected_s, "account", view.account, "password",
                                 std::string(view.password.reveal())),
                     "policy", policy_json(view.watermark, view.recorded));
}

json servers_json(const seam::ServerList& list) {
  json servers = json::array();
  for (const seam::ServerView& server : list.servers) {
    const bool known = server.state == "on" || server.state == "off";
    const std::string state = known ? server.state : "unknown";
    const bool off = server.may_open && state == "off";
    json why_not;
    if (!server.may_open) why_not = refusal_json(server.why_not);
    if (off) why_not = refusal_json(admission::refusal("console.machine_off"));
    servers.push_back(json_object("id", server.id, "name", text_json(server.name), "kind", server.kind, "state", state,
                                  "may_open", server.may_open && !off, "why_not", std::move(why_not)));
  }
  return json_object("session", list.session, "person", list.person, "left_s", list.left_s, "servers",
                     std::move(servers), "policy", policy_json(list.watermark, list.recorded));
}

}  // namespace

std::optional<std::string> content_type_of(std::string_view name) {
  static constexpr std::pair<std::string_view, std::string_view> kTypes[] = {{".html", "text/html; charset=utf-8"},
                                                                             {".js", "text/javascript; charset=utf-8"},
                                                                             {".css", "text/css; charset=utf-8"},
                                                                             {".svg", "image/svg+xml"},
                                                                             {".png", "image/png"},
                                                                             {".woff2", "font/woff2"},
                                                                             {".txt", "text/plain; charset=utf-8"}};
  for (const auto& [ending, type] : kTypes) {
    if (name.ends_with(ending)) return std::string(type);
  }
  return std::nullopt;
}

bool is_static_name(std::string_view name) {
  if (name.empty() || name.size() > kLongestName) return false;
  bool begins = true;
  for (const char c : name) {
    if (begins && (c == '.' || c == '/')) return false;
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
    if (!plain && c != '/') return false;
    begins = c == '/';
  }
  return !begins;
}

Pages::Pages(seam::Place place, std::string origin, const StaticFiles& files)
    : place_(place),
      origin_(std::move(origin)),
      host_(host_of(origin_)),
      page_(place == seam::Place::desktop ? "/desktop/" : "/console/"),
      socket_(place == seam::Place::desktop ? "/ws/desktop" : "/ws/console"),
      files_(files) {}

std::variant<HttpResponse, PageQuestion, ScreenOpening> Pages::judge(const HttpRequest& request) const {
  if (request.field("host") != host_) return refuse("page.other_origin");
  if (!request.query.empty()) return refuse("page.malformed", 400);
  return request.method == "POST" ? post(request) : get(request);
}

std::variant<HttpResponse, PageQuestion, ScreenOpening> Pages::get(const HttpRequest& request) const {
  const std::string_view path = request.path;
  if (path == socket_) {
    auto judged = websocket::judge_upgrade(request, {origin_, socket_});
    if (auto* refused = std::get_if<HttpRefusal>(&judged)) return refuse(*refused);
    return ScreenOpening{std::get<websocket::Upgrade>(std::move(judged))};
  }
  if (path == "/" || path == page_.substr(0, page_.size() - 1)) {
    HttpResponse out;
    out.status = 302;
    out.fields = {{"Location", page_}};
    return out;
  }
  if (path.starts_with(page_)) return file(path.substr(page_.size()));
  if (place_ == seam::Place::desktop) {
    if (path == "/api/desktop") return PageQuestion{seam::ViewDesktop{}};
  } else {
    if (path == "/api/console/servers") return PageQuestion{seam::ListServers{}};
    if (auto server = server_in(path, "thumbnail")) return PageQuestion{seam::WantThumbnail{std::move(*server)}};
  }
  return refuse("page.unknown", 404);
}

std::variant<HttpResponse, PageQuestion, ScreenOpening> Pages::post(const HttpRequest& request) const {
  // Before anything that costs: another site's page must learn nothing and change nothing.
  if (request.field("origin") != origin_) return refuse("page.other_origin");
  const std::string_view path = request.path;
  const bool plain = request.body.empty() || request.body == "{}";
  if (place_ == seam::Place::desktop) {
    if (path == "/api/desktop/ticket" && plain) return PageQuestion{seam::WantTicket{}};
    if (path == "/api/session/end" && plain) return PageQuestion{seam::EndByPerson{}};
    if (path == "/api/desktop/ticket" || path == "/api/session/end") return refuse("page.malformed", 400);
    return refuse("page.unknown", 404);
  }
  if (path == "/api/console/login") {
    const auto body = parse_json(request.body);
    if (!body || !body->is_object() || body->size() != 2) return refuse("page.malformed", 400);
    auto person = get_string(*body, "person", kLongestLogin),
         password = get_string(*body, "password", kLongestPassword);
    if (!person || !password || person->empty() || password->empty()) return refuse("page.malformed", 400);
    return PageQuestion{seam::ConsoleLogin{std::move(*person), Secret(std::move(*password))}};
  }
  if (auto server = server_in(path, "ticket")) {
    if (!plain) return refuse("page.malformed", 400);
    return PageQuestion{seam::WantTicket{std::move(*server)}};
  }
  return refuse("page.unknown", 404);
}

std::optional<std::string> Pages::server_in(std::string_view path, std::string_view what) {
  if (!path.starts_with(kServers)) return std::nullopt;
  path.remove_prefix(kServers.size());
  const std::size_t slash = path.find('/');
  if (slash == std::string_view::npos || path.substr(slash + 1) != what || !is_id(path.substr(0, slash))) {
    return std::nullopt;
  }
  return std::string(path.substr(0, slash));
}

HttpResponse Pages::file(std::string_view name) const {
  const auto found = files_.find(name.empty() ? std::string_view("index.html") : name);
  if (found == files_.end()) return refuse("page.unknown", 404);
  HttpResponse out;
  out.content_type = found->second.content_type;
  out.body = found->second.body;
  out.page = found->second.page;
  out.scripts = found->second.page;
  out.cache_s = found->second.forever ? kForever : 0;
  // noVNC would read and fill the browser's clipboard by itself (R14).
  out.fields = {{"Permissions-Policy", "clipboard-read=(), clipboard-write=()"}};
  return out;
}

HttpResponse Pages::answer(const seam::ConsoleAnswer& answer) const {
  if (const auto* refused = std::get_if<seam::ConsoleRefused>(&answer)) {
    return refuse(refused->refusal, refused->unavailable ? 503 : 403);
  }
  if (std::holds_alternative<seam::ConsoleDone>(answer)) return data(json::object());
  if (const auto* view = std::get_if<seam::DesktopView>(&answer)) return data(desktop_json(*view));
  if (const auto* list = std::get_if<seam::ServerList>(&answer)) return data(servers_json(*list));
  if (const auto* given = std::get_if<seam::TicketGiven>(&answer)) {
    return data(json_object("ticket", std::string(given->ticket.reveal()), "websocket", socket_));
  }
  return refuse("gate.unavailable", 503);
}

HttpResponse Pages::thumbnail(std::string png) {
  if (png.empty()) return refuse("console.unreachable", 503);
  HttpResponse out;
  out.content_type = "image/png";
  out.body = std::move(png);
  return out;
}

HttpResponse Pages::refuse(std::string_view code, std::uint16_t status) {
  return refuse(admission::refusal(code), status);
}

HttpResponse Pages::refuse(const Refusal& refusal, std::uint16_t status) {
  return data(json_object("refusal", refusal_json(refusal)), status);
}

HttpResponse Pages::refuse(const HttpRefusal& refusal) {
  HttpResponse out = refuse(refusal.status == 404   ? "page.unknown"
                            : refusal.status == 403 ? "page.other_origin"
                                                    : "page.malformed",
                            refusal.status);
  if (refusal.status == 426) out.fields = {{"Upgrade", "websocket"}, {"Sec-WebSocket-Version", "13"}};  // RFC 6455 §4.4
  out.close = true;
  return out;
}

}  // namespace sekisho::screens
