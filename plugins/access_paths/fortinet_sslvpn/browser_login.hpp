// The login on our pages (R04, R09): what a form sent, what the gatekeeper is asked, which page follows. Nothing of it
// outlives a request: the pending login is found by the handle in the form, the browser by the page cookie. A form
// counts only from our own origin and with the token of exactly its cookie, kind and handle; the handle never stands in
// a URL. A wrong password that may be tried again begins the login anew, so every question has a fresh handle. One
// request at a time, as in HttpPhase. Threads: the front's. Ownership: config and entropy outlive it.
#pragma once
#include "browser_pages.hpp"
#include "config.hpp"
#include "routes.hpp"

#include <sekisho/sdk/path/access_path.hpp>

#include <variant>

namespace sekisho::fortinet {

class BrowserLogin {
 public:
  BrowserLogin(const FortinetConfig& config, Entropy& entropy) : config_(config), entropy_(entropy) {}

  /// A page, or a question for the gatekeeper whose answer comes to on_reply().
  using Next = std::variant<HttpResponse, GateRequest>;
  /// GET /remote/login and /remote/saml/start.
  [[nodiscard]] HttpResponse first_page(const HttpRequest& request, bool for_client);
  /// The pages' POST routes. `arrival.language` and `arrival.form` are set for the question.
  [[nodiscard]] Next on_form(Route route, HttpRequest& request, Arrival arrival, Instant now);
  [[nodiscard]] Next on_reply(GateReply reply, Instant now);

  /// In the language of the request's sender.
  [[nodiscard]] HttpResponse not_found(const HttpRequest& request) const;
  [[nodiscard]] HttpResponse refused(const HttpRequest& request, const Refusal& refusal) const;
  /// In the language of the form that waits.
  [[nodiscard]] HttpResponse unavailable() const;

  /// The one-time id of GET /remote/saml/auth_id?id=… as the gatekeeper knows it; empty: not of that shape.
  [[nodiscard]] static std::string handover_handle(std::string_view query);

 private:
  struct Form;
  [[nodiscard]] PageFrame frame(Language language, bool for_client, bool realm) const;
  [[nodiscard]] Language language_of(const HttpRequest& request, std::string_view wanted) const;
  [[nodiscard]] HttpResponse refusal(const Refusal& refusal) const;
  [[nodiscard]] HttpResponse ask_id(std::string_view login, std::string_view error) const;
  [[nodiscard]] HttpResponse ask(const LoginAsked& asked, Instant now) const;
  [[nodiscard]] HttpResponse same_question(const Form& form, std::string_view error, Instant now) const;

  const FortinetConfig& config_;
  Entropy& entropy_;
  // The form that is being answered.
  Route route_ = Route::unknown;
  PageFrame frame_;
  std::string cookie_, origin_, login_, answered_;
  Arrival arrival_;
  std::optional<Refusal> wrong_;  ///< a password that may be tried again: shown with the new question
};

}  // namespace sekisho::fortinet
