// HyperScreens: screens and pictures of machines, out of the hands of their zone's sekisho-hyperd.
//
//   open()  ═ScreenAsk, ticket═▶ hyperd ═ScreenAnswer, descriptor═▶ looked at ─▶ done
//   no driver: handed on to the source behind
//
// A descriptor is what it should be or nothing: a connected stream socket for a screen, a sealed file in memory with a
// PNG for a picture. Threads: the loop's; answers come there, never inside the call. Ownership: clock, timers and the
// source behind are borrowed and outlive it; links are lent by set_link(). Limits: 5 s for an answer, 64 questions at
// once (hyperd's own), 8 MiB a picture. Errors: console.unreachable (no hyperd, it went, it is
// late, it gave something else), or the code of hyperd's refusal. Source: issue "Desktops and consoles" part 1;
// threats.md T-60, T-61.
#pragma once
#include "programs/relay/screen_source.hpp"
#include "seam/codec.hpp"

namespace sekisho::relay {

class HyperScreens final : public ScreenSource {
 public:
  HyperScreens(const run::Clock& clock, run::Timers& timers, ScreenSource& behind);
  ~HyperScreens() override;
  HyperScreens(const HyperScreens&) = delete;
  HyperScreens& operator=(const HyperScreens&) = delete;

  void open(ScreenTarget target, std::function<void(Result<run::Fd>)> done) override;
  void thumbnail(ScreenTarget target, std::function<void(Result<std::string>)> done) override;

  /// The link to that zone's hyperd, or nullptr when it has gone: what waits for it ends.
  void set_link(const std::string& zone, seam::Link* link);
  /// What that hyperd says. False: it speaks for another zone, its link must go.
  [[nodiscard]] bool on_message(const std::string& zone, const seam::Message& message, run::Fd fd);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

/// The PNG in a sealed file. Errors: console.unreachable.
[[nodiscard]] Result<std::string> read_picture(const run::Fd& file);

}  // namespace sekisho::relay
