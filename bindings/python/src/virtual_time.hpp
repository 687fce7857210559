// VirtualTime: the services of room run on one thread with a clock that moves only when told, one ordered heap and
// seeded chance. Several gates may share one: nodes of one site.
// Threads: one, whoever calls. Ownership: shared by Python and the gates that live on it.
#pragma once
#include "run/testing/fake_services.hpp"

#include <cstdint>

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
  run::testing::FakeServices fake;
  bool mail_works = true;
};

}  // namespace sekisho::python
