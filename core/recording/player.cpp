#include "recording/player.hpp"

#include <algorithm>
#include <utility>

namespace sekisho::recording {

Result<std::unique_ptr<Player>> Player::open(audit::File& file) {
  auto contents = read_contents(file);
  if (!contents) return contents.error();
  std::unique_ptr<Player> out(new Player(file));
  out->contents_ = std::move(*contents);
  return out;
}

Result<void> Player::load(std::size_t index) {
  const ChunkInfo& info = contents_.chunks[index];
  walker_.reset();
  ahead_.reset();
  chunk_.reset();
  auto loaded = load_chunk(file_, contents_.header, info, sha_);
  if (!loaded) return loaded.error();
  ++effort_.chunks;
  effort_.bytes += info.length;
  chunk_ = std::move(*loaded);
  walker_.emplace(chunk_->bytes, chunk_->header);
  next_ = index + 1;
  if ((info.flags & flag_key) != 0) return draw_whole();
  if (info.width != screen_.width() || info.height != screen_.height()) {
    return fail("recording.malformed", "chunk " + std::to_string(info.number) + ": another size without a picture");
  }
  return {};
}

/// The picture that a chunk begins with, all of it at once.
Result<void> Player::draw_whole() {
  SEKISHO_ASSERT(screen_.resize(chunk_->header.width, chunk_->header.height));
  for (;;) {
    auto record = walker_->next();
    if (!record) return record.error();
    ahead_ = *record;
    const bool of_it =
        ahead_ && ahead_->at == chunk_->header.begin && ahead_->kind == static_cast<std::uint8_t>(RecordKind::tiles);
    if (!of_it) return {};
    if (auto done = apply(*ahead_); !done) return done.error();
  }
}

Result<std::optional<Record>> Player::next_record(Instant until) {
  if (!ahead_ && walker_) {
    auto record = walker_->next();
    if (!record) return record.error();
    ahead_ = *record;
  }
  if (!ahead_ || ahead_->at > until) return std::optional<Record>();
  return std::exchange(ahead_, std::nullopt);
}

Result<bool> Player::apply(const Record& record) {
  moment_.at = record.at;
  const auto given = [this](auto decoded) -> Result<bool> {
    if (!decoded) return decoded.error();
    moment_.what = std::move(*decoded);
    return true;
  };
  switch (static_cast<RecordKind>(record.kind)) {
    case RecordKind::tiles: {
      auto numbers = unpacker_.unpack(record.payload, screen_);
      if (!numbers) return numbers.error();
      effort_.tiles += numbers->size();
      moment_.what = PictureChanged{false, std::move(*numbers)};
      return true;
    }
    case RecordKind::pointer: {
      auto pointer = decode_pointer(record.payload);
      if (pointer) pointer_ = *pointer;
      return given(std::move(pointer));
    }
    case RecordKind::key:
      return given(decode_key(record.payload));
    case RecordKind::event:
      return given(decode_event(record.payload));
    case RecordKind::end: {
      auto why = decode_event(record.payload);
      if (!why) return why.error();
      moment_.what = Ended{std::move(why->code)};
      return true;
    }
    case RecordKind::index:
      break;
  }
  return false;  // the index, or a kind of a later version
}

Result<void> Player::seek(Instant to) {
  const auto& chunks = contents_.chunks;
  if (chunks.empty()) return {};
  // The last chunk that begins at or before `to`.
  const auto behind = std::ranges::upper_bound(chunks, to, {}, &ChunkInfo::begin);
  const std::size_t at = behind == chunks.begin() ? 0 : static_cast<std::size_t>(behind - chunks.begin()) - 1;
  to = std::max(to, chunks.front().begin);
  std::size_t from = at;
  while (from > 0 && (chunks[from].flags & flag_key) == 0) --from;
  pointer_.reset();
  for (std::size_t i = from; i <= at; ++i) {
    // Nothing happened in it; but the last one is where step() goes on.
    if (i != at && i != from && (chunks[i].flags & (flag_tiles | flag_input | flag_key)) == 0) continue;
    if (auto done = load(i); !done) return done;
    for (;;) {
      auto record = next_record(to);
      if (!record) return record.error();
      if (!*record) break;
      if (auto done = apply(**record); !done) return done.error();
    }
  }
  return {};
}

Result<const Moment*> Player::step() {
  for (;;) {
    auto record = next_record(Instant::max());
    if (!record) return record.error();
    if (*record) {
      const auto shows = apply(**record);
      if (!shows) return shows.error();
      if (*shows) return &std::as_const(moment_);
      continue;
    }
    if (next_ >= contents_.chunks.size()) return static_cast<const Moment*>(nullptr);
    if (auto done = load(next_); !done) return done.error();
    if ((chunk_->header.flags & flag_key) != 0) {
      moment_ = {chunk_->header.begin, PictureChanged{true, {}}};
      return &std::as_const(moment_);
    }
  }
}

}  // namespace sekisho::recording
