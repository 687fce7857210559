// What a relay reports of open screens and their recordings, into the journal (R14, R15, T-63).
#include "base/json_object.hpp"
#include "console/rfb/causes.hpp"
#include "console/rfb/report.hpp"
#include "gate/consoles.hpp"
#include "gate/rdp.hpp"
#include "recording/notes.hpp"

#include <utility>

namespace sekisho::gate {
namespace {

Instant instant(std::uint64_t us) {
  return Instant(std::chrono::microseconds(static_cast<std::int64_t>(us)));
}

/// The cause of that code, if there is one: a relay has no words of its own.
std::optional<rfb::Cause> cause_of(std::string_view code) {
  for (std::size_t i = 0; i < rfb::kCauses; ++i) {
    const auto cause = static_cast<rfb::Cause>(i);
    if (rfb::words(cause).code == code) return cause;
  }
  return std::nullopt;
}

/// R14: the clipboard has an event of its own, because staff look for it.
std::string event_name(const std::optional<rfb::Cause>& cause) {
  if (cause == rfb::Cause::clipboard) return "console.clipboard_dropped";
  const Event* event = cause ? rfb::event_of(*cause) : nullptr;
  return event != nullptr ? event->id : "console.notice";
}

}  // namespace

void Consoles::notice(const LinkEntry& link, const seam::ConsoleNotice& notice) {
  const auto found = screens_.find(notice.console);
  if (found == screens_.end() || found->second.link != link.id) return;
  if (!found->second.given || found->second.closed) return;  // the relay does not know it yet, or has told its end
  Screen& screen = found->second;
  if (std::holds_alternative<seam::ScreenUsed>(notice.body)) {
    const auto session = gate_.sessions.find(screen.session);
    if (session != gate_.sessions.end()) session->second->last_activity = gate_.now();
    return;
  }
  audit::Entry entry;
  entry.session = screen.session;
  entry.person = screen.person;
  entry.path = screen.path;
  entry.detail = json_object("console", notice.console, "target", screen.target);
  if (const auto* stopped = std::get_if<seam::ScreenStopped>(&notice.body)) {
    const auto cause = cause_of(stopped->code);
    entry.event = event_name(cause);
    entry.rule = "R14";
    entry.code = cause ? std::string(rfb::words(*cause).code) : stopped->code.substr(0, 64);
    entry.result = "refused";
    entry.detail["by"] = stopped->by_guest ? "guest" : "viewer";
    entry.detail["count"] = stopped->count;
    entry.detail["bytes"] = stopped->bytes;
    entry.detail["total"] = stopped->total;
    return gate_.record(std::move(entry));
  }
  const auto& closed = std::get<seam::ScreenClosed>(notice.body);
  screen.closed = true;
  screen.closed_at = gate_.now();
  gate_.rdp->changed(screen.session);
  entry = closed_entry(notice.console, screen, closed.code);
  // A device of the machine would have carried more than a picture out
  // (hyper/refusals.cpp).
  if (closed.code == "screen.way_out") entry.rule = "R14";
  entry.detail["bytes_in"] = closed.bytes_in;
  entry.detail["bytes_out"] = closed.bytes_out;
  if (!closed.detail.empty()) entry.detail["said"] = closed.detail.substr(0, 256);
  tell_end(std::move(entry));
}

void Consoles::note(const LinkEntry& link, const seam::RecordingNote& note) {
  const auto refused = [&](const char* why) {
    if (link.link != nullptr) link.link->send(seam::RecordingNoted{note.number, false, why});
  };
  const auto found = screens_.find(note.console);
  if (found == screens_.end() || found->second.link != link.id || !found->second.recorded) {
    return refused("no such screen");
  }
  Screen& screen = found->second;
  std::optional<audit::Entry> entry;
  if (const auto* opened = std::get_if<seam::RecordingOpened>(&note.body)) {
    const auto id = recording::id_from_hex(opened->id);
    const auto hash = audit::hash_from_hex(opened->header_hash);
    if (!id || !hash || screen.header) return refused("not a recording's beginning");
    recording::FileHeader header;
    header.id = *id;
    header.started_at = instant(opened->started_at);
    header.session = screen.session;
    header.person = screen.person;
    header.target = screen.target;
    entry = recording::opened_entry(header, *hash, opened->file, gate_.now());
    screen.header = std::move(header);
  } else if (!screen.header) {
    return refused("the recording was not opened");
  } else if (screen.recording_over) {
    return refused("the recording has ended");
  } else if (const auto* chunk = std::get_if<seam::RecordingChunk>(&note.body)) {
    const auto hash = audit::hash_from_hex(chunk->hash);
    if (!hash) return refused("not a hash");
    entry = recording::chunk_entry(
        *screen.header,
        {chunk->number, chunk->offset, chunk->length, instant(chunk->begin), instant(chunk->end), *hash}, gate_.now());
  } else if (const auto* closed = std::get_if<seam::RecordingClosed>(&note.body)) {
    screen.recording_over = true;
    entry = recording::closed_entry(*screen.header, closed->chunks, closed->why.substr(0, 64), gate_.now());
  } else {
    const auto& failed = std::get<seam::RecordingFailed>(note.body);
    screen.recording_over = true;
    entry = recording::failed_entry(*screen.header, failed.chunks,
                                    {failed.code.substr(0, 64), failed.detail.substr(0, 256), {}}, gate_.now());
  }
  entry->path = screen.path;
  // An end that the journal did not take is none, and the relay does not say it again.
  std::shared_ptr<audit::Entry> unless;
  if (screen.recording_over) {
    unless =
        std::make_shared<audit::Entry>(recording::broken_off_entry(*screen.header, "recording.no_end", gate_.now()));
    unless->path = screen.path;
  }
  gate_.record(std::move(*entry),
               [this, unless, asked_by = link.id, number = note.number](Result<std::uint64_t> durable) {
                 if (unless && !durable) not_told(std::move(*unless));
                 const auto relay = gate_.links.find(asked_by);
                 if (relay == gate_.links.end()) return;
                 relay->second.link->send(
                     seam::RecordingNoted{number, durable.has_value(), durable ? std::string() : durable.error().code});
               });
}

}  // namespace sekisho::gate
