#include "audit/canonical.hpp"
#include "audit/format.hpp"
#include "audit/plain_entry.hpp"
#include "audit/reader.hpp"
#include "audit/signing.hpp"
#include "audit/tail.hpp"

#include <algorithm>
#include <chrono>
#include <set>
#include <span>
#include <thread>

namespace sekisho::audit {
namespace {

constexpr int kPatience = 50;  ///< looks at the growing end of a living journal
constexpr auto kBetweenLooks = std::chrono::milliseconds(20);

/// Everything that the records so far have proved.
struct Proved {
  Chain chain;
  PublicKey key{};
  std::uint64_t period = 0, epoch = 0, matched = 0;
  std::string node;
  std::set<PublicKey> keys;
};

/// What the journal is held against: a published head, which stands in it as a record, or the tail.
struct Statement {
  std::uint64_t entries = 0;
  Hash root{};
  PublicKey key{};
  std::string_view record;     ///< the head's text; empty: the tail
  std::optional<Hash> at_end;  ///< the tail's: chain hash of its last record
  bool met = false;
};

struct Bad {
  std::uint64_t entry = 0;
  std::string why;
};

class Verifier {
 public:
  Verifier(Disk& disk, const Trust& trust) : disk_(disk), trust_(trust) {}

  Verification run() {
    if (auto bad = prepare()) return answer(*bad);
    for (std::size_t i = 0; i < segments_.size(); ++i) {
      if (auto bad = check_patiently(segments_[i], i + 1 == segments_.size())) return answer(*bad);
    }
    if (auto bad = missing()) return answer(*bad);
    return answer({});
  }

 private:
  using Finding = std::optional<Bad>;

  Verification answer(const Bad& bad) const {
    Verification out;
    out.ok = bad.entry == 0;
    out.entries = proved_.chain.entries();
    out.heads = proved_.chain.heads;
    out.first_bad = bad.entry;
    out.why = bad.why;
    return out;
  }
  [[nodiscard]] static Bad after(const Proved& proved, std::string why) {
    return {proved.chain.entries() + 1, std::move(why)};
  }

  Finding prepare() {
    const auto anchor = trust_.signatures->public_key_from_pem(trust_.public_key_pem);
    if (!anchor) return Bad{1, anchor.error().detail};
    proved_.key = *anchor;
    proved_.keys.insert(*anchor);
    for (const auto& text : trust_.published_heads) {
      const auto head = read_head(text, *trust_.signatures);
      if (!head) return Bad{1, "a published head is not good: " + head.error().detail};
      statements_.push_back({head->tree_size, head->root, head->key, text, std::nullopt});
    }
    const auto tail = newest_tail(trust_.tail.value_or(std::string()), *trust_.signatures);
    if (!tail) return Bad{1, tail.error().detail};
    if (*tail) {
      const Tail& is = (*tail)->tail;
      statements_.push_back({is.entries, is.root, is.key, {}, is.chain});
    }
    std::stable_sort(statements_.begin(), statements_.end(), [](auto& a, auto& b) { return a.entries < b.entries; });
    const auto names = disk_.list();
    if (!names) return Bad{1, names.error().detail};
    for (const auto& name : *names) {
      if (const auto number = segment_number(name)) segments_.push_back(*number);
    }
    std::sort(segments_.begin(), segments_.end());
    if (segments_.empty()) return Bad{1, "there is no segment"};
    return match_roots(proved_);
  }

  /// A segment that is being written may show an unfinished record at its end: looked at again until it is whole, or
  /// nobody writes any more.
  Finding check_patiently(std::uint64_t number, bool last) {
    for (int look = 0;; ++look) {
      const bool alive = last && disk_.locked();
      Proved next = proved_;
      auto bad = check(next, number);
      const bool again = bad && alive && look < kPatience;
      if (!again) {
        proved_ = std::move(next);
        return bad;
      }
      std::this_thread::sleep_for(kBetweenLooks);
    }
  }

  Finding check(Proved& proved, std::uint64_t number) {
    if (number != expected_) return after(proved, "segment " + segment_name(expected_) + " is missing");
    auto file = disk_.open(segment_name(number), Access::read);
    if (!file) return after(proved, file.error().detail);
    const auto size = (*file)->size();
    if (!size) return after(proved, size.error().detail);
    const auto bytes = (*file)->read_at(0, static_cast<std::size_t>(*size));
    if (!bytes) return after(proved, bytes.error().detail);
    const auto header = decode_header(*bytes, sha_);
    if (!header) return after(proved, header.error().detail);
    if (auto why = disagree(proved, *header, number, *size); !why.empty()) return after(proved, std::move(why));
    proved.epoch = header->epoch;
    proved.node = header->node;
    proved.chain.hash = header_hash(*bytes, sha_);
    SegmentWalker walker(*bytes, proved.chain, sha_);
    for (;;) {
      const Hash before = walker.chain().hash;
      const auto record = walker.next();
      if (!record) return after(proved, record.error().detail);
      if (!record->has_value()) break;
      if (auto bad = judge(proved, walker, **record, before)) return bad;
    }
    expected_ = number + 1;
    return std::nullopt;
  }

  static std::string disagree(const Proved& proved, const SegmentHeader& header, std::uint64_t number,
                              std::uint64_t size) {
    if (header.number != number) return "a segment under another's name";
    if (header.segment_bytes != size) return "a segment that has not the size of its header";
    if (header.before.hash != proved.chain.hash || header.before.entries() != proved.chain.entries() ||
        header.before.heads != proved.chain.heads || header.before.tree.peaks() != proved.chain.tree.peaks()) {
      return "a segment that does not follow the one before";
    }
    if (header.key != proved.key || header.key_period != proved.period) return "a segment of a key nobody announced";
    if (number > 1 && header.node != proved.node) return "a segment of another node";
    if (header.epoch < proved.epoch) return "a segment of an earlier epoch";
    return {};
  }

  /// Moves `proved` over one record.
  Finding judge(Proved& proved, const SegmentWalker& walker, const Record& record, const Hash& before) {
    if (record.kind == Kind::entry) {
      if (!is_plain_entry(record.payload)) {
        if (const auto entry = parse_entry(record.payload); !entry) return after(proved, entry.error().detail);
      }
      proved.chain = walker.chain();
      if (auto bad = match_roots(proved)) return bad;
      return match_records(proved, record, proved.key);
    }
    const PublicKey before_it = proved.key;
    if (record.kind == Kind::head) {
      const auto head = read_head(record.payload, *trust_.signatures);
      if (!head) return after(proved, head.error().detail);
      if (head->key != proved.key) return after(proved, "a head signed by a key that is not the announced one");
      if (head->chain != before || head->tree_size != proved.chain.entries() ||
          head->root != proved.chain.tree.root(sha_) || head->node != proved.node || head->epoch < proved.epoch) {
        return after(proved, "a head that does not fit the entries before it");
      }
    } else {
      const auto step = read_key_step(record.payload, *trust_.signatures);
      if (!step) return after(proved, step.error().detail);
      if (step->key != proved.key || step->period != proved.period + 1) {
        return after(proved, "a key step that the key before did not sign");
      }
      proved.key = step->next;
      proved.period = step->period;
      proved.keys.insert(step->next);
    }
    proved.chain = walker.chain();
    return match_records(proved, record, before_it);
  }

  [[nodiscard]] std::span<Statement> statements_over(std::uint64_t entries) {
    // Two bounds: equal_range gives a view, which clang 14 (the fuzzers') does not read in this library.
    const auto first = std::ranges::lower_bound(statements_, entries, {}, &Statement::entries);
    return {first, std::ranges::upper_bound(first, statements_.end(), entries, {}, &Statement::entries)};
  }

  /// The entries so far must be those that a statement over as many saw.
  Finding match_roots(Proved& proved) {
    for (const Statement& statement : statements_over(proved.chain.entries())) {
      if (statement.root != proved.chain.tree.root(sha_)) {
        return Bad{proved.matched + 1, statement.at_end ? "the entries are not those that the journal ended with"
                                                        : "the entries are not those of a published head"};
      }
      proved.matched = statement.entries;
    }
    return std::nullopt;
  }

  /// A head was published once it stood in the journal, and a tail sealed once its last record did: they must be there.
  /// `before_it`: the key that signed before this record; a key step may be sealed by either.
  Finding match_records(Proved& proved, const Record& record, const PublicKey& before_it) {
    for (Statement& statement : statements_over(proved.chain.entries())) {
      if (!statement.at_end) {
        statement.met = statement.met || (record.kind == Kind::head && record.payload == statement.record);
      } else if (*statement.at_end == record.hash) {
        // Else today's key could move the end back over what an older one sealed.
        if (statement.key != proved.key && statement.key != before_it) {
          return after(proved, "the journal's tail is signed by a key of another time");
        }
        statement.met = true;
      }
    }
    return std::nullopt;
  }

  Finding missing() {
    const bool sealed = std::ranges::any_of(statements_, [](const Statement& s) { return s.at_end.has_value(); });
    if (trust_.tail && !sealed && proved_.chain.entries() != 0) return after(proved_, "the journal's tail was wiped");
    for (const Statement& statement : statements_) {
      const std::string over = std::to_string(statement.entries);
      if (statement.entries > proved_.chain.entries()) {
        return after(proved_, statement.at_end ? "entries are missing: the journal had " + over
                                               : "entries are missing: a head over " + over + " was published");
      }
      if (!proved_.keys.contains(statement.key)) {
        return after(proved_, "a head or tail is signed by a key that the journal does not announce");
      }
      if (!statement.met) {
        return Bad{statement.entries + 1, "the record that follows entry " + over + " is missing"};
      }
    }
    return std::nullopt;
  }

  Disk& disk_;
  const Trust& trust_;
  Sha256 sha_;
  Proved proved_;
  std::uint64_t expected_ = 1;
  std::vector<Statement> statements_;  ///< in ascending order of entries
  std::vector<std::uint64_t> segments_;
};

}  // namespace

Verification verify(Disk& disk, const Trust& trust) {
  return Verifier(disk, trust).run();
}

Verification verify(const std::string& directory, const Trust& trust) {
  auto disk = open_posix_disk(directory, Make::no);
  if (disk) return verify(**disk, trust);
  Verification out;
  out.first_bad = 1;
  out.why = disk.error().detail;
  return out;
}

}  // namespace sekisho::audit
