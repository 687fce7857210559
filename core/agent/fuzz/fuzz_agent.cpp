// Fuzz: the agent's machine against a gate that answers by the input. Input: first byte the mode and the chance, then
// answers, each a byte (what comes) and text up to the next NUL. What must hold: no yes without the word "admit" in an
// answer of status 200; one number in use at a time and none left in use; a report never goes out without a challenge,
// nor to another certificate than the challenge's; deadlines never hang.
#include "agent/agent.hpp"

#include <cstdlib>
#include <string>

namespace {

using namespace sekisho;
using namespace sekisho::agent;

void check(bool holds) {
  if (!holds) std::abort();
}

class Book final : public SequenceBook {
 public:
  Result<std::int64_t> take() override {
    check(!taken);
    taken = true;
    return ++last;
  }
  void settle() override {
    check(taken);
    taken = false;
  }
  std::int64_t last = -1;
  bool taken = false;
};

class Chance final : public Entropy {
 public:
  explicit Chance(std::uint8_t seed) : state_(seed) {}
  void fill(std::span<std::byte> out) override {
    for (std::byte& byte : out) byte = std::byte(state_ = static_cast<std::uint8_t>(state_ * 5 + 1));
  }

 private:
  std::uint8_t state_;
};

/// The next record: its first byte and its text.
std::pair<std::uint8_t, std::string> next(std::string_view& rest) {
  if (rest.empty()) return {0, {}};
  const auto kind = static_cast<std::uint8_t>(rest.front());
  rest.remove_prefix(1);
  const std::size_t end = rest.find('\0');
  std::string text(rest.substr(0, end));
  rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  return {kind, std::move(text)};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  static const admission::DeviceKey key = *admission::DeviceKey::generate();
  constexpr std::uint16_t kStatuses[] = {200, 200, 200, 204, 400, 403, 404, 409, 413, 429, 500, 503};
  Options options;
  options.mode = (data[0] & 1U) != 0 ? Mode::stay : Mode::once;
  options.before_login = (data[0] & 2U) != 0;
  if ((data[0] & 4U) != 0) options.gateway = "gate.test";
  Book book;
  Chance chance(data[0]);
  Agent machine(options, key, book, chance);
  std::string_view rest(reinterpret_cast<const char*>(data + 1), size - 1);
  Instant now = Instant(std::chrono::hours(1));
  bool yes = false;  // the last answer to a report was one
  std::string challenger;
  Step step = machine.begin(now);
  for (int rounds = 0; !rest.empty() && rounds < 300; ++rounds) {
    for (const News& news : step.news) {
      if (const auto* judged = std::get_if<Judged>(&news)) check(!judged->verdict.admitted || yes);
      if (const auto* session = std::get_if<SessionNews>(&news)) {
        check(session->what != SessionNews::What::admitted || yes);
      }
    }
    if (step.end) {
      check(!book.taken);
      check(step.end->kind != EndKind::passed || (yes && options.mode == Mode::once));
      return 0;
    }
    if (step.send) {
      const bool report = step.send->method == "POST";
      check(report == book.taken && step.send->body.size() <= 64 * 1024);
      check(!report || (!challenger.empty() && step.send->pin == challenger));
      auto [kind, text] = next(rest);
      now += std::chrono::milliseconds(kind);
      if (kind % 16 == 15) {
        step = machine.on_answer(fail(kind > 127 ? "agent.certificate" : "agent.unreachable"), now);
        continue;
      }
      const std::uint16_t status = kStatuses[kind % 16 % std::size(kStatuses)];
      const std::string certificate(64, static_cast<char>('a' + kind % 6));
      yes = report && status == 200 && text.find("admit") != std::string::npos;
      challenger = report ? std::string() : certificate;
      step = machine.on_answer(WireAnswer{status, std::move(text), report ? step.send->pin : certificate, "10.202.0.7"},
                               now);
    } else if (step.collect) {
      const auto kind = static_cast<std::uint8_t>(rest.front());
      rest.remove_prefix(1);
      step = machine.on_facts(kind % 8 == 7 ? Result<nlohmann::json>(fail("agent.facts_malformed"))
                                            : Result<nlohmann::json>(nlohmann::json{
                                                  {"collector", {{"source", kind % 2 == 0 ? "agent" : "simulator"}}},
                                                  {"collected_at", "2026-11-22T00:31:00Z"},
                                                  {"os", kind / 8}}),
                              now);
    } else {
      check(machine.next_deadline().has_value());
      const auto kind = static_cast<std::uint8_t>(rest.front());
      rest.remove_prefix(1);
      if (kind % 4 == 0) {
        step = machine.on_change(now);
        check(step.collect);
      } else {
        now = std::max(now, *machine.next_deadline());
        step = machine.on_time(now);
        check(step.collect);
      }
    }
  }
  return 0;
}
