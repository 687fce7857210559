// Story: what a person or a machine of the world does, written down as one coroutine that waits for replies, mails and
// time. Answer<T>: a value that comes once. Threads: one. Ownership: Stories keeps every unfinished coroutine and
// destroys it with the world; an Answer given afterwards resumes nobody, because the heap is emptied first.
#pragma once
#include "heap.hpp"

#include <coroutine>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace sekisho::sim {

template <class T>
class Answer {
 public:
  /// The first value counts.
  void give(T value) const {
    if (slot_->value) return;
    slot_->value.emplace(std::move(value));
    const auto slot = slot_;
    if (slot->hook) std::exchange(slot->hook, nullptr)(*slot->value);
    if (slot->waiter) std::exchange(slot->waiter, nullptr).resume();
  }
  [[nodiscard]] bool given() const { return slot_->value.has_value(); }
  /// Besides who awaits it, or instead.
  void when_given(std::function<void(const T&)> hook) const {
    if (given()) return hook(*slot_->value);
    slot_->hook = std::move(hook);
  }

  [[nodiscard]] bool await_ready() const { return given(); }
  void await_suspend(std::coroutine_handle<> waiter) const { slot_->waiter = waiter; }
  T await_resume() const { return std::move(*slot_->value); }

 private:
  struct Slot {
    std::optional<T> value;
    std::coroutine_handle<> waiter;
    std::function<void(const T&)> hook;
  };
  std::shared_ptr<Slot> slot_ = std::make_shared<Slot>();  // shared: by who gives and who waits
};

class Stories;

/// Runs from its first line at once; nobody waits for its end.
class Story {
 public:
  struct promise_type {
    /// The world comes first in every story's parameters, or in its object.
    template <class World, class... Rest>
    explicit promise_type(World& world, Rest&&...) : stories(&world.stories()) {
      enter();
    }
    ~promise_type();
    Story get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    [[noreturn]] void unhandled_exception() { std::terminate(); }
    void enter();
    Stories* stories;
  };
};

class Stories {
 public:
  ~Stories() {
    while (!open_.empty()) open_.begin()->destroy();  // takes itself out
  }
  [[nodiscard]] std::size_t open() const { return open_.size(); }

 private:
  friend struct Story::promise_type;
  struct ByAddress {
    bool operator()(std::coroutine_handle<> a, std::coroutine_handle<> b) const { return a.address() < b.address(); }
  };
  std::set<std::coroutine_handle<>, ByAddress> open_;  // its order is never looked at but at the end
};

inline void Story::promise_type::enter() {
  stories->open_.insert(std::coroutine_handle<promise_type>::from_promise(*this));
}
inline Story::promise_type::~promise_type() {
  stories->open_.erase(std::coroutine_handle<promise_type>::from_promise(*this));
}

/// A part of a story that others wait for. Runs when awaited; ends with whoever waits.
template <class T>
class [[nodiscard]] Task {
 public:
  struct promise_type {
    Task get_return_object() { return Task(std::coroutine_handle<promise_type>::from_promise(*this)); }
    std::suspend_always initial_suspend() noexcept { return {}; }
    struct Back {
      bool await_ready() noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> self) noexcept {
        return self.promise().caller;
      }
      void await_resume() noexcept {}
    };
    Back final_suspend() noexcept { return {}; }
    void return_value(T given) { value.emplace(std::move(given)); }
    [[noreturn]] void unhandled_exception() { std::terminate(); }
    std::coroutine_handle<> caller;
    std::optional<T> value;
  };
  explicit Task(std::coroutine_handle<promise_type> self) : self_(self) {}
  Task(Task&& other) noexcept : self_(std::exchange(other.self_, nullptr)) {}
  Task& operator=(Task&&) = delete;
  ~Task() {
    if (self_) self_.destroy();
  }
  [[nodiscard]] bool await_ready() const { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> caller) {
    self_.promise().caller = caller;
    return self_;
  }
  T await_resume() { return std::move(*self_.promise().value); }

 private:
  std::coroutine_handle<promise_type> self_;
};

/// co_await pause(heap, span)
inline Answer<bool> pause(Heap& heap, Instant::duration span) {
  Answer<bool> done;
  heap.in(0, span, [done] { done.give(true); });
  return done;
}

/// The first of both: true when `event` came before `span` was over.
template <class T>
Answer<bool> within(Heap& heap, const Answer<T>& event, Instant::duration span) {
  Answer<bool> done;
  event.when_given([done](const T&) { done.give(true); });
  heap.in(0, span, [done] { done.give(false); });
  return done;
}

}  // namespace sekisho::sim
