// A recording's file: what it holds, any moment of it, and whether it is what the journal says was recorded.
#include "bind.hpp"
#include "recording/player.hpp"
#include "recordings.hpp"

#include <filesystem>

namespace sekisho::python {

using namespace recording;

HeaderText header_text(const FileHeader& header) {
  return {to_hex(header.id), header.started_at, header.session, header.person, header.target};
}
RecordingId recording_id_of(const std::string& hex) {
  const auto id = id_from_hex(hex);
  if (!id) throw py::value_error("'" + hex + "' is no recording's id: 32 hex digits");
  return *id;
}
FileHeader header_of(const HeaderText& text) {
  return {recording_id_of(text.id), text.started_at, text.session, text.person, text.target};
}
PictureBytes picture_of(const Screen& screen) {
  PictureBytes out{screen.width(), screen.height(), {}};
  const std::size_t row = std::size_t{3} * out.width;
  out.rgb.resize(row * out.height);
  for (std::uint16_t y = 0; y < out.height; ++y) {
    screen.row(y, std::as_writable_bytes(std::span(out.rgb)).subspan(y * row, row));
  }
  return out;
}
RecordingSource source_of(const py::object& given) {
  RecordingSource out;
  if (PyBytes_Check(given.ptr())) {
    auto disk = std::make_unique<audit::MemoryDisk>();
    disk->set_contents({{"recording.skr", given.cast<std::string>()}});
    out.file = unwrap(disk->open("recording.skr", audit::Access::read));
    out.disk = std::move(disk);
    return out;
  }
  const std::filesystem::path path = py::module_::import("os").attr("fspath")(given).cast<std::string>();
  const std::string directory = path.has_parent_path() ? path.parent_path().string() : ".";
  out.disk = unwrap(audit::open_posix_disk(directory, audit::Make::no));
  out.file = unwrap(out.disk->open(path.filename().string(), audit::Access::read));
  return out;
}

namespace {

struct ContentsText {
  HeaderText header;
  std::string header_hash;
  std::vector<ChunkInfo> chunks;
  bool complete = false, indexed = false;
  std::uint64_t loose_bytes = 0;
  Instant begin{}, end{};
  std::uint16_t width = 0, height = 0;
};
ContentsText contents_text(const Contents& c) {
  return {header_text(c.header),
          audit::to_hex(audit::view(c.header_hash)),
          c.chunks,
          c.complete,
          c.indexed,
          c.loose_bytes,
          c.begin(),
          c.end(),
          c.width(),
          c.height()};
}

struct ChunkNoteText {
  std::uint64_t number = 0, offset = 0;
  std::uint32_t length = 0;
  Instant begin{}, end{};
  std::string hash;
};
struct NotesText {
  std::string header;
  std::vector<ChunkNoteText> chunks;
  std::optional<std::uint64_t> closed;
  std::vector<std::string> faults;
};
Hash hash_of(const std::string& hex) {
  const auto hash = audit::hash_from_hex(hex);
  if (!hash) throw py::value_error("'" + hex + "' is no SHA-256");
  return *hash;
}
Notes notes_of(const NotesText& text) {
  Notes out;
  if (!text.header.empty()) out.header = hash_of(text.header);
  for (const ChunkNoteText& c : text.chunks) {
    out.chunks.push_back({c.number, c.offset, c.length, c.begin, c.end, hash_of(c.hash)});
  }
  out.closed = text.closed;
  out.faults = text.faults;
  sort_notes(out);
  return out;
}
NotesText notes_from(const std::string& id, const std::vector<audit::Entry>& entries) {
  const RecordingId of = recording_id_of(id);
  Notes notes;
  for (const audit::Entry& entry : entries) unwrap(add_note(notes, of, entry));
  sort_notes(notes);
  NotesText out;
  if (notes.header) out.header = audit::to_hex(audit::view(*notes.header));
  for (const ChunkNote& c : notes.chunks) {
    out.chunks.push_back({c.number, c.offset, c.length, c.begin, c.end, audit::to_hex(audit::view(c.hash))});
  }
  out.closed = notes.closed;
  out.faults = notes.faults;
  return out;
}

Verification verify_file(const py::object& given, const NotesText& text) {
  const RecordingSource source = source_of(given);
  const Notes notes = notes_of(text);
  const py::gil_scoped_release released;
  return unwrap(verify(*source.file, notes));
}
ContentsText read_file(const py::object& given) {
  const RecordingSource source = source_of(given);
  const py::gil_scoped_release released;
  return contents_text(unwrap(read_contents(*source.file)));
}

void bind_values(py::module_& m) {
  Value<HeaderText>(m, "RecordingHeader", "Whose recording it is.")
      .field("id", &HeaderText::id)
      .field("started_at", &HeaderText::started_at)
      .field("session", &HeaderText::session)
      .field("person", &HeaderText::person)
      .field("target", &HeaderText::target);
  Value<PictureBytes>(m, "Picture", "What a screen shows.")
      .field("width", &PictureBytes::width)
      .field("height", &PictureBytes::height)
      .bytes("rgb", &PictureBytes::rgb);
  Value<ChunkInfo>(m, "ChunkInfo", "Where a chunk lies.")
      .field("number", &ChunkInfo::number)
      .field("offset", &ChunkInfo::offset)
      .field("length", &ChunkInfo::length)
      .field("flags", &ChunkInfo::flags)
      .field("width", &ChunkInfo::width)
      .field("height", &ChunkInfo::height)
      .field("begin", &ChunkInfo::begin)
      .field("end", &ChunkInfo::end);
  Value<ContentsText>(m, "Contents", "What a recording holds.")
      .field("header", &ContentsText::header)
      .field("header_hash", &ContentsText::header_hash)
      .field("chunks", &ContentsText::chunks)
      .field("complete", &ContentsText::complete)
      .field("indexed", &ContentsText::indexed)
      .field("loose_bytes", &ContentsText::loose_bytes)
      .field("begin", &ContentsText::begin)
      .field("end", &ContentsText::end)
      .field("width", &ContentsText::width)
      .field("height", &ContentsText::height);
  Value<ChunkNoteText>(m, "ChunkNote", "What the journal says of a chunk.")
      .field("number", &ChunkNoteText::number)
      .field("offset", &ChunkNoteText::offset)
      .field("length", &ChunkNoteText::length)
      .field("begin", &ChunkNoteText::begin)
      .field("end", &ChunkNoteText::end)
      .field("hash", &ChunkNoteText::hash);
  Value<NotesText>(m, "Notes", "What the journal says of a recording.")
      .field("header", &NotesText::header)
      .field("chunks", &NotesText::chunks)
      .field("closed", &NotesText::closed)
      .field("faults", &NotesText::faults);
  Value<Finding>(m, "Finding", "What was done to a recording.")
      .field("what", &Finding::what)
      .field("chunk", &Finding::chunk)
      .field("offset", &Finding::offset)
      .field("why", &Finding::why);
  Value<Verification>(m, "Verification", "How far a recording stands proved.")
      .field("ok", &Verification::ok)
      .field("closed", &Verification::closed)
      .field("chunks", &Verification::chunks)
      .field("proved_until", &Verification::proved_until)
      .field("unproved_bytes", &Verification::unproved_bytes)
      .field("findings", &Verification::findings);
}

}  // namespace

void bind_recording(py::module_& m) {
  bind_values(m);
  bind_recorder(m);
  bind_player(m);
  m.def("read_contents", &read_file, py::arg("recording"));
  m.def("notes_of", &notes_from, py::arg("id"), py::arg("entries"));
  m.def("verify_recording", &verify_file, py::arg("recording"), py::arg("notes"));
}

}  // namespace sekisho::python
