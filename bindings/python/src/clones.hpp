// Copies of SDK values that hold a Secret and therefore cannot be copied by accident. Python owns what it is shown, so
// what crosses the border is a clone.
// Threads: pure functions.
#pragma once
#include "seam/messages.hpp"

#include <sekisho/sdk/path/gate_messages.hpp>

#include <concepts>
#include <variant>

namespace sekisho::python {

template <std::copy_constructible T>
[[nodiscard]] T clone(const T& value) {
  return value;
}
[[nodiscard]] inline Evidence clone(const Evidence& evidence) {
  Evidence out;
  for (const auto& [name, secret] : evidence) out.emplace(name, secret.clone());
  return out;
}
[[nodiscard]] inline VerifyPassword clone(const VerifyPassword& work) {
  return {work.encoded_hash, work.candidate.clone()};
}
[[nodiscard]] inline Effect clone(const Effect& effect) {
  return std::visit([](const auto& one) -> Effect { return clone(one); }, effect);
}
[[nodiscard]] inline AuthStep clone(const AuthStep& step) {
  AuthStep out;
  out.verdict = step.verdict;
  out.refusal = step.refusal;
  out.may_retry = step.may_retry;
  out.ask = step.ask;
  for (const Effect& effect : step.effects) out.effects.push_back(clone(effect));
  out.account_state = step.account_state;
  out.source_state = step.source_state;
  out.transaction_state = step.transaction_state;
  out.terminal = step.terminal;
  out.detail = step.detail;
  return out;
}
[[nodiscard]] inline BeginLogin clone(const BeginLogin& m) {
  return {m.arrival, clone(m.evidence)};
}
[[nodiscard]] inline AnswerLogin clone(const AnswerLogin& m) {
  return {m.handle, m.arrival, clone(m.evidence)};
}
[[nodiscard]] inline ResumeSession clone(const ResumeSession& m) {
  return {m.cookie.clone(), m.arrival, m.open_tunnel};
}
[[nodiscard]] inline LogoutSession clone(const LogoutSession& m) {
  return {m.cookie.clone(), m.arrival};
}
[[nodiscard]] inline PostureRequest clone(const PostureRequest& m) {
  return {m.kind, m.arrival, m.cookie.clone(), m.body};
}
[[nodiscard]] inline Granted clone(const Granted& m) {
  return {m.cookie.clone(), m.session, m.state, m.tunnel_within_s};
}
[[nodiscard]] inline GateRequest clone(const GateRequest& request) {
  return std::visit([](const auto& one) -> GateRequest { return clone(one); }, request);
}
[[nodiscard]] inline GateReply clone(const GateReply& reply) {
  return std::visit([](const auto& one) -> GateReply { return clone(one); }, reply);
}

[[nodiscard]] inline seam::Request clone(const seam::Request& m) {
  return {m.number, clone(m.body)};
}
[[nodiscard]] inline seam::Reply clone(const seam::Reply& m) {
  return {m.number, clone(m.body)};
}
[[nodiscard]] inline seam::HyperSetLogin clone(const seam::HyperSetLogin& m) {
  return {m.uuid, m.account, m.password.clone()};
}
[[nodiscard]] inline seam::HyperAllow clone(const seam::HyperAllow& m) {
  return {m.ticket.clone(), m.session, m.uuid, m.relay, m.kind, m.life_s};
}
[[nodiscard]] inline seam::HyperVerb clone(const seam::HyperVerb& verb) {
  return std::visit([](const auto& one) -> seam::HyperVerb { return clone(one); }, verb);
}
[[nodiscard]] inline seam::HyperAsk clone(const seam::HyperAsk& m) {
  return {m.number, m.zone, m.manager, clone(m.verb)};
}
[[nodiscard]] inline seam::ScreenAsk clone(const seam::ScreenAsk& m) {
  return {m.number, m.zone, m.manager, m.session, m.uuid, m.kind, m.ticket.clone()};
}
[[nodiscard]] inline seam::ConsoleLogin clone(const seam::ConsoleLogin& m) {
  return {m.login, m.password.clone()};
}
[[nodiscard]] inline seam::OpenScreen clone(const seam::OpenScreen& m) {
  return {m.ticket.clone()};
}
[[nodiscard]] inline seam::ConsoleQuestion clone(const seam::ConsoleQuestion& question) {
  return std::visit([](const auto& one) -> seam::ConsoleQuestion { return clone(one); }, question);
}
[[nodiscard]] inline seam::ConsoleRequest clone(const seam::ConsoleRequest& m) {
  return {m.number, m.place, m.peer_address, m.user_agent, clone(m.body)};
}
[[nodiscard]] inline seam::DesktopView clone(const seam::DesktopView& m) {
  return {m.session,          m.person,    m.language, m.until,    m.zone,       m.left_s,
          m.desktop,          m.state,     m.name,     m.progress, m.expected_s, m.account,
          m.password.clone(), m.watermark, m.recorded};
}
[[nodiscard]] inline seam::TicketGiven clone(const seam::TicketGiven& m) {
  return {m.ticket.clone()};
}
[[nodiscard]] inline seam::ThumbnailRight clone(const seam::ThumbnailRight& m) {
  return {m.machine, m.driver, m.session, m.zone, m.ticket.clone()};
}
[[nodiscard]] inline seam::ScreenRight clone(const seam::ScreenRight& m) {
  return {m.console, m.session, m.person,   m.target,    m.title, m.machine, m.driver,
          m.address, m.port,    m.recorded, m.view_only, m.keys,  m.zone,    m.ticket.clone()};
}
[[nodiscard]] inline seam::ConsoleAnswer clone(const seam::ConsoleAnswer& answer) {
  return std::visit([](const auto& one) -> seam::ConsoleAnswer { return clone(one); }, answer);
}
[[nodiscard]] inline seam::ConsoleReply clone(const seam::ConsoleReply& m) {
  return {m.number, clone(m.body)};
}
[[nodiscard]] inline seam::Message clone(const seam::Message& message) {
  return std::visit([](const auto& one) -> seam::Message { return clone(one); }, message);
}

}  // namespace sekisho::python
