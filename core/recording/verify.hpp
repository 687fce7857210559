// Verification: is the file what the journal says was recorded? Every byte is read; the journal itself is verified
// elsewhere (audit/reader.hpp) and taken as true here.
// A recording that was broken off (killed, stalled) is good as far as the journal knows it: what stands behind that is
// at most one chunk and the beginning of another, and is told as unproved. A closed one must be whole.
// A hash proves bytes, not that they make sense: whoever owns the relay writes both. So time must run from the header
// on without going back or leaving a gap, in the journal's notes, in the chunks' heads and in every record.
// Threads: pure but for the file. Memory: one chunk, 200 bytes a chunk. Errors: those of audit::File.
// Source: threats.md T-65; issue "Desktops and consoles" must 3.
#pragma once
#include "audit/disk.hpp"
#include "recording/notes.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace sekisho::recording {

enum class Damage : std::uint8_t {
  header,     ///< the file's header is not the one that was journalled
  changed,    ///< bytes of the chunk differ
  missing,    ///< the chunk is not there, later ones are
  cut,        ///< the file ends before the chunk's end
  reordered,  ///< the chunk stands at another place
  foreign,    ///< a chunk that the journal does not know, a second copy, or bytes that are no chunk
  journal,    ///< the journal's own entries contradict one another or lack a chunk
  contents,   ///< the journalled bytes, and yet no recording: its time goes back, or its records cannot be read
};
[[nodiscard]] std::string_view to_string(Damage damage);

struct Finding {
  Damage what{};
  std::uint64_t chunk = 0;   ///< its number; 0: none
  std::uint64_t offset = 0;  ///< in the file, where it shows
  std::string why;
};

struct Verification {
  bool ok = false;
  bool closed = false;               ///< a good end is in the journal
  std::uint64_t chunks = 0;          ///< that are proved
  Instant proved_until{};            ///< the end of the last chunk before the first damage
  std::uint64_t unproved_bytes = 0;  ///< behind what the journal knows, when !closed
  std::vector<Finding> findings;     ///< in the file's order; at most kMaxFindings
};
inline constexpr std::size_t kMaxFindings = 1000;

/// `notes`: sorted (sort_notes).
[[nodiscard]] Result<Verification> verify(audit::File& file, const Notes& notes);

}  // namespace sekisho::recording
