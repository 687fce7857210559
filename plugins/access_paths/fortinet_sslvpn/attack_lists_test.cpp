// The attack lists (core/net/http/testdata) against one connection of the path: each row gets its written answer, the
// connection closes, and a marked second request behind it is never executed (T-01, T-03, T-04, T-06).
#include "net/http/testing/attack_lists.hpp"

#include "testing/front.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

namespace sekisho::fortinet {
namespace {

using testing::Front;
using testing::get;
using testing::post;
using ::testing::StartsWith;

const std::string kMarked = post("/remote/logincheck", "username=smuggled&credential=second+request");

std::size_t count(std::string_view text, std::string_view wanted) {
  std::size_t found = 0;
  for (std::size_t at = text.find(wanted); at != std::string_view::npos; at = text.find(wanted, at + 1)) ++found;
  return found;
}

/// What is wrong with the answer to `wire`, or nothing.
std::string fault(const std::string& wire, int status, std::size_t piece) {
  Front front;
  front.say(wire + kMarked, piece);
  const std::string answer = front.host.taken();
  if (!answer.starts_with("HTTP/1.1 " + std::to_string(status) + " ")) return "answered " + answer.substr(0, 40);
  if (count(answer, "HTTP/1.1 ") != 1) return "answered more than once";
  if (count(answer, "\r\nConnection: close\r\n") != 1) return "does not say that it closes";
  if (front.host.closes.size() != 1) return "does not close";
  if (!front.host.asked.empty()) return "asked the gatekeeper";
  return {};
}

TEST(AttackLists, EveryRequestGetsItsAnswerAndNothingBehindItIsExecuted) {
  const auto requests = http::testing::attack_requests();
  EXPECT_GE(requests.size(), 60U);
  for (const auto& request : requests) {
    for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{100'000}}) {
      EXPECT_EQ(fault(request.wire, request.status, piece), "") << request.name << ", pieces of " << piece;
    }
  }
}

TEST(AttackLists, EverySpellingBehindEveryRouteIs400) {
  const auto spellings = http::testing::attack_paths();
  EXPECT_GE(spellings.size(), 60U);
  for (const char* route :
       {"", "/contractors", "/remote/login", "/remote/logincheck", "/remote/index", "/remote/fortisslvpn",
        "/remote/fortisslvpn_xml", "/remote/sslvpn-tunnel", "/remote/logout", "/remote/hostcheck_validate",
        "/remote/saml/start", "/remote/saml/auth_id", "/remote/login/id", "/remote/login/password",
        "/remote/login/code", "/remote/login/resend", "/remote/login/language"}) {
    for (const std::string& spelling : spellings) {
      EXPECT_EQ(fault(get(route + spelling), 400, 100'000), "") << route << spelling;
      EXPECT_EQ(fault(post(route + spelling, "a=b"), 400, 100'000), "") << route << spelling;
    }
  }
}

TEST(AttackLists, TheCheckFindsARequestThatPasses) {
  EXPECT_NE(fault(get("/remote/login"), 400, 100'000), "");
  EXPECT_NE(fault(get("/remote/login"), 200, 100'000), "");  // it does not close
  Front front;
  front.say(get("/remote/login") + kMarked);
  EXPECT_EQ(front.host.asked.size(), 1U);
}

// T-05: the same shape is answered with the same bytes, however often and whatever came before.
TEST(AttackLists, AnAnswerHoldsNothingOfAnEarlierRequest) {
  const char* shapes[] = {"username=taro", "username=&credential=x", "username=taro&username=b&credential=x",
                          "credential=x",  "reqid=&code=1",          "username=taro&credential=%00"};
  for (const char* shape : shapes) {
    std::string first;
    for (int i = 0; i < 1000; ++i) {
      Front front;
      std::string answer = front.request(post("/remote/logincheck", shape));
      ASSERT_THAT(answer, StartsWith("HTTP/1.1 400 ")) << shape;
      if (first.empty()) first = answer;
      ASSERT_EQ(answer, first) << shape;
    }
  }
}

// T-02: whatever a stranger's header says, the question to the gatekeeper is the same.
TEST(AttackLists, NoHeaderGivesAnIdentity) {
  const auto asked = [](const std::string& field) {
    Front front;
    front.say(post("/remote/logincheck", "username=taro&credential=x", field));
    EXPECT_EQ(front.host.asked.size(), 1U) << field;
    return std::move(std::get<BeginLogin>(front.host.asked.at(0)));
  };
  const auto plain = asked("");
  for (const char* name :
       {"X-Forwarded-For", "X-Real-IP", "Forwarded", "X-Original-URL", "X-Rewrite-URL", "X-Remote-User", "Remote-User",
        "X-Forwarded-User", "X-SSL-Client-Cert", "X-Client-DN", "X-Forwarded-Host", "True-Client-IP", "Client-IP",
        "X-Auth-Request-User", "PAN-AUTHCHECK", "Via"}) {
    const auto with = asked(std::string(name) + ": 127.0.0.1\r\n");
    EXPECT_EQ(with.arrival.peer_address, plain.arrival.peer_address) << name;
    EXPECT_EQ(with.arrival.certificate_chain, plain.arrival.certificate_chain) << name;
    EXPECT_EQ(with.evidence.size(), plain.evidence.size()) << name;
    EXPECT_EQ(with.evidence.at("login").reveal(), "taro") << name;
  }
}

}  // namespace
}  // namespace sekisho::fortinet
