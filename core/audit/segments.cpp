#include "audit/segments.hpp"

#include <algorithm>
#include <future>

namespace sekisho::audit {
namespace {

constexpr const char* kSpare = "spare";
constexpr std::size_t kPiece = 1 << 20;

bool zeros(File& file, std::uint64_t bytes) {
  const auto size = file.size();
  if (!size || *size != bytes) return false;
  for (std::uint64_t at = 0; at < bytes; at += kPiece) {
    const auto piece = file.read_at(at, kPiece);
    if (!piece || piece->find_first_not_of('\0') != std::string::npos) return false;
  }
  return true;
}

class InlineSpares : public SpareSource {
 public:
  InlineSpares(Disk& disk, std::uint64_t bytes, std::uint32_t reserve)
      : disk_(disk), bytes_(bytes), reserve_(reserve) {}
  void want() override {
    if (spare_) return;
    auto made = make_spare(disk_, bytes_, reserve_);
    trouble_ = made ? std::nullopt : std::optional(made.error());
    if (made) spare_ = std::move(*made);
  }
  Result<std::unique_ptr<File>> take() override {
    want();
    if (!spare_) return *trouble_;
    return std::exchange(spare_, nullptr);
  }
  std::optional<Error> trouble() override { return trouble_; }

 private:
  Disk& disk_;
  std::uint64_t bytes_;
  std::uint32_t reserve_;
  std::unique_ptr<File> spare_;
  std::optional<Error> trouble_;
};

class ThreadedSpares : public SpareSource {
 public:
  ThreadedSpares(Disk& disk, std::uint64_t bytes, std::uint32_t reserve)
      : disk_(disk), bytes_(bytes), reserve_(reserve) {}
  ~ThreadedSpares() override {
    if (making_.valid()) making_.wait();
  }
  void want() override {
    collect(false);
    if (spare_ || making_.valid()) return;
    making_ = std::async(std::launch::async, [this] { return make_spare(disk_, bytes_, reserve_); });
  }
  Result<std::unique_ptr<File>> take() override {
    want();
    collect(true);
    if (!spare_) return *trouble_;
    return std::exchange(spare_, nullptr);
  }
  std::optional<Error> trouble() override {
    collect(false);
    return trouble_;
  }

 private:
  void collect(bool wait) {
    if (!making_.valid()) return;
    if (!wait && making_.wait_for(std::chrono::seconds(0)) != std::future_status::ready) return;
    auto made = making_.get();
    trouble_ = made ? std::nullopt : std::optional(made.error());
    if (made) spare_ = std::move(*made);
  }

  Disk& disk_;
  std::uint64_t bytes_;
  std::uint32_t reserve_;
  std::future<Result<std::unique_ptr<File>>> making_;
  std::unique_ptr<File> spare_;
  std::optional<Error> trouble_;
};

}  // namespace

Result<std::unique_ptr<File>> make_spare(Disk& disk, std::uint64_t bytes, std::uint32_t reserve_percent) {
  auto old = disk.open(kSpare, Access::write);
  if (old && zeros(**old, bytes)) {
    if (auto done = (*old)->sync(); !done) return done.error();
    return std::move(*old);
  }
  if (old) {
    old->reset();
    if (auto done = disk.remove(kSpare); !done) return done.error();
  }
  const auto space = disk.space();
  if (!space) return space.error();
  if (space->free < bytes || space->free - bytes < space->total / 100 * reserve_percent) {
    return fail("audit.full", "the file system of the journal has less than its reserve free");
  }
  auto file = disk.create(kSpare);
  if (!file) return file.error();
  const std::string piece(static_cast<std::size_t>(std::min<std::uint64_t>(kPiece, bytes)), '\0');
  for (std::uint64_t at = 0; at < bytes; at += piece.size()) {
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), bytes - at));
    if (auto done = (*file)->write_at(at, std::string_view(piece).substr(0, size)); !done) return done.error();
  }
  if (auto done = (*file)->sync(); !done) return done.error();
  return file;
}

std::unique_ptr<SpareSource> inline_spares(Disk& disk, std::uint64_t bytes, std::uint32_t reserve_percent) {
  return std::make_unique<InlineSpares>(disk, bytes, reserve_percent);
}

std::unique_ptr<SpareSource> threaded_spares(Disk& disk, std::uint64_t bytes, std::uint32_t reserve_percent) {
  return std::make_unique<ThreadedSpares>(disk, bytes, reserve_percent);
}

Segments::Segments(Disk& disk, std::uint64_t segment_bytes, SpareSource& spares)
    : disk_(disk), spares_(spares), next_size_(segment_bytes) {}

void Segments::resume(std::unique_ptr<File> file, std::uint64_t number, std::uint64_t segment_bytes,
                      std::uint64_t offset) {
  file_ = std::move(file);
  number_ = number;
  size_ = segment_bytes;
  offset_ = dirty_until_ = offset;
  closed_ = false;
}

bool Segments::wants_spare() const {
  return !closed_ && offset_ > size_ / 2;
}

bool Segments::fits(std::size_t used, std::size_t bytes) const {
  return !closed_ && offset_ + used + bytes <= size_;
}

Result<void> Segments::append(std::string_view records) {
  SEKISHO_ASSERT(fits(0, records.size()) && dirty_until_ <= offset_);
  dirty_until_ = offset_ + records.size();
  if (auto done = file_->write_at(offset_, records); !done) return done;
  if (auto done = file_->sync(); !done) return done;
  offset_ = dirty_until_;
  return {};
}

Result<void> Segments::clean() {
  if (dirty_until_ <= offset_) return {};
  const std::string nothing(static_cast<std::size_t>(dirty_until_ - offset_), '\0');
  if (auto done = file_->write_at(offset_, nothing); !done) return done;
  if (auto done = file_->sync(); !done) return done;
  dirty_until_ = offset_;
  return {};
}

Result<void> Segments::roll_over(SegmentHeader header, Sha256& sha, std::string& header_bytes) {
  SEKISHO_ASSERT(dirty_until_ <= offset_);
  closed_ = true;  // from now on a crash may leave the next segment behind: nothing may follow in this one
  if (!pending_) {
    auto spare = spares_.take();
    if (!spare) return spare.error();
    pending_ = std::move(*spare);
  }
  header.number = number_ + 1;
  header.segment_bytes = next_size_;
  header_bytes = encode_header(header, sha);
  if (auto done = pending_->write_at(0, header_bytes); !done) return done;
  if (auto done = pending_->sync(); !done) return done;
  if (auto done = disk_.rename(kSpare, segment_name(header.number)); !done) {
    if (done.error().code != "audit.absent") return done;
    // After an earlier attempt that failed behind the rename the spare has its new name already. Else somebody took it.
    if (auto there = disk_.open(segment_name(header.number), Access::read); !there) {
      pending_.reset();
      return fail("audit.unwritable", "the spare segment has vanished");
    }
  }
  if (auto done = disk_.sync_names(); !done) return done;
  resume(std::move(pending_), header.number, next_size_, kHeaderBytes);
  return {};
}

}  // namespace sekisho::audit
