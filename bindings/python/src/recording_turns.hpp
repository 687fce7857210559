// RecordingTurns: a relay's recordings on virtual time, in turns of its one thread; the work is the product's own
// (programs/relay/recording_work.hpp). Threads: one. Ownership: timers and clock are borrowed and outlive it.
#pragma once
#include "programs/relay/recording_work.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace sekisho::python {

class RecordingTurns final : public relay::Recordings {
 public:
  RecordingTurns(std::unique_ptr<audit::Disk> disk, const run::Clock& clock, run::Timers& timers, OnNote on_note)
      : inside_(std::make_shared<Inside>(std::move(disk), clock, timers, std::move(on_note))) {}
  ~RecordingTurns() override {
    inside_->work.work();  // what tapes hold is written: a good end
    inside_->timers.cancel(inside_->timer);
    inside_->on_note = {};
  }
  RecordingTurns(const RecordingTurns&) = delete;
  RecordingTurns& operator=(const RecordingTurns&) = delete;

  void open(std::uint64_t console, recording::FileHeader header, recording::Keys keys,
            std::function<void(Result<Opened>)> done) override {
    inside_->timers.post(
        [weak = std::weak_ptr(inside_), console, header = std::move(header), keys, done = std::move(done)]() {
          const auto self = weak.lock();
          if (!self) return;
          auto opened = self->work.open(console, header, keys, [weak] {
            if (const auto again = weak.lock()) again->come_at(again->clock.now());
          });
          self->come_at(self->clock.now());
          done(std::move(opened));
        });
  }
  void noted(std::uint64_t console, Result<void> end) override {
    inside_->timers.post([weak = std::weak_ptr(inside_), console, end = std::move(end)] {
      const auto self = weak.lock();
      if (!self) return;
      self->work.noted(console, end);
      self->come_at(self->clock.now());
    });
  }

 private:
  struct Inside : std::enable_shared_from_this<Inside> {
    Inside(std::unique_ptr<audit::Disk> disk, const run::Clock& c, run::Timers& t, OnNote n)
        : clock(c),
          timers(t),
          on_note(std::move(n)),
          work(std::move(disk), c, [this](std::uint64_t console, decltype(seam::RecordingNote::body) note) {
            timers.post([weak = weak_from_this(), console, note = std::move(note)] {
              const auto self = weak.lock();
              if (self && self->on_note) self->on_note(console, note);
            });
          }) {}
    void come_at(Instant at) {
      if (timer != 0 && due <= at) return;
      timers.cancel(timer);
      due = at;
      timer = timers.at(at, [weak = weak_from_this()] {
        const auto self = weak.lock();
        if (!self) return;
        self->timer = 0;
        self->work.work();
        if (const auto next = self->work.next_deadline()) self->come_at(std::max(*next, self->clock.now()));
      });
    }
    const run::Clock& clock;
    run::Timers& timers;
    OnNote on_note;
    run::Timers::Id timer = 0;
    Instant due{};
    relay::RecordingWork work;
  };
  std::shared_ptr<Inside> inside_;
};

}  // namespace sekisho::python
