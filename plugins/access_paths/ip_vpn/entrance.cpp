#include "entrance.hpp"

#include "tokens.hpp"

#include <algorithm>

namespace sekisho::ip_vpn {
namespace {

constexpr Seconds kIdle{60};
constexpr Seconds kHead{10};
constexpr Seconds kBody{30};
constexpr Seconds kBodyPatience{5};  // before the rate counts
constexpr std::size_t kBodyRate = 1024;
constexpr unsigned kMostRequests = 100;
constexpr std::size_t kMostKept = 16384;
constexpr std::size_t kLargestWrite = 16384;
constexpr std::size_t kLargestForm = 8192;
constexpr std::size_t kLongestValue = 512;
constexpr std::size_t kLongestHandle = 31;
constexpr std::size_t kLongestField = 32;

HttpLimits limits() {
  HttpLimits out;
  out.body_bytes = 64 * 1024;
  return out;
}

std::string_view value_of(const std::vector<std::pair<std::string, std::string>>& pairs, std::string_view name) {
  for (const auto& [key, value] : pairs) {
    if (key == name) return value;
  }
  return {};
}

bool handle_shape(std::string_view text) {
  return !text.empty() && text.size() <= kLongestHandle && is_base64url(text);
}
/// A question with one line for an answer: "password", "code", "totp".
bool field_shape(std::string_view text) {
  return !text.empty() && text.size() <= kLongestField && text != "login" && text != "handover" &&
         std::all_of(text.begin(), text.end(), [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; });
}

std::string_view pick(const Text& text, Language language) {
  return language == Language::ja ? text.ja : text.en;
}

}  // namespace

std::unique_ptr<PathConnection> Entrance::open(PathHost& host, Arrival arrival, Instant now) {
  return std::make_unique<EntranceConnection>(host, config_, std::move(arrival), now);
}

EntranceConnection::EntranceConnection(PathHost& host, const Config& config, Arrival arrival, Instant now)
    : host_(host), config_(config), arrival_(std::move(arrival)), parser_(limits()), deadline_(now + kIdle) {
  arrival_.circuit.clear();  // which one it is, the gatekeeper tells by the address
  arrival_.form = LoginForm::page;
  arrival_.language = config_.language;
  arrival_.user_agent.clear();
}

std::optional<Instant> EntranceConnection::next_deadline() const {
  if (closed_) return std::nullopt;
  return deadline_;
}

void EntranceConnection::on_deadline(Instant now) {
  if (closed_ || now < deadline_) return;
  if (asked_) {
    asked_.reset();
    answer(is_of_agent(route_) ? agent_unavailable() : unavailable_page(frame()));
    return close("the gatekeeper is silent");
  }
  close(in_body_ ? "the body comes too slowly" : in_request_ ? "the request took too long" : "no request");
}

void EntranceConnection::on_gone(Instant) {
  closed_ = true;
  kept_.clear();
}

void EntranceConnection::close(std::string_view why) {
  if (closed_) return;
  closed_ = true;
  kept_.clear();
  host_.close(why);
}

void EntranceConnection::answer(HttpResponse response) {
  for (const std::string& cookie : set_cookies_) response.fields.emplace_back("Set-Cookie", cookie);
  set_cookies_.clear();
  response.close = response.close || !keep_alive_ || requests_ >= kMostRequests;
  const std::string text = serialize(response);
  auto bytes = std::as_bytes(std::span(text));
  while (!bytes.empty()) {
    const auto piece = bytes.first(std::min(bytes.size(), kLargestWrite));
    host_.write(piece);
    bytes = bytes.subspan(piece.size());
  }
  if (response.close) close("answered, last request");
}

void EntranceConnection::on_bytes(std::span<const std::byte> plaintext, Instant now) {
  if (closed_) return;
  if (asked_) {
    if (kept_.size() + plaintext.size() > kMostKept) return close("too much sent ahead of an answer");
    kept_.insert(kept_.end(), plaintext.begin(), plaintext.end());
    return;
  }
  read(plaintext, now);
}

void EntranceConnection::read(std::span<const std::byte> bytes, Instant now) {
  while (!bytes.empty() && !closed_) {
    if (asked_) {
      if (bytes.size() > kMostKept) return close("too much sent ahead of an answer");
      kept_.assign(bytes.begin(), bytes.end());
      return;
    }
    if (!in_request_) {
      in_request_ = true;
      deadline_ = now + kHead;
    }
    auto progress = parser_.feed(bytes);
    if (progress.refusal) return answer(broken_page(frame(), progress.refusal->status));
    bytes = bytes.subspan(progress.consumed);
    if (progress.request) {
      in_request_ = in_body_ = false;
      deadline_ = now + kIdle;
      on_request(*progress.request, now);
    } else if (progress.consumed == 0) {
      return close("the request parser makes no progress");
    } else if (parser_.in_body()) {
      if (!std::exchange(in_body_, true)) {
        body_since_ = now;
        body_bytes_ = 0;
      } else {
        body_bytes_ += progress.consumed;
      }
      deadline_ = body_since_ + std::min(kBody, kBodyPatience + Seconds(body_bytes_ / kBodyRate));
    }
  }
}

Frame EntranceConnection::frame() const {
  return {language_, language_ == Language::ja ? config_.service_ja : config_.service_en};
}

void EntranceConnection::refuse(const Refusal& refusal) {
  answer(refusal_page(frame(), refusal));
}

void EntranceConnection::on_request(HttpRequest& request, Instant now) {
  ++requests_;
  keep_alive_ = request.keep_alive;
  language_ = accepted_language(request, config_.language) == "en" ? Language::en : Language::ja;
  arrival_.language = tag_of(language_);
  arrival_.user_agent = printable_user_agent(request);
  page_cookie_ = cookie_of(request, kPageCookie);
  login_.clear();
  route_ = find_route(request);
  const bool agent = is_of_agent(route_);
  if (!media_type_fits(route_, request)) {
    return answer(agent ? agent_refused(415, wrong_media_type()) : broken_page(frame(), 415));
  }
  if (!agent && request.body.size() > kLargestForm) return answer(broken_page(frame(), 413));
  switch (route_) {
    case Route::unknown:
      return answer(not_found_page(frame()));
    case Route::style:
      return answer(style_sheet());
    case Route::start:
      return first_page(request);
    case Route::login:
    case Route::answer:
    case Route::logout:
      return form(request, now);
    case Route::session: {
      const std::string_view cookie = cookie_of(request, kSessionCookie);
      if (cookie.empty()) return first_page(request);
      return show_session(Secret(std::string(cookie)), now);
    }
    case Route::challenge:
      return ask(PostureRequest{"challenge", arrival_, Secret(), {}}, now);
    case Route::report:
      return ask(PostureRequest{"report", arrival_, Secret(), std::move(request.body)}, now);
    case Route::enrol:
      return ask(PostureRequest{"enrol", arrival_, Secret(), std::move(request.body)}, now);
  }
}

void EntranceConnection::first_page(const HttpRequest& request) {
  const auto query = parse_form(request.query);
  if (!query) return answer(not_found_page(frame()));
  const std::string_view wanted = value_of(*query, "lang");
  if (wanted == "ja") language_ = Language::ja;
  if (wanted == "en") language_ = Language::en;
  if (page_cookie_.empty()) {
    page_cookie_ = new_cookie(host_.entropy());
    set_cookies_.push_back(set_cookie(kPageCookie, page_cookie_));
  }
  answer(login_page(frame(), page_token(page_cookie_, "login", {}), {}, {}));
}

void EntranceConnection::form(HttpRequest& request, Instant now) {
  if (!same_origin(request, config_.origin)) return refuse(other_origin());
  auto pairs = parse_form(request.body);
  wipe(request.body.data(), request.body.size());
  if (!pairs) return answer(broken_page(frame(), 400));
  const std::string_view wanted = value_of(*pairs, "lang");
  if (wanted == "ja") language_ = Language::ja;
  if (wanted == "en") language_ = Language::en;
  arrival_.language = tag_of(language_);
  if (route_ == Route::logout) {
    const std::string_view cookie = cookie_of(request, kSessionCookie);
    if (!token_fits(value_of(*pairs, "token"), page_cookie_, "logout", {}) || cookie.empty()) {
      return refuse(stale_page());
    }
    return ask(LogoutSession{Secret(std::string(cookie)), arrival_}, now);
  }
  take(*pairs, now);
  for (auto& [name, value] : *pairs) wipe(value.data(), value.size());
}

void EntranceConnection::take(Pairs& pairs, Instant now) {
  const std::string_view token = value_of(pairs, "token");
  if (route_ == Route::login) {
    if (!token_fits(token, page_cookie_, "login", {})) return refuse(stale_page());
    const std::string_view login = value_of(pairs, "login"), password = value_of(pairs, "password");
    if (login.empty() || password.empty() || login.size() > kLongestValue || password.size() > kLongestValue) {
      const std::string fresh = page_token(page_cookie_, "login", {});
      return answer(login_page(frame(), fresh, login.substr(0, kLongestValue), say(Say::missing, language_)));
    }
    login_ = login;
    BeginLogin begin{.arrival = arrival_, .evidence = {}};
    begin.evidence.emplace("login", Secret(login_));
    begin.evidence.emplace("password", Secret(std::string(password)));
    return ask(std::move(begin), now);
  }
  const std::string_view handle = value_of(pairs, "handle"), field = value_of(pairs, "field"),
                         value = value_of(pairs, "value");
  if (!handle_shape(handle) || !field_shape(field) || value.size() > kLongestValue ||
      !token_fits(token, page_cookie_, field, handle)) {
    return refuse(stale_page());
  }
  AnswerLogin next{.handle = std::string(handle), .arrival = arrival_, .evidence = {}};
  if (!value.empty()) next.evidence.emplace(std::string(field), Secret(std::string(value)));
  ask(std::move(next), now);
}

void EntranceConnection::show_session(Secret cookie, Instant now) {
  ask(ResumeSession{std::move(cookie), arrival_, false}, now);
}

void EntranceConnection::ask(GateRequest request, Instant now) {
  deadline_ = now + config_.gatekeeper_limit;
  asked_ = host_.ask(std::move(request));
}

HttpResponse EntranceConnection::reply_page(GateReply reply, Instant) {
  if (const auto* asked = std::get_if<LoginAsked>(&reply)) {
    if (!handle_shape(asked->handle) || !field_shape(asked->ask.field)) return unavailable_page(frame());
    const std::string token = page_token(page_cookie_, asked->ask.field, asked->handle);
    return answer_page(frame(), token, asked->handle, asked->ask.field, pick(asked->ask.prompt, language_), {});
  }
  if (auto* grant = std::get_if<Granted>(&reply)) {
    const std::string_view cookie = grant->cookie.reveal();
    if (cookie.size() != kCookieSize || !is_base64url(cookie)) return unavailable_page(frame());
    set_cookies_.push_back(set_cookie(kSessionCookie, cookie));
    HttpResponse go;
    go.status = 303;
    go.fields = {{"Location", "/session"}};
    return go;
  }
  if (const auto* resumed = std::get_if<Resumed>(&reply)) {
    if (page_cookie_.empty()) {
      page_cookie_ = new_cookie(host_.entropy());
      set_cookies_.push_back(set_cookie(kPageCookie, page_cookie_));
    }
    return session_page(frame(), resumed->view, page_token(page_cookie_, "logout", {}), config_.desktop_page);
  }
  if (std::holds_alternative<Done>(reply) && route_ == Route::logout) {
    set_cookies_.push_back(set_cookie(kSessionCookie, {}));
    return logged_out_page(frame());
  }
  if (const auto* said = std::get_if<Refused>(&reply)) {
    if (route_ == Route::session) set_cookies_.push_back(set_cookie(kSessionCookie, {}));
    if (said->may_retry && route_ == Route::login && !page_cookie_.empty()) {
      std::string error(pick(said->refusal.why, language_));
      error.append(language_ == Language::ja ? "" : " ").append(pick(said->refusal.remedy, language_));
      error.append(" [").append(said->refusal.rule).append(" ").append(said->refusal.code).append("]");
      HttpResponse again = login_page(frame(), page_token(page_cookie_, "login", {}), login_, error);
      again.status = 403;
      return again;
    }
    return refusal_page(frame(), said->refusal);
  }
  return unavailable_page(frame());
}

void EntranceConnection::on_reply(std::uint64_t request, GateReply reply, Instant now) {
  if (closed_ || asked_ != request) return;
  asked_.reset();
  deadline_ = now + kIdle;
  if (!is_of_agent(route_)) {
    answer(reply_page(std::move(reply), now));
  } else if (auto* judged = std::get_if<PostureAnswer>(&reply)) {
    answer(agent_answer(std::move(*judged)));
  } else if (const auto* refusal = std::get_if<Refused>(&reply)) {
    answer(agent_refused(403, refusal->refusal));
  } else {
    answer(agent_unavailable());
  }
  if (closed_ || kept_.empty()) return;
  const std::vector<std::byte> kept = std::exchange(kept_, {});
  read(kept, now);
}

}  // namespace sekisho::ip_vpn
