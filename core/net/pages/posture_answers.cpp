#include <sekisho/sdk/path/page_forms.hpp>
#include <sekisho/sdk/path/posture_answers.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace sekisho::pages {
namespace {

constexpr std::size_t kLargestAnswer = 64 * 1024;

struct Entry {
  std::string_view method, path;
  PostureRoute route;
  std::size_t largest;  ///< body
};
constexpr std::size_t kLargestReport = 64 * 1024;
constexpr std::size_t kLargestOtherBody = 8 * 1024;
constexpr Entry kTable[] = {
    {"GET", "/posture/v1/challenge", {"challenge", {}}, kLargestOtherBody},
    {"POST", "/posture/v1/report", {"report", "application/jose"}, kLargestReport},
    {"POST", "/posture/v1/enrol", {"enrol", "application/json"}, kLargestOtherBody},
};

nlohmann::json both_of(const Text& text) {
  return {{"ja", text.ja}, {"en", text.en}};
}

const Text kNotUnderstood{"要求を受け付けられません。", "The request cannot be taken."};
const Text kUpdateAgent{"端末の確認プログラムを最新にして、もう一度実行してください。",
                        "Update the terminal's agent and run it again."};

}  // namespace

std::size_t largest_posture_body(std::string_view method, std::string_view path) {
  for (const Entry& entry : kTable) {
    if (entry.method == method && entry.path == path) return entry.largest;
  }
  return kLargestOtherBody;
}

bool is_posture_path(std::string_view path) {
  return std::any_of(std::begin(kTable), std::end(kTable), [path](const Entry& entry) { return entry.path == path; });
}

std::optional<PostureRoute> posture_route(const HttpRequest& request) {
  if (!request.query.empty()) return std::nullopt;
  for (const Entry& entry : kTable) {
    if (entry.method == request.method && entry.path == request.path) return entry.route;
  }
  return std::nullopt;
}

bool media_type_fits(const PostureRoute& route, const HttpRequest& request) {
  return route.media_type.empty() || media_type_is(request, route.media_type);
}

HttpResponse posture_refused(std::uint16_t status, const Refusal& refusal) {
  HttpResponse out;
  out.status = status;
  out.content_type = "application/json";
  out.body = nlohmann::json{{"decision", "deny"},
                            {"error", refusal.code},
                            {"refusal",
                             {{"rule", refusal.rule},
                              {"code", refusal.code},
                              {"what", both_of(refusal.what)},
                              {"why", both_of(refusal.why)},
                              {"remedy", both_of(refusal.remedy)}}}}
                 .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return out;
}

HttpResponse posture_not_found() {
  return posture_refused(404, {"T-02",
                               "http.not_found",
                               kNotUnderstood,
                               {"そのような窓口はありません。", "There is no such place."},
                               {"アドレスを確かめてください。", "Look at the address again."}});
}

HttpResponse posture_broken(std::uint16_t status) {
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
  HttpResponse out = posture_refused(status, refusal);
  out.close = true;
  return out;
}

HttpResponse posture_wrong_media_type() {
  return posture_refused(415, {"R10",
                               "http.media_type",
                               kNotUnderstood,
                               {"本文の種類が違います。", "The body is of another media type."},
                               kUpdateAgent});
}

HttpResponse posture_unavailable() {
  return posture_refused(503, {"R10",
                               "gate.unavailable",
                               {"いま確認できません。", "The check cannot be made at the moment."},
                               {"接続先の処理が間に合っていません。", "The gate does not keep up."},
                               {"しばらく待ってからやり直してください。", "Wait a while and try again."}});
}

HttpResponse posture_answer(GateReply reply) {
  if (const auto* refused = std::get_if<Refused>(&reply)) {
    return posture_refused(could_not_judge(refused->refusal) ? 503 : 403, refused->refusal);
  }
  auto* answer = std::get_if<PostureAnswer>(&reply);
  if (answer == nullptr || answer->status < 200 || answer->status > 599 || answer->body.size() > kLargestAnswer) {
    return posture_unavailable();
  }
  if (answer->status == 404) return posture_not_found();
  HttpResponse out;
  out.status = answer->status;
  out.content_type = "application/json";
  out.body = std::move(answer->body);
  return out;
}

}  // namespace sekisho::pages
