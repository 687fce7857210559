// The agent's state: which key, which terminal, which gate, and the last report number that was used.
//
// take() locks `<path>.lock` against other agents of this terminal, adds one, and returns once the new number is on
// disk; settle() unlocks. A crash in between wastes a number and nothing more.
// Threads: one. Ranges: file <= 4 KiB. Errors: agent.state_unreadable, agent.state_open, agent.state_of_other_key,
// agent.state_busy (another agent holds the lock for more than 5 s). Source: posture.md §8 (seq).
#pragma once
#include "agent/agent.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace sekisho::agent {

struct AgentState {
  std::string kid, terminal, gateway;  ///< terminal and gateway are empty before enrolment
  std::int64_t seq = -1;               ///< last number used
  friend bool operator==(const AgentState&, const AgentState&) = default;
};

class StateFile final : public SequenceBook {
 public:
  StateFile(std::string path, std::string kid, std::chrono::milliseconds patience = std::chrono::seconds(5));
  ~StateFile() override;
  StateFile(const StateFile&) = delete;
  StateFile& operator=(const StateFile&) = delete;

  /// nullopt: there is none yet.
  [[nodiscard]] Result<std::optional<AgentState>> load() const;
  /// After enrolment. The number goes on when the key is the one of the state that is there.
  [[nodiscard]] Result<void> enrolled(const std::string& terminal, const std::string& gateway);

  [[nodiscard]] Result<std::int64_t> take() override;
  void settle() override;

 private:
  Result<void> lock();
  Result<void> save(const AgentState& state) const;

  const std::string path_, kid_;
  const std::chrono::milliseconds patience_;
  int lock_ = -1;
};

}  // namespace sekisho::agent
