#include "run/asio_services.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <errno.h>
#include <sys/random.h>

#include <algorithm>
#include <map>
#include <unordered_map>
#include <utility>

namespace sekisho::run {

// --- AsioTimers
// ---------------------------------------------------------------------------------------------------------

struct AsioTimers::State : std::enable_shared_from_this<AsioTimers::State> {
  State(boost::asio::io_context& loop, const Clock& gate_clock) : context(loop), clock(gate_clock), wake(loop) {}

  void arm() {
    if (closed || waiting.empty()) return;
    const auto gap = std::max(waiting.begin()->first.first - clock.now(), Instant::duration::zero());
    const auto wait = std::min<std::chrono::steady_clock::duration>(gap, std::chrono::seconds(1));
    const auto wanted = std::chrono::steady_clock::now() + wait;
    if (armed && wake.expiry() <= wanted) return;
    armed = true;
    wake.expires_at(wanted);  // cancels the older wait, whose handler then sees an error and does nothing
    wake.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
      if (error || self->closed) return;
      self->armed = false;
      self->fire();
    });
  }

  void fire() {
    // What a callback adds for now or the past waits for the next round: one that re-arms itself cannot hold the loop.
    const Timers::Id newest = next;
    while (!closed && !waiting.empty()) {
      const auto due =
          std::find_if(waiting.begin(), waiting.end(), [&](const auto& e) { return e.first.second < newest; });
      if (due == waiting.end() || due->first.first > clock.now()) break;
      auto fn = std::move(due->second);
      when.erase(due->first.second);
      waiting.erase(due);
      fn();
    }
    arm();
  }

  boost::asio::io_context& context;
  const Clock& clock;
  boost::asio::steady_timer wake;
  std::map<std::pair<Instant, Timers::Id>, std::function<void()>> waiting;
  std::unordered_map<Timers::Id, Instant> when;
  Timers::Id next = 1;
  bool armed = false, closed = false;
};

AsioTimers::AsioTimers(boost::asio::io_context& loop, const Clock& clock)
    : state_(std::make_shared<State>(loop, clock)) {}

AsioTimers::~AsioTimers() {
  state_->closed = true;
  state_->wake.cancel();
}

Timers::Id AsioTimers::at(Instant at, std::function<void()> fn) {
  const Id id = state_->next++;
  state_->waiting.emplace(std::pair(at, id), std::move(fn));
  state_->when.emplace(id, at);
  state_->arm();
  return id;
}

void AsioTimers::cancel(Id id) {
  const auto found = state_->when.find(id);
  if (found == state_->when.end()) return;
  state_->waiting.erase(std::pair(found->second, id));
  state_->when.erase(found);
  if (state_->waiting.empty() && state_->armed) {
    state_->armed = false;
    state_->wake.cancel();
  }
}

void AsioTimers::post(std::function<void()> fn) {
  boost::asio::post(state_->context, std::move(fn));
}

// --- KernelEntropy
// ------------------------------------------------------------------------------------------------------

void KernelEntropy::fill(std::span<std::byte> out) {
  while (!out.empty()) {
    const ssize_t got = getrandom(out.data(), out.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    SEKISHO_ASSERT(got > 0);
    out = out.subspan(static_cast<std::size_t>(got));
  }
}

}  // namespace sekisho::run
