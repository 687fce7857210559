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
  static constexpr const char* kWeb01 = "0b4a1d5e-6f6a-4a55-9a63-2f0f4d3f9a01";

  /// Admitted, with a tunnel.
  void SetUp() override {
    hyperd.boxes[kWeb01] = {"manager-01", {}, MachineState::running, true};
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
    return right != nullptr ? copy_of(*right) : seam::ScreenRight{};
  }
  static seam::ScreenRight copy_of(const seam::ScreenRight& right) {
    seam::ScreenRight out;
    out.console = right.console;
    out.session = right.session, out.person = right.person, out.target = right.target, out.zone = right.zone;
    out.machine = right.machine, out.driver = right.driver, out.address = right.address, out.port = right.port;
    out.ticket = right.ticket.clone();
    return out;
  }
  /// The relay asked; its answer has not come.
  void ask_only(seam::Place place, std::string peer, seam::ConsoleQuestion question) {
    gate->on_message(relay_id,
                     seam::ConsoleRequest{++number, place, std::move(peer), "Mozilla/5.0", std::move(question)});
    settle();
  }
  /// hyperd says yes to the newest question, however late.
  void hyperd_says_yes() {
    const auto* asked = hyperd.link.last<seam::HyperAsk>();
    ASSERT_NE(asked, nullptr);
    gate->on_message(hyperd_id, seam::HyperAnswer{asked->number, hyperd.zone, seam::HyperDone{}});
    settle();
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
