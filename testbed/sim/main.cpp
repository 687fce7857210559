// sekisho-sim: random weeks of a prefecture, one seed each.
//
//   sekisho-sim --seeds N [--first-seed K] [--json FILE]     {"sessions_per_s","violations","journal_sha256",…}
//   sekisho-sim --replay SEED                                the same week again, every line of it
//
// Exit code 1 when a seed violated an invariant; its last events are printed, and how to replay it.
#include "model_signatures.hpp"
#include "world.hpp"

#include <CLI/CLI.hpp>
#include <malloc.h>
#include <nlohmann/json.hpp>
#include <time.h>

#include <cstdio>
#include <fstream>
#include <map>
#include <optional>
#include <string>

namespace {

using namespace sekisho::sim;

double cpu_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

void show(const WeekResult& week, const std::string& flaw) {
  for (const Violation& v : week.violations) {
    std::fprintf(stderr, "seed %llu: %s at %s: %s\n", static_cast<unsigned long long>(week.seed), v.invariant.c_str(),
                 sekisho::to_rfc3339(v.at).c_str(), v.what.c_str());
  }
  std::fprintf(stderr, "replay: ./dev sim --replay %llu%s\n", static_cast<unsigned long long>(week.seed),
               flaw == "none" ? "" : (" --flaw " + flaw).c_str());
}

int replay(WorldOptions options, const std::string& flaw) {
  options.trace = true;
  const WeekResult week = run_week(options);
  for (const std::string& line : week.trace) std::printf("%s\n", line.c_str());
  std::printf("seed %llu: %llu sessions, %llu events, %llu journal entries, journal %s\n",
              static_cast<unsigned long long>(week.seed), static_cast<unsigned long long>(week.sessions),
              static_cast<unsigned long long>(week.events), static_cast<unsigned long long>(week.entries),
              week.journal_sha256.c_str());
  if (!week.violations.empty()) show(week, flaw);
  return week.violations.empty() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Random weeks of a prefecture through the production gate, one seed each / 県の一週間を乱数で試す"};
  std::uint64_t seeds = 200, first = 1;
  std::optional<std::uint64_t> one;
  std::string json_file, flaw = "none";
  app.add_option("--seeds", seeds, "How many weeks")->check(CLI::Range(std::uint64_t{1}, std::uint64_t{100'000'000}));
  app.add_option("--first-seed", first, "The first one");
  app.add_option("--json", json_file, "Where the figures go");
  app.add_option("--replay", one, "One seed, every line of it");
  const std::map<std::string, Flaw> flaws{
      {"none", Flaw::none},         {"guard_off", Flaw::guard_off},   {"lost_fsync", Flaw::lost_fsync},
      {"late_end", Flaw::late_end}, {"late_front", Flaw::late_front}, {"line_kept", Flaw::line_kept}};
  app.add_option("--flaw", flaw, "A fault planted on purpose, to see that it is found")->check(CLI::IsMember(flaws));
  CLI11_PARSE(app, argc, argv);

#ifdef __GLIBC__
  // A week takes and gives back files of hundreds of kilobytes: not from and to the system each time.
  ::mallopt(M_MMAP_THRESHOLD, 64 << 20);
  ::mallopt(M_TRIM_THRESHOLD, 256 << 20);
#endif
  WorldOptions options;
  options.flaw = flaws.at(flaw);
  if (one) {
    options.seed = *one;
    return replay(options, flaw);
  }
  std::uint64_t sessions = 0, violations = 0, events = 0;
  std::string hashes;
  const double begun = cpu_seconds();
  for (std::uint64_t n = 0; n < seeds; ++n) {
    options.seed = first + n;
    const WeekResult week = run_week(options);
    sessions += week.sessions;
    events += week.events;
    violations += week.violations.size();
    hashes += week.journal_sha256;
    if (!week.violations.empty()) {
      WorldOptions again = options;
      again.trace = true;
      const WeekResult told = run_week(again);
      std::size_t until = told.trace.size();
      for (std::size_t i = 0; i < told.trace.size(); ++i) {
        if (told.trace[i].find("VIOLATION") != std::string::npos) {
          until = i + 1;
          break;
        }
      }
      const std::size_t from = until > 40 ? until - 40 : 0;
      for (std::size_t i = from; i < until; ++i) std::fprintf(stderr, "  %s\n", told.trace[i].c_str());
      show(week, flaw);
    }
    if ((n + 1) % 100 == 0 || n + 1 == seeds) {
      const double spent = cpu_seconds() - begun;
      std::fprintf(stderr, "%llu weeks, %llu sessions, %.0f sessions/s, %llu violations\n",
                   static_cast<unsigned long long>(n + 1), static_cast<unsigned long long>(sessions),
                   static_cast<double>(sessions) / spent, static_cast<unsigned long long>(violations));
    }
  }
  const double spent = cpu_seconds() - begun;
  const nlohmann::json out{{"sessions_per_s", static_cast<std::uint64_t>(static_cast<double>(sessions) / spent)},
                           {"violations", violations},
                           {"journal_sha256", to_hex(sha256(hashes))},
                           {"seeds", seeds},
                           {"first_seed", first},
                           {"sessions", sessions},
                           {"events", events},
                           {"cpu_s", spent}};
  if (!json_file.empty()) {
    std::ofstream file(json_file);
    file << out.dump(1) << '\n';
    if (!file) {
      std::fprintf(stderr, "%s cannot be written\n", json_file.c_str());
      return 2;
    }
  }
  std::printf("%s\n", out.dump().c_str());
  return violations == 0 ? 0 : 1;
}
