// MemoryDisk: a directory in memory that can fail at any call, be full, and lose power: what was not synced then
// survives sector by sector as chance wants it, and renames survive only as a prefix of their order. Threads: every
// call takes one lock. Chance: a seed that is handed in.
#pragma once
#include "audit/disk.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace sekisho::audit {

class MemoryDisk : public Disk {
 public:
  explicit MemoryDisk(std::uint32_t seed = 1) : chance_(seed) {}

  Result<std::unique_ptr<File>> create(const std::string& name) override;
  Result<std::unique_ptr<File>> open(const std::string& name, Access access) override;
  Result<std::vector<std::string>> list() override;
  Result<void> rename(const std::string& from, const std::string& to) override;
  Result<void> remove(const std::string& name) override;
  Result<void> sync_names() override;
  Result<Space> space() override;
  Result<std::unique_ptr<DiskLock>> lock() override;
  bool locked() override;

  /// The next `count` changing calls (create, write, sync, truncate, rename, remove) after `skip` good ones fail.
  void fail_after(std::uint64_t skip, std::uint64_t count, Error error);
  void heal() { fail_after(0, 0, {}); }
  [[nodiscard]] std::uint64_t changing_calls() const;
  void set_space(Space space);
  /// Planted: from now on sync() answers well and keeps nothing.
  void lose_syncs(bool lose);
  /// Whether `text` would be read after a power cut now, whatever chance says: it stands in synced bytes of a file
  /// whose name is synced. Looked for behind the last one that was found, then everywhere, the newest file (by name)
  /// first. `text`: not empty.
  [[nodiscard]] bool durable_holds(std::string_view text) const;
  /// Power cut: forgets what was not synced; open files and locks of before are dead.
  void crash();

  /// What a reader sees, for tests that tamper.
  [[nodiscard]] std::map<std::string, std::string> contents() const;
  void set_contents(const std::map<std::string, std::string>& contents);

 private:
  struct Node {
    std::string now, durable;
    std::set<std::size_t> dirty;  ///< sectors that the next sync writes
    bool dead = false;
  };
  struct NameChange {
    std::string from, to;  ///< from empty: created; to empty: removed
    std::shared_ptr<Node> node;
  };
  class OpenFile;
  friend class OpenFile;
  struct Lock;

  [[nodiscard]] Result<void> may_change();
  static void apply(std::map<std::string, std::shared_ptr<Node>>& names, const NameChange& change);

  mutable std::mutex mutex_;
  std::mt19937 chance_;
  std::map<std::string, std::shared_ptr<Node>> names_, durable_names_;
  std::vector<NameChange> pending_names_;
  Space space_{std::uint64_t{1} << 40, std::uint64_t{1} << 39};
  std::uint64_t calls_ = 0, fail_from_ = 0, fail_until_ = 0;
  Error failure_;
  bool lose_syncs_ = false;
  mutable std::string found_in_;  ///< where durable_holds() found the last one: only where it looks first
  mutable std::size_t found_at_ = 0;
  std::shared_ptr<int> lock_ = std::make_shared<int>(0);
};

}  // namespace sekisho::audit
