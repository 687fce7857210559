// Gatehouse: the machine on which the gate runs: its disks, its store, its wall clock, and the process that dies and is
// started again, as the supervisor would. The process is the production gate: gate::Gate, the plugins' own classes, the
// journal's writer, recovery from journal and store.
// Threads: one. Ownership: owns everything of the gate; borrows the world.
#pragma once
#include "audit/reader.hpp"
#include "audit/testing/memory_disk.hpp"
#include "gate/gate.hpp"
#include "machine.hpp"
#include "model_signatures.hpp"
#include "store/testing/memory_store.hpp"
#include "wire.hpp"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace sekisho::sim {

class World;

class Gatehouse {
 public:
  explicit Gatehouse(World& world);
  ~Gatehouse();

  /// A new process: journal, store, gate, then the links of all neighbours. Tried again every 3 s when it cannot start.
  void start();
  /// The process is gone, what it wrote stays in the machine's memory; a new one starts after `pause`.
  void kill(Instant::duration pause);
  /// The machine loses power: what was not synced may be lost too.
  void cut_power(Instant::duration pause);
  /// A neighbour's process died or its link is lost: a new link after `pause`, while the gate lives.
  void relink(const std::string& name, Instant::duration pause);
  void stall(const std::string& name, Instant::duration span);
  void hang_store(Instant::duration span);
  /// Steps the wall clock; the gate's own time follows with its next start (core/decisions/0004).
  void step_wall_clock(Instant::duration by);

  /// Of the newest process, also when it is dead.
  [[nodiscard]] Instant gate_now() const;
  [[nodiscard]] bool serves() const { return serves_; }
  [[nodiscard]] sekisho::gate::Gate* gate() { return serves_ ? process_gate() : nullptr; }
  [[nodiscard]] audit::MemoryDisk& journal_disk() { return journal_disk_; }
  [[nodiscard]] audit::Trust trust();
  [[nodiscard]] sekisho::store::Store& store() { return *store_; }
  /// A good end, so that the journal is signed to its last entry.
  void close();

 private:
  struct Process;
  struct Neighbour;
  [[nodiscard]] sekisho::gate::Gate* process_gate();
  void end_process();
  void attach_all();
  void attach(Neighbour& neighbour);

  World& world_;
  ModelSignatures signatures_;
  audit::MemoryDisk journal_disk_, key_disk_;
  std::shared_ptr<sekisho::store::testing::MemoryStore> store_;  // shared: the gate's own interface
  Owner next_owner_ = 1;
  Instant::duration wall_skew_{0}, skew_{0};
  bool serves_ = false;
  std::unique_ptr<Process> process_;
  std::map<std::string, std::unique_ptr<Neighbour>> neighbours_;
};

}  // namespace sekisho::sim
