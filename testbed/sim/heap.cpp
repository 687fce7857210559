#include "heap.hpp"

#include <sekisho/sdk/result.hpp>

#include <algorithm>

namespace sekisho::sim {

Heap::Id Heap::at(Owner owner, Instant when, std::function<void()> fn) {
  if (free_.empty()) {
    free_.push_back(static_cast<std::uint32_t>(waiting_.size()));
    waiting_.emplace_back();
    SEKISHO_ASSERT(waiting_.size() < (std::size_t{1} << kPlaceBits));
  }
  const std::uint32_t place = free_.back();
  free_.pop_back();
  const Id id = ++asked_ << kPlaceBits | place;
  Event& event = waiting_[place];
  event.id = id;
  event.owner = owner;
  event.fn = std::move(fn);
  turns_.push_back({std::max(when, now_), id});
  std::ranges::push_heap(turns_, std::greater<>());
  return id;
}

std::function<void()> Heap::take(Event& event) {
  event.id = 0;
  free_.push_back(static_cast<std::uint32_t>(&event - waiting_.data()));
  return std::exchange(event.fn, nullptr);
}

void Heap::cancel(Id id) {
  const std::size_t place = id & ((Id{1} << kPlaceBits) - 1);
  if (id == 0 || place >= waiting_.size() || waiting_[place].id != id) return;
  // The callback may own what cancels: it dies after the queue is in order again.
  const auto gone = take(waiting_[place]);
}

void Heap::drop(Owner owner) {
  std::vector<std::function<void()>> gone;
  for (Event& event : waiting_) {
    if (event.id != 0 && event.owner == owner) gone.push_back(take(event));
  }
}

bool Heap::step(Instant end) {
  while (!turns_.empty() && turns_.front().when <= end) {
    const Turn turn = turns_.front();
    std::ranges::pop_heap(turns_, std::greater<>());
    turns_.pop_back();
    Event& event = waiting_[turn.id & ((Id{1} << kPlaceBits) - 1)];
    if (event.id != turn.id) continue;  // cancelled or dropped
    now_ = std::max(now_, turn.when);
    ++events_;
    const auto fn = take(event);
    fn();
    return true;
  }
  now_ = std::max(now_, end);
  return false;
}

void Heap::sleep_until(Instant when) {
  now_ = std::max(now_, when);
}

}  // namespace sekisho::sim
