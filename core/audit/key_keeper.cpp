#include "audit/key_keeper.hpp"

#include <algorithm>

namespace sekisho::audit {
namespace {

constexpr std::size_t kMaxFile = 8 * 1024;

bool absent(const Error& error) {
  return error.code == "audit.absent";
}

}  // namespace

KeyKeeper::KeyKeeper(Disk& disk, std::string name, Entropy& entropy, const Signatures& signatures)
    : disk_(disk), name_(std::move(name)), entropy_(entropy), signatures_(signatures) {}

Result<std::optional<SigningKey>> KeyKeeper::load(const std::string& name) {
  auto text = read_file(disk_, name, kMaxFile);
  if (!text) {
    if (absent(text.error())) return std::optional<SigningKey>();
    return text.error();
  }
  auto key = signatures_.from_pem(Secret(std::move(*text)));
  if (!key) return key.error();
  return std::optional<SigningKey>(std::move(*key));
}

Result<void> KeyKeeper::begin() {
  auto found = load(name_);
  if (!found) return found.error();
  current_ = std::move(*found);
  if (!current_) {
    current_ = signatures_.make(entropy_);
    const Secret pem = current_->to_pem();
    if (auto done = replace_file(disk_, name_, pem.reveal()); !done) return done;
  }
  if (auto done = replace_file(disk_, name_ + ".pub", current_->public_pem()); !done) return done;
  return open_tail();
}

Result<void> KeyKeeper::settle(const PublicKey& announced) {
  auto found = load(name_);
  if (!found) return found.error();
  current_ = std::move(*found);
  if (current_ && current_->public_key() == announced) {
    // A step that was staged but never announced.
    if (auto done = disk_.remove(name_ + ".next"); !done && !absent(done.error())) return done;
    return open_tail();
  }
  auto next = load(name_ + ".next");
  if (!next) return next.error();
  if (*next && (*next)->public_key() == announced) {
    staged_ = std::move(*next);
    if (auto done = adopt(); !done) return done;
    return open_tail();
  }
  if (!current_) return fail("audit.key_missing", name_ + " is not there, but the journal has entries");
  return fail("audit.key_mismatch", name_ + " is not the key that the journal announced last");
}

const SigningKey& KeyKeeper::current() const {
  SEKISHO_ASSERT(current_.has_value());
  return *current_;
}

Result<PublicKey> KeyKeeper::stage() {
  SigningKey next = signatures_.make(entropy_);
  const Secret pem = next.to_pem();
  if (auto done = replace_file(disk_, name_ + ".next", pem.reveal()); !done) return done.error();
  staged_ = std::move(next);
  return staged_->public_key();
}

Result<void> KeyKeeper::adopt() {
  SEKISHO_ASSERT(staged_.has_value());
  current_ = std::move(*staged_);  // wipes the old secret in memory
  staged_.reset();
  unfinished_ = true;
  return finish();
}

Result<void> KeyKeeper::finish() {
  // The old file's bytes are overwritten after its name is gone: a crash in between leaves them in a freed block at
  // worst.
  auto old = disk_.open(name_, Access::write);
  if (!old && !absent(old.error())) return old.error();
  auto renamed = disk_.rename(name_ + ".next", name_);
  if (!renamed && !absent(renamed.error())) return renamed;
  if (auto done = disk_.sync_names(); !done) return done;
  if (renamed && old) {
    auto size = (*old)->size();
    if (!size) return size.error();
    if (auto done = (*old)->write_at(0, std::string(static_cast<std::size_t>(*size), '\0')); !done) return done;
    if (auto done = (*old)->sync(); !done) return done;
  }
  unfinished_ = false;
  return {};
}

Result<void> KeyKeeper::publish(std::string_view head) {
  return replace_file(disk_, name_ + ".head", head);
}

Result<std::optional<Head>> KeyKeeper::published() {
  auto text = read_file(disk_, name_ + ".head", kMaxFile);
  if (!text) {
    if (absent(text.error())) return std::optional<Head>();
    return text.error();
  }
  auto head = read_head(*text, signatures_);
  if (!head) return head.error();
  return std::optional<Head>(*head);
}

Result<void> KeyKeeper::open_tail() {
  auto file = disk_.open(name_ + ".tail", Access::write);
  if (!file && absent(file.error())) {
    if (auto done = replace_file(disk_, name_ + ".tail", std::string(kTailSlots * kTailSlot, '\0')); !done) return done;
    file = disk_.open(name_ + ".tail", Access::write);
  }
  if (!file) return file.error();
  tail_ = std::move(*file);
  return {};
}

Result<void> KeyKeeper::seal(const Tail& tail) {
  SEKISHO_ASSERT(tail_ != nullptr);
  auto done = tail_->write_at(next_slot_ * kTailSlot, signed_tail(tail, current()));
  if (done && syncs_due_ != 0) done = tail_->sync();
  if (!done) {
    syncs_due_ = std::max<std::size_t>(syncs_due_, 1);
    return done;  // what was torn is written again first: the other slot stays whole
  }
  if (syncs_due_ != 0) --syncs_due_;
  next_slot_ = (next_slot_ + 1) % kTailSlots;
  return {};
}

Result<std::optional<Tail>> KeyKeeper::sealed() {
  auto bytes = read_file(disk_, name_ + ".tail", kMaxFile);
  if (!bytes) {
    if (absent(bytes.error())) return std::optional<Tail>();
    return bytes.error();
  }
  const auto found = newest_tail(*bytes, signatures_);
  if (!found) return found.error();
  if (!*found) return std::optional<Tail>();
  next_slot_ = ((*found)->slot + 1) % kTailSlots;
  return std::optional<Tail>((*found)->tail);
}

}  // namespace sekisho::audit
