// A whole path in memory: one client machine, the access path, a scripted gatekeeper, virtual time. Bytes, replies and
// closes travel through one queue, so a run is repeatable. Threads: one.
#pragma once
#include "../fortinet_client.hpp"
#include "../fortinet_path.hpp"
#include "entropy.hpp"

#include <sekisho/sdk/result.hpp>

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace sekisho::fortinet::testing {

/// The gatekeeper of the tests: one person, one code, sessions by cookie.
class ScriptedGate {
 public:
  std::string login = "taro", password = "p&ss w0rd, long", code = "873519";
  int code_tries = 3;
  bool retry_password = true;
  bool revoked = false;
  bool silent = false;
  std::optional<Refusal> refuse_after_factors;
  SessionState state = SessionState::quarantine;
  std::vector<std::string> asked;  ///< what was asked, in order, for assertions
  Arrival last_arrival;
  std::string claim;
  bool ended = false;

  [[nodiscard]] static Refusal refusal(std::string code) {
    return {.rule = "R04",
            .code = std::move(code),
            .what = {"ログインを拒否しました。", "The login was refused."},
            .why = {"認証が確認できません。", "The proof does not fit."},
            .remedy = {"運用担当へご連絡ください。", "Call the operator."}};
  }
  [[nodiscard]] static std::string cookie_text(int number) {
    std::string out = "Cookie" + std::to_string(number) + "_-";
    return out + std::string(43 - out.size(), 'x');
  }
  [[nodiscard]] SessionView view() const {
    SessionView out;
    out.session = "S20261122-1-00004" + std::to_string(sessions_);
    out.state = state;
    out.address = "10.202.0.10";
    out.gate_address = "10.202.0.1";
    out.remaining_s = 28800;
    out.filter.push_back({"10.202.0.1", 443, 6});
    out.language = "ja";
    return out;
  }
  GateReply answer(GateRequest& request) {
    return std::visit([this](auto& body) { return judge(body); }, request);
  }

 private:
  GateReply judge(BeginLogin& begin) {
    asked.emplace_back("begin");
    last_arrival = begin.arrival;
    const bool right = begin.evidence["login"].reveal() == login && begin.evidence["password"].reveal() == password;
    if (!right) return Refused{refusal("password.wrong"), retry_password};
    tries_ = 0;
    return question("Enter the code, please");
  }
  GateReply judge(AnswerLogin& answer_login) {
    asked.emplace_back("answer");
    last_arrival = answer_login.arrival;
    if (answer_login.handle != handle_) return Refused{refusal("login.unknown_handle"), false};
    if (answer_login.evidence["code"].reveal() != code) {
      if (++tries_ >= code_tries) return Refused{refusal("code.wrong"), true};
      return question("Wrong code. Enter the code");
    }
    handle_.clear();
    if (refuse_after_factors) return Refused{*refuse_after_factors, false};
    ++sessions_;
    ended = false;
    return Granted{Secret(cookie_text(sessions_)), view().session, state};
  }
  GateReply judge(ResumeSession& resume) {
    asked.emplace_back(resume.open_tunnel ? "tunnel" : "resume");
    last_arrival = resume.arrival;
    if (!known(resume.cookie) || revoked) return Refused{refusal("session.unknown_cookie"), false};
    return Resumed{view()};
  }
  GateReply judge(LogoutSession& logout) {
    asked.emplace_back("logout");
    if (known(logout.cookie)) ended = true;
    return Done{};
  }
  GateReply judge(PostureRequest& posture) {
    asked.emplace_back(posture.kind);
    claim = posture.body;
    return PostureAnswer{200, "{}"};
  }
  [[nodiscard]] bool known(const Secret& cookie) const {
    return sessions_ > 0 && !ended && cookie.reveal() == cookie_text(sessions_);
  }
  LoginAsked question(std::string_view prompt) {
    handle_ = "Handle-" + std::to_string(++questions_);
    return {handle_, Ask{"code", "code", {"コードを入力してください", std::string(prompt)}, 0}};
  }
  int tries_ = 0, questions_ = 0, sessions_ = 0;
  std::string handle_;
};

class Lab final : public ClientWorld {
 public:
  explicit Lab(ClientOptions options, FortinetConfig config = {})
      : path_(make(std::move(config))), client(*this, std::move(options), client_entropy_) {}

  // --- the client's side
  void connect() override {
    ++connections;
    post([this] {
      current_ = connections_.size();
      connections_.push_back(std::make_unique<Connection>(*this, current_));
      connections_.back()->open();
      if (refuse_connections) {
        connections_.back()->dead = true;
        return client.on_gone(now);
      }
      client_holds_ = true;
      client.on_connected(now);
    });
  }
  void write(std::span<const std::byte> bytes) override {
    post([this, at = current_, copy = Bytes(bytes.begin(), bytes.end())] {
      Connection& c = *connections_[at];
      if (!c.dead && !c.black_hole) c.path->on_bytes(copy, now);
    });
  }
  void close() override {
    client_holds_ = false;
    post([this, at = current_] {
      Connection& c = *connections_[at];
      if (!c.dead) c.die();
    });
  }
  void on_question(std::string_view prompt) override {
    prompts.emplace_back(prompt);
    if (codes.empty()) return;
    post([this, code = codes.front()] { client.give_code(Secret(code), now); });
    codes.pop_front();
  }
  void on_password_wanted() override {
    ++passwords_wanted;
    if (passwords.empty()) return;
    post([this, password = passwords.front()] { client.give_password(Secret(password), now); });
    passwords.pop_front();
  }
  void on_up(const ClientTunnel& tunnel) override { ups.push_back(tunnel); }
  void on_packet(std::span<const std::byte> packet) override { received.emplace_back(packet.begin(), packet.end()); }
  void on_down(std::string_view why) override { downs.emplace_back(why); }
  void on_ended(const ClientEnd& end) override { ends.push_back(end); }

  // --- the inside
  /// Queues packets for the session and lets its connection fill records, as the front does.
  void send_inside(const std::vector<Bytes>& packets, std::size_t record_bytes = 16384) {
    SEKISHO_ASSERT(owner.has_value());
    Connection& c = *connections_[*owner];
    Waiting waiting(packets);
    Bytes record(record_bytes);
    for (;;) {
      const std::size_t used = c.path->fill_record(waiting, record, now);
      if (used == 0) break;
      ++records;
      c.write(std::span(record).first(used));
    }
    left_waiting = waiting.left();
  }
  void push(GatePush what) {
    SEKISHO_ASSERT(owner.has_value());
    post([this, at = *owner, what = std::move(what)] {
      if (!connections_[at]->dead) connections_[at]->path->on_push(what, now);
    });
  }
  /// The transport breaks without a word to either machine's protocol.
  void cut() {
    post([this] {
      connections_[current_]->die();
      client_loses();
    });
  }

  /// From here on nothing passes on the client's present connection, in neither direction, and nobody is told.
  void black_hole() {
    post([this] { connections_[current_]->black_hole = true; });
  }
  /// The client gives its silent connection up; the server has not noticed.
  void replace_connection() {
    post([this] { client_loses(); });
  }

  /// Runs what is queued; then, until `limit`, jumps from deadline to deadline.
  void run(Seconds limit = Seconds{0}) {
    const Instant until = now + limit;
    for (int rounds = 0; rounds < 100000; ++rounds) {
      while (!queue_.empty()) {
        const auto job = std::move(queue_.front());
        queue_.pop_front();
        job();
      }
      std::optional<Instant> next = client.next_deadline();
      for (const auto& c : connections_) {
        if (c->dead) continue;
        const auto at = c->path->next_deadline();
        if (at && (!next || *at < *next)) next = at;
      }
      if (!next || *next > until) {
        now = std::max(now, until);
        return;
      }
      now = std::max(now, *next);
      for (const auto& c : connections_) {
        if (c->dead) continue;
        if (const auto at = c->path->next_deadline(); at && *at <= now) c->path->on_deadline(now);
      }
      if (const auto at = client.next_deadline(); at && *at <= now) client.on_deadline(now);
    }
    SEKISHO_ASSERT(!"the run does not come to rest");
  }
  void begin() {
    client.start(now);
    run();
  }

  template <class T>
  [[nodiscard]] std::vector<T> noticed() const {
    std::vector<T> out;
    for (const FrontNotice& notice : notices) {
      if (const auto* one = std::get_if<T>(&notice)) out.push_back(*one);
    }
    return out;
  }

  ScriptedGate gate;
  Instant now = Instant(std::chrono::seconds(1'800'000'000));
  std::deque<std::string> codes, passwords;
  std::vector<std::string> prompts, downs;
  std::vector<ClientTunnel> ups;
  std::vector<ClientEnd> ends;
  std::vector<Bytes> received, delivered;
  std::vector<FrontNotice> notices;
  std::vector<std::string> closes;
  std::vector<std::uint16_t> large;  ///< what the front was told of large packets
  std::string wire;                  ///< everything the server wrote before a tunnel stood
  std::optional<std::size_t> owner;
  int passwords_wanted = 0, records = 0, connections = 0;
  std::size_t left_waiting = 0;
  bool refuse_connections = false, black_hole_when_attached = false;
  Instant closed_at{};

 private:
  class Waiting final : public PacketSource {
   public:
    explicit Waiting(const std::vector<Bytes>& packets) : packets_(packets) {}
    [[nodiscard]] std::span<const std::byte> front() const override {
      return at_ < packets_.size() ? std::span<const std::byte>(packets_[at_]) : std::span<const std::byte>{};
    }
    void pop() override { ++at_; }
    [[nodiscard]] std::size_t left() const { return packets_.size() - at_; }

   private:
    const std::vector<Bytes>& packets_;
    std::size_t at_ = 0;
  };

  struct Connection final : PathHost {
    Connection(Lab& its_lab, std::size_t its_index) : lab(its_lab), index(its_index) {}
    void open() {
      Arrival arrival;
      arrival.path = "internet";
      arrival.peer_address = "192.0.2.7";
      path = lab.path_->open(*this, arrival, lab.now);
    }
    void write(std::span<const std::byte> bytes) override {
      SEKISHO_ASSERT(!bytes.empty() && bytes.size() <= 16384);
      if (!lab.owner) lab.wire += text_of(bytes);
      lab.post([this, copy = Bytes(bytes.begin(), bytes.end())] {
        if (!dead && !black_hole && lab.client_holds(index)) lab.client.on_bytes(copy, lab.now);
      });
    }
    void close(std::string_view why) override {
      lab.closes.emplace_back(why);
      lab.closed_at = lab.now;
      lab.post([this] {
        if (dead) return;
        die();
        if (lab.client_holds(index)) lab.client_loses();
      });
    }
    std::uint64_t ask(GateRequest request) override {
      const std::uint64_t number = ++asked;
      if (lab.gate.silent) return number;
      auto shared = std::make_shared<GateRequest>(std::move(request));
      lab.post([this, number, shared] {
        GateReply reply = lab.gate.answer(*shared);
        if (!dead) path->on_reply(number, std::move(reply), lab.now);
      });
      return number;
    }
    void notice(FrontNotice what) override { lab.notices.push_back(std::move(what)); }
    void attach_tunnel(const SessionView&) override {
      if (lab.owner && *lab.owner != index) {
        lab.post([this, old = *lab.owner] {
          if (!lab.connections_[old]->dead) lab.connections_[old]->path->on_replaced(lab.now);
        });
      }
      lab.owner = index;
      black_hole = black_hole || lab.black_hole_when_attached;
    }
    void detach_tunnel() override {
      SEKISHO_ASSERT(lab.owner == index);
      lab.owner.reset();
    }
    void deliver(std::span<const std::byte> packet) override {
      lab.delivered.emplace_back(packet.begin(), packet.end());
    }
    void large_packets(std::uint16_t bytes) override { lab.large.push_back(bytes); }
    Entropy& entropy() override { return lab.server_entropy_; }
    void die() {
      dead = true;
      path->on_gone(lab.now);
    }
    Lab& lab;
    std::size_t index;
    std::unique_ptr<PathConnection> path;
    std::uint64_t asked = 0;
    bool dead = false, black_hole = false;
  };

  static std::shared_ptr<AccessPath> make(FortinetConfig config) {
    auto path = FortinetPath::make(std::move(config));
    return std::move(path).value();
  }
  void post(std::function<void()> job) { queue_.push_back(std::move(job)); }
  /// Whether connection `index` is the one that the client has and has not closed.
  [[nodiscard]] bool client_holds(std::size_t index) const { return client_holds_ && current_ == index; }
  void client_loses() {
    client_holds_ = false;
    client.on_gone(now);
  }

  SeededEntropy client_entropy_{1}, server_entropy_{2};
  std::shared_ptr<AccessPath> path_;
  std::deque<std::function<void()>> queue_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::size_t current_ = 0;
  bool client_holds_ = false;

 public:
  FortinetClient client;
};

}  // namespace sekisho::fortinet::testing
