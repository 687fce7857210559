#include "plugin/conformance.hpp"
#include "plugin/conformance/contracts.hpp"

#include <gtest/gtest.h>

namespace sekisho::conformance {

void run_console_driver(const Spec& spec) {
  Bench bench(spec);
  auto loaded = bench.load(bench.config());
  ASSERT_TRUE(loaded) << loaded.error().code << ": " << loaded.error().detail;
  keep_contract(*std::get<std::unique_ptr<ConsoleDriver>>(loaded->object));
}

/// Without a manager to talk to, a driver still has to refuse every name that is no machine, in time and with its own
/// codes.
void keep_contract(ConsoleDriver& plugin) {
  using std::chrono::milliseconds;

  const auto expect_code = [](const Error& error) {
    EXPECT_TRUE(error.code == "console.unreachable" || error.code == "console.no_such_machine" ||
                error.code == "console.refused" || error.code == "console.timed_out")
        << error.code;
  };
  try {
    if (const auto machines = plugin.machines(milliseconds(200))) {
      for (const Machine& machine : *machines) {
        EXPECT_EQ(machine.uuid.size(), 36u);
        EXPECT_EQ(machine.uuid.find_first_not_of("0123456789abcdef-"), std::string::npos) << machine.uuid;
        EXPECT_LE(machine.name.size(), 256u);
      }
    } else {
      expect_code(machines.error());
    }
    Chaos chaos(20261124);
    for (unsigned i = 0; i < 200 && !testing::Test::HasFailure(); ++i) {
      const std::string uuid = i == 0 ? "" : i == 1 ? "00000000-0000-0000-0000-000000000000" : chaos.text(80);
      const auto machine = plugin.machine(uuid, milliseconds(50));
      ASSERT_FALSE(machine) << uuid;
      expect_code(machine.error());
      const auto screen = plugin.screen(uuid, milliseconds(50));
      ASSERT_FALSE(screen) << uuid;
      expect_code(screen.error());
    }
  } catch (...) {
    FAIL() << "an exception left the driver";
  }
}

}  // namespace sekisho::conformance
