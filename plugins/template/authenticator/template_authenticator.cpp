#include "template_authenticator.hpp"

namespace sekisho::template_authenticator {
namespace {

Refusal wrong() {
  return {.rule = "R04",
          .code = "template_authenticator.wrong",
          .what = {"合言葉の確認に失敗しました。", "The pass phrase was not accepted."},
          .why = {"入力された合言葉が登録と一致しません。", "What was typed is not the phrase of this site."},
          .remedy = {"入力を確かめてやり直してください。分からないときは担当職員に連絡してください。",
                     "Check what you typed and try again, or ask the staff in charge."}};
}

/// The state is our own, but it comes from a store: whatever is no count counts as used up.
std::uint32_t tries_in(const nlohmann::json& state, std::uint32_t limit) {
  if (state.is_null()) return 0;
  const auto* tries = state.get_ptr<const nlohmann::json::number_unsigned_t*>();
  return tries != nullptr && *tries < limit ? static_cast<std::uint32_t>(*tries) : limit;
}

}  // namespace

PhraseFactor::PhraseFactor(Config config, Secret phrase) : config_(std::move(config)), phrase_(std::move(phrase)) {}

AuthStep PhraseFactor::step(AuthRequest request) {
  AuthStep out;
  out.account_state = std::move(request.account_state);
  out.source_state = std::move(request.source_state);
  out.transaction_state = std::move(request.transaction_state);

  const auto answer = request.evidence.find("phrase");
  if (answer == request.evidence.end() || answer->second.empty()) {
    out.verdict = Verdict::ask;
    out.ask =
        Ask{.factor = "phrase", .field = "phrase", .prompt = {"合言葉を入力してください。", "Enter the pass phrase."}};
    return out;
  }
  const std::uint32_t before = tries_in(out.transaction_state, config_.tries);
  const std::uint32_t tries = before < config_.tries ? before + 1 : config_.tries;
  out.transaction_state = tries;
  out.detail = {{"tries", tries}};
  // Compared for everybody, so that an unknown id costs the same time (T-32).
  const bool matches = equal_in_constant_time(answer->second.reveal(), phrase_.reveal());
  if (matches && request.subject.known && before < config_.tries) {
    out.verdict = Verdict::yes;
    return out;
  }
  out.verdict = Verdict::no;
  out.refusal = wrong();
  out.may_retry = tries < config_.tries;
  return out;
}

}  // namespace sekisho::template_authenticator
