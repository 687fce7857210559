// JournalStage: a journal on disks in memory, with a clock and chance of its own, for tests.
// Threads: one.
#pragma once
#include "audit/reader.hpp"
#include "audit/stepped_journal.hpp"
#include "audit/testing/memory_disk.hpp"

#include <sekisho/sdk/services.hpp>

#include <random>
#include <string>

namespace sekisho::audit {

class SeededEntropy : public Entropy {
 public:
  explicit SeededEntropy(std::uint32_t seed) : chance_(seed) {}
  void fill(std::span<std::byte> out) override {
    for (auto& byte : out) byte = static_cast<std::byte>(chance_());
  }

 private:
  std::mt19937 chance_;
};

struct JournalStage {
  explicit JournalStage(std::uint32_t seed = 1) : disk(seed), keys(seed + 1), entropy(seed + 2) {
    config.signing_key_file = "keys/journal.pem";
    config.segment_bytes = kMinSegment;
    config.head_every_entries = 10;
  }

  Result<void> open() {
    journal.reset();
    auto opened = SteppedJournal::open(config, disk, keys, entropy, now);
    if (!opened) return opened.error();
    journal = std::move(*opened);
    return {};
  }

  [[nodiscard]] Entry entry(std::string event, std::string result = "ended") const {
    Entry out;
    out.at = now;
    out.event = std::move(event);
    out.session = "S20261122-1-000042";
    out.person = "mori";
    out.result = std::move(result);
    return out;
  }
  /// Appends and pumps; how it ended.
  Result<std::uint64_t> add(std::string event, std::string result = "ended") {
    Result<std::uint64_t> end = fail("test.no_callback");
    journal->append(entry(std::move(event), std::move(result)),
                    [&end](Result<std::uint64_t> r) { end = std::move(r); });
    journal->pump(now);
    return end;
  }
  void pass(Seconds time) {
    now += time;
    journal->pump(now);
  }

  [[nodiscard]] std::string anchor() { return keys.contents().at("journal.pem.pub"); }
  [[nodiscard]] std::string published() { return keys.contents().at("journal.pem.head"); }
  [[nodiscard]] std::string tail() { return keys.contents().at("journal.pem.tail"); }
  [[nodiscard]] Trust trust() { return {anchor(), {published()}, tail()}; }
  [[nodiscard]] Verification check() { return verify(disk, trust()); }
  [[nodiscard]] std::vector<StoredEntry> find(Query query) { return search(disk, query).value(); }
  [[nodiscard]] std::vector<StoredEntry> find_all() { return find_event(""); }
  [[nodiscard]] std::vector<StoredEntry> find_event(std::string event) {
    Query query;
    query.event = std::move(event);
    query.limit = 1'000'000;
    return find(query);
  }

  MemoryDisk disk, keys;
  SeededEntropy entropy;
  JournalConfig config;
  Instant now = *parse_rfc3339("2026-11-22T00:31:00Z");
  std::unique_ptr<SteppedJournal> journal;
};

}  // namespace sekisho::audit
