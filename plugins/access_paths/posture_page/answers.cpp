#include "answers.hpp"

#include <nlohmann/json.hpp>

#include <utility>

namespace sekisho::posture_page {
namespace {

constexpr std::size_t kLargestAnswer = 64 * 1024;

nlohmann::json both(const Text& text) {
  return {{"ja", text.ja}, {"en", text.en}};
}

const Text kNotUnderstood{"要求を受け付けられません。", "The request cannot be taken."};
const Text kUpdateAgent{"端末の確認プログラムを最新にして、もう一度実行してください。",
                        "Update the terminal's agent and run it again."};

}  // namespace

HttpResponse refused(std::uint16_t status, const Refusal& refusal) {
  HttpResponse out;
  out.status = status;
  out.content_type = "application/json";
  out.body = nlohmann::json{{"decision", "deny"},
                            {"error", refusal.code},
                            {"refusal",
                             {{"rule", refusal.rule},
                              {"code", refusal.code},
                              {"what", both(refusal.what)},
                              {"why", both(refusal.why)},
                              {"remedy", both(refusal.remedy)}}}}
                 .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return out;
}

HttpResponse not_found() {
  return refused(404, {"T-02",
                       "http.not_found",
                       kNotUnderstood,
                       {"そのような窓口はありません。", "There is no such place."},
                       {"アドレスを確かめてください。", "Look at the address again."}});
}

HttpResponse broken(std::uint16_t status) {
  Refusal refusal{"T-03",
                  "http.malformed",
                  kNotUnderstood,
                  {"要求の形式が正しくありません。", "The request is malformed."},
                  kUpdateAgent};
  if (status == 413) {
    refusal.rule = "R10";
    refusal.code = "report.too_large";
    refusal.why = {"報告が大きすぎます。", "The report is too large."};
  }
  HttpResponse out = refused(status, refusal);
  out.close = true;
  return out;
}

HttpResponse wrong_media_type() {
  return refused(415, {"R10",
                       "http.media_type",
                       kNotUnderstood,
                       {"本文の種類が違います。", "The body is of another media type."},
                       kUpdateAgent});
}

HttpResponse unavailable() {
  return refused(503, {"R10",
                       "gate.unavailable",
                       {"いま確認できません。", "The check cannot be made at the moment."},
                       {"接続先の処理が間に合っていません。", "The gate does not keep up."},
                       {"しばらく待ってからやり直してください。", "Wait a while and try again."}});
}

HttpResponse from_gatekeeper(PostureAnswer answer) {
  if (answer.status < 200 || answer.status > 599 || answer.body.size() > kLargestAnswer) return unavailable();
  if (answer.status == 404) return not_found();
  HttpResponse out;
  out.status = answer.status;
  out.content_type = "application/json";
  out.body = std::move(answer.body);
  return out;
}

}  // namespace sekisho::posture_page
