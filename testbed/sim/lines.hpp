// Lines: which circuits of the closed network carry. The world knows, the gate is told as charon would tell it.
// Threads: one. Ownership: borrows the world.
#pragma once
#include "registry/circuits.hpp"

#include <sekisho/sdk/time.hpp>

#include <map>
#include <string>

namespace sekisho::sim {

class World;

class Lines {
 public:
  explicit Lines(World& world) : world_(world) {}

  /// Up until it is lost.
  [[nodiscard]] registry::Line of(const std::string& circuit) const;
  /// The line is down, or charon tells nothing of it any more (`unknown`); it is back after `span`. Lost already:
  /// longer.
  void lose(const std::string& circuit, registry::Line how, Instant::duration span);
  /// A gate that serves from now on hears of every line that is lost.
  void tell_lost();

 private:
  struct Lost {
    registry::Line how{};
    Instant until{};
  };
  void back(const std::string& circuit);
  void tell(const std::string& circuit);

  World& world_;
  std::map<std::string, Lost> lost_;  // by circuit
};

}  // namespace sekisho::sim
