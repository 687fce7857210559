// Fuzz: a connection to the entrance with a gatekeeper that answers by the input. Input: first byte the replies, second
// the piece size, the rest is what the peer sends. What must hold: writes are answers of HTTP and nothing else; one
// question at a time, each of the five kinds that people and agents ask, with evidence and handles in their shape; no
// session cookie before a grant; what was typed as an answer is never shown; nothing is written or asked after close;
// no deadline hangs.
#include "entrance.hpp"

#include <sekisho/sdk/path/page_forms.hpp>

#include <algorithm>
#include <cstdlib>
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

class Host final : public PathHost {
 public:
  void write(std::span<const std::byte> bytes) override {
    if (bytes.empty() || bytes.size() > 16384 || closed) std::abort();
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    // A long answer goes out in pieces: only its first one begins with a status line.
    if (!text.starts_with("HTTP/1.1 ") && !in_answer) std::abort();
    in_answer = bytes.size() == 16384;
    if (!granted && text.find("__Host-session=k") != std::string_view::npos) std::abort();
    for (std::size_t at = text.find(kTyped); at != text.npos; at = text.find(kTyped, at + 1)) {
      const std::size_t tag = text.rfind('<', at);  // an ID is shown again, whatever it is
      if (tag == text.npos || !text.substr(tag).starts_with("<input id=\"login\"")) std::abort();
    }
  }
  void close(std::string_view why) override {
    if (why.empty() || closed) std::abort();
    closed = true;
  }
  std::uint64_t ask(GateRequest request) override {
    if (closed || pending) std::abort();
    std::visit([](const auto& each) { look(each); }, request);
    pending = true;
    return ++number;
  }
  void notice(FrontNotice) override { std::abort(); }
  void attach_tunnel(const SessionView&) override { std::abort(); }
  void detach_tunnel() override { std::abort(); }
  void deliver(std::span<const std::byte>) override { std::abort(); }
  Entropy& entropy() override { return entropy_; }

  bool closed = false, pending = false, in_answer = false, granted = false;
  std::uint64_t number = 0;

 private:
  static void look(const Arrival& arrival) {
    if (arrival.form != LoginForm::page || !arrival.circuit.empty()) std::abort();
    if (arrival.language != "ja" && arrival.language != "en") std::abort();
  }
  static void look(const Evidence& evidence) {
    for (const auto& [name, value] : evidence) {
      if (name.empty() || value.empty() || value.size() > pages::kLongestValue) std::abort();
    }
  }
  static void look(const BeginLogin& begin) {
    look(begin.arrival);
    look(begin.evidence);
    if (begin.evidence.size() != 2 || !begin.evidence.contains("login") || !begin.evidence.contains("password")) {
      std::abort();
    }
  }
  static void look(const AnswerLogin& next) {
    look(next.arrival);
    look(next.evidence);
    if (!pages::handle_shape(next.handle) || next.evidence.size() > 1) std::abort();
    for (const auto& [name, value] : next.evidence) {
      if (!pages::field_shape(name)) std::abort();
    }
  }
  static void look(const ResumeSession& resume) {
    look(resume.arrival);
    if (resume.open_tunnel || resume.cookie.size() != pages::kCookieSize) std::abort();
  }
  static void look(const LogoutSession& logout) {
    look(logout.arrival);
    if (logout.cookie.size() != pages::kCookieSize) std::abort();
  }
  static void look(const PostureRequest& posture) {
    look(posture.arrival);
    const bool report = posture.kind == "report";
    if (!report && posture.kind != "challenge" && posture.kind != "enrol") std::abort();
    if (!posture.cookie.empty() || posture.body.size() > (report ? 65536U : 8192U)) std::abort();
  }

  OneByte entropy_;
};

GateReply reply_for(Host& host, unsigned choice) {
  const Refusal refusal{"R10",
                        choice % 2 == 0 ? "gate.unavailable" : "session.unknown_cookie",
                        {"何\xff", "what"},
                        {"故", "why"},
                        {"対", "remedy"}};
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
  if (size < 3) return 0;
  ip_vpn::Config config;
  config.desktop_page = "https://10.95.0.1:8443";
  ip_vpn::Entrance path{config};
  Host host;
  Instant now = Instant(std::chrono::seconds(1'800'000'000));
  const auto connection = path.open(host, Arrival{}, now);
  unsigned choice = data[0];
  const std::size_t piece = 1 + data[1] * std::size_t{16};
  auto rest = std::as_bytes(std::span(data + 2, size - 2));
  while (!rest.empty() && !host.closed) {
    const std::vector<std::byte> lent(rest.begin(),
                                      rest.begin() + static_cast<std::ptrdiff_t>(std::min(piece, rest.size())));
    rest = rest.subspan(lent.size());
    connection->on_bytes(lent, now);
    now += std::chrono::milliseconds(100);
    if (choice % 3 != 2 || rest.empty()) {  // else the gatekeeper thinks while bytes come
      for (int i = 0; i < 200 && host.pending && !host.closed; ++i) {
        host.pending = false;
        connection->on_reply(host.number, reply_for(host, choice), now);
        choice = choice / 7 + data[i % size];
      }
    }
    for (int i = 0; !host.closed && connection->next_deadline() && *connection->next_deadline() <= now; ++i) {
      if (i > 10) std::abort();
      connection->on_deadline(now);
    }
  }
  if (!host.closed) {
    now += std::chrono::seconds(61);
    connection->on_deadline(now);
    if (!host.closed) std::abort();
  }
  connection->on_gone(now);
  return 0;
}
