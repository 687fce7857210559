#include "heap.hpp"

#include <algorithm>

namespace sekisho::sim {

Heap::Id Heap::at(Owner owner, Instant when, std::function<void()> fn) {
  const Id id = next_++;
  when = std::max(when, now_);
  queue_.emplace(std::pair(when, id), Event{owner, std::move(fn)});
  when_.emplace_hint(when_.end(), id, when);
  return id;
}

void Heap::cancel(Id id) {
  const auto found = when_.find(id);
  if (found == when_.end()) return;
  // The callback may own what cancels: it dies after the queue is in order again.
  const auto event = queue_.extract(std::pair(found->second, id));
  when_.erase(found);
}

void Heap::drop(Owner owner) {
  std::vector<decltype(queue_)::node_type> dropped;
  for (auto at = queue_.begin(); at != queue_.end();) {
    const auto next = std::next(at);
    if (at->second.owner == owner) {
      when_.erase(at->first.second);
      dropped.push_back(queue_.extract(at));
    }
    at = next;
  }
}

bool Heap::step(Instant end) {
  if (queue_.empty() || queue_.begin()->first.first > end) {
    now_ = std::max(now_, end);
    return false;
  }
  auto event = queue_.extract(queue_.begin());
  now_ = std::max(now_, event.key().first);
  when_.erase(event.key().second);
  ++events_;
  event.mapped().fn();
  return true;
}

void Heap::sleep_until(Instant when) {
  now_ = std::max(now_, when);
}

}  // namespace sekisho::sim
