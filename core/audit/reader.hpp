// Reading a journal: search and verification. Neither disturbs a writer; both may run while it writes.
// verify() trusts nothing but the anchor (the first public key) and what it is given to hold the journal against: the
// tail beside the signing key, which misses whatever was cut off, and published heads kept outside the gate, which miss
// it even when the key's directory was set back too (T-70, T-76). Without both an earlier state is a good journal.
// Threads: pure but for the files; a verification of a living journal may wait up to a second for an unfinished write.
// Errors: search: those of Disk. Source: threats.md T-70; RFC 9162 §2.1.
#pragma once
#include "audit/disk.hpp"
#include "audit/journal.hpp"
#include "audit/signing.hpp"

#include <string>
#include <vector>

namespace sekisho::audit {

struct Trust {
  std::string public_key_pem;                 ///< the anchor: <signing_key_file>.pub of the first start
  std::vector<std::string> published_heads;   ///< contents of <signing_key_file>.head, any number, any age
  std::optional<std::string> tail{};          ///< content of <signing_key_file>.tail, read before the journal
  const Signatures* signatures = &ed25519();  ///< borrowed
};

/// Checks every byte of every segment. first_bad is the number of entries that stand proved, plus one.
[[nodiscard]] Verification verify(Disk& disk, const Trust& trust);
[[nodiscard]] Verification verify(const std::string& directory, const Trust& trust);

/// What matches, in ascending order. Signatures are not looked at, and a damaged segment gives what stands before the
/// damage: verify() tells.
[[nodiscard]] Result<std::vector<StoredEntry>> search(Disk& disk, const Query& query);
[[nodiscard]] Result<std::vector<StoredEntry>> search(const std::string& directory, const Query& query);
/// The same for several events in one walk: what matches `query`, whose own event is empty, and is one of `events`.
[[nodiscard]] Result<std::vector<StoredEntry>> search_any(Disk& disk, const Query& query,
                                                          const std::vector<std::string>& events);
[[nodiscard]] Result<std::vector<StoredEntry>> search_any(const std::string& directory, const Query& query,
                                                          const std::vector<std::string>& events);

}  // namespace sekisho::audit
