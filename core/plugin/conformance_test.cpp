// The conformance kit on plugins that break one promise each: it must notice, and say what.
#include "plugin/conformance.hpp"

#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

namespace sekisho::conformance {
namespace {

struct Case {
  const char *kind, *defect;
  const char* words;  ///< a part of what the kit says
};

/// What the kit reports about a plugin, one line a failure; nothing is a failure of this test yet.
std::string findings_of(const Spec& spec) {
  testing::TestPartResultArray caught;
  {
    testing::ScopedFakeTestPartResultReporter catcher(
        testing::ScopedFakeTestPartResultReporter::INTERCEPT_ONLY_CURRENT_THREAD, &caught);
    run_all(spec);
  }
  std::string out;
  for (int i = 0; i < caught.size() && out.size() < 20'000; ++i) {
    out += std::string(caught.GetTestPartResult(i).message()) + "\n";
  }
  return out;
}

Spec spec_of(const Case& given) {
  Spec spec{.plugin = std::string("misbehaving_") + given.kind + "_" + given.defect};
  spec.directory = SEKISHO_MISBEHAVING_PLUGINS;
  if (given.kind == std::string("authenticator")) spec.files = {{"key_file", "a key that nobody may see\n"}};
  return spec;
}

class Conformance : public testing::TestWithParam<Case> {};

TEST_P(Conformance, NoticesTheDefect) {
  const std::string findings = findings_of(spec_of(GetParam()));
  if (GetParam().words == nullptr) {
    EXPECT_EQ(findings, "") << "the others must fail for their defect alone";
  } else {
    EXPECT_NE(findings.find(GetParam().words), std::string::npos) << "the kit said:\n" << findings;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Plugin, Conformance,
    testing::Values(Case{"authenticator", "none", nullptr}, Case{"authenticator", "throws", "step() threw"},
                    Case{"authenticator", "lets_unknown_in", "nobody unknown is let in"},
                    Case{"authenticator", "shows_evidence", "is shown"},
                    Case{"authenticator", "logs_evidence", "evidence is logged"},
                    Case{"authenticator", "shows_its_secret", "a secret file's content is shown"},
                    Case{"authenticator", "speaks_one_language", "has no English"},
                    Case{"authenticator", "mails_strangers", "mail goes to the registered address"},
                    Case{"posture_check", "none", nullptr},
                    Case{"posture_check", "passes_the_unknown", "nothing is known and it is let through"},
                    Case{"posture_check", "throws", "threw"}, Case{"posture_check", "says_no_remedy", "remedy has no"},
                    Case{"posture_check", "answers_by_mood", "the same facts, another answer"},
                    Case{"posture_check", "field_without_meaning", "needs a meaning"},
                    Case{"console_driver", "none", nullptr}, Case{"console_driver", "takes_any_name", "machine() took"},
                    Case{"console_driver", "throws", "an exception left the driver"},
                    Case{"console_driver", "answers_in_own_words", "is no code of a driver"},
                    Case{"console_driver", "powers_what_it_does_not_know", "power() took"},
                    Case{"console_driver", "keeps_no_limit", "keeps no limit"},
                    Case{"console_driver", "names_machines_oddly", "is no canonical UUID"},
                    Case{"access_path", "none", nullptr}, Case{"access_path", "waits_without_end", "no deadline"},
                    Case{"access_path", "writes_after_close", "write after close()"},
                    Case{"access_path", "speaks_when_gone", "ask after on_gone"},
                    Case{"access_path", "throws", "an exception left the connection"},
                    Case{"access_path", "closes_without_reason", "close() without a reason"}),
    [](const auto& info) { return std::string(info.param.kind) + "_" + info.param.defect; });

}  // namespace
}  // namespace sekisho::conformance
