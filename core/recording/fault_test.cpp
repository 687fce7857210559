// The disk fails at any call, is full, loses power, or the writer is killed: what the journal knows stays provable, at
// most ten seconds are lost, and nothing goes on unrecorded (T-63). SEKISHO_KILLS says how many kills.
#include "base/testing/environment.hpp"
#include "recording/testing/stage.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>

namespace sekisho::recording {
namespace {

using std::chrono::milliseconds;
using State = Recorder::State;

void work(RecordingStage& stage, int steps) {
  for (int i = 0; i < steps && stage.recorder->state() == State::recording; ++i) {
    stage.noise(static_cast<std::uint16_t>(stage.chance() % 200), 0, 40, 30);
    stage.pass(milliseconds(400));
  }
}

std::string said(const Verification& v) {
  std::string out;
  for (const auto& finding : v.findings) out += std::string(to_string(finding.what)) + " " + finding.why + "; ";
  return out;
}

}  // namespace

TEST(RecordingFaults, AnyFailingCallIsGotOverOrEndsTheRecordingAndLosesNothingJournalled) {
  int ended = 0, went_on = 0;
  for (const std::uint64_t count : {std::uint64_t{1}, std::uint64_t{5}, std::uint64_t{1'000'000}}) {
    for (const char* code : {"audit.unwritable", "audit.full"}) {
      for (std::uint64_t skip = 0; skip < 24; ++skip) {
        const std::string story = std::string(code) + " x" + std::to_string(count) + " after " + std::to_string(skip);
        RecordingStage stage;
        stage.disk.fail_after(skip, count, fail(code, "test"));
        const Instant begin = stage.now;
        work(stage, 120);  // 48 s, nine chunks
        if (stage.recorder->state() == State::recording) {
          ++went_on;
          stage.close();
          EXPECT_TRUE(stage.canvas.shown_by(stage.recorder->screen()));
        } else {
          ++ended;
          ASSERT_EQ(stage.recorder->failure()->code, "recording.stalled") << story;
          ASSERT_NE(stage.recorder->failure()->detail.find(code), std::string::npos) << story;
          ASSERT_LE(stage.now - stage.recorder->durable_until(), Seconds(10) + milliseconds(400)) << story;
        }
        ASSERT_EQ(stage.now > begin, true);
        const auto mended = stage.check();
        ASSERT_TRUE(mended.ok) << story << ": " << said(mended);
        // And after a power cut: every chunk in the journal was synced before.
        stage.disk.heal();
        stage.disk.crash();
        const auto cut = stage.check();
        ASSERT_TRUE(cut.ok) << story << ", after a power cut: " << said(cut);
        ASSERT_EQ(cut.chunks, stage.recorder->chunks_durable()) << story;
      }
    }
  }
  EXPECT_GT(ended, 30) << "the faults must bite";
  EXPECT_GT(went_on, 40);
}

TEST(RecordingFaults, ASyncThatLiesIsFoundByTheJournal) {
  // The test of the test above: a disk that keeps nothing must not verify after a power cut.
  RecordingStage stage;
  stage.disk.lose_syncs(true);
  work(stage, 60);
  stage.disk.crash();
  const auto v = stage.check();
  EXPECT_FALSE(v.ok);
}

TEST(RecordingFaults, AFileThatCannotBeBegunIsAnErrorAtOnce) {
  for (std::uint64_t skip = 0; skip < 4; ++skip) {
    audit::MemoryDisk disk;
    disk.fail_after(skip, 1, fail("audit.unwritable", "EROFS"));
    const auto made = RecordingFile::create(disk, test_header());
    ASSERT_FALSE(made) << skip;
    EXPECT_EQ(made.error().code, "audit.unwritable");
  }
}

TEST(RecordingFaults, BelowTheReserveNothingNewBeginsAndWhatRunsGoesOn) {
  RecordingStage stage;
  work(stage, 20);
  stage.disk.set_space({std::uint64_t{100} << 20, std::uint64_t{4} << 20});
  const auto refused = RecordingFile::create(stage.disk, test_header(5));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "audit.full");
  work(stage, 60);
  EXPECT_EQ(stage.recorder->state(), State::recording);
  stage.disk.set_space({std::uint64_t{100} << 20, std::uint64_t{6} << 20});
  EXPECT_TRUE(RecordingFile::create(stage.disk, test_header(5)));
}

TEST(RecordingFaults, AFileIsNeverWrittenOver) {
  RecordingStage stage;
  work(stage, 20);
  const std::string before = stage.bytes();
  const auto again = RecordingFile::create(stage.disk, stage.header);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, "audit.exists");
  EXPECT_EQ(stage.bytes(), before);
}

TEST(RecordingFaults, FileNamesAreOnePlainName) {
  FileHeader header = test_header(0xAB);
  EXPECT_EQ(file_name(header), "S20261122-1-000042-abababababababab.skr");
  header.session = "../../etc/passwd";
  EXPECT_EQ(file_name(header), "______etc_passwd-abababababababab.skr");
  header.session.clear();
  EXPECT_EQ(file_name(header), "unknown-abababababababab.skr");
}

namespace {

/// What the child has had acknowledged, told through a pipe in the order of a journal.
struct Told {
  std::int64_t now = 0;  ///< us; the child's own time
  ChunkNote note;        ///< number 0: only the time
};

/// Records a busy screen in a time of its own until it is killed.
[[noreturn]] void record_until_killed(const std::string& folder, const FileHeader& header, int pipe) {
  const auto tell = [pipe](const Told& told) {
    if (::write(pipe, &told, sizeof told) != sizeof told) ::_exit(4);
  };
  auto disk = audit::open_posix_disk(folder, audit::Make::no);
  if (!disk) ::_exit(3);
  auto file = RecordingFile::create(**disk, header, 0);
  if (!file) ::_exit(3);
  TilePacker packer;
  Recorder recorder({}, packer, header, (*file)->header_hash(), 320, 200);
  Canvas canvas(320, 200);
  std::mt19937 chance(1);
  Instant now = header.started_at;
  for (;;) {
    now += milliseconds(50);
    if (chance() % 4 == 0) {
      const auto pixels = canvas.noise(0, 0, 200, 100, chance);
      recorder.rectangle({now, 0, 0, 200, 100, pixels});
    }
    recorder.tick(now);
    tell({now.time_since_epoch().count(), {}});
    while (const Chunk* chunk = recorder.next_chunk(now)) {
      const auto end = (*file)->append(*chunk);
      if (end) tell({now.time_since_epoch().count(), note_of(*chunk)});
      recorder.durable(now, end);
    }
    if (recorder.state() != State::recording) ::_exit(5);
  }
}

}  // namespace

TEST(RecordingFaults, AKilledWriterLosesAtMostTenSecondsAndWhatIsKeptVerifies) {
  const std::uint32_t kills = number_from_environment("SEKISHO_KILLS", 12, 1);
  std::string folder = (std::filesystem::temp_directory_path() / "sekisho-recording-XXXXXX").string();
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  std::mt19937 chance(2);
  for (std::uint32_t i = 0; i < kills; ++i) {
    const FileHeader header = test_header(static_cast<std::uint8_t>(i + 1));
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      ::close(ends[0]);
      record_until_killed(folder, header, ends[1]);
    }
    ::close(ends[1]);
    Notes notes;
    Told told;
    std::int64_t last = 0;
    const auto hear = [&] {
      if (::read(ends[0], &told, sizeof told) != sizeof told) return false;
      last = told.now;
      if (told.note.number != 0) notes.chunks.push_back(told.note);
      return true;
    };
    const std::uint64_t wanted = 120 + chance() % 600;
    for (std::uint64_t n = 0; n < wanted; ++n) ASSERT_TRUE(hear());
    ASSERT_EQ(::kill(child, SIGKILL), 0);
    while (hear()) {
    }
    ::close(ends[0]);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << WEXITSTATUS(status);

    const auto disk = audit::open_posix_disk(folder, audit::Make::no).value();
    const auto file = disk->open(file_name(header), audit::Access::read).value();
    const auto contents = read_contents(*file).value();
    notes.header = contents.header_hash;
    sort_notes(notes);
    const auto v = verify(*file, notes).value();
    ASSERT_TRUE(v.ok) << said(v);
    ASSERT_FALSE(v.closed);
    ASSERT_GT(v.chunks, 0U);
    const Instant killed{std::chrono::microseconds(last)};
    ASSERT_LE(killed - v.proved_until, Seconds(10));
    auto player = Player::open(*file).value();
    ASSERT_TRUE(player->seek(v.proved_until));
  }
  std::filesystem::remove_all(folder);
}

}  // namespace sekisho::recording
