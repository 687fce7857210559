// Commands on recordings: what there is, whether it is what the journal says, and a film of one for an auditor. They
// work on the machine that keeps the files; the journal is asked through the gate, or read from its own files.
#include "audit/reader.hpp"
#include "base/json.hpp"
#include "programs/sekishoctl/commands.hpp"
#include "programs/sekishoctl/video.hpp"
#include "recording/reader.hpp"
#include "recording/verify.hpp"

#include <memory>

namespace sekisho::ctl {
namespace {

using nlohmann::json;

constexpr const char* kFolder = "/var/lib/sekisho-recordings";
constexpr std::size_t kMostEntries = 100'000;

struct Args {
  std::string directory = kFolder, session, journal, file, by, reason;
  std::vector<std::string> files;
  VideoOptions video;
};
using Shared = std::shared_ptr<Args>;

/// A file of the folder, or one that is named with its place.
struct Opened {
  std::unique_ptr<audit::Disk> disk;  // outlives the file
  std::unique_ptr<audit::File> file;
};

Result<Opened> open_file(const std::string& directory, const std::string& name) {
  const std::size_t slash = name.rfind('/');
  const std::string folder = slash == std::string::npos ? directory : slash == 0 ? "/" : name.substr(0, slash);
  Opened out;
  auto disk = audit::open_posix_disk(folder, audit::Make::no);
  if (!disk) return fail("ctl.unreadable", folder + ": " + disk.error().detail);
  out.disk = std::move(*disk);
  auto file = out.disk->open(slash == std::string::npos ? name : name.substr(slash + 1), audit::Access::read);
  if (!file) return fail("ctl.unreadable", name + ": " + file.error().detail);
  out.file = std::move(*file);
  return out;
}

// --- list

json row_of(const std::string& name, audit::File& file) {
  const auto contents = recording::read_contents(file);
  if (!contents) return {{"file", name}, {"state", "unreadable"}};
  const recording::FileHeader& header = contents->header;
  return {{"file", name},
          {"recording", recording::to_hex(header.id)},
          {"session", header.session},
          {"person", header.person},
          {"target", header.target},
          {"begin", to_rfc3339(contents->begin())},
          {"end", to_rfc3339(contents->end())},
          {"chunks", contents->chunks.size()},
          {"bytes", contents->bytes()},
          {"state", contents->complete ? "complete" : "open_end"}};
}

void list(Session& session, const Args& args) {
  auto disk = audit::open_posix_disk(args.directory, audit::Make::no);
  if (!disk) return session.fails(fail("ctl.unreadable", args.directory + ": " + disk.error().detail));
  std::vector<std::string> names;
  if (!session.take((*disk)->list(), names)) return;
  json rows = json::array();
  for (const std::string& name : names) {
    if (!name.ends_with(".skr")) continue;
    auto file = (*disk)->open(name, audit::Access::read);
    json row = file ? row_of(name, **file) : json{{"file", name}, {"state", "unreadable"}};
    if (!args.session.empty() && row.value("session", std::string()) != args.session) continue;
    rows.push_back(std::move(row));
  }
  if (session.out.json) return session.out.show({{"recordings", rows}});
  session.out.show(rows, {"file", "person", "target", "begin", "end", "bytes", "state"});
}

// --- verify

Result<audit::Entry> entry_of(const json& from) {
  audit::Entry out;
  const auto event = get_string(from, "event", 256), at = get_string(from, "at", 64);
  const auto detail = get_object(from, "detail");
  if (!event || !at || !detail) return fail("ctl.broken", "an entry of the journal");
  const auto instant = parse_rfc3339(*at);
  if (!instant) return fail("ctl.broken", "an entry of the journal");
  out.at = *instant;
  out.event = *event;
  out.detail = **detail;
  return out;
}

/// What the journal says, from its own files or through the gate. false: refused, and shown.
bool read_notes(Session& session, const Args& args, const recording::FileHeader& header, recording::Notes& notes) {
  std::vector<audit::Entry> entries;
  for (const char* event : {"recording.opened", "recording.chunk", "recording.closed"}) {
    if (!args.journal.empty()) {
      audit::Query query;
      query.session = header.session;
      query.event = event;
      query.limit = kMostEntries;
      std::vector<audit::StoredEntry> found;
      if (!session.take(audit::search(args.journal, query), found)) return false;
      for (auto& each : found) entries.push_back(std::move(each.entry));
      continue;
    }
    json result;
    const json params{{"session", header.session}, {"event", event}, {"limit", kMostEntries}};
    if (!session.call("journal.search", params, result)) return false;
    for (const json& each : result.value("entries", json::array())) {
      auto entry = entry_of(each);
      if (!entry) return session.fails(entry.error()), false;
      entries.push_back(std::move(*entry));
    }
  }
  for (const audit::Entry& entry : entries) {
    if (auto done = recording::add_note(notes, header.id, entry); !done) return session.fails(done.error()), false;
  }
  recording::sort_notes(notes);
  return true;
}

/// false: refused, and shown.
bool verify_file(Session& session, const Args& args, audit::File& file, recording::Verification& out) {
  // Of a header that cannot be read nothing is known: it is a finding, and the journal cannot be asked.
  recording::Notes notes;
  recording::Sha256 sha;
  const auto head = file.read_at(0, recording::kHeaderBytes);
  if (!head) return session.fails(head.error()), false;
  const auto header = recording::decode_header(*head, sha);
  if (header && !read_notes(session, args, *header, notes)) return false;
  return session.take(recording::verify(file, notes), out);
}

json findings_of(const recording::Verification& v) {
  json out = json::array();
  for (const recording::Finding& finding : v.findings) {
    out.push_back({{"what", recording::to_string(finding.what)},
                   {"chunk", finding.chunk},
                   {"offset", finding.offset},
                   {"why", finding.why}});
  }
  return out;
}

void verify(Session& session, const Args& args) {
  json all = json::array();
  bool good = true;
  for (const std::string& name : args.files) {
    auto opened = open_file(args.directory, name);
    if (!opened) return session.fails(opened.error());
    recording::Verification v;
    if (!verify_file(session, args, *opened->file, v)) return;
    json row{{"file", name},
             {"ok", v.ok},
             {"closed", v.closed},
             {"chunks", v.chunks},
             {"proved_until", v.chunks == 0 ? json() : json(to_rfc3339(v.proved_until))},
             {"unproved_bytes", v.unproved_bytes}};
    const json findings = findings_of(v);
    good = good && v.ok;
    if (!session.out.json) {
      session.out.show(row);
      if (!v.ok) session.out.show(findings, {"what", "chunk", "offset", "why"});
    }
    row["findings"] = findings;
    all.push_back(std::move(row));
  }
  if (session.out.json) {
    session.out.show({{"ok", good}, {"recordings", all}});
    if (!good) session.exit_code = 1;
    return;
  }
  if (!good) return session.fails(fail("recording.broken"));
  session.out.note({"監査記録と一致することを確認しました。", "It is what the journal says."});
}

// --- export

void export_film(Session& session, const Args& args) {
  auto opened = open_file(args.directory, args.file);
  if (!opened) return session.fails(opened.error());
  const auto contents = recording::read_contents(*opened->file);
  if (!contents) return session.fails(contents.error());
  recording::Verification v;
  if (!verify_file(session, args, *opened->file, v)) return;
  if (!v.ok) {
    const recording::Finding& first = v.findings.front();
    return session.fails(fail("recording.broken", std::string(recording::to_string(first.what)) + ", chunk " +
                                                      std::to_string(first.chunk) + ": " + first.why));
  }
  // The journal has it before a picture leaves; what follows may fail and be tried again, with an entry of its own.
  const recording::FileHeader& header = contents->header;
  json result;
  if (!session.call("recording.export",
                    {{"recording", recording::to_hex(header.id)},
                     {"session", header.session},
                     {"by", args.by},
                     {"format", args.video.format},
                     {"reason", args.reason}},
                    result)) {
    return;
  }
  VideoOptions video = args.video;
  video.title = header.session + " " + header.target + " " + args.by;
  VideoFacts facts;
  if (!session.take(make_video(*opened->file, video), facts)) return;
  session.out.done(
      {"動画を作成しました。持ち出しは監査記録に残りました。", "The film is made; the journal has who took it."},
      {{"file", video.out}, {"frames", facts.frames}, {"plays_s", facts.plays.count() / 1000}});
}

}  // namespace

void add_recording_commands(CLI::App& app, Session& session) {
  auto args = std::make_shared<Args>();
  auto* recordings = app.add_subcommand("recording", "画面の録画 / recordings of screens");
  recordings->require_subcommand(1);
  const auto folder = [&](CLI::App* command) {
    command->add_option("--dir", args->directory, "録画のフォルダ / the recordings' directory")->capture_default_str();
  };
  const auto journal = [&](CLI::App* command) {
    command->add_option("--journal", args->journal,
                        "監査記録のフォルダ（関所に尋ねない） / the journal's directory, instead of asking the gate");
  };

  auto* show = recordings->add_subcommand("list", "一覧 / list");
  folder(show);
  show->add_option("--session", args->session, "セッション番号 / session number");
  on(show, session, [&session, args] { list(session, *args); });

  auto* check = recordings->add_subcommand("verify", "監査記録との照合 / hold it against the journal");
  check->add_option("files", args->files, "録画ファイル / recordings")->required();
  folder(check);
  journal(check);
  on(check, session, [&session, args] { verify(session, *args); });

  auto* out =
      recordings->add_subcommand("export", "動画にして持ち出す（監査者のみ） / a film of it, for auditors alone");
  out->add_option("file", args->file, "録画ファイル / the recording")->required();
  out->add_option("--out", args->video.out, "動画のファイル / the film's file")->required();
  out->add_option("--by", args->by, "持ち出す監査者の識別子 / id of the auditor who takes it")->required();
  out->add_option("--reason", args->reason, "理由 / reason")->required();
  out->add_option("--format", args->video.format, "webm, mp4")
      ->check(CLI::IsMember({"webm", "mp4"}))
      ->capture_default_str();
  out->add_option("--fps", args->video.frames_per_second, "毎秒のコマ数 / frames a second")
      ->check(CLI::Range(1, 25))
      ->capture_default_str();
  out->add_option("--ffmpeg", args->video.ffmpeg, "ffmpeg の場所 / the ffmpeg to use")->capture_default_str();
  folder(out);
  journal(out);
  on(out, session, [&session, args] { export_film(session, *args); });
}

}  // namespace sekisho::ctl
