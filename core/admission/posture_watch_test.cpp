// The watch as a table: each row is a script of events at second offsets from the grant and the actions it must cause.
#include "admission/posture.hpp"
#include "admission/posture_refusals.hpp"

#include <gtest/gtest.h>

#include <set>

namespace sekisho::admission {
namespace {

using Action = PostureWatch::Action;

const Instant kGrant = *parse_rfc3339("2026-11-22T00:31:00Z");

enum class What : std::uint8_t { tick, sign, good, bad, uncounted, clone };
struct Event {
  int at;
  What what;
  const char* code = "";         ///< of the failed check, or of the envelope
  Action action = Action::none;  ///< expected
  const char* refusal = "";      ///< expected
  CheckVerdict verdict = CheckVerdict::fail;
};
struct Row {
  const char* promise;
  bool admitted_at_login;
  std::vector<Event> events;
  int reported_before = 0;  ///< seconds, with admitted_at_login
};

ReportVerdict verdict_of(const Event& event) {
  ReportVerdict out;
  out.terminal = "pc-mori";
  switch (event.what) {
    case What::good:
      out.counted = out.passed = true;
      out.results = {{"os", "R06", CheckVerdict::pass, "", "", "", {}, std::nullopt}};
      break;
    case What::bad:
      out.counted = true;
      out.results = {{"x", "R06", event.verdict, event.code, "", "", {}, std::nullopt}};
      out.refusal = refusal_of(out.results.front());
      break;
    case What::clone:
      out.clone_suspected = true;
      [[fallthrough]];
    default:
      out.refusal = *posture_refusal(event.code);
      break;
  }
  return out;
}

std::vector<Event> with_life(int from, int to, std::vector<Event> tail) {
  std::vector<Event> out;
  for (int at = from; at <= to; at += 30) out.push_back({at, What::sign});
  out.insert(out.end(), tail.begin(), tail.end());
  return out;
}

std::vector<Row> rows() {
  std::vector<Row> out{
      {"a session without any report is closed after 120 s",
       false,
       {{119, What::tick}, {120, What::tick, "", Action::close, "posture.no_report"}, {121, What::tick}}},
      {"signs of life do not replace the first report",
       false,
       {{60, What::sign}, {119, What::sign}, {120, What::tick, "", Action::close, "posture.no_report"}}},
      {"a good first report admits", false, {{119, What::good, "", Action::admit}, {120, What::tick}}},
      {"a bad first report leaves time to mend, and a good one then admits",
       false,
       {{5, What::bad, "av.off"}, {50, What::bad, "device.mac_not_registered"}, {110, What::good, "", Action::admit}}},
      {"a bad first report is named when the limit comes",
       false,
       {{5, What::bad, "os.build_ended"}, {120, What::tick, "", Action::close, "os.build_ended"}}},
      {"an unregistered key may still be enrolled while the first report is awaited",
       false,
       {{5, What::uncounted, "device.key_unknown"}, {60, What::good, "", Action::admit}}},
      {"a revoked key ends even a session that awaits its first report",
       false,
       {{5, What::uncounted, "device.key_revoked", Action::close, "device.key_revoked"}}},
      {"a clone is closed at once, whatever the state",
       false,
       {{5, What::clone, "device.clone_suspected", Action::close, "device.clone_suspected"}, {6, What::good}}},
      {"a clone is closed at once when admitted",
       true,
       {{5, What::clone, "device.clone_suspected", Action::close, "device.clone_suspected"}}},
      {"a good report at login begins admitted", true, {{1, What::tick}, {119, What::tick}}},
      {"silence of 120 s brings quarantine, of 300 s the end",
       true,
       {{119, What::tick},
        {120, What::tick, "", Action::quarantine, "posture.silent"},
        {121, What::tick},
        {299, What::tick},
        {300, What::tick, "", Action::close, "posture.silent"}}},
      {"a good report brings back from quarantine",
       true,
       {{120, What::tick, "", Action::quarantine, "posture.silent"},
        {200, What::good, "", Action::admit},
        {319, What::tick},
        {320, What::tick, "", Action::quarantine, "posture.silent"}}},
      {"a sign of life alone does not bring back from quarantine",
       true,
       {{120, What::tick, "", Action::quarantine, "posture.silent"}, {150, What::sign}, {300, What::tick}}},
      {"an envelope that does not count is no sign of life",
       true,
       {{119, What::uncounted, "report.replayed"}, {120, What::tick, "", Action::quarantine, "posture.silent"}}},
      {"definitions that grow old get 120 s to mend",
       true,
       {{60, What::bad, "av.signature_old"},
        {100, What::sign},
        {179, What::tick},
        {180, What::tick, "", Action::close, "av.signature_old"}}},
      {"missing updates get 120 s to mend, counted from the first bad report",
       true,
       {{60, What::bad, "update.behind"},
        {120, What::bad, "update.behind"},
        {180, What::bad, "update.behind", Action::close, "update.behind"}}},
      {"an antivirus whose state cannot be read gets 120 s",
       true,
       {{60, What::bad, "av.unknown", Action::none, "", CheckVerdict::unknown},
        {180, What::tick, "", Action::close, "av.unknown"}}},
      {"mended in time, the session goes on",
       true,
       {{60, What::bad, "update.behind"}, {150, What::good}, {180, What::tick}}},
      {"flapping buys no time",
       true,
       {{60, What::bad, "av.signature_old"},
        {100, What::good},
        {190, What::bad, "av.signature_old", Action::close, "av.signature_old"}}},
      {"two good reports give a new time to mend",
       true,
       {{60, What::bad, "av.signature_old"},
        {90, What::good},
        {120, What::good},
        {190, What::bad, "av.signature_old"},
        {300, What::sign},
        {309, What::tick},
        {310, What::tick, "", Action::close, "av.signature_old"}}},
      {"a loss beside something mendable closes at once",
       true,
       {{60, What::bad, "update.behind"}, {90, What::bad, "av.off", Action::close, "av.off"}}},
      {"reports that stop although the agent lives bring quarantine after 660 s, the end after 900 s", true,
       with_life(30, 630,
                 {{659, What::sign},
                  {660, What::tick, "", Action::quarantine, "report.missed"},
                  {690, What::sign},
                  {899, What::sign},
                  {900, What::tick, "", Action::close, "report.missed"}})},
      {"an old report at login still leaves 120 s for the first one in the tunnel", true,
       with_life(30, 90, {{119, What::sign}, {120, What::tick, "", Action::quarantine, "report.missed"}}), 600},
      {"a report from the future of the grant does not stretch anything", true,
       with_life(30, 630, {{660, What::tick, "", Action::quarantine, "report.missed"}}), -3600},
  };
  for (const char* lost :
       {"device.mac_not_registered", "device.mac_only_local", "device.mac_unknown", "os.too_old", "os.build_ended",
        "os.insider", "os.unknown", "av.none", "av.off", "av.snoozed", "av.passive", "av.expired", "av.not_allowed",
        "av.program_missing", "av.signer_mismatch", "device.binding_too_low", "browser.too_old", "some.foreign_code"}) {
    out.push_back({lost, true, {{60, What::bad, lost, Action::close, lost}, {61, What::tick}}});
  }
  for (const char* lost : {"device.key_unknown", "device.key_revoked", "report.other_terminal"}) {
    out.push_back({lost, true, {{60, What::uncounted, lost, Action::close, lost}}});
  }
  for (const char* noise : {"report.malformed", "report.replayed", "report.clock_skew", "report.other_session",
                            "report.bad_signature", "report.too_many"}) {
    out.push_back({noise, true, {{60, What::uncounted, noise}, {119, What::tick}}});
  }
  return out;
}

TEST(PostureWatch, KeepsEveryPromiseOfTheTable) {
  for (const Row& row : rows()) {
    SCOPED_TRACE(row.promise);
    PostureWatch watch(PathPolicy{}, kGrant);
    EXPECT_FALSE(watch.admitted());
    if (row.admitted_at_login) watch.begin_admitted(kGrant - Seconds(row.reported_before));
    EXPECT_EQ(watch.admitted(), row.admitted_at_login);
    bool closed = false;
    for (const Event& event : row.events) {
      SCOPED_TRACE(event.at);
      const Instant now = kGrant + Seconds(event.at);
      PostureWatch::Step step;
      if (event.what == What::tick) {
        // The deadline it names is the first instant at which it acts: not a microsecond earlier.
        const Instant before = now - std::chrono::microseconds(1);
        if (event.action != Action::none) {
          EXPECT_EQ(watch.next_deadline(), now);
          EXPECT_EQ(watch.on_time(before).action, Action::none);
        } else if (!closed) {
          EXPECT_GT(watch.next_deadline(), now);
        }
        step = watch.on_time(now);
      } else if (event.what == What::sign) {
        watch.on_sign_of_life(now);
        step = watch.on_time(now);
      } else {
        step = watch.on_report(verdict_of(event), now);
      }
      EXPECT_EQ(step.action, event.action);
      EXPECT_EQ(step.refusal ? step.refusal->code : "", event.refusal);
      closed = closed || step.action == Action::close;
      if (step.action == Action::admit) {
        EXPECT_TRUE(watch.admitted());
      }
      if (step.action == Action::quarantine || closed) {
        EXPECT_FALSE(watch.admitted());
      }
      if (closed) {
        EXPECT_EQ(watch.next_deadline(), Instant::max());
      }
    }
  }
}

TEST(PostureWatch, RefusesWithJapaneseEnglishAndARemedy) {
  std::set<std::string> codes;
  for (const Refusal& r : posture_refusals()) {
    EXPECT_TRUE(codes.insert(r.code).second) << r.code;
    for (const Text& text : {r.what, r.why, r.remedy}) {
      EXPECT_FALSE(text.ja.empty()) << r.code;
      EXPECT_FALSE(text.en.empty()) << r.code;
      EXPECT_NE(text.ja, text.en) << r.code;
    }
    EXPECT_TRUE(r.rule == "R03" || (r.rule >= "R05" && r.rule <= "R10")) << r.code;
  }
  // posture.md §7, the whole table.
  for (const char* code : {"device.mac_not_registered",
                           "device.mac_only_local",
                           "device.mac_usb_only",
                           "device.mac_overridden",
                           "device.forwarding",
                           "device.key_unknown",
                           "device.key_revoked",
                           "device.clone_suspected",
                           "os.too_old",
                           "os.build_ended",
                           "os.build_not_allowed",
                           "os.build_ends_soon",
                           "os.server",
                           "os.insider",
                           "os.not_windows",
                           "av.none",
                           "av.not_allowed",
                           "av.off",
                           "av.snoozed",
                           "av.passive",
                           "av.expired",
                           "av.program_missing",
                           "av.signer_mismatch",
                           "av.signature_old",
                           "update.behind",
                           "update.too_long_ago",
                           "update.reboot_pending",
                           "browser.too_old",
                           "browser.not_allowed",
                           "report.clock_skew",
                           "report.intercepted",
                           "report.replayed",
                           "report.missed",
                           "device.mac_unknown",
                           "os.unknown",
                           "av.unknown",
                           "update.unknown",
                           "browser.unknown"}) {
    EXPECT_TRUE(codes.contains(code)) << code;
  }
}

TEST(PostureWatch, AReportThatTheGateCouldNotJudgeIsNoSilence) {
  PathPolicy policy;
  const Instant start = Instant(std::chrono::seconds(1795305600));
  PostureWatch watch(policy, start);
  watch.begin_admitted(start);
  const auto at = [&](int seconds) { return start + Seconds(seconds); };
  for (int t = 60; t <= 1800; t += 60) {
    watch.on_unjudged_report(at(t));
    EXPECT_EQ(watch.on_time(at(t)).action, PostureWatch::Action::none) << t;
  }
  EXPECT_TRUE(watch.admitted());
  EXPECT_EQ(watch.on_time(at(1800 + 120)).action, PostureWatch::Action::quarantine) << "silence is silence";
  // It admits nobody.
  PostureWatch first(policy, start);
  first.on_unjudged_report(at(10));
  EXPECT_FALSE(first.admitted());
  EXPECT_EQ(first.on_time(at(120)).action, PostureWatch::Action::close);
}

}  // namespace
}  // namespace sekisho::admission
