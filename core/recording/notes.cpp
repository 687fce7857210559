#include "recording/notes.hpp"

#include "recording/events.hpp"
#include "recording/export.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace sekisho::recording {
namespace {

using nlohmann::json;

audit::Entry entry_of(const Event& event, const FileHeader& header, Instant now) {
  audit::Entry out;
  out.at = now;
  out.event = event.id;
  out.session = header.session;
  out.person = header.person;
  out.rule = "R15";
  out.result = "ok";
  out.detail = {{"recording", to_hex(header.id)}};
  return out;
}

std::optional<std::uint64_t> number(const json& detail, const char* key) {
  const auto found = detail.find(key);
  if (found == detail.end() || !found->is_number_unsigned()) return std::nullopt;
  return found->get<std::uint64_t>();
}

std::string text(const json& detail, const char* key) {
  const auto found = detail.find(key);
  return found != detail.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

ChunkNote note_of(const Chunk& chunk) {
  return {chunk.info.number, chunk.info.offset, chunk.info.length, chunk.info.begin, chunk.info.end, chunk.hash};
}

audit::Entry opened_entry(const FileHeader& header, const Hash& header_hash, std::string_view file, Instant now) {
  auto out = entry_of(kOpened, header, now);
  out.detail["file"] = file;
  out.detail["target"] = header.target;
  out.detail["header"] = audit::to_hex(view(header_hash));
  return out;
}

audit::Entry chunk_entry(const FileHeader& header, const ChunkNote& note, Instant now) {
  auto out = entry_of(kChunk, header, now);
  out.detail["number"] = note.number;
  out.detail["offset"] = note.offset;
  out.detail["bytes"] = note.length;
  out.detail["begin"] = to_rfc3339(note.begin);
  out.detail["end"] = to_rfc3339(note.end);
  out.detail["sha256"] = audit::to_hex(view(note.hash));
  return out;
}

audit::Entry closed_entry(const FileHeader& header, std::uint64_t chunks, std::string_view why, Instant now) {
  auto out = entry_of(kClosed, header, now);
  out.detail["chunks"] = chunks;
  out.detail["why"] = why;
  return out;
}

audit::Entry failed_entry(const FileHeader& header, std::uint64_t chunks, const Error& error, Instant now) {
  auto out = entry_of(kFailed, header, now);
  out.code = error.code;
  out.result = "error";
  out.detail["chunks"] = chunks;
  out.detail["code"] = error.code;
  out.detail["detail"] = error.detail;
  return out;
}

audit::Entry broken_off_entry(const FileHeader& header, std::string_view why, Instant now) {
  auto out = entry_of(kBrokenOff, header, now);
  out.code = why;
  out.result = "error";
  out.detail["target"] = header.target;
  out.detail["why"] = why;
  return out;
}

audit::Entry behind_entry(std::size_t waiting, Instant now) {
  audit::Entry out;
  out.at = now;
  out.event = kBehind.id;
  out.rule = "R15";
  out.result = "error";
  out.detail = {{"waiting", waiting}};
  return out;
}

audit::Entry export_entry(const ExportRequest& wanted, std::string_view caller, std::string_view refusal, Instant now) {
  audit::Entry out;
  out.at = now;
  out.event = refusal.empty() ? kExported.id : kExportRefused.id;
  out.session = wanted.session;
  out.person = wanted.by;
  out.rule = "R15";
  out.code = refusal;
  out.result = refusal.empty() ? "ok" : "refused";
  out.detail = {{"recording", wanted.recording},
                {"by", wanted.by},
                {"caller", caller},
                {"format", wanted.format},
                {"reason", wanted.reason}};
  return out;
}

Result<void> add_note(Notes& notes, const RecordingId& of, const audit::Entry& entry) {
  const auto is = [&](const Event& event) { return entry.event == event.id; };
  if ((!is(kOpened) && !is(kChunk) && !is(kClosed)) || !entry.detail.is_object() ||
      text(entry.detail, "recording") != to_hex(of)) {
    return {};
  }
  const auto bad = [&] { return fail("recording.bad_note", entry.event + " at " + to_rfc3339(entry.at)); };
  if (is(kOpened)) {
    const auto header = audit::hash_from_hex(text(entry.detail, "header"));
    if (!header) return bad();
    if (notes.header && *notes.header != *header) notes.faults.emplace_back("two headers are in the journal");
    notes.header = *header;
  } else if (is(kClosed)) {
    const auto chunks = number(entry.detail, "chunks");
    if (!chunks) return bad();
    if (notes.closed && *notes.closed != *chunks) notes.faults.emplace_back("two ends are in the journal");
    notes.closed = *chunks;
  } else {
    const auto count = number(entry.detail, "number"), offset = number(entry.detail, "offset"),
               length = number(entry.detail, "bytes");
    const auto begin = parse_rfc3339(text(entry.detail, "begin")), end = parse_rfc3339(text(entry.detail, "end"));
    const auto hash = audit::hash_from_hex(text(entry.detail, "sha256"));
    if (!count || !offset || !length || *length > kMaxChunkBytes || !begin || !end || !hash) return bad();
    notes.chunks.push_back({*count, *offset, static_cast<std::uint32_t>(*length), *begin, *end, *hash});
  }
  return {};
}

void sort_notes(Notes& notes) {
  std::ranges::stable_sort(notes.chunks, {}, &ChunkNote::number);
  // Not std::ranges::unique: it gives a view, which clang 14 (the fuzzers') does not read in this library.
  notes.chunks.erase(std::unique(notes.chunks.begin(), notes.chunks.end()), notes.chunks.end());
  std::uint64_t expected = 1;
  for (const ChunkNote& note : notes.chunks) {
    if (note.number < expected) {
      notes.faults.push_back("chunk " + std::to_string(note.number) + " has two hashes in the journal");
    } else if (note.number > expected) {
      notes.faults.push_back("chunk " + std::to_string(expected) + " is not in the journal");
    }
    expected = note.number + 1;
  }
  if (notes.closed && *notes.closed + 1 != expected) {
    notes.faults.push_back("the journal has " + std::to_string(expected - 1) + " chunks and an end after " +
                           std::to_string(*notes.closed));
  }
}

}  // namespace sekisho::recording
