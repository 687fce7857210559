// Those who want in without a right. Each story tries one thing that must fail; the judge sees whether it did.
#include "people.hpp"

#include <sekisho/sdk/result.hpp>

#include <string>
#include <utility>

namespace sekisho::sim {
namespace {

using std::chrono::minutes;

Answer<FrontReply> show_code(World& world, const Attempt& as, const std::string& handle, const std::string& code) {
  AnswerLogin answer;
  answer.handle = handle;
  answer.arrival = arrival_of(as.path, as.peer, as.der);
  answer.evidence.emplace("code", Secret(code));
  return world.front(as.path).ask(std::move(answer));
}

Answer<FrontReply> show_cookie(World& world, const std::string& path, const std::string& peer, const std::string& der,
                               const std::string& cookie) {
  ResumeSession resume{Secret(cookie), arrival_of(path, peer, der), true};
  return world.front(path).ask(std::move(resume));
}

/// The first step alone; the handle of the question for the code.
Task<std::string> ask_for_code(World& world, Attempt as) {
  BeginLogin begin;
  begin.arrival = arrival_of(as.path, as.peer, as.der);
  begin.evidence.emplace("login", Secret(as.login));
  begin.evidence.emplace("password", Secret(as.password));
  const FrontReply reply = co_await world.front(as.path).ask(std::move(begin));
  const auto* asked = reply ? std::get_if<LoginAsked>(&*reply) : nullptr;
  co_return asked == nullptr ? std::string() : asked->handle;
}

/// Passwords from a list, with the stolen certificate or without any.
Story guess_passwords(World& world, Contractor& victim) {
  Attempt attempt = honest(victim);
  attempt.peer = "203.0.113.66";
  attempt.mailbox.clear();
  if (world.chance().one_in(2)) attempt.der.clear();
  for (int i = 0; i < 6; ++i) {
    attempt.password = "password" + std::to_string(i);
    co_await log_in(world, attempt);
    co_await pause(world.heap(), world.chance().span(milliseconds(200), Seconds(5)));
  }
}

/// A stolen terminal and the password, without the mailbox: the code is guessed.
Story guess_codes(World& world, Contractor& victim) {
  Attempt attempt = honest(victim);
  attempt.mailbox.clear();
  for (int i = 0; i < 3; ++i) {
    co_await log_in(world, attempt);
    co_await pause(world.heap(), world.chance().span(Seconds(1), Seconds(70)));
  }
}

/// A code that was mailed for one login is shown in another, and once more after it counted.
Story replay_code(World& world, Contractor& victim) {
  Attempt attempt = honest(victim);
  const LoginEnd end = co_await log_in(world, attempt);
  if (!end.granted) co_return;
  co_await show_code(world, attempt, end.handle, end.code);
  co_await pause(world.heap(), world.chance().span(Seconds(60), Seconds(90)));
  const std::string handle = co_await ask_for_code(world, attempt);
  if (handle.empty()) co_return;
  co_await show_code(world, attempt, handle, end.code);
}

/// The right code twice at once: one of both may count.
Story code_twice(World& world, Contractor& victim) {
  const Attempt attempt = honest(victim);
  const Instant begun = world.heap().now();
  const std::string handle = co_await ask_for_code(world, attempt);
  if (handle.empty()) co_return;
  const std::optional<std::string> code = co_await world.next_code(victim.mail, begun, minutes(4));
  if (!code) co_return;
  const Answer<FrontReply> first = show_code(world, attempt, handle, *code);
  const Answer<FrontReply> second = show_code(world, attempt, handle, *code);
  const FrontReply one = co_await first;
  const FrontReply two = co_await second;
  const bool both = one && two && std::holds_alternative<Granted>(*one) && std::holds_alternative<Granted>(*two);
  if (both) world.judge().violated("code", "two grants for one code of " + victim.id);
}

/// A cookie that was seen is shown with another certificate, with none, and on the other path.
Story steal_cookie(World& world, Contractor& thief, Contractor& victim) {
  const Attempt attempt = honest(victim);
  const LoginEnd end = co_await log_in(world, attempt);
  if (!end.granted) co_return;
  const std::string cookie(end.granted->cookie.reveal());
  const std::string other = victim.path == kClosed ? kInternet : kClosed;
  for (int way = thief.id == victim.id ? 1 : 0; way < 3; ++way) {
    const std::string path = way == 2 ? other : victim.path;
    const std::string der = way == 0 ? thief.leaf->der : way == 1 ? std::string() : victim.leaf->der;
    const FrontReply reply = co_await show_cookie(world, path, "203.0.113.9", der, cookie);
    if (reply && std::holds_alternative<Resumed>(*reply)) {
      world.judge().violated("factors",
                             "the cookie of " + victim.id + " counts on " + path + " without its certificate");
    }
  }
  // Two of the owner's own at once: the newest tunnel wins, and there is one.
  Front& front = world.front(victim.path);
  const Answer<FrontReply> first = show_cookie(world, victim.path, victim.peer, victim.leaf->der, cookie);
  const Answer<FrontReply> second = show_cookie(world, victim.path, victim.peer, victim.leaf->der, cookie);
  const FrontReply one = co_await first;
  if (one && std::holds_alternative<Resumed>(*one)) front.open_tunnel(std::get<Resumed>(*one).view);
  const FrontReply two = co_await second;
  if (two && std::holds_alternative<Resumed>(*two)) front.open_tunnel(std::get<Resumed>(*two).view);
  co_await pause(world.heap(), Seconds(10));
  front.close_tunnel(end.granted->session, true);
}

/// One's own certificate with another's name, and another's certificate with one's own.
Story mix_people(World& world, Contractor& thief, Contractor& victim) {
  if (thief.id == victim.id) co_return;
  Attempt attempt = honest(victim);
  attempt.der = thief.leaf->der;
  co_await log_in(world, attempt);
  Attempt reverse = honest(thief);
  reverse.der = world.chance().one_in(2) ? victim.leaf->der : cast().stranger.der;
  co_await log_in(world, reverse);
}

/// Everything right, on the path of another zone; and a login that wanders from one path to the other.
Story cross_zones(World& world, Contractor& victim) {
  const std::string other = victim.path == kClosed ? kInternet : kClosed;
  Attempt attempt = honest(victim);
  attempt.path = other;
  co_await log_in(world, attempt);
  co_await pause(world.heap(), Seconds(65));
  const Instant begun = world.heap().now();
  const Attempt own = honest(victim);
  const std::string handle = co_await ask_for_code(world, own);
  if (handle.empty()) co_return;
  const std::optional<std::string> code = co_await world.next_code(victim.mail, begun, minutes(4));
  if (!code) co_return;
  co_await show_code(world, attempt, handle, *code);
}

/// A perfect report that the terminal's key never signed; then a knock at the entrance, from quarantine.
Story forge_report(World& world, Contractor& victim) {
  const Attempt attempt = honest(victim);
  const LoginEnd end = co_await log_in(world, attempt);
  if (!end.granted) co_return;
  Front& front = world.front(victim.path);
  const std::string cookie(end.granted->cookie.reveal());
  const FrontReply reply = co_await show_cookie(world, victim.path, victim.peer, victim.leaf->der, cookie);
  const auto* resumed = reply ? std::get_if<Resumed>(&*reply) : nullptr;
  if (resumed == nullptr) co_return;
  const std::string address = resumed->view.address;
  const bool admitted = resumed->view.state == SessionState::admitted;
  front.open_tunnel(resumed->view);
  ReportOf forged{&victim, address, true, true};
  const std::string decision = co_await report(world, forged);
  if (decision == "admit") world.judge().violated("posture", "a forged report of " + victim.terminal + " counts");
  const auto grant = co_await world.relays().at(victim.path).knock(address);
  if (!admitted && grant && grant->ok) world.judge().violated("posture", "the entrance opened without a report");
  front.close_tunnel(end.granted->session, world.chance().one_in(2));
}

/// Knocks at the entrance from addresses of the pool, with no tunnel at all.
Story knock_everywhere(World& world, Contractor& victim) {
  const std::string net = victim.path == kClosed ? "10.90.1." : "10.202.0.";
  for (int i = 2; i < 8; ++i) {
    const std::string address = net + std::to_string(i);
    const auto grant = co_await world.relays().at(victim.path).knock(address);
    if (world.tracing()) world.say("knock from " + address + (grant && grant->ok ? ": open" : ": closed"));
  }
}

}  // namespace

Story attack(World& world, Contractor& thief, Contractor& victim, int kind) {
  if (world.tracing()) world.say("attack " + std::to_string(kind) + " of " + thief.id + " on " + victim.id);
  switch (kind) {
    case 0:
      guess_passwords(world, victim);
      break;
    case 1:
      guess_codes(world, victim);
      break;
    case 2:
      replay_code(world, victim);
      break;
    case 3:
      code_twice(world, victim);
      break;
    case 4:
      steal_cookie(world, thief, victim);
      break;
    case 5:
      mix_people(world, thief, victim);
      break;
    case 6:
      cross_zones(world, victim);
      break;
    case 7:
      forge_report(world, victim);
      break;
    default:
      knock_everywhere(world, victim);
      break;
  }
  co_return;
}

}  // namespace sekisho::sim
