// Fuzz: a file that anybody may have written is opened, walked, played and verified. The first byte says how: as it
// is, or with its sums made right, so that what lies behind them is reached.
#include "recording/bytes.hpp"
#include "recording/player.hpp"
#include "recording/verify.hpp"

#include <algorithm>
#include <cstdlib>
#include <set>

namespace {

using namespace sekisho;
using namespace sekisho::recording;

/// A file of bytes that are only read.
class Bytes : public audit::File {
 public:
  explicit Bytes(std::string bytes) : bytes_(std::move(bytes)) {}
  Result<void> write_at(std::uint64_t, std::string_view) override { return fail("fuzz.read_only"); }
  Result<void> sync() override { return fail("fuzz.read_only"); }
  Result<std::string> read_at(std::uint64_t offset, std::size_t size) override {
    return offset >= bytes_.size() ? std::string() : bytes_.substr(offset, size);
  }
  Result<std::uint64_t> size() override { return static_cast<std::uint64_t>(bytes_.size()); }
  Result<void> truncate(std::uint64_t) override { return fail("fuzz.read_only"); }

 private:
  std::string bytes_;
};

/// Header and chunks get the sums that belong to them, and chunks the header's id.
std::string with_sums(std::string bytes) {
  if (bytes.size() < kHeaderBytes) return bytes;
  Sha256 sha;
  const auto replace = [&](std::size_t at, std::string_view by) { bytes.replace(at, by.size(), by); };
  replace(kHeaderBytes - sizeof(Hash), view(sha({std::string_view(bytes).substr(0, kHeaderBytes - sizeof(Hash))})));
  std::size_t at = kHeaderBytes;
  while (bytes.size() - at >= kChunkHeaderBytes + kFooterBytes) {
    const std::size_t length = get<std::uint32_t>(bytes, at + 4);
    if (length < kChunkHeaderBytes + kFooterBytes || length > bytes.size() - at) break;
    replace(at + 48, std::string(bytes, 16, 16));
    const std::size_t footer = at + length - kFooterBytes;
    replace(footer, view(sha({std::string_view(bytes).substr(at, length - kFooterBytes)})));
    replace(footer + sizeof(Hash), std::string(bytes, at + 4, 4) + "CRKS");
    at += length;
  }
  return bytes;
}

void play(audit::File& file) {
  auto player = Player::open(file);
  if (!player) return;
  const Contents& contents = (*player)->contents();
  std::uint64_t offset = kHeaderBytes;
  for (const ChunkInfo& chunk : contents.chunks) {
    if (chunk.offset != offset || chunk.end < chunk.begin) std::abort();
    offset += chunk.length;
  }
  if (offset > *file.size()) std::abort();
  // A hostile chunk may ask for the largest screen with every whole picture: a few are enough to see.
  Instant last{};
  for (int steps = 0; steps < 64; ++steps) {
    const auto moment = (*player)->step();
    if (!moment || !*moment) break;
    if ((*moment)->at < last) std::abort();
    last = (*moment)->at;
  }
  const auto half = contents.begin() + (contents.end() - contents.begin()) / 2;
  for (const Instant to : {half, contents.end()}) static_cast<void>((*player)->seek(to));
}

void check(audit::File& file) {
  // Held against its own hashes, each chunk of a file that reads is good or has contents without sense, which is told;
  // and against none it is not.
  const auto contents = read_contents(file);
  Notes notes;
  const auto alone = verify(file, notes);
  if (!alone || alone->ok || alone->chunks != 0) std::abort();
  if (!contents || contents->chunks.size() > 1000) return;
  notes.header = contents->header_hash;
  Sha256 sha;
  for (const ChunkInfo& chunk : contents->chunks) {
    const auto loaded = load_chunk(file, contents->header, chunk, sha);
    if (!loaded) return;
    notes.chunks.push_back({chunk.number, chunk.offset, chunk.length, chunk.begin, chunk.end, loaded->hash});
  }
  sort_notes(notes);
  const auto own = verify(file, notes);
  if (!own) std::abort();
  std::set<std::uint64_t> senseless;
  for (const Finding& finding : own->findings) {
    if (finding.what == Damage::contents) senseless.insert(finding.chunk);
  }
  if (own->findings.size() < kMaxFindings && own->chunks + senseless.size() != contents->chunks.size()) std::abort();
  if (own->ok && !senseless.empty()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] % 2 == 1) bytes = with_sums(std::move(bytes));
  Bytes file(std::move(bytes));
  play(file);
  check(file);
  return 0;
}
