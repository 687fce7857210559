// The field list of every struct that crosses the seam: one list each, used for measuring, writing and reading alike.
// A list names all members in a structured binding, so a new member does not compile until it is listed here.
// Private to the seam's codec. Threads: pure functions. Caps: bytes of texts, elements of lists; longer is malformed.
#pragma once
#include "seam/messages.hpp"

#include <concepts>
#include <cstddef>
#include <type_traits>

namespace sekisho::seam {

inline constexpr std::size_t kNameBytes = 256;        ///< ids, names, addresses, codes
inline constexpr std::size_t kTextBytes = 4096;       ///< sentences
inline constexpr std::size_t kAnswerBytes = 512;      ///< one Evidence value, the user agent
inline constexpr std::size_t kBodyBytes = 64 * 1024;  ///< posture reports and answers
inline constexpr std::size_t kAnswers = 16;
inline constexpr std::size_t kChainCertificates = 4;
inline constexpr std::size_t kChainBytes = 16 * 1024;
inline constexpr std::size_t kFilterRules = 256;
inline constexpr std::size_t kKernelRights = 4096;

template <class S, class T>
concept Like = std::same_as<std::remove_const_t<S>, T>;

// --- values shared by several messages
// ----------------------------------------------------------------------------------
template <class A, Like<Text> S>
void fields(A& a, S& s) {
  auto& [ja, en] = s;
  a.text(ja, kTextBytes), a.text(en, kTextBytes);
}
template <class A, Like<Refusal> S>
void fields(A& a, S& s) {
  auto& [rule, code, what, why, remedy] = s;
  a.text(rule, kNameBytes), a.text(code, kNameBytes), a.record(what), a.record(why), a.record(remedy);
}
template <class A, Like<FilterRule> S>
void fields(A& a, S& s) {
  auto& [address, port, protocol] = s;
  a.text(address, kNameBytes), a.number(port), a.number(protocol);
}
template <class A, Like<Arrival> S>
void fields(A& a, S& s) {
  auto& [path, peer_address, peer_port, circuit, user_agent, language, tls_version, tls_cipher, certificate_chain,
         certificate_fault, form] = s;
  a.text(path, kNameBytes), a.text(peer_address, kNameBytes), a.number(peer_port), a.text(circuit, kNameBytes);
  a.text(user_agent, kAnswerBytes), a.text(language, kNameBytes), a.text(tls_version, kNameBytes);
  a.text(tls_cipher, kNameBytes), a.texts(certificate_chain, kChainCertificates, kChainBytes);
  a.choice(certificate_fault, CertificateFault::weak_key), a.choice(form, LoginForm::page_for_client);
}
template <class A, Like<SessionView> S>
void fields(A& a, S& s) {
  auto& [session, state, address, gate_address, prefix, mru, idle_limit_s, remaining_s, heartbeat_s, filter, language] =
      s;
  a.text(session, kNameBytes), a.choice(state, SessionState::ended), a.text(address, kNameBytes);
  a.text(gate_address, kNameBytes), a.number(prefix), a.number(mru), a.number(idle_limit_s), a.number(remaining_s);
  a.number(heartbeat_s), a.records(filter, kFilterRules), a.text(language, kNameBytes);
}
template <class A, Like<Ask> S>
void fields(A& a, S& s) {
  auto& [factor, field, prompt, resend_after_s] = s;
  a.text(factor, kNameBytes), a.text(field, kNameBytes), a.record(prompt), a.number(resend_after_s);
}

// --- GateRequest
// --------------------------------------------------------------------------------------------------------
template <class A, Like<BeginLogin> S>
void fields(A& a, S& s) {
  auto& [arrival, evidence] = s;
  a.record(arrival), a.evidence(evidence, kAnswers, kNameBytes, kAnswerBytes);
}
template <class A, Like<AnswerLogin> S>
void fields(A& a, S& s) {
  auto& [handle, arrival, evidence] = s;
  a.text(handle, kNameBytes), a.record(arrival), a.evidence(evidence, kAnswers, kNameBytes, kAnswerBytes);
}
template <class A, Like<ResumeSession> S>
void fields(A& a, S& s) {
  auto& [cookie, arrival, open_tunnel] = s;
  a.secret(cookie, kNameBytes), a.record(arrival), a.flag(open_tunnel);
}
template <class A, Like<LogoutSession> S>
void fields(A& a, S& s) {
  auto& [cookie, arrival] = s;
  a.secret(cookie, kNameBytes), a.record(arrival);
}
template <class A, Like<PostureRequest> S>
void fields(A& a, S& s) {
  auto& [kind, arrival, cookie, body] = s;
  a.text(kind, kNameBytes), a.record(arrival), a.secret(cookie, kNameBytes), a.text(body, kBodyBytes);
}

// --- GateReply
// ----------------------------------------------------------------------------------------------------------
template <class A, Like<LoginAsked> S>
void fields(A& a, S& s) {
  auto& [handle, ask] = s;
  a.text(handle, kNameBytes), a.record(ask);
}
template <class A, Like<Refused> S>
void fields(A& a, S& s) {
  auto& [refusal, may_retry] = s;
  a.record(refusal), a.flag(may_retry);
}
template <class A, Like<Granted> S>
void fields(A& a, S& s) {
  auto& [cookie, session, state, tunnel_within_s] = s;
  a.secret(cookie, kNameBytes), a.text(session, kNameBytes), a.number(tunnel_within_s);
  a.choice(state, SessionState::ended);
}
template <class A, Like<Resumed> S>
void fields(A& a, S& s) {
  auto& [view] = s;
  a.record(view);
}
template <class A, Like<Done> S>
void fields(A&, S&) {}
template <class A, Like<PostureAnswer> S>
void fields(A& a, S& s) {
  auto& [status, body] = s;
  a.number(status), a.text(body, kBodyBytes);
}

// --- GatePush, FrontNotice
// ----------------------------------------------------------------------------------------------
template <class A, Like<SessionChanged> S>
void fields(A& a, S& s) {
  auto& [view] = s;
  a.record(view);
}
template <class A, Like<SessionEnded> S>
void fields(A& a, S& s) {
  auto& [session, code, reason] = s;
  a.text(session, kNameBytes), a.text(code, kNameBytes), a.record(reason);
}
template <class A, Like<TunnelUp> S>
void fields(A& a, S& s) {
  auto& [session, transport] = s;
  a.text(session, kNameBytes), a.text(transport, kNameBytes);
}
template <class A, Like<TunnelDown> S>
void fields(A& a, S& s) {
  auto& [session, ended_by_person, why, bytes_in, bytes_out, dropped] = s;
  a.text(session, kNameBytes), a.flag(ended_by_person), a.text(why, kTextBytes);
  a.number(bytes_in), a.number(bytes_out), a.number(dropped);
}
template <class A, Like<PacketsRefused> S>
void fields(A& a, S& s) {
  auto& [session, count, last] = s;
  a.text(session, kNameBytes), a.number(count), a.record(last);
}
template <class A, Like<TunnelActivity> S>
void fields(A& a, S& s) {
  auto& [session, bytes_in, bytes_out] = s;
  a.text(session, kNameBytes), a.number(bytes_in), a.number(bytes_out);
}

// --- Message
// ------------------------------------------------------------------------------------------------------------
template <class A, Like<Hello> S>
void fields(A& a, S& s) {
  auto& [version, role, name, node] = s;
  a.number(version), a.text(role, kNameBytes), a.text(name, kNameBytes), a.text(node, kNameBytes);
}
template <class A, Like<Heartbeat> S>
void fields(A& a, S& s) {
  auto& [generation] = s;
  a.number(generation);
}
template <class A, Like<Request> S>
void fields(A& a, S& s) {
  auto& [number, body] = s;
  a.number(number), a.variant(body);
}
template <class A, Like<Reply> S>
void fields(A& a, S& s) {
  auto& [number, body] = s;
  a.number(number), a.variant(body);
}
template <class A, Like<Push> S>
void fields(A& a, S& s) {
  auto& [body] = s;
  a.variant(body);
}
template <class A, Like<Notice> S>
void fields(A& a, S& s) {
  auto& [body] = s;
  a.variant(body);
}
template <class A, Like<KernelRight> S>
void fields(A& a, S& s) {
  auto& [address, filter, ttl_s] = s;
  a.text(address, kNameBytes), a.records(filter, kFilterRules), a.number(ttl_s);
}
template <class A, Like<DesiredNet> S>
void fields(A& a, S& s) {
  auto& [number, tun, rights] = s;
  a.number(number), a.text(tun, kNameBytes), a.records(rights, kKernelRights);
}
template <class A, Like<NetApplied> S>
void fields(A& a, S& s) {
  auto& [number, ok, error] = s;
  a.number(number), a.flag(ok), a.text(error, kTextBytes);
}
template <class A, Like<KernelRefused> S>
void fields(A& a, S& s) {
  auto& [tun, packets] = s;
  a.text(tun, kNameBytes), a.number(packets);
}
template <class A, Like<EntranceAsk> S>
void fields(A& a, S& s) {
  auto& [number, peer_address] = s;
  a.number(number), a.text(peer_address, kNameBytes);
}
template <class A, Like<EntranceGrant> S>
void fields(A& a, S& s) {
  auto& [number, ok, session, desktop, address, port, refusal] = s;
  a.number(number), a.flag(ok), a.text(session, kNameBytes), a.text(desktop, kNameBytes);
  a.text(address, kNameBytes), a.number(port), a.record(refusal);
}
template <class A, Like<EntranceClosed> S>
void fields(A& a, S& s) {
  auto& [session, bytes_in, bytes_out] = s;
  a.text(session, kNameBytes), a.number(bytes_in), a.number(bytes_out);
}
template <class A, Like<EntranceEnd> S>
void fields(A& a, S& s) {
  auto& [session] = s;
  a.text(session, kNameBytes);
}
template <class A, Like<Handover> S>
void fields(A& a, S& s) {
  auto& [kind, name] = s;
  a.text(kind, kNameBytes), a.text(name, kNameBytes);
}
template <class A, Like<Ready> S>
void fields(A&, S&) {}

}  // namespace sekisho::seam
