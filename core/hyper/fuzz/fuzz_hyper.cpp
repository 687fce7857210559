// Fuzz: messages of both sides and drivers' answers in any order. No ticket opens twice, no more calls than allowed,
// and no call with a name that is no UUID. Input: u8 who, u8 length, that many bytes of a packet; who 2: a call comes
// back.
#include "hyper/hyper.hpp"
#include "seam/codec.hpp"

#include <cstdlib>
#include <set>

namespace {

using namespace sekisho;

void look_at(hyper::Actions& actions, std::set<std::uint64_t>& running) {
  for (hyper::Action& action : actions) {
    if (const auto* call = std::get_if<hyper::Call>(&action)) {
      if (call->kind != hyper::CallKind::list && !is_machine_uuid(call->uuid)) std::abort();
      if (!running.insert(call->id).second) std::abort();
    } else if (const auto* gate = std::get_if<hyper::ToGate>(&action)) {
      if (!seam::encode(gate->message)) std::abort();
    } else if (const auto* relay = std::get_if<hyper::ToRelay>(&action)) {
      const auto* answer = std::get_if<seam::ScreenAnswer>(&relay->message);
      if (answer == nullptr || answer->ok != (relay->descriptor_of != 0) || !seam::encode(relay->message)) std::abort();
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  hyper::Hyper machine(registry::Zone::internet_business,
                       {{"servers", hyper::ManagerRole::consoles}, {"desks", hyper::ManagerRole::desktops}});
  Instant now{std::chrono::hours(500000)};
  std::set<std::uint64_t> running;
  while (size >= 2) {
    const unsigned who = data[0];
    const std::size_t length = std::min<std::size_t>(data[1], size - 2);
    const auto bytes = std::as_bytes(std::span(data + 2, length));
    data += 2 + length;
    size -= 2 + length;
    now += std::chrono::milliseconds(500);
    hyper::Actions actions;
    if (who % 4 == 2 && !running.empty()) {
      const std::uint64_t id = *running.begin();
      running.erase(running.begin());
      hyper::Outcome outcome;
      if (length >= 36) {
        outcome.machines.push_back(
            {std::string(reinterpret_cast<const char*>(bytes.data()), 36), "n", MachineState::running, false});
      }
      actions = length == 0 ? machine.done(id, fail("console.refused"), now) : machine.done(id, outcome, now);
    } else if (who % 4 == 3) {
      who / 4 % 2 == 0 ? machine.gate_gone() : machine.relay_gone("internet");
    } else if (auto message = seam::decode(bytes)) {
      actions = who % 4 == 0 ? machine.from_gate(*std::move(message), now)
                             : machine.from_relay("internet", *std::move(message), now);
    }
    look_at(actions, running);
    if (machine.calls() > 256 || machine.tickets() > 1024) std::abort();
  }
  return 0;
}
