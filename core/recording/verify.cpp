#include "recording/verify.hpp"

#include "recording/format.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace sekisho::recording {
namespace {

/// What stands at a place of the file.
struct Piece {
  std::optional<ChunkHeader> header;  ///< when it looks like one
  std::optional<Hash> hash;           ///< when it is whole
  std::string bytes;                  ///< likewise
};

/// Places that are looked at for a chunk behind a damage: a file full of false beginnings must not hold us up.
constexpr int kMaxTries = 1000;

class Walk {
 public:
  Walk(audit::File& file, std::uint64_t size, const Notes& notes) : file_(file), size_(size), notes_(notes) {
    for (const ChunkNote& note : notes.chunks) by_hash_.emplace(note.hash, note.number);
  }

  Result<Verification> run() {
    out_.closed = notes_.closed.has_value();
    for (const std::string& fault : notes_.faults) find(Damage::journal, 0, fault);
    if (auto done = look_at_header(); !done) return done.error();
    look_at_times();
    at_ = kHeaderBytes;
    while (at_ < size_ && !stopped_) {
      if (auto done = look_at_piece(); !done) return done.error();
    }
    for (const std::uint64_t gone : skipped_) {
      // Behind what was cut off nothing could have come any more.
      find(Damage::missing, gone, "the chunk is not in the file", offset_of(gone));
    }
    if (!stopped_ && next_ <= known()) {
      const std::uint64_t lost = known() - next_ + 1;
      find(Damage::cut, next_, "the file ends before this chunk; " + std::to_string(lost) + " are gone", size_);
    }
    std::ranges::stable_sort(out_.findings, {}, &Finding::offset);
    out_.ok = out_.findings.empty();
    prove();
    return std::move(out_);
  }

 private:
  [[nodiscard]] std::uint64_t known() const { return notes_.chunks.empty() ? 0 : notes_.chunks.back().number; }
  [[nodiscard]] const ChunkNote* note(std::uint64_t number) const {
    const auto found = std::ranges::lower_bound(notes_.chunks, number, {}, &ChunkNote::number);
    return found != notes_.chunks.end() && found->number == number ? &*found : nullptr;
  }
  [[nodiscard]] std::uint64_t offset_of(std::uint64_t number) const {
    const ChunkNote* found = note(number);
    return found != nullptr ? found->offset : size_;
  }

  void find(Damage what, std::uint64_t chunk, std::string why, std::uint64_t offset) {
    if (out_.findings.size() < kMaxFindings) out_.findings.push_back({what, chunk, offset, std::move(why)});
  }
  void find(Damage what, std::uint64_t chunk, std::string why) { find(what, chunk, std::move(why), at_); }

  Result<void> look_at_header() {
    const auto bytes = file_.read_at(0, kHeaderBytes);
    if (!bytes) return bytes.error();
    const auto header = decode_header(*bytes, sha_);
    if (header) id_ = header->id;
    before_ = header_hash(*bytes, sha_);
    if (!header) {
      find(Damage::header, 0, header.error().detail);
    } else if (!notes_.header) {
      find(Damage::journal, 0, "the journal knows no such recording");
    } else if (before_ != *notes_.header) {
      find(Damage::header, 0, "another header than the journal's");
    } else {
      started_at_ = header->started_at;
      header_good_ = true;
    }
    // What the first chunk must name is the journal's.
    if (notes_.header) before_ = *notes_.header;
    return {};
  }

  void makes_no_sense(std::uint64_t chunk, std::string why, std::uint64_t offset) {
    find(Damage::contents, chunk, std::move(why), offset);
    senseless_.insert(chunk);
  }

  /// The journal's own chunks cover the time from the header on, each from where the one before it ended.
  void look_at_times() {
    Instant until = started_at_;
    bool runs_on = header_good_;
    std::uint64_t before = 0;
    for (const ChunkNote& note : notes_.chunks) {
      // Behind a chunk that the journal lacks, which is told already, nothing is runs_on of the time that passed.
      if (note.number != before + 1) runs_on = false;
      if (note.end < note.begin || (runs_on && note.begin < until)) {
        makes_no_sense(note.number, "its time goes back", note.offset);
      } else if (runs_on && note.begin > until) {
        makes_no_sense(note.number, "time is missing before it", note.offset);
      }
      until = runs_on ? std::max(until, note.end) : note.end;
      runs_on = true;
      before = note.number;
    }
  }

  /// What stands in a chunk whose bytes are the journal's.
  void look_into(const ChunkNote& said, const Piece& piece) {
    const ChunkHeader& header = *piece.header;
    if (header.number != said.number || header.length != said.length) {
      return makes_no_sense(said.number, "the journal calls it another chunk than it says it is", at_);
    }
    if (header.begin != said.begin || header.end != said.end) {
      return makes_no_sense(said.number, "its time is not the journal's", at_);
    }
    RecordWalker walker(piece.bytes, header);
    for (;;) {
      const auto record = walker.next();
      if (!record) return makes_no_sense(said.number, record.error().detail, at_);
      if (!*record) return;
    }
  }

  Result<Piece> read_piece() {
    Piece out;
    const auto head = file_.read_at(at_, kChunkHeaderBytes);
    if (!head) return head.error();
    const auto header = decode_chunk_header(*head);
    if (!header) return out;
    out.header = *header;
    if (header->length > size_ - at_) return out;
    auto bytes = file_.read_at(at_, header->length);
    if (!bytes) return bytes.error();
    if (const auto hash = check_chunk(*bytes, sha_)) {
      out.hash = *hash;
      out.bytes = std::move(*bytes);
    }
    return out;
  }

  /// Numbers next_ … before `number` were passed over.
  void skip_to(std::uint64_t number) {
    for (; next_ < number; ++next_) skipped_.insert(next_);
    next_ = number + 1;
  }

  Result<void> look_at_piece() {
    auto piece = read_piece();
    if (!piece) return piece.error();
    if (!piece->hash) return damaged(*piece);
    const ChunkHeader& header = *piece->header;
    const auto known_as = by_hash_.find(*piece->hash);
    if (known_as != by_hash_.end()) {
      good(known_as->second);
      if (const ChunkNote* said = note(known_as->second)) look_into(*said, *piece);
    } else if (header.id != id_) {
      find(Damage::foreign, header.number, "a chunk of another recording");
    } else if (header.number > known()) {
      return behind_the_journal(header), Result<void>();
    } else if (header.number >= next_ || skipped_.contains(header.number)) {
      // Whole in itself, but not what was journalled: written anew.
      find(Damage::changed, header.number, "the chunk is not the one in the journal");
      if (skipped_.erase(header.number) == 0) skip_to(header.number);
    } else {
      find(Damage::foreign, header.number, "a chunk that the journal does not know");
    }
    at_ += header.length;
    return {};
  }

  void good(std::uint64_t number) {
    const std::string name = "chunk " + std::to_string(number);
    if (number >= next_) {
      skip_to(number);
      proved_.insert(number);
    } else if (skipped_.erase(number) != 0) {
      find(Damage::reordered, number, name + " stands behind later ones");
      proved_.insert(number);
    } else {
      find(Damage::foreign, number, "a second copy of " + name);
    }
  }

  /// Whole, of this recording, and later than all that the journal knows.
  void behind_the_journal(const ChunkHeader& header) {
    const bool follows = header.number == known() + 1 && next_ == known() + 1 && skipped_.empty();
    const Hash before = notes_.chunks.empty() ? before_ : notes_.chunks.back().hash;
    if (notes_.closed || !follows || header.before != before || out_.unproved_bytes != 0) {
      find(Damage::foreign, header.number, "a chunk that the journal does not know");
    } else {
      out_.unproved_bytes += header.length;
    }
    at_ += header.length;
  }

  /// Bytes that are no whole chunk: one that was changed, the end that was cut, or something that was put there.
  Result<void> damaged(const Piece& piece) {
    const std::uint64_t left = size_ - at_;
    const ChunkNote* expected = note(next_);
    // The head's own word counts where it fits the journal better than the order does.
    if (piece.header && piece.header->id == id_ && piece.header->number > next_ &&
        (expected == nullptr || piece.header->length != expected->length)) {
      const ChunkNote* claimed = note(piece.header->number);
      if (claimed != nullptr && claimed->length == piece.header->length) expected = claimed;
    }
    if (expected == nullptr) {
      stopped_ = true;
      if (next_ <= known() || notes_.closed || left > kMaxChunkBytes) {
        find(Damage::foreign, 0, std::to_string(left) + " bytes that are no chunk");
      } else {
        out_.unproved_bytes += left;
      }
      return {};
    }
    const auto next = resume(at_ + expected->length);
    if (!next) return next.error();
    if (!*next && left < expected->length) {
      find(Damage::cut, expected->number,
           "the file ends within this chunk; " + std::to_string(known() - expected->number) + " behind it are gone");
      skip_to(expected->number);
      stopped_ = true;
      return {};
    }
    if (*next && (*next)->number == expected->number) {
      find(Damage::foreign, 0, "bytes that are no chunk");
    } else {
      find(Damage::changed, expected->number, "bytes of the chunk were changed");
      skip_to(expected->number);
    }
    at_ = *next ? (*next)->offset : std::min(size_, at_ + expected->length);
    return {};
  }

  struct Found {
    std::uint64_t number = 0, offset = 0;
  };

  /// A chunk that the journal knows, standing at `offset`.
  Result<std::optional<Found>> known_at(std::uint64_t offset) {
    const auto head = file_.read_at(offset, kChunkHeaderBytes);
    if (!head) return head.error();
    const auto header = decode_chunk_header(*head);
    const ChunkNote* expected = header && header->id == id_ ? note(header->number) : nullptr;
    if (expected == nullptr || expected->length != header->length) return std::optional<Found>();
    const auto bytes = file_.read_at(offset, header->length);
    if (!bytes) return bytes.error();
    const auto hash = check_chunk(*bytes, sha_);
    if (!hash || *hash != expected->hash) return std::optional<Found>();
    return std::optional(Found{header->number, offset});
  }

  /// Where the file makes sense again behind the bytes at at_: best at `likely`, else at the nearest chunk that the
  /// journal knows. nullopt: nowhere.
  Result<std::optional<Found>> resume(std::uint64_t likely) {
    if (likely == size_) return std::optional<Found>();
    if (likely < size_) {
      auto found = known_at(likely);
      if (!found || *found) return found;
    }
    constexpr std::uint64_t kWindow = 1u << 20;
    int tries = 0;
    for (std::uint64_t from = at_ + 1; from < size_ && tries < kMaxTries; from += kWindow) {
      const auto bytes = file_.read_at(from, kWindow + 3);
      if (!bytes) return bytes.error();
      for (auto at = bytes->find("SKRC"); at != std::string::npos && tries < kMaxTries;
           at = bytes->find("SKRC", at + 1)) {
        if (at >= kWindow) break;
        ++tries;
        auto found = known_at(from + at);
        if (!found || *found) return found;
      }
    }
    return std::optional<Found>();
  }

  void prove() {
    for (const std::uint64_t number : senseless_) proved_.erase(number);
    out_.chunks = proved_.size();
    std::uint64_t first_bad = known() + 1;
    for (const ChunkNote& each : notes_.chunks) {
      if (!proved_.contains(each.number)) {
        first_bad = each.number;
        break;
      }
    }
    const ChunkNote* last = note(first_bad - 1);
    if (last != nullptr) out_.proved_until = last->end;
  }

  audit::File& file_;
  std::uint64_t size_;
  const Notes& notes_;
  Sha256 sha_;
  RecordingId id_{};
  Instant started_at_{};
  bool header_good_ = false;  ///< it is the journal's, and started_at_ its own
  Hash before_{};
  std::map<Hash, std::uint64_t> by_hash_;
  std::uint64_t at_ = 0, next_ = 1;
  std::set<std::uint64_t> skipped_, proved_, senseless_;
  bool stopped_ = false;
  Verification out_;
};

}  // namespace

std::string_view to_string(Damage damage) {
  switch (damage) {
    case Damage::header:
      return "header";
    case Damage::changed:
      return "changed";
    case Damage::missing:
      return "missing";
    case Damage::cut:
      return "cut";
    case Damage::reordered:
      return "reordered";
    case Damage::foreign:
      return "foreign";
    case Damage::journal:
      return "journal";
    case Damage::contents:
      return "contents";
  }
  return "journal";
}

Result<Verification> verify(audit::File& file, const Notes& notes) {
  const auto size = file.size();
  if (!size) return size.error();
  return Walk(file, *size, notes).run();
}

}  // namespace sekisho::recording
