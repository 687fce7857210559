#include "base/log.hpp"

#include "base/events.hpp"
#include "base/json.hpp"
#include "base/testing/memory_log.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include <type_traits>

namespace sekisho {
namespace {

constexpr Event kTried{"test.tried", Level::info, {"試験", "A test."}, {"who", "count", "good", "share"}};

std::string only_line(MemoryLog& log) {
  EXPECT_EQ(log.lines.size(), 1u);
  return log.lines.at(0);
}

TEST(Log, WritesOneJsonObjectWithEveryDeclaredField) {
  MemoryLog log;
  log.event(kTried, {{"who", "mori"}, {"count", std::uint64_t{3}}, {"good", true}, {"share", 0.5}});
  const auto line = parse_json(only_line(log)).value();
  EXPECT_EQ(line.dump(), R"({"at":"1970-01-01T00:00:00.000000Z","count":3,"event":"test.tried","good":true,)"
                         R"("level":"info","program":"test","share":0.5,"who":"mori"})");
}

TEST(Log, ASecretIsNoField) {
  static_assert(!std::is_constructible_v<LogField, std::string_view, Secret&>);
  static_assert(!std::is_constructible_v<LogField, std::string_view, const Secret&>);
  static_assert(std::is_constructible_v<LogField, std::string_view, const std::string&>);
  MemoryLog log;
  log.event(kTried, {{"password", "hunter2"}});
  EXPECT_EQ(only_line(log).find("hunter2"), std::string::npos) << "an undeclared field's value stays away";
  EXPECT_NE(only_line(log).find(R"("undeclared_field":"password")"), std::string::npos);
}

TEST(Log, NoTextCanBreakALineOrTurnIt) {
  MemoryLog log;
  for (const char* evil : {"a\nb", "a\rb", "\x1b[2J", "\x7f", "\u0085", "\u2028", "\u2029",
                           "\u202e"
                           "gpj.exe",
                           "\u2066x\u2069", "\u200e", "\ufeff", "\u061c", "\xff\xfe", "\",\"event\":\"forged"}) {
    log.lines.clear();
    log.event(kTried, {{"who", evil}});
    const std::string line = only_line(log);
    for (const char* raw : {"\n", "\r", "\x1b", "\x7f", "\u0085", "\u2028", "\u2029", "\u202e", "\u2066", "\u2069",
                            "\u200e", "\ufeff", "\u061c", "\xff"}) {
      EXPECT_EQ(line.find(raw), std::string::npos) << line;
    }
    const auto parsed = parse_json(line);
    ASSERT_TRUE(parsed) << line;
    EXPECT_EQ((*parsed)["event"], "test.tried");
  }
}

TEST(Log, JapaneseStaysReadable) {
  MemoryLog log;
  log.event(kTried, {{"who", "関所"}});
  EXPECT_NE(only_line(log).find("関所"), std::string::npos);
}

TEST(Log, CutsLongTextBetweenCharacters) {
  MemoryLog log;
  std::string text(1023, 'x');
  text += "関所";
  log.event(kTried, {{"who", text}});
  EXPECT_EQ(parse_json(only_line(log)).value()["who"], std::string(1023, 'x') + "...");
}

TEST(Log, KeepsQuietBelowItsLevel) {
  MemoryLog log(Level::warning);
  log.event(kTried);
  log.plugin_event("p", "p.said", nlohmann::json::object());
  EXPECT_TRUE(log.lines.empty());
}

TEST(Log, APluginsWordsAreMarkedAsItsOwn) {
  MemoryLog log;
  log.plugin_event("email_code", "email_code.sent", {{"event", "session.granted"}});
  const auto line = parse_json(only_line(log)).value();
  EXPECT_EQ(line["event"], "plugin.says");
  EXPECT_EQ(line["plugin"], "email_code");
  EXPECT_EQ(line["fields"]["event"], "session.granted");
  log.lines.clear();
  log.plugin_event("p", "p.big", {{"x", std::string(5000, 'x')}});
  EXPECT_LT(only_line(log).size(), 500u);
}

struct Pipe {
  Pipe() { EXPECT_EQ(pipe(ends), 0); }
  ~Pipe() {
    for (const int end : ends) {
      if (end >= 0) close(end);
    }
  }
  std::string read_all() {
    close(ends[1]);
    ends[1] = -1;
    std::string out;
    char buffer[65536];
    for (ssize_t n = 0; (n = read(ends[0], buffer, sizeof buffer)) > 0;)
      out.append(buffer, static_cast<std::size_t>(n));
    return out;
  }
  int ends[2]{-1, -1};
};

TEST(Log, TheBackgroundWriterLosesNothingAtTheEnd) {
  Pipe pipe;
  {
    const auto log = make_log({.program = "test", .fd = pipe.ends[1]});
    for (int i = 0; i < 100; ++i) log->event(kTried, {{"count", i}});
  }
  const std::string out = pipe.read_all();
  EXPECT_EQ(std::count(out.begin(), out.end(), '\n'), 100);
}

TEST(Log, AStuckReaderCostsOldLinesAndNeverTheCaller) {
  Pipe pipe;
  ASSERT_GT(fcntl(pipe.ends[1], F_SETPIPE_SZ, 4096), 0);
  std::string out;
  {
    const auto log = make_log({.program = "test", .fd = pipe.ends[1], .queue = 16});
    const std::string text(500, 'x');
    // Nobody reads: pipe and queue are full after some 25 lines; these calls return all the same.
    for (int i = 0; i < 200; ++i) log->event(kTried, {{"who", text}});
    log->event(kTried, {{"who", "last"}});
    std::string& sink = out;
    // Let the writer end: read what there is until the last line has come.
    char buffer[4096];
    while (sink.find("\"last\"") == std::string::npos) {
      const ssize_t n = read(pipe.ends[0], buffer, sizeof buffer);
      ASSERT_GT(n, 0);
      sink.append(buffer, static_cast<std::size_t>(n));
    }
  }
  EXPECT_NE(out.find("log.dropped"), std::string::npos);
  EXPECT_LT(std::count(out.begin(), out.end(), '\n'), 100);
}

}  // namespace
}  // namespace sekisho
