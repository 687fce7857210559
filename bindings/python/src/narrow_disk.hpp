// NarrowDisk: a disk that has room or none, as it is told; what is there already stays. Threads: one. Ownership: keeps
// the disk behind it, shares the flag. Errors: audit.full.
#pragma once
#include "audit/disk.hpp"

#include <memory>
#include <utility>

namespace sekisho::python {

class NarrowDisk final : public audit::Disk {
 public:
  NarrowDisk(std::unique_ptr<audit::Disk> behind, std::shared_ptr<const bool> room)
      : behind_(std::move(behind)), room_(std::move(room)) {}

  Result<std::unique_ptr<audit::File>> create(const std::string& name) override {
    if (!*room_) return full();
    return narrow(behind_->create(name));
  }
  Result<std::unique_ptr<audit::File>> open(const std::string& name, audit::Access access) override {
    return narrow(behind_->open(name, access));
  }
  Result<std::vector<std::string>> list() override { return behind_->list(); }
  Result<void> rename(const std::string& from, const std::string& to) override { return behind_->rename(from, to); }
  Result<void> remove(const std::string& name) override { return behind_->remove(name); }
  Result<void> sync_names() override { return behind_->sync_names(); }
  Result<audit::Space> space() override { return behind_->space(); }
  Result<std::unique_ptr<audit::DiskLock>> lock() override { return behind_->lock(); }
  bool locked() override { return behind_->locked(); }

 private:
  static Error full() { return fail("audit.full", "the disk has no room"); }
  class NarrowFile final : public audit::File {
   public:
    NarrowFile(std::unique_ptr<audit::File> behind, std::shared_ptr<const bool> room)
        : behind_(std::move(behind)), room_(std::move(room)) {}
    Result<void> write_at(std::uint64_t offset, std::string_view bytes) override {
      if (!*room_) return full();
      return behind_->write_at(offset, bytes);
    }
    Result<void> sync() override { return behind_->sync(); }
    Result<std::string> read_at(std::uint64_t offset, std::size_t size) override {
      return behind_->read_at(offset, size);
    }
    Result<std::uint64_t> size() override { return behind_->size(); }
    Result<void> truncate(std::uint64_t size) override { return behind_->truncate(size); }

   private:
    std::unique_ptr<audit::File> behind_;
    std::shared_ptr<const bool> room_;
  };
  Result<std::unique_ptr<audit::File>> narrow(Result<std::unique_ptr<audit::File>> file) const {
    if (!file) return file.error();
    return std::unique_ptr<audit::File>(std::make_unique<NarrowFile>(std::move(*file), room_));
  }
  std::unique_ptr<audit::Disk> behind_;
  std::shared_ptr<const bool> room_;
};

}  // namespace sekisho::python
