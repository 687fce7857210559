#include "recording/recorder.hpp"

#include <algorithm>
#include <utility>

namespace sekisho::recording {
namespace {

std::string_view name_of(Keys keys) {
  switch (keys) {
    case Keys::none:
      return "none";
    case Keys::masked:
      return "masked";
    case Keys::clear:
      return "clear";
  }
  return "none";
}

}  // namespace

Recorder::Recorder(const RecorderOptions& options, TilePacker& packer, const FileHeader& header,
                   const Hash& header_hash, std::uint16_t width, std::uint16_t height)
    : options_(options),
      packer_(packer),
      id_(header.id),
      now_(header.started_at),
      keys_(options.keys),
      width_(width),
      height_(height),
      resizes_since_(header.started_at),
      last_frame_(header.started_at - options.frame_every),
      before_(header_hash),
      key_at_(header.started_at),
      durable_until_(header.started_at) {
  if (screen_.resize(width, height)) {
    open(now_, true);
  } else {
    fail_with("recording.screen_too_large");
  }
}

bool Recorder::feed(Instant now) {
  if (state_ != State::recording) return false;
  now_ = std::max(now_, now);
  tick(now_);
  return state_ == State::recording;
}

void Recorder::fail_with(const char* code, std::string detail) {
  state_ = State::failed;
  failure_ = fail(code, std::move(detail));
  // The chunk that is out stays: the driver may still be reading it.
  pending_.reset();
  while (sealed_.size() > (out_ ? 1U : 0U)) sealed_.pop_back();
  sealed_bytes_ = out_ ? sealed_.front().chunk.bytes.size() : 0;
  changed_since_.reset();
  index_ = {};
}

// --- chunks

std::size_t Recorder::screens(std::size_t count) const {
  return count * std::max<std::size_t>(screen_.tiles() * kTileBytes, 1u << 20);
}

bool Recorder::key_due(Instant now) const {
  if (resize_) return true;
  if (waiting() >= options_.max_waiting) return false;
  return (active_since_key_ && now - key_at_ >= options_.key_every) || raw_since_key_ >= screens(options_.key_screens);
}

void Recorder::open(Instant now, bool key) {
  if (std::exchange(resize_, false)) SEKISHO_ASSERT(screen_.resize(width_, height_));
  ChunkHeader header;
  header.number = next_number_;
  header.begin = now;
  header.width = screen_.width();
  header.height = screen_.height();
  header.flags = key ? flag_key : 0;
  header.id = id_;
  header.before = before_;
  pending_.emplace(header);
  raw_in_chunk_ = 0;
  if (key) add_whole_picture(now);
}

void Recorder::add_whole_picture(Instant now) {
  key_at_ = now;
  raw_since_key_ = 0;
  active_since_key_ = false;
  std::vector<std::uint16_t> numbers;
  const auto flush = [&] {
    if (!numbers.empty()) pending_->add(RecordKind::tiles, now, packer_.pack(screen_, numbers));
    numbers.clear();
  };
  for (std::size_t i = 0; i < screen_.tiles(); ++i) {
    if (screen_.black(i)) continue;
    numbers.push_back(static_cast<std::uint16_t>(i));
    if (numbers.size() == kTilesPerRecord) flush();
  }
  flush();
  screen_.forget_changes();
  if (last_pointer_) pending_->add(RecordKind::pointer, now, encode(*last_pointer_));
}

void Recorder::seal(Instant end) {
  auto done = std::move(*pending_).seal(end, sha_);
  pending_.reset();
  Waiting waiting;
  const ChunkHeader& header = done.header;
  waiting.chunk.info = {header.number, next_offset_,  header.length, header.flags,
                        header.width,  header.height, header.begin,  header.end};
  waiting.chunk.bytes = std::move(done.bytes);
  waiting.chunk.hash = done.hash;
  waiting.sealed_at = now_;
  waiting.input = std::exchange(input_in_chunk_, 0);
  if (index_.size() < kMaxIndexed) index_.push_back(waiting.chunk.info);
  next_offset_ += header.length;
  ++next_number_;
  before_ = done.hash;
  sealed_bytes_ += header.length;
  sealed_.push_back(std::move(waiting));
}

void Recorder::seal_if_full(Instant now) {
  const bool full = pending_->size() >= options_.chunk_bytes || raw_in_chunk_ >= screens(options_.chunk_screens);
  if (!full && !resize_ && now - pending_->header().begin < options_.chunk_every) return;
  seal(now);
  open(now, key_due(now));
}

void Recorder::add_tiles(Instant now, std::span<const std::uint16_t> numbers) {
  pending_->add(RecordKind::tiles, now, packer_.pack(screen_, numbers));
  pending_->flag(flag_tiles);
  const std::size_t raw = numbers.size() * kTileBytes;
  raw_in_chunk_ += raw;
  raw_since_key_ += raw;
  active_since_key_ = true;
}

void Recorder::add_pointer(Instant now) {
  if (!moved_) return;
  last_pointer_ = std::exchange(moved_, std::nullopt);
  add_record(now, RecordKind::pointer, encode(*last_pointer_));
}

void Recorder::take_frame(Instant now) {
  last_frame_ = now;
  changed_since_.reset();
  add_pointer(now);
  while (screen_.changed()) {
    if (waiting() >= options_.max_waiting) {
      // The rest comes with the next picture.
      changed_since_ = now;
      return;
    }
    add_tiles(now, screen_.take_changes(kTilesPerRecord));
    seal_if_full(now);
  }
}

void Recorder::changed(Instant now) {
  if (!changed_since_) changed_since_ = now;
}

// --- what passes the relay

void Recorder::rectangle(const Rectangle& rectangle) {
  if (!feed(rectangle.time)) return;
  if (!screen_.put(rectangle)) return fail_with("recording.bad_rectangle");
  if (screen_.changed()) changed(now_);
}

void Recorder::copied(const CopiedRectangle& rectangle) {
  if (!feed(rectangle.time)) return;
  if (!screen_.copy(rectangle)) return fail_with("recording.bad_rectangle");
  if (screen_.changed()) changed(now_);
}

void Recorder::resize(Instant now, std::uint16_t width, std::uint16_t height) {
  if (!feed(now)) return;
  if (width < 1 || width > kMaxWidth || height < 1 || height > kMaxHeight) {
    return fail_with("recording.screen_too_large", std::to_string(width) + "x" + std::to_string(height));
  }
  if (now_ - resizes_since_ >= options_.key_every) {
    resizes_since_ = now_;
    resizes_ = 0;
  }
  if (++resizes_ > options_.max_resizes) return fail_with("recording.flooded", "resize");
  take_frame(now_);
  resize_ = true;  // with the next tick: what was seen until here is in the chunk before
  width_ = width;
  height_ = height;
  changed(now_);
}

void Recorder::pointer(Instant now, Pointer pointer) {
  if (!feed(now)) return;
  const bool pressed = pointer.buttons != buttons_;
  buttons_ = pointer.buttons;
  moved_ = pointer;
  changed(now_);
  if (!pressed) return;
  if (input_waiting_ >= options_.max_input_waiting) return fail_with("recording.flooded", "pointer");
  add_pointer(now_);
  seal_if_full(now_);
}

void Recorder::add_input(Instant now, RecordKind kind, std::string_view payload) {
  if (input_waiting_ >= options_.max_input_waiting) return fail_with("recording.flooded", "input");
  add_record(now, kind, payload);
  seal_if_full(now);
}

void Recorder::add_record(Instant now, RecordKind kind, std::string_view payload) {
  pending_->add(kind, now, payload);
  pending_->flag(flag_input);
  active_since_key_ = true;
  input_in_chunk_ += kRecordHeadBytes + payload.size();
  input_waiting_ += kRecordHeadBytes + payload.size();
}

void Recorder::key(Instant now, Key key) {
  if (!feed(now) || keys_ == Keys::none) return;
  key.masked = keys_ == Keys::masked;
  add_input(now_, RecordKind::key, encode(key));
}

void Recorder::set_keys(Instant now, Keys keys) {
  if (!feed(now) || keys == keys_) return;
  keys_ = keys;
  add_input(now_, RecordKind::event, encode(PolicyEvent{"recording.keys", std::string(name_of(keys))}));
}

void Recorder::event(Instant now, const PolicyEvent& event) {
  if (feed(now)) add_input(now_, RecordKind::event, encode(event));
}

void Recorder::close(Instant now, std::string_view why) {
  if (!feed(now)) return;
  why_ = why;
  state_ = State::closing;
  finish(now_);
}

void Recorder::finish(Instant now) {
  if (resize_) seal_if_full(now);
  take_frame(now);
  if (screen_.changed()) return;  // too much waits: it goes on when some of that is on the disk
  changed_since_.reset();
  pending_->add(RecordKind::end, now, encode(PolicyEvent{why_, {}}));
  if (index_.size() < kMaxIndexed) pending_->add(RecordKind::index, now, encode_index(index_));
  pending_->flag(flag_last);
  seal(now);
}

// --- time and disk

Instant Recorder::stalls_at() const {
  // What waits for the disk, and what cannot even be sealed because of it.
  Instant out = pending_ ? pending_->header().begin + options_.chunk_every + options_.stall : Instant::max();
  if (!sealed_.empty()) {
    const Waiting& first = sealed_.front();
    out = std::min(out, std::min(first.sealed_at + options_.stall,
                                 first.chunk.info.begin + options_.chunk_every + options_.stall));
  }
  return out;
}

void Recorder::tick(Instant now) {
  if (state_ == State::closed || state_ == State::failed) return;
  now_ = std::max(now_, now);
  if (now_ >= stalls_at() && !sealed_.empty()) {
    return fail_with("recording.stalled", write_error_ ? write_error_->code + " " + write_error_->detail : "");
  }
  if (state_ == State::closing) {
    if (pending_) finish(now_);
    return;
  }
  if (changed_since_ && now_ - last_frame_ >= options_.frame_every && waiting() < options_.max_waiting) {
    take_frame(now_);
  }
  seal_if_full(now_);
}

const Chunk* Recorder::next_chunk(Instant now) {
  if (state_ == State::failed || out_ || sealed_.empty()) return nullptr;
  if (retry_at_ && std::max(now_, now) < *retry_at_) return nullptr;
  out_ = true;
  return &sealed_.front().chunk;
}

void Recorder::durable(Instant now, const Result<void>& end) {
  if (!std::exchange(out_, false)) return;
  now_ = std::max(now_, now);
  if (state_ == State::failed) {
    sealed_.clear();
    sealed_bytes_ = 0;
    return;
  }
  if (!end) {
    write_error_ = end.error();
    retry_at_ = now_ + options_.retry;
    return tick(now_);
  }
  retry_at_.reset();
  write_error_.reset();
  const Waiting& first = sealed_.front();
  // Too late is not well: the console was to be closed before.
  if (now_ > stalls_at()) return fail_with("recording.stalled", "late");
  ++durable_;
  durable_until_ = first.chunk.info.end;
  sealed_bytes_ -= first.chunk.bytes.size();
  input_waiting_ -= first.input;
  sealed_.pop_front();
  if (state_ == State::closing && !pending_ && sealed_.empty()) state_ = State::closed;
  tick(now_);
}

std::optional<Instant> Recorder::next_deadline() const {
  if (state_ == State::closed || state_ == State::failed) return std::nullopt;
  Instant out = Instant::max();
  if (!sealed_.empty()) out = stalls_at();
  if (retry_at_) out = std::min(out, *retry_at_);
  if (pending_) out = std::min(out, pending_->header().begin + options_.chunk_every);
  if (changed_since_ && waiting() < options_.max_waiting) out = std::min(out, last_frame_ + options_.frame_every);
  return out;
}

}  // namespace sekisho::recording
