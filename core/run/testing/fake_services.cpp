#include "run/testing/fake_services.hpp"

#include <new>

namespace sekisho::run::testing {

Timers::Id FakeTimers::at(Instant at, std::function<void()> fn) {
  const Id id = next_id_++;
  heap_.emplace(std::pair(std::max(at, now_), id), std::move(fn));
  when_.emplace(id, std::max(at, now_));
  return id;
}

void FakeTimers::cancel(Id id) {
  const auto found = when_.find(id);
  if (found == when_.end()) return;
  heap_.erase(std::pair(found->second, id));
  when_.erase(found);
}

void FakeTimers::settle() {
  for (int rounds = 0; !heap_.empty() && heap_.begin()->first.first <= now_; ++rounds) {
    SEKISHO_ASSERT(rounds < 1'000'000);
    const auto first = heap_.begin();
    auto fn = std::move(first->second);
    when_.erase(first->first.second);
    heap_.erase(first);
    fn();
  }
}

void FakeTimers::advance(Instant::duration span) {
  const Instant end = now_ + span;
  settle();
  while (!heap_.empty() && heap_.begin()->first.first <= end) {
    now_ = heap_.begin()->first.first;
    settle();
  }
  now_ = end;
}

bool FakeTimers::step() {
  if (heap_.empty()) return false;
  now_ = heap_.begin()->first.first;
  settle();
  return true;
}

std::optional<Instant> FakeTimers::next() const {
  if (heap_.empty()) return std::nullopt;
  return heap_.begin()->first.first;
}

void FakeBlocking::run(Pool, std::chrono::milliseconds limit, std::function<void()> work,
                       std::function<void(Result<void>)> done) {
  if (out_of_memory) throw std::bad_alloc();
  auto job = std::make_shared<Job>(Job{std::move(work), std::move(done), 0});
  if (full) {
    timers_.post([job] { job->done(fail("run.busy", "the queue of this pool is full")); });
    return;
  }
  if (mode == Mode::at_once) return perform(job);
  job->limit = timers_.at(timers_.now() + limit, [job] {
    if (job->done) std::exchange(job->done, nullptr)(fail("run.late", "the work did not end within its limit"));
  });
  held_.push_back(std::move(job));
}

bool FakeBlocking::finish() {
  if (held_.empty()) return false;
  const auto job = std::move(held_.front());
  held_.pop_front();
  perform(job);
  return true;
}

void FakeBlocking::perform(const std::shared_ptr<Job>& job) {
  bool threw = false;
  try {
    job->work();
  } catch (...) {
    threw = true;
  }
  timers_.post([this, job, threw] {
    timers_.cancel(job->limit);
    if (!job->done) return;
    std::exchange(job->done, nullptr)(threw ? Result<void>(fail("run.threw", "the work ended with an exception"))
                                            : Result<void>());
  });
}

void FakeEntropy::fill(std::span<std::byte> out) {
  for (std::byte& byte : out) byte = static_cast<std::byte>(random_() & 0xff);
}

void FakeMail::send(SendMail mail, std::function<void(Result<void>)> done) {
  Result<void> end = answer ? answer(mail) : Result<void>();
  sent.push_back(std::move(mail));
  timers_.post([done = std::move(done), end = std::move(end)] { done(end); });
}

}  // namespace sekisho::run::testing
