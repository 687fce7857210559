#include "recording/file.hpp"

#include <algorithm>

namespace sekisho::recording {

std::string file_name(const FileHeader& header) {
  std::string out = header.session.empty() ? "unknown" : header.session;
  const auto plain = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
  };
  std::ranges::replace_if(
      out, [&](char c) { return !plain(c); }, '_');
  return out + "-" + to_hex(header.id).substr(0, 16) + ".skr";
}

Result<std::unique_ptr<RecordingFile>> RecordingFile::create(audit::Disk& disk, const FileHeader& header,
                                                             std::uint32_t reserve_percent) {
  auto space = disk.space();
  if (!space) return space.error();
  if (space->free < space->total / 100 * reserve_percent) return fail("audit.full", "less than the reserve is free");
  Sha256 sha;
  const std::string bytes = encode_header(header, sha);
  std::unique_ptr<RecordingFile> out(new RecordingFile);
  out->name_ = file_name(header);
  out->header_hash_ = recording::header_hash(bytes, sha);
  auto file = disk.create(out->name_);
  if (!file) return file.error();
  out->file_ = std::move(*file);
  if (auto done = out->file_->write_at(0, bytes); !done) return done.error();
  if (auto done = out->file_->sync(); !done) return done.error();
  if (auto done = disk.sync_names(); !done) return done.error();
  return out;
}

Result<void> RecordingFile::append(const Chunk& chunk) {
  // The same place again after an error: a lost page is written anew before the next sync.
  if (auto done = file_->write_at(chunk.info.offset, chunk.bytes); !done) return done;
  return file_->sync();
}

}  // namespace sekisho::recording
