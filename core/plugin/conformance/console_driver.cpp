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

namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLimit(50);
/// How far past its limit a call may come back on a busy machine.
constexpr milliseconds kGrace(3000);

void expect_code(const Error& error) {
  EXPECT_TRUE(error.code == "console.unreachable" || error.code == "console.no_such_machine" ||
              error.code == "console.refused" || error.code == "console.busy" ||
              error.code == "console.not_supported" || error.code == "console.way_out" ||
              error.code == "console.timed_out")
      << error.code << " is no code of a driver";
}

/// Runs one call that has to fail: with a code of drivers, and in time.
template <class Call>
void must_refuse(const char* verb, const std::string& about, Call call) {
  const auto begun = std::chrono::steady_clock::now();
  const auto answer = call();
  EXPECT_LT(std::chrono::steady_clock::now() - begun, kLimit + kGrace) << verb << " keeps no limit";
  EXPECT_FALSE(answer) << verb << " took " << about;
  if (!answer) expect_code(answer.error());
}

void refuse_every_verb(ConsoleDriver& plugin, Chaos& chaos, const std::string& uuid) {
  must_refuse("machine()", uuid, [&] { return plugin.machine(uuid, kLimit); });
  must_refuse("screen()", uuid, [&] { return plugin.screen(uuid, kLimit); });
  must_refuse("serial()", uuid, [&] { return plugin.serial(uuid, kLimit); });
  must_refuse("picture()", uuid, [&] { return plugin.picture(uuid, kLimit); });
  const auto action = static_cast<PowerAction>(chaos.below(static_cast<std::uint64_t>(PowerAction::reset) + 1));
  must_refuse("power()", uuid, [&] { return plugin.power(uuid, action, kLimit); });
  must_refuse("take_snapshot()", uuid, [&] { return plugin.take_snapshot(uuid, "clean", kLimit); });
  must_refuse("revert()", uuid, [&] { return plugin.revert(uuid, "clean", kLimit); });
  const Secret password("a password that nobody may see");
  must_refuse("set_login()", uuid, [&] { return plugin.set_login(uuid, "maint", password, kLimit); });
  const std::string model = chaos.text(40), mac = chaos.text(20);
  must_refuse("create()", uuid + " " + model + " " + mac, [&] { return plugin.create({uuid, model, mac}, kLimit); });
  if (!is_machine_uuid(uuid)) must_refuse("destroy()", uuid, [&] { return plugin.destroy(uuid, kLimit); });
}

}  // namespace

/// Without a manager to talk to, a driver still has to refuse every name that is no machine, in time and with its own
/// codes.
void keep_contract(ConsoleDriver& plugin) {
  try {
    if (const auto machines = plugin.machines(milliseconds(200))) {
      for (const Machine& machine : *machines) {
        EXPECT_TRUE(is_machine_uuid(machine.uuid)) << machine.uuid << " is no canonical UUID";
        EXPECT_LE(machine.name.size(), 256u);
      }
    } else {
      expect_code(machines.error());
    }
    Chaos chaos(20261124);
    for (unsigned i = 0; i < 200 && !testing::Test::HasFailure(); ++i) {
      const std::string uuid = i == 0   ? ""
                               : i == 1 ? "00000000-0000-0000-0000-000000000000"
                               : i == 2 ? "DEADBEEF-0000-4000-8000-000000000000"
                                        : chaos.text(80);
      refuse_every_verb(plugin, chaos, uuid);
    }
    const auto begun = std::chrono::steady_clock::now();
    if (const auto events = plugin.events(kLimit)) {
      for (const MachineEvent& event : *events) EXPECT_TRUE(event.uuid.empty() || is_machine_uuid(event.uuid));
    } else {
      expect_code(events.error());
    }
    EXPECT_LT(std::chrono::steady_clock::now() - begun, kLimit + kGrace) << "events() keeps no limit";
  } catch (...) {
    FAIL() << "an exception left the driver";
  }
}

}  // namespace sekisho::conformance
