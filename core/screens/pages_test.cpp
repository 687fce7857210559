#include "screens/pages.hpp"

#include "admission/login.hpp"
#include "base/json.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <fstream>
#include <string>
#include <utility>
#include <vector>

namespace sekisho::screens {
namespace {

constexpr const char* kOrigin = "http://10.202.0.1:8080";
const std::string kTicket(43, 'q');

/// plugins/portal/testing/answers: the pages' own tests read the same files.
nlohmann::json as_pages_read(const std::string& name) {
  std::ifstream file(SEKISHO_SOURCE_DIR "/plugins/portal/testing/answers/" + name + ".json");
  return nlohmann::json::parse(file);
}

StaticFiles files() {
  StaticFiles out;
  out["index.html"] = {"text/html; charset=utf-8", "<!doctype html>", true, false};
  out["assets/index-3J5m.js"] = {"text/javascript; charset=utf-8", "export {}", false, true};
  return out;
}

class PagesTest : public ::testing::Test {
 protected:
  using Judged = std::variant<HttpResponse, PageQuestion, ScreenOpening>;
  static HttpRequest request(std::string method, std::string path, std::string body = {}) {
    HttpRequest out;
    out.method = std::move(method);
    out.path = std::move(path);
    out.body = std::move(body);
    out.fields = {{"host", "10.202.0.1:8080"}};
    if (out.method == "POST") out.fields.emplace_back("origin", kOrigin);
    return out;
  }
  static HttpRequest opening(std::string path) {
    HttpRequest out = request("GET", std::move(path));
    out.fields.insert(out.fields.end(), {{"origin", kOrigin},
                                         {"upgrade", "websocket"},
                                         {"connection", "Upgrade"},
                                         {"sec-websocket-version", "13"},
                                         {"sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="},
                                         {"sec-websocket-protocol", "binary, sekisho.ticket." + kTicket}});
    return out;
  }
  static void set(HttpRequest& request, std::string_view name, std::string value) {
    for (auto& [each, text] : request.fields) {
      if (each == name) text = std::move(value);
    }
  }
  template <class T>
  static const T* question(const Judged& judged) {
    const auto* found = std::get_if<PageQuestion>(&judged);
    return found != nullptr ? std::get_if<T>(&found->body) : nullptr;
  }
  static std::uint16_t status(const Judged& judged) {
    const auto* found = std::get_if<HttpResponse>(&judged);
    return found != nullptr ? found->status : std::uint16_t{0};
  }
  static std::string code(const HttpResponse& response) {
    const auto body = parse_json(response.body);
    return body && body->contains("refusal") ? body->at("refusal").at("code").get<std::string>() : std::string();
  }
  static std::string code(const Judged& judged) { return code(std::get<HttpResponse>(judged)); }

  StaticFiles static_files = files();
  Pages desktop{seam::Place::desktop, kOrigin, static_files};
  Pages console{seam::Place::console, kOrigin, static_files};
};

TEST_F(PagesTest, AsksWhatThePagesAsk) {
  EXPECT_NE(question<seam::ViewDesktop>(desktop.judge(request("GET", "/api/desktop"))), nullptr);
  EXPECT_NE(question<seam::WantTicket>(desktop.judge(request("POST", "/api/desktop/ticket"))), nullptr);
  EXPECT_NE(question<seam::EndByPerson>(desktop.judge(request("POST", "/api/session/end", "{}"))), nullptr);
  EXPECT_NE(question<seam::ListServers>(console.judge(request("GET", "/api/console/servers"))), nullptr);
  const auto picture = console.judge(request("GET", "/api/console/servers/web-01/thumbnail"));
  ASSERT_NE(question<seam::WantThumbnail>(picture), nullptr);
  EXPECT_EQ(question<seam::WantThumbnail>(picture)->server, "web-01");
  const auto ticket = console.judge(request("POST", "/api/console/servers/web-01/ticket"));
  ASSERT_NE(question<seam::WantTicket>(ticket), nullptr);
  EXPECT_EQ(question<seam::WantTicket>(ticket)->server, "web-01");
  const auto login =
      console.judge(request("POST", "/api/console/login", R"({"person":"mori","password":"十分に長い合言葉"})"));
  ASSERT_NE(question<seam::ConsoleLogin>(login), nullptr);
  EXPECT_EQ(question<seam::ConsoleLogin>(login)->login, "mori");
  EXPECT_EQ(question<seam::ConsoleLogin>(login)->password.reveal(), "十分に長い合言葉");
}

TEST_F(PagesTest, APlaceKnowsNothingOfTheOther) {
  for (const char* path :
       {"/api/console/servers", "/api/console/servers/web-01/thumbnail", "/console/", "/ws/console"}) {
    EXPECT_EQ(code(desktop.judge(request("GET", path))), "page.unknown") << path;
  }
  for (const char* path : {"/api/console/login", "/api/console/servers/web-01/ticket"}) {
    EXPECT_EQ(code(desktop.judge(request("POST", path))), "page.unknown") << path;
  }
  for (const char* path : {"/api/desktop", "/desktop/", "/ws/desktop"}) {
    EXPECT_EQ(code(console.judge(request("GET", path))), "page.unknown") << path;
  }
  for (const char* path : {"/api/desktop/ticket", "/api/session/end"}) {
    EXPECT_EQ(code(console.judge(request("POST", path))), "page.unknown") << path;
  }
}

TEST_F(PagesTest, NothingChangesForAnotherOrigin) {
  for (const char* origin : {"", "null", "http://10.202.0.1", "https://10.202.0.1:8080", "http://10.202.0.1:8080/",
                             "http://evil.example", "HTTP://10.202.0.1:8080", "http://10.202.0.1:80800"}) {
    for (const char* path : {"/api/desktop/ticket", "/api/session/end"}) {
      HttpRequest asked = request("POST", path);
      set(asked, "origin", origin);
      EXPECT_EQ(code(desktop.judge(asked)), "page.other_origin") << origin;
    }
    HttpRequest screen = opening("/ws/desktop");
    set(screen, "origin", origin);
    EXPECT_EQ(status(desktop.judge(screen)), 403) << origin;
  }
}

TEST_F(PagesTest, ANameThatWasBentToThisAddressIsRefused) {
  for (const char* path : {"/api/desktop", "/desktop/"}) {
    HttpRequest asked = request("GET", path);
    set(asked, "host", "evil.example:8080");
    EXPECT_EQ(code(desktop.judge(asked)), "page.other_origin") << path;
  }
}

TEST_F(PagesTest, TakesTheTicketOutOfTheSubprotocolAndOfNothingElse) {
  const auto judged = desktop.judge(opening("/ws/desktop"));
  const auto* screen = std::get_if<ScreenOpening>(&judged);
  ASSERT_NE(screen, nullptr);
  EXPECT_EQ(screen->upgrade.ticket.reveal(), kTicket);
  HttpRequest in_url = opening("/ws/desktop");
  in_url.query = "ticket=" + kTicket;
  EXPECT_EQ(status(desktop.judge(in_url)), 400);
  HttpRequest without = opening("/ws/desktop");
  set(without, "sec-websocket-protocol", "binary");
  EXPECT_EQ(status(desktop.judge(without)), 403);
}

TEST_F(PagesTest, AnOtherVersionOfWebSocketIsToldTheRightOne) {
  HttpRequest old = opening("/ws/desktop");
  set(old, "sec-websocket-version", "8");
  const auto judged = desktop.judge(old);
  ASSERT_EQ(status(judged), 426);
  const std::string text = serialize(std::get<HttpResponse>(judged));
  EXPECT_NE(text.find("\r\nSec-WebSocket-Version: 13\r\n"), std::string::npos);
}

TEST_F(PagesTest, RefusesBodiesThatAreNotWhatIsExpected) {
  for (const char* body :
       {"", "[]", "{}", R"({"person":"mori"})", R"({"person":"mori","password":1})", R"({"person":"","password":"x"})",
        R"({"person":"mori","password":""})", R"({"person":"mori","password":"x","more":1})",
        R"({"person":"a","person":"b","password":"x"})", "{", "null"}) {
    EXPECT_EQ(code(console.judge(request("POST", "/api/console/login", body))), "page.malformed") << body;
  }
  EXPECT_EQ(code(console.judge(request("POST", "/api/console/login",
                                       R"({"person":"mori","password":")" + std::string(513, 'x') + R"("})"))),
            "page.malformed");
  EXPECT_EQ(code(desktop.judge(request("POST", "/api/session/end", "x"))), "page.malformed");
}

TEST_F(PagesTest, NamesOfServersAreIdsAndNothingElse) {
  for (const char* name : {"", "Web", "web%2e", "..", "web 01", "web/01", "\xc3\xa4",
                           "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}) {
    EXPECT_EQ(code(console.judge(request("GET", "/api/console/servers/" + std::string(name) + "/thumbnail"))),
              "page.unknown")
        << name;
  }
}

TEST_F(PagesTest, ServesTheBuiltPageAndItsFiles) {
  for (const char* path : {"/desktop/", "/desktop/index.html"}) {
    const auto judged = desktop.judge(request("GET", path));
    ASSERT_EQ(status(judged), 200) << path;
    const std::string text = serialize(std::get<HttpResponse>(judged));
    EXPECT_NE(text.find("script-src 'self'"), std::string::npos);
    EXPECT_EQ(text.find("unsafe"), std::string::npos);
    EXPECT_NE(text.find("\r\nPermissions-Policy: clipboard-read=(), clipboard-write=()\r\n"), std::string::npos);
    EXPECT_NE(text.find("no-store"), std::string::npos) << "the page itself names its newest files";
  }
  const auto script = desktop.judge(request("GET", "/desktop/assets/index-3J5m.js"));
  ASSERT_EQ(status(script), 200);
  EXPECT_NE(serialize(std::get<HttpResponse>(script)).find("immutable"), std::string::npos);
  for (const char* path : {"/", "/desktop"}) EXPECT_EQ(status(desktop.judge(request("GET", path))), 302) << path;
  for (const char* path : {"/desktop/../etc/passwd", "/desktop/assets", "/desktop/other.js", "/desktop//index.html",
                           "/favicon.ico", "/api", "/api/desktop/"}) {
    EXPECT_EQ(code(desktop.judge(request("GET", path))), "page.unknown") << path;
  }
}

TEST_F(PagesTest, WritesTheDesktopAsItsPageReadsIt) {
  seam::DesktopView view;
  view.session = "S20261122-1-000042";
  view.person = "森 一郎";
  view.language = "ja";
  view.until = "2026-11-22T12:00:00.000000Z";
  view.zone = "internet_business";
  view.left_s = 60;
  view.desktop = "vdi-01";
  view.name = {"仮想01", "desktop 01"};
  view.state = "ready";
  view.progress = 100;
  view.expected_s = 20;
  view.account = "s42";
  view.password = Secret("one-time");
  view.recorded = false;
  const HttpResponse response = desktop.answer(std::move(view));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.content_type, "application/json");
  EXPECT_EQ(*parse_json(response.body), as_pages_read("desktop"));
  EXPECT_NE(serialize(response).find("Cache-Control: no-store"), std::string::npos);
}

TEST_F(PagesTest, WritesServersWithWhatTheirMachinesAreDoing) {
  seam::ServerList list;
  list.session = "S20261122-1-000042";
  list.person = "森 一郎";
  list.left_s = 60;
  list.recorded = false;
  const auto add = [&](const char* id, const char* state, bool may_open) {
    seam::ServerView server;
    server.id = id;
    server.kind = may_open ? "vm" : "physical";
    server.name = {id, id};
    server.machine = "uuid-1";
    server.state = state;
    server.may_open = may_open;
    if (!may_open) server.why_not = admission::refusal("console.physical");
    list.servers.push_back(std::move(server));
  };
  add("web-01", "on", true);
  add("web-02", "off", true);
  add("web-03", "paused", true);
  add("phys-01", "unknown", false);
  const auto body = parse_json(console.answer(std::move(list)).body);
  ASSERT_TRUE(body);
  EXPECT_EQ(*body, as_pages_read("servers"));
  EXPECT_EQ(body->dump().find("uuid"), std::string::npos) << "a page learns no machine's name";
}

TEST_F(PagesTest, ATicketComesWithItsSocket) {
  EXPECT_EQ(*parse_json(console.answer(seam::TicketGiven{Secret(kTicket)}).body), as_pages_read("ticket"));
  EXPECT_EQ(*parse_json(desktop.answer(seam::TicketGiven{Secret(kTicket)}).body),
            (nlohmann::json{{"ticket", kTicket}, {"websocket", "/ws/desktop"}}));
}

TEST_F(PagesTest, EveryRefusalHasItsFiveParts) {
  const auto whole = [](const HttpResponse& response) {
    const auto body = parse_json(response.body);
    ASSERT_TRUE(body);
    const auto& refusal = body->at("refusal");
    for (const char* key : {"rule", "code", "what", "why", "remedy"}) EXPECT_TRUE(refusal.contains(key)) << key;
    EXPECT_FALSE(refusal.at("what").at("ja").get<std::string>().empty());
    EXPECT_GE(response.status, 400);
  };
  whole(desktop.answer(seam::ConsoleRefused{admission::refusal("posture.quarantine"), false}));
  EXPECT_EQ(*parse_json(Pages::refuse("console.too_many").body), as_pages_read("refusal"));
  EXPECT_EQ(desktop.answer(seam::ConsoleRefused{admission::refusal("gate.unavailable"), true}).status, 503);
  whole(Pages::refuse("page.unknown", 404));
  whole(Pages::refuse(HttpRefusal{400, "x"}));
  whole(Pages::thumbnail({}));
  EXPECT_EQ(Pages::thumbnail("\x89PNG").content_type, "image/png");
}

TEST(StaticNames, AreWhatABuildMakesAndNothingElse) {
  for (const char* good : {"index.html", "assets/index-3J5mevq5.css", "a_b.js"})
    EXPECT_TRUE(is_static_name(good)) << good;
  for (const char* bad : {"", "/x", "x/", "a//b", "../x", "a/../b", ".git/x", "a/.b", "a b", "a\\b", "ä", "a%2e"}) {
    EXPECT_FALSE(is_static_name(bad)) << bad;
  }
  EXPECT_EQ(content_type_of("x.js"), "text/javascript; charset=utf-8");
  EXPECT_FALSE(content_type_of("x.exe"));
}

}  // namespace
}  // namespace sekisho::screens
