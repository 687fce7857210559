#include "browser.hpp"

#include "user_agent.hpp"

#include <sekisho/sdk/facts.hpp>

#include <algorithm>

namespace sekisho::browser {

CheckOutcome BrowserCheck::judge(const CheckInput& input) const {
  const std::string edge = std::to_string(config_.edge), chrome = std::to_string(config_.chrome),
                    firefox = std::to_string(config_.firefox);
  CheckResult out{"browser",
                  "R09",
                  CheckVerdict::not_applicable,
                  {},
                  facts::shown(input.user_agent),
                  "Edge " + edge + ", Chrome " + chrome + ", Firefox " + firefox + " or later",
                  {},
                  std::nullopt};
  const bool program = std::any_of(
      config_.vpn_clients.begin(), config_.vpn_clients.end(),
      [&input](const std::string& begins) { return !begins.empty() && input.user_agent.starts_with(begins); });
  if (input.user_agent.empty() || program) return {{out}, nullptr};

  const auto deny = [&](CheckVerdict verdict, const char* code) {
    out.verdict = verdict;
    out.code = code;
    out.remedy = {"Edge " + edge + "、Chrome " + chrome + "、Firefox " + firefox + " 以上で開いてください。",
                  "Open it with Edge " + edge + ", Chrome " + chrome + ", Firefox " + firefox + " or later."};
    return CheckOutcome{{out}, nullptr};
  };
  const Agent agent = read_user_agent(input.user_agent);
  const std::int64_t least = agent.product == Product::edge     ? config_.edge
                             : agent.product == Product::chrome ? config_.chrome
                                                                : config_.firefox;
  if (agent.product == Product::other) return deny(CheckVerdict::fail, "browser.not_allowed");
  if (!agent.major) return deny(CheckVerdict::unknown, "browser.unknown");
  if (*agent.major < least) return deny(CheckVerdict::fail, "browser.too_old");
  out.verdict = CheckVerdict::pass;
  return {{out}, nullptr};
}

}  // namespace sekisho::browser
