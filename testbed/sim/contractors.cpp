// Contractors at work, with their terminals' agents: the whole way from login to the end of the work.
#include "admission/device_key.hpp"
#include "admission/posture_envelope.hpp"
#include "base/json.hpp"
#include "model_signatures.hpp"
#include "people.hpp"

#include <sekisho/sdk/result.hpp>

#include <nlohmann/json.hpp>

#include <utility>

namespace sekisho::sim {

std::string_view facts_text();  // made from core/admission/testing/facts/compliant.json

namespace {

using nlohmann::json;
using std::chrono::hours;
using std::chrono::minutes;

constexpr std::string_view kWhen = "@collected_at@", kMac = "@mac@", kSigned = "@signatures@";

/// The facts of a good terminal as one text with three holes: filling them costs less than writing JSON anew.
const std::string& facts_template() {
  static const std::string kText = [] {
    json facts = json::parse(facts_text());
    facts["collected_at"] = kWhen;
    facts["antivirus"]["products"][0]["signature_updated_at"] = kSigned;
    facts["network"]["interfaces"][0]["mac"] = kMac;
    facts["network"]["interfaces"][0]["permanent_mac"] = kMac;
    facts["updates"]["last_installed_at"] = "2026-11-20T03:10:00Z";
    return facts.dump();
  }();
  return kText;
}

void fill(std::string& text, std::string_view hole, std::string_view with) {
  for (std::size_t at = text.find(hole); at != std::string::npos; at = text.find(hole, at)) {
    text.replace(at, hole.size(), with);
  }
}

std::string to_seconds(Instant at) {
  return to_rfc3339(std::chrono::floor<std::chrono::seconds>(at));
}

/// The agent's heartbeat and re-checks, as long as this tunnel is up.
Story agent(World& world, Contractor& who, std::string session, std::string address) {
  Front& front = world.front(who.path);
  for (int beat = 1;; ++beat) {
    co_await pause(world.heap(), Seconds(30));
    const auto tunnel = front.tunnels().find(session);
    if (tunnel == front.tunnels().end() || tunnel->second.address != address) co_return;
    if (beat % 10 != 0) {
      PostureRequest request;
      request.kind = "challenge";
      request.arrival = arrival_of("posture", address, {});
      co_await world.posture_front().ask(std::move(request));
      continue;
    }
    ReportOf what{&who, address, !who.stale_antivirus, false};
    co_await report(world, what);
  }
}

}  // namespace

Arrival arrival_of(const std::string& path, const std::string& peer, const std::string& der) {
  Arrival out;
  out.path = path;
  out.peer_address = peer;
  out.peer_port = 40000;
  out.language = "ja";
  out.tls_version = "TLSv1.3";
  if (!der.empty()) out.certificate_chain.push_back(der);
  return out;
}

Attempt honest(const Contractor& who) {
  return {who.path, who.peer, who.leaf->der, who.login, who.password, who.mail, false};
}

Task<LoginEnd> log_in(World& world, Attempt attempt) {
  LoginEnd end;
  Front& front = world.front(attempt.path);
  const Instant begun = world.heap().now();
  BeginLogin begin;
  begin.arrival = arrival_of(attempt.path, attempt.peer, attempt.der);
  begin.evidence.emplace("login", Secret(attempt.login));
  begin.evidence.emplace("password", Secret(attempt.password));
  FrontReply reply = co_await front.ask(std::move(begin));
  bool typo = attempt.typo;
  for (int tries = 0; tries < 4; ++tries) {
    if (!reply) {
      end.refused = "no answer";
      co_return end;
    }
    if (auto* granted = std::get_if<Granted>(&*reply)) {
      end.granted.emplace(std::move(*granted));
      co_return end;
    }
    if (const auto* refused = std::get_if<Refused>(&*reply)) {
      end.refused = refused->refusal.code;
      co_return end;
    }
    const auto* asked = std::get_if<LoginAsked>(&*reply);
    if (asked == nullptr) co_return end;
    end.handle = asked->handle;
    std::optional<std::string> code;
    if (!attempt.mailbox.empty()) {
      code = co_await world.next_code(attempt.mailbox, begun, minutes(4));
      if (!code) {
        end.refused = "no mail";
        co_return end;
      }
      co_await pause(world.heap(), world.chance().span(Seconds(2), Seconds(15)));
    } else {
      code = std::to_string(100000 + world.chance().under(900000));
    }
    if (std::exchange(typo, false)) (*code)[0] = (*code)[0] == '9' ? '0' : static_cast<char>((*code)[0] + 1);
    end.code = *code;
    AnswerLogin answer;
    answer.handle = end.handle;
    answer.arrival = arrival_of(attempt.path, attempt.peer, attempt.der);
    answer.evidence.emplace("code", Secret(*code));
    reply = co_await front.ask(std::move(answer));
  }
  co_return end;
}

Task<std::string> report(World& world, ReportOf what) {
  Contractor& device = *what.device;
  PostureRequest challenge;
  challenge.kind = "challenge";
  challenge.arrival = arrival_of("posture", what.address.empty() ? device.peer : what.address, {});
  const FrontReply first = co_await world.posture_front().ask(std::move(challenge));
  const auto* given = first ? std::get_if<PostureAnswer>(&*first) : nullptr;
  if (given == nullptr || given->status != 200) co_return std::string();
  const json terms = *parse_json(given->body);
  const Instant now = world.heap().now();
  std::string facts = facts_template();
  fill(facts, kWhen, to_seconds(now));
  fill(facts, kMac, device.mac);
  fill(facts, kSigned, to_seconds(now - (what.good_facts ? hours(5) : hours(24 * 9))));
  const std::string payload =
      R"({"v":1,"aud":")" + terms.at("gateway").get<std::string>() + R"(","sid":")" +
      terms.at("sid").get<std::string>() + R"(","nonce":")" + terms.at("nonce").get<std::string>() + R"(","ip":)" +
      (what.address.empty() ? "null" : "\"" + what.address + "\"") + R"(,"srv":")" + World::kServer + R"(","iat":)" +
      std::to_string(std::chrono::duration_cast<Seconds>(now.time_since_epoch()).count()) + R"(,"seq":)" +
      std::to_string(++device.seq) + R"(,"reason":"connect","facts":)" + facts + "}";
  const std::string header = R"({"alg":"ES256","kid":")" + device.device->thumbprint + R"(","typ":")" +
                             std::string(admission::kReportType) + "\"}";
  const std::string message = admission::base64url(header) + "." + admission::base64url(payload);
  PostureRequest request;
  request.kind = "report";
  request.arrival = arrival_of("posture", what.address.empty() ? device.peer : what.address, {});
  const std::string secret = what.forged ? std::string("a guess") : model_device_secret(device.device->jwk);
  request.body = message + "." + admission::base64url(model_device_signature(secret, message));
  const FrontReply second = co_await world.posture_front().ask(std::move(request));
  const auto* answer = second ? std::get_if<PostureAnswer>(&*second) : nullptr;
  if (answer == nullptr) co_return std::string();
  if (world.tracing()) world.say("report of " + device.terminal + ": " + answer->body);
  co_return std::string(answer->body.find(R"("decision":"admit")") != std::string::npos ? "admit" : "deny");
}

Story contractor_session(World& world, Contractor& who) {
  Chance& chance = world.chance();
  Heap& heap = world.heap();
  Front& front = world.front(who.path);
  if (chance.one_in(6)) {  // the agent has spoken before the login
    ReportOf before{&who, {}, !who.stale_antivirus, false};
    co_await report(world, before);
  }
  Attempt attempt = honest(who);
  attempt.typo = chance.one_in(15);
  LoginEnd end = co_await log_in(world, attempt);
  // Who was told that he has no right does not try again at once.
  const bool bad_luck = end.refused.starts_with("no ") || end.refused.starts_with("code.");
  if (!end.granted && bad_luck) {
    co_await pause(heap, chance.span(Seconds(65), Seconds(100)));
    attempt.typo = false;
    end = co_await log_in(world, attempt);
  }
  if (!end.granted) {
    if (world.tracing()) world.say(who.id + " is not let in: " + end.refused);
    co_return;
  }
  const std::string session = end.granted->session;
  const std::string cookie(end.granted->cookie.reveal());
  const Instant work_until =
      heap.now() + (chance.one_in(12) ? chance.span(minutes(8), minutes(25)) : chance.span(Seconds(40), minutes(5)));
  bool desktop = false;
  for (int connection = 0; connection < 3; ++connection) {
    ResumeSession resume{Secret(cookie), arrival_of(who.path, who.peer, who.leaf->der), true};
    const FrontReply reply = co_await front.ask(std::move(resume));
    const auto* resumed = reply ? std::get_if<Resumed>(&*reply) : nullptr;
    if (resumed == nullptr) {
      if (!reply) {  // the gate was away; the client tries again
        co_await pause(heap, chance.span(Seconds(3), Seconds(20)));
        continue;
      }
      co_return;
    }
    const std::string address = resumed->view.address;
    const Answer<std::string> closed = front.open_tunnel(resumed->view);
    agent(world, who, session, address);
    co_await pause(heap, chance.span(milliseconds(300), Seconds(3)));
    ReportOf what{&who, address, !who.stale_antivirus, false};
    std::string decision = co_await report(world, what);
    if (decision == "deny" && who.stale_antivirus) {
      // He reads why, lets the signatures be fetched, and tries again.
      co_await pause(heap, chance.span(Seconds(20), Seconds(140)));
      who.stale_antivirus = false;
      ReportOf mended{&who, address, true, false};
      decision = co_await report(world, mended);
    }
    if (decision == "admit") {
      co_await pause(heap, chance.span(milliseconds(500), Seconds(4)));
      const auto grant = co_await world.relays().at(who.path).knock(address);
      desktop = desktop || (grant && grant->ok);
    }
    if (chance.one_in(10)) {
      front.tell(PacketsRefused{session, static_cast<std::uint64_t>(chance.between(1, 50)), {"10.30.1.1", 3389, 6}});
    }
    if (chance.one_in(3)) front.tell(TunnelActivity{session, 20000, 400000});
    const Instant until = chance.one_in(12) ? heap.now() + chance.span(Seconds(5), Seconds(60)) : work_until;
    if (co_await within(heap, closed, std::max(until - heap.now(), Instant::duration(milliseconds(1))))) break;
    if (heap.now() >= work_until) break;
    front.close_tunnel(session, false);  // his line breaks
    co_await pause(heap, chance.span(Seconds(1), chance.one_in(4) ? Seconds(150) : Seconds(40)));
  }
  if (desktop) world.complete();
  if (!front.tunnels().contains(session)) co_return;  // ended by somebody else
  if (chance.percent(85)) {
    front.close_tunnel(session, true);
  } else if (chance.one_in(2)) {
    LogoutSession logout{Secret(cookie), arrival_of(who.path, who.peer, who.leaf->der)};
    co_await front.ask(std::move(logout));
  } else {
    front.close_tunnel(session, false);  // he just switches it off
  }
}

}  // namespace sekisho::sim
