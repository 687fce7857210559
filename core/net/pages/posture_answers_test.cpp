#include <sekisho/sdk/path/posture_answers.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace sekisho::pages {
namespace {

HttpRequest request(std::string method, std::string path, std::string type = {}) {
  HttpRequest out;
  out.method = std::move(method);
  out.path = std::move(path);
  if (!type.empty()) out.fields = {{"content-type", std::move(type)}};
  return out;
}

TEST(PostureAnswers, KnowThreeRoutesAndNoOther) {
  ASSERT_TRUE(posture_route(request("GET", "/posture/v1/challenge")));
  EXPECT_EQ(posture_route(request("GET", "/posture/v1/challenge"))->kind, "challenge");
  EXPECT_EQ(posture_route(request("POST", "/posture/v1/report"))->kind, "report");
  EXPECT_EQ(posture_route(request("POST", "/posture/v1/enrol"))->kind, "enrol");
  for (const auto& other : {request("POST", "/posture/v1/challenge"), request("GET", "/posture/v1/report"),
                            request("GET", "/posture/v1/challenge/"), request("POST", "/posture/v1/hostcheck")}) {
    EXPECT_FALSE(posture_route(other)) << other.path;
  }
  HttpRequest asks = request("GET", "/posture/v1/challenge");
  asks.query = "x=1";
  EXPECT_FALSE(posture_route(asks));
  const auto report = *posture_route(request("POST", "/posture/v1/report"));
  EXPECT_TRUE(media_type_fits(report, request("POST", "/posture/v1/report", "application/jose")));
  EXPECT_FALSE(media_type_fits(report, request("POST", "/posture/v1/report", "application/json")));
}

TEST(PostureAnswers, AReportMayBeLongAndNothingElse) {
  EXPECT_EQ(largest_posture_body("POST", "/posture/v1/report"), 65536U);
  for (const char* path : {"/posture/v1/enrol", "/posture/v1/challenge", "/login", "/posture/v1/report/"}) {
    EXPECT_EQ(largest_posture_body("POST", path), 8192U) << path;
  }
  EXPECT_EQ(largest_posture_body("GET", "/posture/v1/report"), 8192U);
  EXPECT_TRUE(is_posture_path("/posture/v1/report"));
  EXPECT_FALSE(is_posture_path("/posture/v1/reports"));
}

TEST(PostureAnswers, EveryRefusalHasACodeAndItsTexts) {
  for (const HttpResponse& answer : {posture_not_found(), posture_broken(400), posture_broken(413),
                                     posture_wrong_media_type(), posture_unavailable()}) {
    const auto said = nlohmann::json::parse(answer.body);
    EXPECT_EQ(said["decision"], "deny");
    EXPECT_EQ(said["error"], said["refusal"]["code"]);
    for (const char* part : {"what", "why", "remedy"}) {
      for (const char* language : {"ja", "en"}) {
        EXPECT_FALSE(said["refusal"][part][language].get<std::string>().empty()) << answer.body;
      }
    }
  }
  EXPECT_TRUE(posture_broken(400).close);
}

TEST(PostureAnswers, TheGatekeepersWordsGoOutAsTheyCame) {
  const HttpResponse judged = posture_answer(PostureAnswer{409, "{}"});
  EXPECT_EQ(judged.status, 409);
  EXPECT_EQ(judged.body, "{}");
  EXPECT_EQ(posture_answer(Refused{Refusal{"R19", "stop.in_force", {}, {}, {}}}).status, 403);
  for (const char* code : {"gate.unavailable", "gate.busy"}) {
    const HttpResponse later = posture_answer(Refused{Refusal{"R15", code, {}, {}, {}}});
    EXPECT_EQ(later.status, 503) << "no verdict on the terminal";
    EXPECT_EQ(nlohmann::json::parse(later.body)["error"], code);
  }
  EXPECT_EQ(posture_answer(PostureAnswer{404, "{}"}).status, 404);
  EXPECT_EQ(posture_answer(PostureAnswer{0, "{}"}).status, 503);
  EXPECT_EQ(posture_answer(PostureAnswer{200, std::string(65537, 'x')}).status, 503);
  EXPECT_EQ(posture_answer(Done{}).status, 503);
  EXPECT_EQ(posture_answer(Granted{}).status, 503) << "a yes of another kind is none here";
}

}  // namespace
}  // namespace sekisho::pages
