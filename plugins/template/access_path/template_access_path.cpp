#include "template_access_path.hpp"

namespace sekisho::template_access_path {
namespace {

constexpr std::size_t kLongestLine = 512;
constexpr unsigned kMostLines = 5;

/// Text from the gatekeeper on one line of ours: no control character gets through.
std::string one_line(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, 1024)) out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
  return out;
}

class LineConnection final : public PathConnection {
 public:
  LineConnection(PathHost& host, Arrival arrival, Seconds patience, Instant now)
      : host_(host), arrival_(std::move(arrival)), patience_(patience), deadline_(now + patience) {}

  void on_bytes(std::span<const std::byte> plaintext, Instant now) override {
    for (const std::byte byte : plaintext) {
      if (state_ == State::closed) return;
      const char c = static_cast<char>(byte);
      if (c == '\n') {
        on_line(std::exchange(line_, {}), now);
      } else if (line_.size() == kLongestLine) {
        return end("line too long");
      } else {
        line_ += c;
      }
    }
  }

  void on_reply(std::uint64_t request, GateReply reply, Instant now) override {
    if (state_ != State::waiting || request != request_) return;
    deadline_ = now + patience_;
    if (auto* asked = std::get_if<LoginAsked>(&reply)) {
      handle_ = asked->handle;
      field_ = asked->ask.field;
      state_ = State::asked;
      say("ask " + one_line(field_) + " " + one_line(in_language(asked->ask.prompt)));
    } else if (auto* refused = std::get_if<Refused>(&reply)) {
      say("refused " + one_line(refused->refusal.code) + " " + one_line(in_language(refused->refusal.remedy)));
      end("refused");
    } else if (auto* granted = std::get_if<Granted>(&reply)) {
      state_ = State::granted;
      say("granted " + one_line(granted->session));
    } else {
      end("unexpected reply");
    }
  }

  void on_push(const GatePush& push, Instant) override {
    if (const auto* ended = std::get_if<SessionEnded>(&push); ended != nullptr && state_ != State::closed) {
      say("ended " + one_line(ended->code));
      end("session ended");
    }
  }
  void on_replaced(Instant) override { end("replaced"); }
  void on_gone(Instant) override { state_ = State::closed; }
  std::size_t fill_record(PacketSource&, std::span<std::byte>, Instant) override { return 0; }
  std::optional<Instant> next_deadline() const override {
    if (state_ == State::closed || state_ == State::granted) return std::nullopt;
    return deadline_;
  }
  void on_deadline(Instant now) override {
    if (now >= deadline_ && state_ != State::granted) end("too slow");
  }

 private:
  enum class State : std::uint8_t { begin, waiting, asked, granted, closed };

  const std::string& in_language(const Text& text) const { return arrival_.language == "en" ? text.en : text.ja; }
  void say(std::string text) {
    text += '\n';
    host_.write(std::as_bytes(std::span(text)));
  }
  void end(std::string_view why) {
    if (state_ == State::closed) return;
    state_ = State::closed;
    host_.close(why);
  }

  void on_line(std::string line, Instant now) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (++lines_ > kMostLines) return end("too many lines");
    const auto space = line.find(' ');
    const std::string verb = line.substr(0, space);
    Secret rest(space == std::string::npos ? std::string() : line.substr(space + 1));
    wipe(line.data(), line.size());
    if (rest.empty()) return end("not a line of this protocol");
    Evidence evidence;
    if (state_ == State::begin && verb == "login") {
      evidence.emplace("login", std::move(rest));
      request_ = host_.ask(BeginLogin{arrival_, std::move(evidence)});
    } else if (state_ == State::asked && verb == "answer") {
      evidence.emplace(field_, std::move(rest));
      request_ = host_.ask(AnswerLogin{handle_, arrival_, std::move(evidence)});
    } else {
      return end("not a line of this protocol");
    }
    state_ = State::waiting;
    deadline_ = now + patience_;
  }

  PathHost& host_;
  Arrival arrival_;
  Seconds patience_;
  Instant deadline_;
  State state_ = State::begin;
  std::string line_, handle_, field_;
  std::uint64_t request_ = 0;
  unsigned lines_ = 0;
};

}  // namespace

std::unique_ptr<PathConnection> LinePath::open(PathHost& host, Arrival arrival, Instant now) {
  return std::make_unique<LineConnection>(host, std::move(arrival), config_.patience, now);
}

}  // namespace sekisho::template_access_path
