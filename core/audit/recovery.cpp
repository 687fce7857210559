// How a journal begins: the first start, and every later one with what a crash may have left at the end.
#include "audit/canonical.hpp"
#include "audit/events.hpp"
#include "audit/plain_entry.hpp"
#include "audit/writer.hpp"

#include <algorithm>

namespace sekisho::audit {
namespace {

Error broken(std::uint64_t first_bad, const std::string& why) {
  return fail("audit.broken", "entry " + std::to_string(first_bad) + ": " + why);
}

/// 1, 2 … n without a gap; the last one, 0 for none.
Result<std::uint64_t> last_segment(const std::vector<std::string>& names) {
  std::vector<std::uint64_t> numbers;
  for (const auto& name : names) {
    if (const auto number = segment_number(name)) numbers.push_back(*number);
  }
  std::sort(numbers.begin(), numbers.end());
  if (numbers.empty()) return std::uint64_t{0};
  // The oldest may have been removed at the end of their retention; the rest must be complete.
  if (numbers.back() - numbers.front() + 1 != numbers.size()) {
    return fail("audit.broken", "a segment between the first and the last is missing");
  }
  return numbers.back();
}

}  // namespace

Result<std::unique_ptr<JournalWriter>> JournalWriter::open(const JournalConfig& config, Disk& journal, Disk& keys,
                                                           std::string key_name, Entropy& entropy, SpareSource& spares,
                                                           Instant now, const Signatures& signatures) {
  if (config.node.empty() || config.node.size() > kMaxNode || safe_text(config.node) != config.node) {
    return fail("audit.config", "node must have 1 to 63 bytes of plain text");
  }
  if (config.segment_bytes < kMinSegment || config.segment_bytes > (std::uint64_t{1} << 32)) {
    return fail("audit.config", "segment_bytes must be 24 KiB to 4 GiB");
  }
  if (config.head_every_entries == 0 || config.head_every <= Seconds(0) || config.key_step <= Seconds(0) ||
      config.reserve_percent > 50) {
    return fail("audit.config", "heads and key steps need a period above zero, the reserve at most 50 percent");
  }
  std::unique_ptr<JournalWriter> writer(
      new JournalWriter(config, journal, keys, std::move(key_name), entropy, spares, signatures));
  auto lock = journal.lock();
  if (!lock) return lock.error();
  writer->lock_ = std::move(*lock);
  const auto names = journal.list();
  if (!names) return names.error();
  const auto last = last_segment(*names);
  if (!last) return last.error();
  if (auto done = *last == 0 ? writer->begin(now) : writer->recover(*last, now); !done) return done.error();
  return writer;
}

Result<void> JournalWriter::begin(Instant now) {
  const auto published = keys_.published();
  if (!published) return published.error();
  if (published->has_value()) {
    return fail("audit.rolled_back", "the journal is empty, but a head over " +
                                         std::to_string((*published)->tree_size) + " entries was published");
  }
  const auto sealed = keys_.sealed();
  if (!sealed) return sealed.error();
  if (sealed->has_value()) {
    return fail("audit.rolled_back",
                "the journal is empty, but it had " + std::to_string((*sealed)->entries) + " entries");
  }
  if (auto done = keys_.begin(); !done) return done;
  epoch_ = 1;
  key_since_ = now;
  if (auto done = roll_over(now); !done) return done;
  return announce({}, now);
}

Result<void> JournalWriter::recover(std::uint64_t last, Instant now) {
  auto file = disk_.open(segment_name(last), Access::write);
  if (!file) return file.error();
  const auto size = (*file)->size();
  if (!size) return size.error();
  const auto segment = (*file)->read_at(0, static_cast<std::size_t>(*size));
  if (!segment) return segment.error();
  const auto header = decode_header(*segment, sha_);
  if (!header) return fail("audit.broken", segment_name(last) + ": " + header.error().detail);
  const std::uint64_t before = header->before.entries();
  if (header->number != last) return broken(before + 1, "the segment has another's name");
  if (header->segment_bytes != *size) return broken(before + 1, "the segment has not the size of its header");
  if (header->node != config_.node) return fail("audit.config", "the journal belongs to node " + header->node);
  const auto published = keys_.published();
  if (!published) return published.error();
  const auto sealed = keys_.sealed();
  if (!sealed) return sealed.error();
  // A tail that a power cut left older than this segment says nothing here; verify() holds it against all of them.
  bool tail_met = !sealed->has_value() || (*sealed)->chain == header->before.hash ||
                  (*sealed)->records < before + header->before.heads + header->key_period;

  // One that is not newer than this segment may stand in the one before.
  bool head_met = !published->has_value() || (*published)->tree_size <= before;

  Chain start = header->before;
  start.hash = header_hash(*segment, sha_);
  SegmentWalker walker(*segment, std::move(start), sha_);
  PublicKey announced = header->key;
  key_period_ = header->key_period;
  key_since_ = header->created_at;
  std::uint64_t epoch = header->epoch;
  bool torn = false;
  for (;;) {
    const auto record = walker.next();
    if (!record) {
      torn = true;
      break;
    }
    if (!record->has_value()) break;
    const Chain& chain = walker.chain();
    if (!tail_met) tail_met = (*record)->hash == (*sealed)->chain;
    if ((*record)->kind == Kind::head && !head_met && (*published)->tree_size == chain.entries()) {
      const auto head = read_head((*record)->payload, signatures_);
      head_met = head && head->chain == (*published)->chain && head->key == (*published)->key;
    }
    if ((*record)->kind == Kind::key) {
      const auto step = read_key_step((*record)->payload, signatures_);
      if (!step || step->key != announced || step->period != key_period_ + 1) {
        return broken(chain.entries() + 1, "a key step that the key before did not sign");
      }
      announced = step->next;
      key_period_ = step->period;
      key_since_ = step->at;
    } else if ((*record)->kind == Kind::entry) {
      const std::string_view payload = (*record)->payload;
      if (!is_plain_entry(payload) || payload.find(kOpened.id) != std::string_view::npos) {
        const auto entry = parse_entry(payload);
        if (!entry) return broken(chain.entries(), entry.error().detail);
        const auto found = entry->event == kOpened.id ? entry->detail.find("epoch") : entry->detail.end();
        if (found != entry->detail.end() && found->is_number_unsigned())
          epoch = std::max(epoch, found->get<std::uint64_t>());
      }
      if (*published && (*published)->tree_size == chain.entries() && chain.tree.root(sha_) != (*published)->root) {
        return broken(before + 1, "the entries are not those of the published head");
      }
    }
  }
  epoch_ = epoch + 1;
  key_since_ = std::min(key_since_, now);
  chain_ = walker.chain();
  if (*published && (*published)->tree_size > chain_.entries()) {
    return fail("audit.rolled_back", "entry " + std::to_string(chain_.entries() + 1) +
                                         " and later are missing: a head over " +
                                         std::to_string((*published)->tree_size) + " entries was published");
  }
  if (!head_met) return fail("audit.rolled_back", "the published head is not in the journal any more");
  if (!tail_met && (*sealed)->entries > chain_.entries()) {
    return fail("audit.rolled_back", "entry " + std::to_string(chain_.entries() + 1) +
                                         " and later are missing: the journal had " +
                                         std::to_string((*sealed)->entries) + " entries");
  }
  if (!tail_met) {
    return fail("audit.rolled_back", "the record that the journal ended with is missing; it had " +
                                         std::to_string((*sealed)->entries) + " entries");
  }
  if (auto done = keys_.settle(announced); !done) return done;
  key_used_ = true;
  if (torn) {
    const auto cut = cut_tail(**file, *segment, walker.position());
    if (!cut) return cut.error();
  }
  segments_.resume(std::move(*file), last, *size, walker.position());
  // A cut of an earlier start that died before it could write about it is told about too.
  std::vector<Append> entries;
  const auto evidence = read_file(disk_, cut_name(), kMaxBatch * 2);
  if (evidence) {
    entries.push_back(own_entry(kRecovered.id,
                                {{"bytes", evidence->size()},
                                 {"cut", cut_name()},
                                 {"segment", last},
                                 {"sha256", to_hex(view(sha_({*evidence})))}},
                                now));
  } else if (evidence.error().code != "audit.absent") {
    return evidence.error();
  }
  return announce(std::move(entries), now);
}

std::string JournalWriter::cut_name() const {
  return "cut-" + std::to_string(epoch_) + ".bin";
}

Result<std::size_t> JournalWriter::cut_tail(File& file, std::string_view segment, std::size_t good) {
  const std::size_t end = segment.find_last_not_of('\0') + 1;  // not npos: something broke the walk
  const std::size_t bytes = end - good;
  if (bytes > kMaxBatch + record_bytes(kMaxPayload)) {
    return broken(chain_.entries() + 1, "more follows than one unfinished write can leave behind");
  }
  if (auto done = replace_file(disk_, cut_name(), segment.substr(good, bytes)); !done) return done.error();
  if (auto done = file.write_at(good, std::string(bytes, '\0')); !done) return done.error();
  if (auto done = file.sync(); !done) return done.error();
  return bytes;
}

Result<void> JournalWriter::announce(std::vector<Append> entries, Instant now) {
  entries.push_back(own_entry(kOpened.id, {{"epoch", epoch_}, {"segment", segments_.number()}}, now));
  unsigned_since_ = now - config_.head_every;  // a head at once: it covers what the crash left unsigned
  if (commit_all(entries, now) != 0) return *failure_;
  publish(now, true);
  return {};
}

}  // namespace sekisho::audit
