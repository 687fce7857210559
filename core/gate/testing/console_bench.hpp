// A gate with a person inside who stands at the desktop page or at the console page. Threads: one.
#pragma once
#include "gate/testing/gate_bench.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace sekisho::gate::testing {

class ConsoleTest : public GateTest {
 protected:
  static constexpr const char* kDesktop = "10.20.0.11";  ///< vdi-01, mori's

  /// Admitted, with a tunnel.
  void SetUp() override {
    put_posture();
    session = pass();
    inner = address_of(session);
    gate->on_message(front_id, seam::Notice{TunnelUp{session, "tls"}});
    settle();
  }
  const seam::ConsoleReply* ask_page(seam::Place place, std::string peer, seam::ConsoleQuestion question) {
    gate->on_message(relay_id,
                     seam::ConsoleRequest{++number, place, std::move(peer), "Mozilla/5.0", std::move(question)});
    settle();
    return console_reply();
  }
  [[nodiscard]] const seam::ConsoleReply* console_reply() const {
    const auto* found = relay.last<seam::ConsoleReply>();
    return found != nullptr && found->number == number ? found : nullptr;
  }
  const seam::ConsoleReply* at_desktop(seam::ConsoleQuestion question) {
    return ask_page(seam::Place::desktop, inner, std::move(question));
  }
  const seam::ConsoleReply* at_console(seam::ConsoleQuestion question) {
    return ask_page(seam::Place::console, kDesktop, std::move(question));
  }
  template <class T>
  static const T* in(const seam::ConsoleReply* reply) {
    return reply != nullptr ? std::get_if<T>(&reply->body) : nullptr;
  }
  /// "" when it is no refusal.
  static std::string refused(const seam::ConsoleReply* reply) {
    const auto* found = in<seam::ConsoleRefused>(reply);
    return found != nullptr ? found->refusal.code : std::string();
  }
  const seam::ConsoleReply* log_in(const char* login = "mori") {
    return at_console(seam::ConsoleLogin{login, Secret("x")});
  }
  std::string ticket_for(std::string server) {
    const auto* reply =
        server.empty() ? at_desktop(seam::WantTicket{}) : at_console(seam::WantTicket{std::move(server)});
    const auto* given = in<seam::TicketGiven>(reply);
    return given != nullptr ? std::string(given->ticket.reveal()) : std::string();
  }
  /// The right to an opened screen; console 0: none was given.
  seam::ScreenRight open_screen(std::string server = {}) {
    const bool desktop = server.empty();
    const std::string ticket = ticket_for(std::move(server));
    seam::ConsoleQuestion question = seam::OpenScreen{Secret(ticket)};
    const auto* right =
        in<seam::ScreenRight>(desktop ? at_desktop(std::move(question)) : at_console(std::move(question)));
    return right != nullptr ? *right : seam::ScreenRight{};
  }
  [[nodiscard]] const audit::Entry* last_entry(std::string_view event) const {
    for (auto it = journal.entries.rbegin(); it != journal.entries.rend(); ++it) {
      if (it->event == event) return &*it;
    }
    return nullptr;
  }

  std::string session, inner;
};

}  // namespace sekisho::gate::testing
