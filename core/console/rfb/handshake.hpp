// The opening of RFB 3.8 in both roles: the relay is the server of the viewer and the client of the guest.
//
//   towards the viewer                            towards the guest
//   version ─▶ ◀─ version                         ◀─ version, version ─▶
//   [None]  ─▶ ◀─ None                            ◀─ types, None (or VNC password) ─▶
//        (waits for the guest)                    ◀─ result, shared = 1 ─▶
//   ok      ─▶ ◀─ shared (ignored)                ◀─ ServerInit
//   ServerInit of the relay's own making ─▶
//
// The viewer hears "ok" only when the guest's screen is there, so that a failure can still be told in RFB's own words.
// The viewer was authorised before its first byte (one-time ticket), so None is all it is offered. Tight (16) is never
// chosen: it is what agrees on file transfer. shared is always 1: with 0 QEMU closes every other viewer of the machine.
// Threads: their console's. Memory: one message of at most 256 bytes, and a refusal's text up to Caps::name.
// Source: RFC 6143 §7.1-§7.3; consoles.md §1.1.
#pragma once
#include "console/rfb/causes.hpp"
#include "console/rfb/protocol.hpp"

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace sekisho::rfb {

class ViewerHandshake {
 public:
  struct Step {
    std::size_t taken = 0;
    std::optional<Cause> broken;
  };
  /// What the server says first.
  void begin(Bytes& out);
  /// Takes nothing beyond the viewer's last word of the opening.
  [[nodiscard]] Step feed(View in, Bytes& out);
  /// The viewer has chosen and waits for the result: accept() or refuse().
  [[nodiscard]] bool waiting() const { return at_ == At::waiting; }
  void accept(Bytes& out);
  /// The viewer has said everything; server_init() is next.
  [[nodiscard]] bool ready() const { return at_ == At::ready; }
  /// Ends an opening with a reason that the viewer shows, where the standard has room for one. `reason` is UTF-8.
  void refuse(std::string_view reason, Bytes& out);
  /// The ServerInit that the viewer is given: the relay's pixel format and name, never the guest's.
  static void server_init(Size size, PixelOrder order, std::string_view name, Bytes& out);

 private:
  enum class At : std::uint8_t { version, security, waiting, shared, ready, refused };
  At at_ = At::version;
  Gather<12> message_;
};

/// Answers a VNC password's challenge (type 2). The cipher is the caller's: this room has none.
using ChallengeAnswer = std::function<std::array<std::byte, 16>(std::span<const std::byte, 16>)>;

class GuestHandshake {
 public:
  struct Result {
    Size size{};
    std::string name;  ///< the guest's words, not trusted
  };
  /// `answer` empty: type 2 is not chosen.
  GuestHandshake(const Caps& caps, ChallengeAnswer answer) : caps_(caps), answer_(std::move(answer)) {}

  struct Step {
    std::size_t taken = 0;
    std::optional<Cause> broken;
  };
  /// Takes nothing beyond ServerInit. After it `out` holds the SetPixelFormat of `order` too.
  [[nodiscard]] Step feed(View in, PixelOrder order, Bytes& out);
  [[nodiscard]] const std::optional<Result>& result() const { return result_; }
  /// The guest's reason with Cause::guest_refused: at most 256 bytes, not trusted.
  [[nodiscard]] const std::string& reason() const { return reason_; }

 private:
  enum class At : std::uint8_t { version, count, types, challenge, verdict, init, name, reason_length, reason };
  [[nodiscard]] std::size_t need() const;
  [[nodiscard]] std::optional<Cause> whole(PixelOrder order, Bytes& out);
  [[nodiscard]] std::optional<Cause> choose(Bytes& out);
  void finish(PixelOrder order, Bytes& out);

  static constexpr std::size_t kInit = 24;
  const Caps& caps_;
  ChallengeAnswer answer_;
  At at_ = At::version;
  Gather<255> message_;
  std::uint32_t length_ = 0;  // of the list of types, a name or a reason
  Size size_{};
  std::string text_, reason_;
  std::optional<Result> result_;
};

}  // namespace sekisho::rfb
