// Pages: what an entrance answers over HTTP: the built pages, the JSON API behind them, and the opening of a screen.
// Decides nothing about people: a question goes to the gatekeeper, its answer becomes JSON here.
//
//   HttpRequest ─judge()─▶ HttpResponse | PageQuestion ─gatekeeper─▶ answer() ─▶ HttpResponse
//                                       | ScreenOpening ─gatekeeper, guest, recording─▶ 101 and WebSocket frames
//
// One entrance serves one place: the desktop page on the tunnel's side, the console page on the desktops' side. Its
// origin is configured: another Host (a name that was bent to this address) and, where something changes or opens,
// another Origin are refused before anything is asked.
// Threads: any, no state. Ownership: borrows the files. Errors: every refusal is {"refusal": {rule, code, what, why,
// remedy}} with 4xx or 503. Source: issue "Desktops and consoles" part 5; threats.md T-01, T-11, T-14, T-60.
#pragma once
#include "net/websocket/upgrade.hpp"
#include "seam/console_messages.hpp"

#include <sekisho/sdk/path/http.hpp>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace sekisho::screens {

struct StaticFile {
  std::string content_type, body;
  bool page = false;     ///< an HTML page with scripts
  bool forever = false;  ///< its name changes with its bytes
};
/// By path below the page ("index.html", "assets/index-3J5mevq5.js").
using StaticFiles = std::map<std::string, StaticFile, std::less<>>;
/// By the name's ending; nullopt: not served.
[[nodiscard]] std::optional<std::string> content_type_of(std::string_view name);
/// [A-Za-z0-9._-] in parts that are separated by single slashes and do not begin with a dot; <= 128 bytes.
[[nodiscard]] bool is_static_name(std::string_view name);

struct PageQuestion {
  seam::ConsoleQuestion body;
};
struct ScreenOpening {
  websocket::Upgrade upgrade;
};

class Pages {
 public:
  /// `origin`: "http://10.202.0.1:8080" or https, as browsers write it; never empty.
  Pages(seam::Place place, std::string origin, const StaticFiles& files);

  [[nodiscard]] std::variant<HttpResponse, PageQuestion, ScreenOpening> judge(const HttpRequest& request) const;
  /// Of every answer but ThumbnailRight, whose picture comes from elsewhere.
  [[nodiscard]] HttpResponse answer(const seam::ConsoleAnswer& answer) const;
  /// `png`: the picture, or empty where there is none.
  [[nodiscard]] static HttpResponse thumbnail(std::string png);

  /// A refusal of the catalogue; `status` 403 unless said.
  [[nodiscard]] static HttpResponse refuse(std::string_view code, std::uint16_t status = 403);
  [[nodiscard]] static HttpResponse refuse(const Refusal& refusal, std::uint16_t status);
  /// A request that was not understood, or no WebSocket's opening.
  [[nodiscard]] static HttpResponse refuse(const HttpRefusal& refusal);

  [[nodiscard]] seam::Place place() const { return place_; }

 private:
  [[nodiscard]] std::variant<HttpResponse, PageQuestion, ScreenOpening> get(const HttpRequest& request) const;
  [[nodiscard]] std::variant<HttpResponse, PageQuestion, ScreenOpening> post(const HttpRequest& request) const;
  [[nodiscard]] HttpResponse file(std::string_view name) const;
  /// "web-01" of "/api/console/servers/web-01/<what>".
  [[nodiscard]] static std::optional<std::string> server_in(std::string_view path, std::string_view what);

  const seam::Place place_;
  const std::string origin_, host_;
  const std::string page_, socket_;  // "/desktop/", "/ws/desktop"
  const StaticFiles& files_;
};

}  // namespace sekisho::screens
