// What `./dev sim` promises to whoever runs it: the figures of --json, the same bytes for the same seeds, a week that
// can be told again, and an exit code that says whether something was found.
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

namespace sekisho::sim {
namespace {

struct Ran {
  int code = -1;
  std::string said;  ///< on both outputs
};

Ran run(const std::string& arguments) {
  Ran out;
  FILE* const pipe = ::popen((std::string(SEKISHO_SIM) + " " + arguments + " 2>&1").c_str(), "re");
  if (pipe == nullptr) return out;
  std::array<char, 4096> piece{};
  for (std::size_t size = 0; (size = std::fread(piece.data(), 1, piece.size(), pipe)) > 0;) {
    out.said.append(piece.data(), size);
  }
  const int status = ::pclose(pipe);
  out.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return out;
}

nlohmann::json figures(const std::string& arguments) {
  const std::string file =
      std::filesystem::temp_directory_path() / ("sim_program_test_" + std::to_string(::getpid()) + ".json");
  const Ran ran = run(arguments + " --json " + file);
  EXPECT_EQ(ran.code, 0) << ran.said;
  std::ifstream in(file);
  auto out = nlohmann::json::parse(in, nullptr, false);
  std::filesystem::remove(file);
  return out;
}

TEST(SimProgram, WritesItsFiguresAndTheSameJournalForTheSameSeeds) {
  const auto once = figures("--seeds 3"), again = figures("--seeds 3"), others = figures("--seeds 3 --first-seed 4");
  ASSERT_TRUE(once.is_object());
  EXPECT_EQ(once.at("violations"), 0);
  EXPECT_GT(once.at("sessions_per_s").get<std::uint64_t>(), 0u);
  EXPECT_EQ(once.at("journal_sha256").get<std::string>().size(), 64u);
  EXPECT_EQ(once.at("journal_sha256"), again.at("journal_sha256"));
  EXPECT_EQ(once.at("sessions"), again.at("sessions"));
  EXPECT_NE(once.at("journal_sha256"), others.at("journal_sha256"));
}

TEST(SimProgram, TellsAWeekAgainByteForByte) {
  const Ran once = run("--replay 5"), again = run("--replay 5");
  EXPECT_EQ(once.code, 0);
  EXPECT_EQ(once.said, again.said);
  EXPECT_NE(once.said.find("session.granted"), std::string::npos);
  EXPECT_NE(once.said.find(" journal "), std::string::npos);
}

TEST(SimProgram, FailsForWhatIsFoundAndSaysHowToSeeIt) {
  const Ran found = run("--seeds 40 --flaw late_end");
  EXPECT_EQ(found.code, 1);
  EXPECT_NE(found.said.find("VIOLATION late"), std::string::npos);
  EXPECT_NE(found.said.find("replay: ./dev sim --replay "), std::string::npos);
  EXPECT_NE(found.said.find(" --flaw late_end"), std::string::npos);
}

}  // namespace
}  // namespace sekisho::sim
