// VirtualTime: the services of room run on one thread with a clock that moves only when told, one ordered heap and
// seeded chance, and a loop for descriptors whose both ends are in this process (screens and pages in memory). Several
// gates may share one: nodes of one site.
// Threads: one, whoever calls. Ownership: shared by Python and the gates that live on it.
#pragma once
#include "run/testing/descriptor_loop.hpp"
#include "run/testing/fake_services.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>

namespace sekisho::python {

struct VirtualTime {
  VirtualTime(std::uint64_t seed, Instant start) : fake(seed, start) {
    fake.mail.answer = [this](const SendMail&) -> Result<void> {
      if (mail_works) return {};
      return fail("mail.refused", "the next hop does not take it");
    };
  }
  VirtualTime(const VirtualTime&) = delete;
  VirtualTime& operator=(const VirtualTime&) = delete;

  /// Runs what is due now and what descriptors have brought, also what that adds.
  void settle() {
    do {
      fake.timers.settle();
    } while (loop.poll() != 0);
  }
  bool step() {
    const bool any = fake.timers.step();
    settle();
    return any;
  }
  void advance(Instant::duration span) {
    const Instant end = fake.timers.now() + span;
    settle();
    for (auto due = fake.timers.next(); loop.used() && due && *due <= end; due = fake.timers.next()) {
      fake.timers.advance(std::max(Instant::duration{}, *due - fake.timers.now()));
      settle();
    }
    fake.timers.advance(end - fake.timers.now());
    settle();
  }

  run::testing::DescriptorLoop loop;  // before the services: what waits on their heap may hold sockets of it
  run::testing::FakeServices fake;
  bool mail_works = true;
};

}  // namespace sekisho::python
