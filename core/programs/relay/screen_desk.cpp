#include "programs/relay/screen_desk.hpp"

#include "admission/login.hpp"
#include "console/rfb/report.hpp"
#include "hyper/refusals.hpp"
#include "programs/relay/events.hpp"
#include "programs/relay/farewell.hpp"
#include "programs/relay/screen_driver.hpp"

#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <map>
#include <span>
#include <utility>

namespace sekisho::relay {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::milliseconds kLookEvery{250};

struct Asked {
  run::Timers::Id limit = 0;
  std::function<void(seam::ConsoleAnswer)> done;
};

/// A screen from its right to its end.
struct Entry {
  seam::ScreenRight right;
  websocket::Upgrade upgrade;
  std::function<void(HttpResponse)> refuse;
  std::function<std::unique_ptr<PageDesk::Handover>()> take;
  run::Fd guest;
  std::shared_ptr<screens::Tape> tape;
  std::shared_ptr<ScreenDriver> driver;
  run::Timers::Id limit = 0;  // of the step at hand
  bool opening = true;
};
using EntryPtr = std::shared_ptr<Entry>;

seam::ConsoleAnswer unavailable() {
  return seam::ConsoleRefused{{}, true};
}

/// hyperd's codes have their words beside it, all others theirs in the gate's catalogue.
Refusal refusal_of(const std::string& code) {
  return code.starts_with("screen.") ? hyper::screen_refusal(code) : admission::refusal(code);
}

}  // namespace

struct ScreenDesk::State : std::enable_shared_from_this<ScreenDesk::State>, ScreenDriver::Observer {
  State(asio::io_context& l, const run::Clock& c, run::Timers& t, Entropy& e, Log& g, ScreenSource& s, DeskLimits m)
      : loop(l),
        clock(c),
        timers(t),
        entropy(e),
        log(g),
        source(s),
        limits(std::move(m)),
        buffer(ScreenDriver::make_buffer()) {}

  asio::io_context& loop;
  const run::Clock& clock;
  run::Timers& timers;
  Entropy& entropy;
  Log& log;
  ScreenSource& source;
  const DeskLimits limits;
  const ScreenDriver::Buffer buffer;
  std::unique_ptr<Recordings> recordings;
  std::map<seam::Place, const screens::Pages*> pages;
  seam::Link* link = nullptr;
  std::uint64_t next = 1;
  std::map<std::uint64_t, Asked> asked;                              // by number
  std::map<std::uint64_t, EntryPtr> entries;                         // by console
  std::map<std::uint64_t, std::function<void(Result<void>)>> noted;  // by number of a note
  run::Timers::Id gone_timer = 0, look_timer = 0;

  // --- the gatekeeper
  void ask_gate(const Peer& peer, seam::ConsoleQuestion question, std::function<void(seam::ConsoleAnswer)> done) {
    if (link == nullptr) return timers.post([done = std::move(done)] { done(unavailable()); });
    const std::uint64_t number = next++;
    Asked& entry = asked[number];
    entry.done = std::move(done);
    entry.limit = timers.at(clock.now() + limits.answer, [weak = weak_from_this(), number] {
      if (const auto self = weak.lock()) self->answered(number, unavailable());
    });
    link->send(seam::ConsoleRequest{number, peer.place, peer.address, peer.user_agent, std::move(question)});
  }
  void answered(std::uint64_t number, seam::ConsoleAnswer answer) {
    const auto found = asked.find(number);
    if (found == asked.end()) return;
    Asked entry = std::move(found->second);
    asked.erase(found);
    timers.cancel(entry.limit);
    entry.done(std::move(answer));
  }
  void note(std::uint64_t console, decltype(seam::RecordingNote::body) body, std::function<void(Result<void>)> done) {
    if (link == nullptr) return done(fail("gate.unavailable", "no link to the gatekeeper"));
    const std::uint64_t number = next++;
    noted.emplace(number, std::move(done));
    link->send(seam::RecordingNote{number, console, std::move(body)});
  }
  void tell(std::uint64_t console, decltype(seam::ConsoleNotice::body) body) {
    if (link != nullptr) link->send(seam::ConsoleNotice{console, std::move(body)});
  }
  [[nodiscard]] const screens::Pages& pages_of(seam::Place place) const { return *pages.at(place); }

  [[nodiscard]] bool of_our_zones(const std::string& zone) const {
    return limits.zones.contains(zone);  // enforces R01/console.other_zone
  }

  // --- a page's questions
  void finish(const Peer& peer, const std::function<void(HttpResponse)>& done, seam::ConsoleAnswer answer) {
    if (const auto* refused = std::get_if<seam::ConsoleRefused>(&answer); refused && refused->refusal.code.empty()) {
      return done(screens::Pages::refuse("gate.unavailable", 503));
    }
    if (auto* right = std::get_if<seam::ThumbnailRight>(&answer)) {
      if (!of_our_zones(right->zone)) return done(screens::Pages::refuse("console.other_zone"));
      ScreenTarget target{std::move(right->machine), std::move(right->driver), {}, 0, std::move(right->session),
                          std::move(right->zone),    std::move(right->ticket)};
      return source.thumbnail(std::move(target), [done](Result<std::string> png) {
        done(png ? screens::Pages::thumbnail(std::move(*png))
                 : screens::Pages::refuse(refusal_of(png.error().code), 503));
      });
    }
    done(pages_of(peer.place).answer(answer));
  }

  // --- a screen's opening, step by step
  void open(EntryPtr entry) {
    const std::uint64_t console = entry->right.console;
    if (entries.size() >= limits.screens || entries.contains(console)) {
      dismiss(entry, "console.too_many");
      return tell(console, seam::ScreenClosed{"console.too_many", {}, 0, 0});
    }
    entries.emplace(console, entry);
    if (!of_our_zones(entry->right.zone)) return give_up(entry, "console.other_zone", entry->right.zone);
    step(entry, "console.unreachable");
    seam::ScreenRight& right = entry->right;
    ScreenTarget target{right.machine, right.driver, right.address,          right.port,
                        right.session, right.zone,   std::move(right.ticket)};
    source.open(std::move(target), [weak = weak_from_this(), entry](Result<run::Fd> guest) {
      const auto self = weak.lock();
      if (!self || !entry->opening) return;
      if (!guest) return self->give_up(entry, guest.error().code, guest.error().detail);
      entry->guest = std::move(*guest);
      self->record(entry);
    });
  }
  /// The step that begins now has its limit.
  void step(const EntryPtr& entry, std::string late) {
    timers.cancel(entry->limit);
    entry->limit = timers.at(clock.now() + limits.step, [weak = weak_from_this(), entry, late = std::move(late)] {
      if (const auto self = weak.lock()) self->give_up(entry, late, "late");
    });
  }
  /// A page's script sees neither status nor words of an opening that HTTP refuses; a close frame's reason it sees.
  void dismiss(const EntryPtr& entry, std::string_view code) {
    auto handover = entry->take();
    if (!handover) return;
    say_farewell(clock, timers, std::move(handover->socket), websocket::switching_protocols(entry->upgrade), code);
  }
  void give_up(const EntryPtr& entry, const std::string& code, std::string detail) {
    if (!std::exchange(entry->opening, false)) return;
    timers.cancel(entry->limit);
    if (entry->tape) entry->tape->close(code);
    entries.erase(entry->right.console);
    log.event(kScreenNotOpened, {{"session", entry->right.session}, {"code", code}, {"detail", detail}});
    tell(entry->right.console, seam::ScreenClosed{code, std::move(detail), 0, 0});
    dismiss(entry, code);
  }
  void record(const EntryPtr& entry) {
    if (!entry->right.recorded) return run(entry);
    if (!recordings) return give_up(entry, "console.not_recorded", "no folder for recordings");
    recording::FileHeader header;
    entropy.fill(std::as_writable_bytes(std::span(header.id)));
    header.started_at = clock.now();
    header.session = entry->right.session;
    header.person = entry->right.person;
    header.target = entry->right.target;
    step(entry, "console.not_recorded");
    const auto keys = entry->right.keys <= 2 ? static_cast<recording::Keys>(entry->right.keys) : recording::Keys::none;
    recordings->open(entry->right.console, std::move(header), keys,
                     [weak = weak_from_this(), entry](Result<Recordings::Opened> opened) {
                       const auto self = weak.lock();
                       if (!self) return;
                       if (!opened) return self->give_up(entry, "console.not_recorded", opened.error().code);
                       entry->tape = opened->tape;
                       if (!entry->opening) return entry->tape->close("console.closed");
                       self->note(entry->right.console, opened->note, [weak, entry](const Result<void>& end) {
                         const auto again = weak.lock();
                         if (!again || !entry->opening) return;
                         if (!end) return again->give_up(entry, "console.not_recorded", end.error().code);
                         again->run(entry);
                       });
                     });
  }
  void run(const EntryPtr& entry) {
    const std::uint64_t console = entry->right.console;
    auto handover = entry->take();
    if (!handover) return give_up(entry, "console.viewer_gone", {});
    entry->opening = false;
    timers.cancel(entry->limit);
    screens::ScreenOptions options;
    options.console.name = entry->right.title.substr(0, 256);
    options.console.viewer.view_only = entry->right.view_only;
    entry->driver = ScreenDriver::start(console, clock, timers, std::move(handover->socket), std::move(entry->guest),
                                        std::move(options), entry->tape, websocket::switching_protocols(entry->upgrade),
                                        std::move(handover->first), buffer, *this);
    log.event(kScreenOpened,
              {{"session", entry->right.session}, {"console", console}, {"target", entry->right.target}});
    look_later();
  }
  /// A recording's failure is seen at once, not at the screen's next own deadline.
  void look_later() {
    if (look_timer != 0) return;
    look_timer = timers.at(clock.now() + kLookEvery, [weak = weak_from_this()] {
      const auto self = weak.lock();
      if (!self) return;
      self->look_timer = 0;
      bool any = false;
      for (const auto& entry : self->all([](const Entry& e) { return e.driver && e.tape; })) {
        any = true;
        if (!entry->tape->state().failure.empty()) entry->driver->look();
      }
      if (any) self->look_later();
    });
  }

  // --- an open screen
  void on_notices(std::uint64_t console, const std::vector<rfb::Notice>& notices) override {
    const auto found = entries.find(console);
    if (found == entries.end()) return;
    for (const rfb::Notice& notice : notices) {
      rfb::report(log, {found->second->right.session, found->second->right.machine}, notice);
      tell(console, seam::ScreenStopped{std::string(rfb::words(notice.cause).code), notice.side == rfb::Side::guest,
                                        notice.count, notice.bytes, notice.total});
    }
  }
  void on_used(std::uint64_t console) override { tell(console, seam::ScreenUsed{}); }
  void on_ended(std::uint64_t console, const screens::ScreenEnd& why, std::uint64_t from_browser,
                std::uint64_t from_guest) override {
    const auto found = entries.find(console);
    if (found == entries.end()) return;
    log.event(
        kScreenClosed,
        {{"session", found->second->right.session}, {"console", console}, {"code", why.code}, {"detail", why.detail}});
    tell(console, seam::ScreenClosed{why.code, why.detail, from_browser, from_guest});
    entries.erase(found);
  }
  [[nodiscard]] std::vector<EntryPtr> all(auto wanted) const {
    std::vector<EntryPtr> out;
    for (const auto& [console, entry] : entries) {
      if (wanted(*entry)) out.push_back(entry);
    }
    return out;
  }
  void end_where(auto wanted, std::string_view code) {
    for (const EntryPtr& entry : all(wanted)) {
      if (entry->driver) {
        entry->driver->end(code);
      } else {
        give_up(entry, std::string(code), {});
      }
    }
  }

  // --- recordings
  void on_note(std::uint64_t console, decltype(seam::RecordingNote::body) body) {
    if (std::holds_alternative<seam::RecordingChunk>(body)) {
      return note(console, std::move(body), [weak = weak_from_this(), console](Result<void> end) {
        const auto self = weak.lock();
        if (self && self->recordings) self->recordings->noted(console, std::move(end));
      });
    }
    if (const auto* failed = std::get_if<seam::RecordingFailed>(&body)) {
      log.event(kRecordingLost, {{"console", console}, {"code", failed->code}, {"detail", failed->detail}});
    }
    note(console, std::move(body), [](const Result<void>&) {});
  }
};

ScreenDesk::ScreenDesk(asio::io_context& loop, const run::Clock& clock, run::Timers& timers, Entropy& entropy, Log& log,
                       ScreenSource& source, const MakeRecordings& recordings, DeskLimits limits)
    : state_(std::make_shared<State>(loop, clock, timers, entropy, log, source, std::move(limits))) {
  if (!recordings) return;
  state_->recordings =
      recordings([weak = std::weak_ptr(state_)](std::uint64_t console, decltype(seam::RecordingNote::body) note) {
        if (const auto self = weak.lock()) self->on_note(console, std::move(note));
      });
}

ScreenDesk::~ScreenDesk() {
  State& s = *state_;
  s.timers.cancel(s.gone_timer);
  s.timers.cancel(s.look_timer);
  for (const auto& [number, entry] : s.asked) s.timers.cancel(entry.limit);
  for (const EntryPtr& entry : s.all([](const Entry&) { return true; })) {
    s.timers.cancel(entry->limit);
    entry->opening = false;
    if (entry->tape) entry->tape->close("relay.stopping");
    if (entry->driver) entry->driver->drop();
  }
  s.entries.clear();
  s.recordings.reset();
}

void ScreenDesk::serve(const screens::Pages& pages) {
  state_->pages[pages.place()] = &pages;
}

void ScreenDesk::ask(const Peer& peer, seam::ConsoleQuestion question, std::function<void(HttpResponse)> done) {
  state_->ask_gate(peer, std::move(question),
                   [weak = std::weak_ptr(state_), peer, done = std::move(done)](seam::ConsoleAnswer answer) {
                     if (const auto self = weak.lock()) self->finish(peer, done, std::move(answer));
                   });
}

void ScreenDesk::open_screen(const Peer& peer, websocket::Upgrade upgrade, std::function<void(HttpResponse)> refuse,
                             std::function<std::unique_ptr<Handover>()> take) {
  auto entry = std::make_shared<Entry>();
  entry->refuse = std::move(refuse);
  entry->take = std::move(take);
  seam::OpenScreen question{std::move(upgrade.ticket)};
  entry->upgrade = std::move(upgrade);
  state_->ask_gate(peer, std::move(question), [weak = std::weak_ptr(state_), peer, entry](seam::ConsoleAnswer answer) {
    const auto self = weak.lock();
    if (!self) return;
    auto* right = std::get_if<seam::ScreenRight>(&answer);
    if (right == nullptr) return self->finish(peer, entry->refuse, std::move(answer));
    entry->right = std::move(*right);
    self->open(entry);
  });
}

void ScreenDesk::end_answered(const Peer& peer) {
  state_->ask_gate(peer, seam::EndByPerson{}, [](const seam::ConsoleAnswer&) {});
}

void ScreenDesk::set_link(seam::Link* link) {
  State& s = *state_;
  s.link = link;
  s.timers.cancel(std::exchange(s.gone_timer, 0));
  // Whoever waits for the old one will not hear from it.
  const auto asked = std::exchange(s.asked, {});
  for (const auto& [number, entry] : asked) {
    s.timers.cancel(entry.limit);
    entry.done(unavailable());
  }
  const auto noted = std::exchange(s.noted, {});
  for (const auto& [number, done] : noted) done(fail("gate.unavailable", "the link to the gatekeeper was lost"));
  if (link != nullptr) {
    // What is open was granted by the one before: this one counts none of it, and would not end it by name.
    return s.end_where([](const Entry&) { return true; }, "gate.unavailable");
  }
  s.gone_timer = s.timers.at(s.clock.now() + s.limits.without_gate, [weak = std::weak_ptr(state_)] {
    if (const auto self = weak.lock()) self->end_where([](const Entry&) { return true; }, "gate.unavailable");
  });
}

void ScreenDesk::on_message(seam::Message& message) {
  State& s = *state_;
  if (auto* reply = std::get_if<seam::ConsoleReply>(&message)) {
    s.answered(reply->number, std::move(reply->body));
  } else if (const auto* noted = std::get_if<seam::RecordingNoted>(&message)) {
    const auto found = s.noted.find(noted->number);
    if (found == s.noted.end()) return;
    const auto done = std::move(found->second);
    s.noted.erase(found);
    done(noted->ok ? Result<void>() : Result<void>(fail("gate.unavailable", noted->error)));
  } else if (const auto* end = std::get_if<seam::ScreenEnd>(&message)) {
    s.end_where([&](const Entry& entry) { return entry.right.console == end->console; }, end->code);
  } else if (const auto* all = std::get_if<seam::EntranceEnd>(&message)) {
    s.end_where([&](const Entry& entry) { return entry.right.session == all->session; }, "session.ended");
  }
}

std::size_t ScreenDesk::screens() const {
  return state_->entries.size();
}

}  // namespace sekisho::relay
