// Recordings from the shell: against a real gate and its journal; films by the real ffmpeg where there is one.
#include "pki/files.hpp"
#include "programs/sekishoctl/testing/gatehouse.hpp"
#include "programs/sekishoctl/video.hpp"
#include "recording/testing/stage.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace sekisho::ctl {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using recording::RecordingStage;
using std::chrono::milliseconds;
using testing::Gatehouse;

struct RecordingCommands : ::testing::Test {
  void SetUp() override {
    fs::create_directory(folder());
    stage.fill(0, 0, 320, 200, 0x2040C0);
    for (std::uint16_t i = 0; i < 20; ++i) {
      stage.fill(static_cast<std::uint16_t>(10 * i), 20, 8, 8, 0xFFFF00);
      stage.recorder->pointer(stage.now, {static_cast<std::uint16_t>(10 * i), 100, 0});
      stage.pass(milliseconds(900));
    }
    stage.fill(0, 0, 320, 200, 0xC02010);
    stage.pass(Seconds(60));
    stage.close();
    file = stage.file->name();
    keep(stage.bytes());
    house.journal_all(stage.journal);
  }
  [[nodiscard]] std::string folder() const { return house.folder() + "/recordings"; }
  void keep(const std::string& bytes) const {
    std::ofstream(folder() + "/" + file, std::ios::binary | std::ios::trunc) << bytes;
  }
  json ctl(const std::string& line, int status = 0) {
    const auto done = house.shell("sekishoctl --json recording " + line);
    EXPECT_EQ(done.status, status) << line << "\n" << done.out << done.err;
    return json::parse(done.out, nullptr, false);
  }
  std::string code(const std::string& line) {
    const json answer = ctl(line, 1);
    return answer.is_object() && answer.contains("error") ? answer["error"].value("code", "") : "";
  }
  json journalled(const std::string& event) {
    return json::parse(house.shell("sekishoctl --json journal search --event " + event).out)["entries"];
  }
  Gatehouse house;
  RecordingStage stage;
  std::string file;
};

bool have_ffmpeg() {
  return std::system("ffmpeg -version >/dev/null 2>&1 && ffprobe -version >/dev/null 2>&1") == 0;
}

TEST_F(RecordingCommands, EntriesThatHoldNothingAreShownAndInNobodysWay) {
  std::vector<audit::Entry> empty;
  for (const char* event : {"recording.opened", "recording.chunk", "recording.closed", ""}) {
    audit::Entry entry;
    entry.at = stage.now;
    entry.event = event;
    entry.session = stage.header.session;
    empty.push_back(std::move(entry));
  }
  house.journal_all(empty);
  const json verified = ctl("verify --dir recordings " + file);
  EXPECT_TRUE(verified["ok"]) << verified;
  const json found = json::parse(house.shell("sekishoctl --json journal search --session " + stage.header.session).out);
  std::size_t shown = 0;
  for (const json& each : found["entries"]) shown += each["detail"] == json::object() ? 1 : 0;
  EXPECT_EQ(shown, 4U);
  const auto table = house.shell("sekishoctl journal search --session " + stage.header.session);
  EXPECT_EQ(table.status, 0) << table.err;
  // A heading and a line for each: none is left out.
  EXPECT_EQ(static_cast<std::size_t>(std::ranges::count(table.out, '\n')), found["entries"].size() + 1) << table.out;
}

TEST_F(RecordingCommands, TheListShowsWhatThereIs) {
  std::ofstream(folder() + "/broken.skr") << "x";
  std::ofstream(folder() + "/other.txt") << "x";
  const json rows = ctl("list --dir recordings")["recordings"];
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0]["file"], file);
  EXPECT_EQ(rows[0]["person"], "mori");
  EXPECT_EQ(rows[0]["target"], "web-01");
  EXPECT_EQ(rows[0]["state"], "complete");
  EXPECT_EQ(rows[0]["end"], to_rfc3339(stage.now));
  EXPECT_EQ(rows[1]["state"], "unreadable");
  EXPECT_EQ(ctl("list --dir recordings --session S20261122-1-000042")["recordings"].size(), 1U);
  EXPECT_TRUE(ctl("list --dir recordings --session S20261122-1-000043")["recordings"].empty());
  EXPECT_EQ(code("list --dir nowhere"), "ctl.unreadable");
  EXPECT_NE(house.shell("sekishoctl recording list --dir recordings", "ja").out.find("完了"), std::string::npos);
}

TEST_F(RecordingCommands, AGoodRecordingVerifiesThroughTheGateAndFromTheJournalsFiles) {
  for (const char* how : {"", " --journal journal"}) {
    const json good = ctl("verify --dir recordings " + file + how);
    EXPECT_TRUE(good["ok"].get<bool>()) << good;
    EXPECT_TRUE(good["recordings"][0]["closed"].get<bool>());
    EXPECT_EQ(good["recordings"][0]["chunks"], stage.recorder->chunks_durable());
  }
  ctl("verify recordings/" + file);
  EXPECT_EQ(code("verify --dir recordings nothing.skr"), "ctl.unreadable");
}

TEST_F(RecordingCommands, AChangedRecordingIsToldWithItsChunk) {
  const auto notes = stage.notes();
  std::string bytes = stage.bytes();
  bytes[notes.chunks[2].offset + 130] ^= 1;
  keep(bytes);
  const json bad = ctl("verify --dir recordings " + file, 1);
  EXPECT_FALSE(bad["ok"].get<bool>());
  ASSERT_EQ(bad["recordings"][0]["findings"].size(), 1U) << bad;
  EXPECT_EQ(bad["recordings"][0]["findings"][0]["what"], "changed");
  EXPECT_EQ(bad["recordings"][0]["findings"][0]["chunk"], 3);
  const auto said = house.shell("sekishoctl recording verify --dir recordings " + file, "ja");
  EXPECT_EQ(said.status, 1);
  EXPECT_NE(said.out.find("改変"), std::string::npos) << said.out;
  EXPECT_NE(said.err.find("recording.broken"), std::string::npos);
}

TEST_F(RecordingCommands, AForgedHeaderDoesNotVerify) {
  recording::Sha256 sha;
  recording::FileHeader forged = stage.header;
  forged.session = "S20261122-1-000099";
  std::string bytes = stage.bytes();
  bytes.replace(0, recording::kHeaderBytes, recording::encode_header(forged, sha));
  keep(bytes);
  EXPECT_FALSE(ctl("verify --dir recordings " + file, 1)["ok"].get<bool>());
  bytes[20] ^= 1;
  keep(bytes);
  EXPECT_FALSE(ctl("verify --dir recordings " + file, 1)["ok"].get<bool>());
}

TEST_F(RecordingCommands, OnlyAnAuditorInForceTakesOneOutAndTheJournalHasEveryTry) {
  const std::string line = "export --dir recordings " + file + " --reason drill --out film.webm --by ";
  for (const char* who : {"yama", "mori", "nobody"}) {
    EXPECT_EQ(code(line + who), "recording.not_auditor") << who;
    EXPECT_FALSE(fs::exists(house.folder() + "/film.webm"));
  }
  ASSERT_EQ(journalled("recording.export_refused").size(), 3U);
  EXPECT_EQ(journalled("recording.export_refused")[0]["detail"]["by"], "yama");
  EXPECT_EQ(journalled("recording.export_refused")[0]["result"], "refused");
  EXPECT_TRUE(journalled("recording.exported").empty());
  // His right ends with him.
  ASSERT_EQ(house.shell("sekishoctl person end kato").status, 0);
  EXPECT_EQ(code(line + "kato"), "recording.not_auditor");
}

TEST_F(RecordingCommands, ADamagedRecordingIsNotTakenOut) {
  std::string bytes = stage.bytes();
  bytes[bytes.size() / 2] ^= 1;
  keep(bytes);
  EXPECT_EQ(code("export --dir recordings " + file + " --reason drill --out film.webm --by kato"), "recording.broken");
  EXPECT_FALSE(fs::exists(house.folder() + "/film.webm"));
  EXPECT_TRUE(journalled("recording.exported").empty());
}

TEST_F(RecordingCommands, AFilmShowsWhatWasRecorded) {
  if (!have_ffmpeg()) GTEST_SKIP() << "no ffmpeg here";
  for (const std::string format : {"webm", "mp4"}) {
    const std::string film = house.folder() + "/film." + format;
    const json done =
        ctl("export --dir recordings " + file + " --reason drill --by kato --format " + format + " --out " + film);
    ASSERT_TRUE(done.value("ok", false)) << done;
    // 18 s of work, the last picture for a pause of 2 s: at 5 a second.
    EXPECT_GE(done["frames"], 95);
    EXPECT_LE(done["frames"], 106);
    struct stat status {};
    ASSERT_EQ(::stat(film.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600U);
    EXPECT_FALSE(fs::exists(film + ".part"));
    const auto probed = house.shell(
        "ffprobe -v error -count_frames -show_entries stream=nb_read_frames,width,height -of csv=p=0 " + film);
    EXPECT_EQ(probed.out, "320,224," + done["frames"].dump() + "\n") << probed.err;
    // The first picture is blue, the last one red, within what lossy coding leaves.
    for (const bool last : {false, true}) {
      const std::string seek = last ? "-sseof -0.5 " : "";
      const auto decoded =
          house.shell("ffmpeg -v error -y " + seek + "-i " + film + " -frames:v 1 -f rawvideo -pix_fmt rgb24 pixels");
      ASSERT_EQ(decoded.status, 0) << decoded.err;
      const std::string pixels = *pki::read_file(house.folder() + "/pixels");
      ASSERT_EQ(pixels.size(), 320U * 224 * 3);
      const auto channel = [&](std::size_t c) { return static_cast<unsigned char>(pixels[3 * (320 * 150 + 300) + c]); };
      EXPECT_NEAR(channel(0), last ? 0xC0 : 0x20, 24) << format << last;
      EXPECT_NEAR(channel(2), last ? 0x10 : 0xC0, 24) << format << last;
    }
    EXPECT_EQ(code("export --dir recordings " + file + " --reason drill --by kato --out " + film), "video.exists");
  }
  const json entries = journalled("recording.exported");
  ASSERT_GE(entries.size(), 2U);
  EXPECT_EQ(entries[0]["person"], "kato");
  EXPECT_EQ(entries[0]["detail"]["reason"], "drill");
  EXPECT_EQ(entries[0]["session"], stage.header.session);
}

TEST_F(RecordingCommands, AnFfmpegThatIsMissingOrFailsLeavesNothingBehind) {
  std::ofstream(house.folder() + "/fails") << "#!/bin/sh\nexit 3\n";
  fs::permissions(house.folder() + "/fails", fs::perms::owner_all);
  const std::string line = "export --dir recordings " + file + " --reason drill --by kato --out film.webm --ffmpeg ";
  EXPECT_EQ(code(line + "/nowhere/ffmpeg"), "video.no_ffmpeg");
  EXPECT_EQ(code(line + "./fails"), "video.failed");
  EXPECT_FALSE(fs::exists(house.folder() + "/film.webm"));
  EXPECT_FALSE(fs::exists(house.folder() + "/film.webm.part"));
}

TEST(Video, GivesFfmpegTheCommandThatWasMeantAndEveryFrame) {
  // A child that keeps its words and counts its bytes, in place of ffmpeg.
  std::string folder = (fs::temp_directory_path() / "sekisho-video-XXXXXX").string();
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  std::ofstream(folder + "/fake") << "#!/bin/sh\nprintf '%s\\n' \"$@\" > " + folder + "/words\nwc -c > " + folder +
                                         "/bytes\nfor last; do :; done\ntouch \"${last#file:}\"\n";
  fs::permissions(folder + "/fake", fs::perms::owner_all);
  RecordingStage stage(101, 51);
  stage.fill(0, 0, 101, 51, 0x010203);
  stage.pass(Seconds(100));
  stage.close();
  VideoOptions options;
  options.ffmpeg = folder + "/fake";
  options.out = folder + "/-film http:";
  const auto opened = stage.open();
  const auto facts = make_video(*opened, options);
  ASSERT_TRUE(facts) << facts.error().code << facts.error().detail;
  EXPECT_EQ(facts->width, 102U);
  EXPECT_EQ(facts->height % 2, 0U);
  EXPECT_LE(facts->frames, 12U) << "a pause of 100 s shows as one of 2 s";
  EXPECT_GE(facts->frames, 10U);
  EXPECT_EQ(std::stoul(*pki::read_file(folder + "/bytes")), facts->frames * 3 * facts->width * facts->height);
  const std::string words = *pki::read_file(folder + "/words");
  EXPECT_NE(words.find("\n102x" + std::to_string(facts->height) + "\n"), std::string::npos) << words;
  EXPECT_NE(words.find("\nfile:" + options.out + ".part\n"), std::string::npos) << words;
  EXPECT_TRUE(fs::exists(options.out));
  fs::remove_all(folder);
}

}  // namespace
}  // namespace sekisho::ctl
