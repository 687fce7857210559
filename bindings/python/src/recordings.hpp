// How the recording room's values look in Python: ids and hashes are hex, bytes or a path are a file.
// Threads: with the GIL. Errors: ValueError for what is no id.
#pragma once
#include "audit/testing/memory_disk.hpp"
#include "errors.hpp"
#include "recording/notes.hpp"
#include "recording/screen.hpp"
#include "recording/verify.hpp"
#include "value.hpp"

SEKISHO_WORDS(::sekisho::recording::Keys, "none", "masked", "clear")
SEKISHO_WORDS(::sekisho::recording::Recorder::State, "recording", "closing", "closed", "failed")
SEKISHO_WORDS(::sekisho::recording::Damage, "header", "changed", "missing", "cut", "reordered", "foreign", "journal",
              "contents")

namespace sekisho::python {

/// FileHeader.
struct HeaderText {
  std::string id;
  Instant started_at{};
  std::string session, person, target;
};
[[nodiscard]] HeaderText header_text(const recording::FileHeader& header);
[[nodiscard]] recording::FileHeader header_of(const HeaderText& text);
[[nodiscard]] recording::RecordingId recording_id_of(const std::string& hex);

/// What a screen shows.
struct PictureBytes {
  std::uint16_t width = 0, height = 0;
  std::string rgb;
  friend bool operator==(const PictureBytes&, const PictureBytes&) = default;
};
[[nodiscard]] PictureBytes picture_of(const recording::Screen& screen);

/// A recording's file, for reading.
struct RecordingSource {
  std::unique_ptr<audit::Disk> disk;
  std::unique_ptr<audit::File> file;
};
/// `given`: bytes, str or path.
[[nodiscard]] RecordingSource source_of(const py::object& given);

void bind_recorder(py::module_& m);
void bind_player(py::module_& m);

}  // namespace sekisho::python
