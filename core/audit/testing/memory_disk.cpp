#include "audit/testing/memory_disk.hpp"

#include <algorithm>
#include <functional>

namespace sekisho::audit {
namespace {

constexpr std::size_t kSector = 512;

Error absent(const std::string& name) {
  return fail("audit.absent", name);
}

}  // namespace

class MemoryDisk::OpenFile : public File {
 public:
  OpenFile(MemoryDisk& disk, std::shared_ptr<Node> node) : disk_(disk), node_(std::move(node)) {}

  Result<void> write_at(std::uint64_t offset, std::string_view bytes) override {
    const std::lock_guard hold(disk_.mutex_);
    if (node_->dead) return fail("audit.unwritable", "the power was cut");
    auto allowed = disk_.may_change();
    // A failing write leaves any prefix behind.
    if (!allowed) bytes = bytes.substr(0, disk_.chance_() % (bytes.size() + 1));
    const std::size_t end = static_cast<std::size_t>(offset) + bytes.size();
    if (end > node_->now.size()) {
      const std::size_t more = end - node_->now.size();
      if (more > disk_.space_.free) return fail("audit.full", "no space left");
      disk_.space_.free -= more;
      node_->now.resize(end, '\0');
    }
    node_->now.replace(static_cast<std::size_t>(offset), bytes.size(), bytes);
    for (std::size_t at = static_cast<std::size_t>(offset) / kSector; at * kSector < end; ++at) node_->dirty.insert(at);
    return allowed;
  }

  Result<void> sync() override {
    const std::lock_guard hold(disk_.mutex_);
    if (node_->dead) return fail("audit.unwritable", "the power was cut");
    auto allowed = disk_.may_change();
    if (disk_.lose_syncs_) return allowed;
    // As Linux does: after a failed sync the pages count as clean, and the next sync will not write them.
    if (allowed) {
      node_->durable.resize(node_->now.size(), '\0');
      for (const auto sector : node_->dirty) copy_sector(*node_, sector);
    }
    node_->dirty.clear();
    return allowed;
  }

  Result<std::string> read_at(std::uint64_t offset, std::size_t size) override {
    const std::lock_guard hold(disk_.mutex_);
    if (offset >= node_->now.size()) return std::string();
    return node_->now.substr(static_cast<std::size_t>(offset), size);
  }

  Result<std::uint64_t> size() override {
    const std::lock_guard hold(disk_.mutex_);
    return static_cast<std::uint64_t>(node_->now.size());
  }

  Result<void> truncate(std::uint64_t size) override {
    const std::lock_guard hold(disk_.mutex_);
    if (node_->dead) return fail("audit.unwritable", "the power was cut");
    if (auto allowed = disk_.may_change(); !allowed) return allowed;
    node_->now.resize(static_cast<std::size_t>(size), '\0');
    node_->durable.resize(static_cast<std::size_t>(size), '\0');
    return {};
  }

  static void copy_sector(Node& node, std::size_t sector) {
    const std::size_t from = sector * kSector;
    if (from >= node.now.size()) return;
    const std::size_t size = std::min(kSector, node.now.size() - from);
    if (node.durable.size() < from + size) node.durable.resize(from + size, '\0');
    node.durable.replace(from, size, node.now, from, size);
  }

 private:
  MemoryDisk& disk_;
  std::shared_ptr<Node> node_;
};

struct MemoryDisk::Lock : DiskLock {
  std::shared_ptr<int> held;
};

void MemoryDisk::apply(std::map<std::string, std::shared_ptr<Node>>& names, const NameChange& change) {
  if (!change.from.empty()) names.erase(change.from);
  if (!change.to.empty()) names[change.to] = change.node;
}

Result<void> MemoryDisk::may_change() {
  const std::uint64_t call = calls_++;
  if (call >= fail_from_ && call < fail_until_) return failure_;
  return {};
}

Result<std::unique_ptr<File>> MemoryDisk::create(const std::string& name) {
  const std::lock_guard hold(mutex_);
  if (auto allowed = may_change(); !allowed) return allowed.error();
  if (names_.contains(name)) return fail("audit.exists", name);
  const NameChange change{"", name, std::make_shared<Node>()};
  apply(names_, change);
  pending_names_.push_back(change);
  return std::unique_ptr<File>(std::make_unique<OpenFile>(*this, change.node));
}

Result<std::unique_ptr<File>> MemoryDisk::open(const std::string& name, Access) {
  const std::lock_guard hold(mutex_);
  const auto found = names_.find(name);
  if (found == names_.end()) return absent(name);
  return std::unique_ptr<File>(std::make_unique<OpenFile>(*this, found->second));
}

Result<std::vector<std::string>> MemoryDisk::list() {
  const std::lock_guard hold(mutex_);
  std::vector<std::string> out;
  for (const auto& [name, node] : names_) out.push_back(name);
  return out;
}

Result<void> MemoryDisk::rename(const std::string& from, const std::string& to) {
  const std::lock_guard hold(mutex_);
  if (auto allowed = may_change(); !allowed) return allowed;
  const auto found = names_.find(from);
  if (found == names_.end()) return absent(from);
  const NameChange change{from, to, found->second};
  apply(names_, change);
  pending_names_.push_back(change);
  return {};
}

Result<void> MemoryDisk::remove(const std::string& name) {
  const std::lock_guard hold(mutex_);
  if (!names_.contains(name)) return absent(name);
  if (auto allowed = may_change(); !allowed) return allowed;
  space_.free += names_[name]->now.size();
  const NameChange change{name, "", nullptr};
  apply(names_, change);
  pending_names_.push_back(change);
  return {};
}

Result<void> MemoryDisk::sync_names() {
  const std::lock_guard hold(mutex_);
  if (auto allowed = may_change(); !allowed) return allowed;
  for (const auto& change : pending_names_) apply(durable_names_, change);
  pending_names_.clear();
  return {};
}

Result<Space> MemoryDisk::space() {
  const std::lock_guard hold(mutex_);
  return space_;
}

Result<std::unique_ptr<DiskLock>> MemoryDisk::lock() {
  const std::lock_guard hold(mutex_);
  if (lock_.use_count() > 1) return fail("audit.locked", "another program writes this journal");
  auto lock = std::make_unique<Lock>();
  lock->held = lock_;
  return std::unique_ptr<DiskLock>(std::move(lock));
}

bool MemoryDisk::locked() {
  const std::lock_guard hold(mutex_);
  return lock_.use_count() > 1;
}

void MemoryDisk::fail_after(std::uint64_t skip, std::uint64_t count, Error error) {
  const std::lock_guard hold(mutex_);
  fail_from_ = calls_ + skip;
  fail_until_ = fail_from_ + count;
  failure_ = std::move(error);
}

std::uint64_t MemoryDisk::changing_calls() const {
  const std::lock_guard hold(mutex_);
  return calls_;
}

void MemoryDisk::set_space(Space space) {
  const std::lock_guard hold(mutex_);
  space_ = space;
}

void MemoryDisk::lose_syncs(bool lose) {
  const std::lock_guard hold(mutex_);
  lose_syncs_ = lose;
}

bool MemoryDisk::durable_holds(std::string_view text) const {
  const std::lock_guard hold(mutex_);
  const std::boyer_moore_horspool_searcher searcher(text.begin(), text.end());
  const auto stands = [&](const std::string& name, const std::string& bytes, std::size_t from) {
    if (from >= bytes.size()) return false;
    const auto found = std::search(bytes.begin() + static_cast<std::ptrdiff_t>(from), bytes.end(), searcher);
    if (found == bytes.end()) return false;
    found_in_ = name;
    found_at_ = static_cast<std::size_t>(found - bytes.begin());
    return true;
  };
  // Who asks for one text asks for a later one next: first where the last one stood and a little behind it.
  const auto last = durable_names_.find(found_in_);
  if (last != durable_names_.end() && stands(last->first, last->second->durable, found_at_)) return true;
  return std::any_of(durable_names_.rbegin(), durable_names_.rend(),
                     [&](const auto& file) { return stands(file.first, file.second->durable, 0); });
}

void MemoryDisk::crash() {
  const std::lock_guard hold(mutex_);
  const std::size_t survive = chance_() % (pending_names_.size() + 1);
  for (std::size_t i = 0; i < survive; ++i) apply(durable_names_, pending_names_[i]);
  pending_names_.clear();
  for (auto& [name, node] : durable_names_) {
    // Each unsynced sector may have reached the disk by itself.
    for (const auto sector : node->dirty) {
      if (chance_() % 2 == 0) OpenFile::copy_sector(*node, sector);
    }
    auto reborn = std::make_shared<Node>();
    reborn->now = reborn->durable = node->durable;
    node->dead = true;
    node = std::move(reborn);
  }
  for (auto& [name, node] : names_) node->dead = true;
  names_ = durable_names_;
  lock_ = std::make_shared<int>(0);
}

std::map<std::string, std::string> MemoryDisk::contents() const {
  const std::lock_guard hold(mutex_);
  std::map<std::string, std::string> out;
  for (const auto& [name, node] : names_) out[name] = node->now;
  return out;
}

void MemoryDisk::set_contents(const std::map<std::string, std::string>& contents) {
  const std::lock_guard hold(mutex_);
  names_.clear();
  for (const auto& [name, bytes] : contents) {
    auto node = std::make_shared<Node>();
    node->now = node->durable = bytes;
    names_[name] = std::move(node);
  }
  durable_names_ = names_;
  pending_names_.clear();
}

}  // namespace sekisho::audit
