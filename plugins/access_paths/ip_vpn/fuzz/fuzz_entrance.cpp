// Fuzz: a connection to the entrance with a gatekeeper that answers by the input. Input: first byte the replies, second
// the piece size, the rest is what the peer sends. What must hold: writes are answers of HTTP and nothing else; one
// question at a time, each of the five kinds that people and agents ask, with evidence and handles in their shape; no
// session cookie before a grant; what was typed as an answer is never shown; nothing is written or asked after close;
// no deadline hangs.
#include "entrance.hpp"

#include <sekisho/sdk/path/page_forms.hpp>
#include <sekisho/sdk/path/testing/fuzz_connection.hpp>

#include <string>

namespace {

using namespace sekisho;

const std::string kSession(pages::kCookieSize, 'k');
/// Seeds type this as password and code.
constexpr std::string_view kTyped = "typed-by-a-person";

class OneByte final : public Entropy {
 public:
  void fill(std::span<std::byte> out) override { std::fill(out.begin(), out.end(), std::byte{1}); }
};

class Host final : public fuzz::PageHost {
 public:
  Entropy& entropy() override { return entropy_; }
  bool granted = false;

 private:
  void wrote(std::span<const std::byte> bytes, std::string_view text) override {
    fuzz::PageHost::wrote(bytes, text);
    fuzz::require(granted || text.find("__Host-session=k") == text.npos);
    for (std::size_t at = text.find(kTyped); at != text.npos; at = text.find(kTyped, at + 1)) {
      const std::size_t tag = text.rfind('<', at);  // an ID is shown again, whatever it is
      fuzz::require(tag != text.npos && text.substr(tag).starts_with("<input id=\"login\""));
    }
  }
  void look(const GateRequest& request) override {
    std::visit([](const auto& each) { look_at(each); }, request);
  }
  static void look_at(const Arrival& arrival) {
    if (arrival.form != LoginForm::page || !arrival.circuit.empty()) std::abort();
    if (arrival.language != "ja" && arrival.language != "en") std::abort();
  }
  static void look_at(const Evidence& evidence) {
    for (const auto& [name, value] : evidence) {
      if (name.empty() || value.empty() || value.size() > pages::kLongestValue) std::abort();
    }
  }
  static void look_at(const BeginLogin& begin) {
    look_at(begin.arrival);
    look_at(begin.evidence);
    if (begin.evidence.size() != 2 || !begin.evidence.contains("login") || !begin.evidence.contains("password")) {
      std::abort();
    }
  }
  static void look_at(const AnswerLogin& next) {
    look_at(next.arrival);
    look_at(next.evidence);
    if (!pages::handle_shape(next.handle) || next.evidence.size() > 1) std::abort();
    for (const auto& [name, value] : next.evidence) {
      if (!pages::field_shape(name)) std::abort();
    }
  }
  static void look_at(const ResumeSession& resume) {
    look_at(resume.arrival);
    if (resume.open_tunnel || resume.cookie.size() != pages::kCookieSize) std::abort();
  }
  static void look_at(const LogoutSession& logout) {
    look_at(logout.arrival);
    if (logout.cookie.size() != pages::kCookieSize) std::abort();
  }
  static void look_at(const PostureRequest& posture) {
    look_at(posture.arrival);
    const bool report = posture.kind == "report";
    if (!report && posture.kind != "challenge" && posture.kind != "enrol") std::abort();
    if (!posture.cookie.empty() || posture.body.size() > (report ? 65536U : 8192U)) std::abort();
  }

  OneByte entropy_;
};

GateReply reply_for(Host& host, unsigned choice) {
  const Refusal refusal = fuzz::refusal(choice % 2 == 0 ? "gate.unavailable" : "session.unknown_cookie");
  switch (choice % 7) {
    case 0:
      return Refused{refusal, choice % 3 == 0};
    case 1:
      return LoginAsked{"Handle-1", Ask{"code", choice % 2 == 0 ? "totp" : "code", {"コード", "Code"}, choice}};
    case 2:
      host.granted = true;
      return Granted{Secret(kSession), "S20261127-1-000001", SessionState::quarantine};
    case 3: {
      SessionView view;
      view.session = "S20261127-1-000001";
      view.state = choice % 2 == 0 ? SessionState::admitted : SessionState::quarantine;
      return Resumed{view};
    }
    case 4:
      return Done{};
    case 5:
      return PostureAnswer{static_cast<std::uint16_t>(choice * 7), std::string(choice * std::size_t{300}, 'x')};
    default:
      return Granted{Secret("short"), "S", SessionState::admitted};
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ip_vpn::Config config;
  config.desktop_page = "https://10.95.0.1:8443";
  ip_vpn::Entrance path{config};
  Host host;
  return fuzz::visit_page(path, host, std::as_bytes(std::span(data, size)), 7,
                          [&host](unsigned choice) { return reply_for(host, choice); });
}
