// Notes: what the journal says about a recording, written by whoever keeps the journal and read back for verification.
// Threads: pure functions. Errors: recording.bad_note (an entry that does not hold what it should).
// Source: threats.md T-63 "SHA-256 entered in the audit log".
#pragma once
#include "audit/journal.hpp"
#include "recording/recorder.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sekisho::recording {

struct ChunkNote {
  std::uint64_t number = 0, offset = 0;
  std::uint32_t length = 0;
  Instant begin{}, end{};
  Hash hash{};
  friend bool operator==(const ChunkNote&, const ChunkNote&) = default;
};
[[nodiscard]] ChunkNote note_of(const Chunk& chunk);

/// Everything that the journal says of one recording.
struct Notes {
  std::optional<Hash> header;           ///< recording.opened
  std::vector<ChunkNote> chunks;        ///< recording.chunk; ascending numbers, none twice
  std::optional<std::uint64_t> closed;  ///< recording.closed: how many chunks
  std::vector<std::string> faults;      ///< entries that contradict one another
};

// Each with its session, person and instant; result "ok", of a failure "error".
[[nodiscard]] audit::Entry opened_entry(const FileHeader& header, const Hash& header_hash, std::string_view file,
                                        Instant now);
[[nodiscard]] audit::Entry chunk_entry(const FileHeader& header, const ChunkNote& note, Instant now);
[[nodiscard]] audit::Entry closed_entry(const FileHeader& header, std::uint64_t chunks, std::string_view why,
                                        Instant now);
[[nodiscard]] audit::Entry failed_entry(const FileHeader& header, std::uint64_t chunks, const Error& error,
                                        Instant now);
/// Nobody will write its end any more; result "error", so that a full disk's reserve still takes it.
[[nodiscard]] audit::Entry broken_off_entry(const FileHeader& header, std::string_view why, Instant now);
/// `waiting`: recordings that have broken off and are not yet told of.
[[nodiscard]] audit::Entry behind_entry(std::size_t waiting, Instant now);

/// Reads one entry; those of other events and recordings change nothing. Equal notes of one chunk count once.
[[nodiscard]] Result<void> add_note(Notes& notes, const RecordingId& of, const audit::Entry& entry);
/// After the last add_note().
void sort_notes(Notes& notes);

}  // namespace sekisho::recording
