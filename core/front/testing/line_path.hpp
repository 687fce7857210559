// An access path for tests of the front: words, each ended by a line feed, then frames of u16 length + packet.
//   hello            -> "hi\n"
//   login            -> asks BeginLogin; answers "granted\n", "refused <code>\n", "asked\n"
//   tunnel           -> asks ResumeSession; "up\n" and frames from then on, or "refused <code>\n"
//   report           -> asks PostureRequest; answers "judged <status>\n" or "refused <code>\n"
//   say <n>          -> n bytes, in records of at most 16,384
//   bye              -> "bye\n", then close
// Threads: one. Every call is noted, so that a test can say what the front did.
#pragma once
#include <sekisho/sdk/path/access_path.hpp>

#include <algorithm>
#include <cstring>
#include <functional>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace sekisho::front::testing {

using Bytes = std::vector<std::byte>;

inline std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}
/// u16 length + packet.
inline Bytes framed(std::span<const std::byte> packet) {
  Bytes out(2 + packet.size());
  out[0] = std::byte(packet.size() >> 8);
  out[1] = std::byte(packet.size() & 255);
  std::copy(packet.begin(), packet.end(), out.begin() + 2);
  return out;
}
/// Takes whole frames off the front of `from`.
inline std::vector<Bytes> unframe(std::string& from) {
  std::vector<Bytes> out;
  std::size_t at = 0;
  while (from.size() - at >= 2) {
    const std::size_t size = static_cast<unsigned char>(from[at]) << 8 | static_cast<unsigned char>(from[at + 1]);
    if (from.size() - at - 2 < size) break;
    const auto bytes = bytes_of(from).subspan(at + 2, size);
    out.emplace_back(bytes.begin(), bytes.end());
    at += 2 + size;
  }
  from.erase(0, at);
  return out;
}

struct Notes {
  std::vector<Arrival> arrivals;
  std::vector<GatePush> pushes;
  int open = 0, datagrams = 0, replaced = 0, gone = 0, deadlines = 0, records = 0;
  std::optional<Seconds> deadline_after;     ///< of every connection, from its opening
  std::optional<std::uint16_t> largest;      ///< what its peers take
  std::string transport = "line";            ///< what its tunnels are announced as
  bool throws_on_records = false;            ///< a path that is broken there
  bool ignore_pushes = false;                ///< a path that does not end when it is told to
  std::function<void(std::uint16_t)> large;  ///< agrees on large packets, for the newest tunnel
  bool large_uploads = false;                ///< and lets its peer send them
};

class LineConnection final : public PathConnection {
 public:
  LineConnection(Notes& notes, PathHost& host, Arrival arrival, Instant now)
      : notes_(notes), host_(host), arrival_(std::move(arrival)) {
    ++notes_.open;
    notes_.arrivals.push_back(arrival_);
    if (notes_.deadline_after) deadline_ = now + *notes_.deadline_after;
  }
  void on_bytes(std::span<const std::byte> plaintext, Instant) override {
    if (view_) return take_frames(plaintext);
    read_ += text_of(plaintext);
    for (std::size_t end; !view_ && (end = read_.find('\n')) != std::string::npos;) {
      const std::string word = read_.substr(0, end);
      read_.erase(0, end + 1);
      on_word(word);
    }
  }
  void on_reply(std::uint64_t, GateReply reply, Instant) override {
    if (const auto* refused = std::get_if<Refused>(&reply)) return say("refused " + refused->refusal.code + "\n");
    if (std::holds_alternative<Granted>(reply)) return say("granted\n");
    if (std::holds_alternative<LoginAsked>(reply)) return say("asked\n");
    if (const auto* judged = std::get_if<PostureAnswer>(&reply)) {
      return say("judged " + std::to_string(judged->status) + "\n");
    }
    if (const auto* resumed = std::get_if<Resumed>(&reply)) {
      view_ = resumed->view;
      host_.attach_tunnel(*view_);
      notes_.large = [this](std::uint16_t bytes) {
        host_.large_packets(bytes);
        if (notes_.large_uploads) host_.large_uploads();
      };
      if (notes_.largest) host_.limit_packets(*notes_.largest);
      say("up\n");
      host_.notice(TunnelUp{view_->session, notes_.transport});
    }
  }
  void on_push(const GatePush& push, Instant) override {
    notes_.pushes.push_back(push);
    if (notes_.ignore_pushes || !std::holds_alternative<SessionEnded>(push)) return;
    leave("the session has ended");
  }
  void on_replaced(Instant) override {
    ++notes_.replaced;
    replaced_ = true;
    host_.close("replaced");
  }
  void on_gone(Instant) override {
    ++notes_.gone;
    if (view_ && !left_ && !replaced_) leave("gone");
  }
  std::size_t fill_record(PacketSource& source, std::span<std::byte> record, Instant) override {
    std::size_t used = 0;
    if (notes_.throws_on_records) throw std::bad_alloc();
    for (auto packet = source.front(); !packet.empty(); packet = source.front()) {
      if (record.size() - used < packet.size() + 2) break;
      const Bytes frame = framed(packet);
      std::memcpy(record.data() + used, frame.data(), frame.size());
      used += frame.size();
      source.pop();
    }
    if (used > 0) ++notes_.records;
    return used;
  }
  std::optional<Instant> next_deadline() const override { return deadline_; }
  void on_deadline(Instant) override {
    ++notes_.deadlines;
    deadline_.reset();
    host_.close("idle");
  }

 private:
  void say(std::string_view text) {
    for (; !text.empty(); text.remove_prefix(std::min<std::size_t>(text.size(), 16384))) {
      host_.write(bytes_of(text.substr(0, 16384)));
    }
  }
  void on_word(const std::string& word) {
    if (word == "hello") return say("hi\n");
    if (word == "login") {
      BeginLogin begin{arrival_, {}};
      begin.evidence.emplace("login", Secret("mori"));
      static_cast<void>(host_.ask(std::move(begin)));
    } else if (word == "tunnel") {
      static_cast<void>(host_.ask(ResumeSession{Secret("cookie"), arrival_, true}));
    } else if (word == "report") {
      static_cast<void>(host_.ask(PostureRequest{"report", arrival_, Secret(), "a.b.c"}));
    } else if (word == "throw") {
      throw std::runtime_error("a broken path");
    } else if (word.starts_with("say ")) {
      say(std::string(std::stoul(word.substr(4)), 's'));
    } else if (word == "bye") {
      say("bye\n");
      host_.close("said bye");
    }
  }
  void take_frames(std::span<const std::byte> bytes) {
    read_ += text_of(bytes);
    for (const Bytes& packet : unframe(read_)) host_.deliver(packet);
  }
  void leave(std::string_view why) {
    left_ = true;
    host_.detach_tunnel();
    TunnelDown down;
    down.session = view_->session;
    down.why = why;
    host_.notice(std::move(down));
    host_.close(why);
  }

  Notes& notes_;
  PathHost& host_;
  Arrival arrival_;
  std::string read_;
  std::optional<SessionView> view_;
  std::optional<Instant> deadline_;
  bool left_ = false, replaced_ = false;
};

class LinePath final : public AccessPath {
 public:
  std::unique_ptr<PathConnection> open(PathHost& host, Arrival arrival, Instant now) override {
    return std::make_unique<LineConnection>(notes, host, std::move(arrival), now);
  }
  bool carries_packets() const override { return true; }
  bool speaks_datagrams() const override { return true; }
  std::unique_ptr<PathConnection> open_datagrams(PathHost& host, Arrival arrival, Instant now) override {
    ++notes.datagrams;
    return open(host, std::move(arrival), now);
  }
  Notes notes;
};

}  // namespace sekisho::front::testing
