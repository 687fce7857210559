#include "audit/writer.hpp"

#include "audit/canonical.hpp"
#include "audit/events.hpp"

#include <algorithm>

namespace sekisho::audit {
namespace {

/// Room for one head or key step behind the entries of a batch.
constexpr std::size_t kStatementRoom = record_bytes(1024);
constexpr Seconds kFirstRetry{1}, kLastRetry{30}, kSpareRetry{5}, kPublishEvery{10}, kKeyRetry{60};

/// Nobody signs what he does not know: an end or a head over entries that were only counted.
Error no_root() {
  return fail("audit.broken", "the entries' tree has no root: some of them were only counted");
}

}  // namespace

Append prepare(const Entry& entry, Durable durable) {
  Append out;
  out.json = canonical_json(entry);
  out.opens = entry.result == "ok";
  out.durable = std::move(durable);
  return out;
}

JournalWriter::JournalWriter(const JournalConfig& config, Disk& journal, Disk& keys, std::string key_name,
                             Entropy& entropy, SpareSource& spares, const Signatures& signatures)
    : config_(config),
      disk_(journal),
      signatures_(signatures),
      keys_(keys, std::move(key_name), entropy, signatures),
      spares_(spares),
      segments_(journal, config.segment_bytes, spares) {}

Append JournalWriter::own_entry(const char* event, nlohmann::json detail, Instant now) const {
  Entry entry;
  entry.at = now;
  entry.event = event;
  entry.detail = std::move(detail);
  return prepare(entry, {});
}

Result<void> JournalWriter::roll_over(Instant now) {
  SegmentHeader header;
  header.epoch = epoch_;
  header.created_at = now;
  header.key_period = key_period_;
  header.key = keys_.current().public_key();
  header.node = config_.node;
  header.before = chain_;
  std::string bytes;
  if (auto done = segments_.roll_over(std::move(header), sha_, bytes); !done) return done;
  chain_.hash = header_hash(bytes, sha_);
  return {};
}

Result<void> JournalWriter::write(std::string_view records, const Chain& before) {
  auto done = segments_.append(records);
  if (!done) {
    chain_ = before;
    return done;
  }
  seal();
  return done;
}

void JournalWriter::seal() {
  Tail tail;
  tail.chain = chain_.hash;
  const auto root = chain_.tree.root(sha_);
  if (!root) {
    tail_failure_ = no_root();
    return;
  }
  tail.root = *root;
  tail.entries = chain_.entries();
  tail.records = chain_.entries() + chain_.heads + key_period_;
  tail.epoch = epoch_;
  auto done = keys_.seal(tail);
  tail_failure_ = done ? std::nullopt : std::optional(done.error());
  if (done) tail_reported_ = false;
}

/// An old tail is no lie, only less of a promise: entries are written on, and the journal says so once.
void JournalWriter::report_tail(Instant now) {
  if (!tail_failure_ || failure_ || std::exchange(tail_reported_, true)) return;
  std::vector<Append> one;
  one.push_back(own_entry(kTailFailed.id, {{"code", tail_failure_->code}}, now));
  commit_all(one, now);
}

Result<void> JournalWriter::add_head(std::string& records, Instant now) {
  const auto root = chain_.tree.root(sha_);
  if (!root) return no_root();
  Head head;
  head.at = now;
  head.chain = chain_.hash;
  head.root = *root;
  head.tree_size = chain_.entries();
  head.epoch = epoch_;
  head.node = config_.node;
  newest_head_ = signed_head(head, keys_.current());
  append_record(records, chain_, Kind::head, newest_head_, sha_);
  return {};
}

Result<void> JournalWriter::commit_some(std::vector<Append>& items, std::size_t& next, Instant now) {
  const auto room = [&](std::size_t i) {
    return (i < items.size() ? record_bytes(items[i].json.size()) : 0) + kStatementRoom;
  };
  if (!segments_.fits(0, room(next))) {
    if (auto done = roll_over(now); !done) return done;
  }
  const Chain before = chain_;
  const std::string head_before = newest_head_;
  std::string records;
  std::size_t end = next;
  while (end < items.size() && chain_.entries() - signed_entries_ < config_.head_every_entries &&
         segments_.fits(records.size(), room(end)) &&
         records.size() + record_bytes(items[end].json.size()) <= kMaxBatch) {
    append_record(records, chain_, Kind::entry, items[end++].json, sha_);
  }
  const std::uint64_t loose = chain_.entries() - signed_entries_;
  const bool head_due = loose >= config_.head_every_entries ||
                        (loose != 0 && unsigned_since_ && now - *unsigned_since_ >= config_.head_every);
  if (head_due) {
    if (auto done = add_head(records, now); !done) {
      chain_ = before;
      return done;
    }
  }
  if (records.empty()) return {};
  if (auto done = write(records, before); !done) {
    newest_head_ = head_before;
    return done;
  }
  if (head_due) {
    signed_entries_ = chain_.entries();
    unsigned_since_.reset();
    key_used_ = true;
  } else if (!unsigned_since_ && loose != 0) {
    unsigned_since_ = now;
  }
  const std::uint64_t first = before.entries() + 1;
  for (std::size_t i = next; i < end; ++i) {
    if (items[i].durable) items[i].durable(first + (i - next));
  }
  next = end;
  return {};
}

std::size_t JournalWriter::commit_all(std::vector<Append>& items, Instant now) {
  std::size_t next = 0;
  do {
    if (auto done = commit_some(items, next, now); !done) {
      failed(done.error(), now);
      const std::size_t refused = items.size() - next;
      for (; next < items.size(); ++next) {
        if (items[next].durable) items[next].durable(done.error());
      }
      return refused;
    }
  } while (next < items.size());
  return 0;
}

void JournalWriter::commit(std::vector<Append> batch, Instant now) {
  if (!try_repair(now)) {
    refused_ += batch.size();
    for (auto& item : batch) {
      if (item.durable) item.durable(*failure_);
    }
    return;
  }
  look_after_spare(now);
  if (spare_trouble_) {
    const auto refused = [this](Append& item) {
      if (!item.opens) return false;
      if (item.durable) item.durable(*spare_trouble_);
      return true;
    };
    batch.erase(std::remove_if(batch.begin(), batch.end(), refused), batch.end());
  }
  if (!batch.empty()) refused_ += commit_all(batch, now);
  report_tail(now);
  look_after_spare(now);
  publish(now, false);
}

void JournalWriter::tick(Instant now) {
  commit({}, now);
  if (failure_) return;
  if (unsigned_since_ && now - *unsigned_since_ >= config_.head_every) {
    std::vector<Append> nothing;
    commit_all(nothing, now);
  }
  step_key(now);
  publish(now, false);
}

void JournalWriter::close(Instant now) {
  if (!try_repair(now)) return;
  if (chain_.entries() > signed_entries_) {
    unsigned_since_ = now - config_.head_every;
    std::vector<Append> nothing;
    commit_all(nothing, now);
  }
  publish(now, true);
}

void JournalWriter::step_key(Instant now) {
  if (keys_.unfinished() && now >= key_since_ + kKeyRetry) {
    if (!keys_.finish()) key_since_ = now;
    return;
  }
  if (!key_used_ || now - key_since_ < config_.key_step || failure_) return;
  if (!segments_.fits(0, kStatementRoom)) {
    if (auto done = roll_over(now); !done) return failed(done.error(), now);
  }
  const auto give_up = [&](const Error& error) {
    key_since_ = now - config_.key_step + kKeyRetry;
    if (std::exchange(key_step_failed_, true)) return;
    std::vector<Append> one;
    one.push_back(own_entry(kKeyStepFailed.id, {{"code", error.code}}, now));
    commit_all(one, now);
  };
  const auto next = keys_.stage();
  if (!next) return give_up(next.error());
  const Chain before = chain_;
  std::string record;
  append_record(record, chain_, Kind::key,
                signed_key_step({.at = now, .next = *next, .period = key_period_ + 1}, keys_.current()), sha_);
  ++key_period_;  // the step counts as a record of the journal that ends with it
  if (auto done = write(record, before); !done) {
    --key_period_;
    return failed(done.error(), now);
  }
  key_since_ = now;
  key_used_ = false;
  key_step_failed_ = false;
  if (auto done = keys_.adopt(); !done) give_up(done.error());
  seal();  // with the new key too: both slots name this place, and no older end is left
}

void JournalWriter::publish(Instant now, bool at_once) {
  if (newest_head_.empty() || signed_entries_ == published_entries_) return;
  if (!at_once && publish_at_ && now < *publish_at_) return;
  publish_at_ = now + kPublishEvery;
  // A key directory that cannot be written is told about by the key step; the head is published with the next one.
  if (keys_.publish(newest_head_)) published_entries_ = signed_entries_;
}

void JournalWriter::failed(const Error& error, Instant now) {
  if (!failure_) {
    failed_since_ = now;
    retry_after_ = kFirstRetry;
  }
  failure_ = error;
  retry_at_ = now + retry_after_;
  retry_after_ = std::min(retry_after_ * 2, kLastRetry);
  set_trouble();
}

bool JournalWriter::try_repair(Instant now) {
  if (!failure_) return true;
  if (now < retry_at_) return false;
  if (auto done = segments_.clean(); !done) return failed(done.error(), now), false;
  const Error was = *failure_;
  std::vector<Append> report;
  report.push_back(
      own_entry(kRepaired.id, {{"code", was.code}, {"refused", refused_}, {"since", to_rfc3339(failed_since_)}}, now));
  if (commit_all(report, now) != 0) return false;
  failure_.reset();
  refused_ = 0;
  set_trouble();
  return true;
}

void JournalWriter::look_after_spare(Instant now) {
  if (failure_ || !segments_.wants_spare()) {
    if (!segments_.wants_spare()) spare_trouble_.reset();
    return set_trouble();
  }
  if (!spare_trouble_ || now >= spare_retry_at_) {
    spares_.want();
    spare_retry_at_ = now + kSpareRetry;
  }
  spare_trouble_ = spares_.trouble();
  set_trouble();
}

void JournalWriter::set_trouble() {
  const auto now = failure_ ? failure_ : spare_trouble_;
  const bool changed = now.has_value() != trouble_.has_value();
  trouble_ = now;
  if (changed && config_.on_health) config_.on_health(trouble_);
}

std::optional<Instant> JournalWriter::next_deadline() const {
  if (failure_) return retry_at_;
  std::optional<Instant> out;
  const auto earlier = [&out](Instant at) { out = out ? std::min(*out, at) : at; };
  if (unsigned_since_) earlier(*unsigned_since_ + config_.head_every);
  if (spare_trouble_) earlier(spare_retry_at_);
  if (key_used_) earlier(key_since_ + config_.key_step);
  if (keys_.unfinished()) earlier(key_since_ + kKeyRetry);
  if (publish_at_ && signed_entries_ != published_entries_) earlier(*publish_at_);
  return out;
}

}  // namespace sekisho::audit
