// The seam's messages and their codec: what a front, netd or a relay says to the gatekeeper and hears from it.
#include "bind.hpp"
#include "errors.hpp"
#include "machine_words.hpp"
#include "seam_casters.hpp"
#include "value.hpp"

namespace sekisho::python {
namespace {

void bind_shared(py::module_& m) {
  Value<FilterRule>(m, "FilterRule", "One reachable destination.")
      .field("address", &FilterRule::address)
      .field("port", &FilterRule::port)
      .field("protocol", &FilterRule::protocol);
  Value<SessionView>(m, "SessionView", "All that a tunnel needs to know.")
      .field("session", &SessionView::session)
      .field("state", &SessionView::state)
      .field("address", &SessionView::address)
      .field("gate_address", &SessionView::gate_address)
      .field("prefix", &SessionView::prefix)
      .field("mru", &SessionView::mru)
      .field("idle_limit_s", &SessionView::idle_limit_s)
      .field("remaining_s", &SessionView::remaining_s)
      .field("heartbeat_s", &SessionView::heartbeat_s)
      .field("filter", &SessionView::filter)
      .field("language", &SessionView::language);
}

void bind_requests(py::module_& m) {
  Value<BeginLogin>(m, "BeginLogin", "A login begins.")
      .field("arrival", &BeginLogin::arrival)
      .field("evidence", &BeginLogin::evidence);
  Value<AnswerLogin>(m, "AnswerLogin", "A question is answered.")
      .field("handle", &AnswerLogin::handle)
      .field("arrival", &AnswerLogin::arrival)
      .field("evidence", &AnswerLogin::evidence);
  Value<ResumeSession>(m, "ResumeSession", "A session's cookie is shown.")
      .field("cookie", &ResumeSession::cookie)
      .field("arrival", &ResumeSession::arrival)
      .field("open_tunnel", &ResumeSession::open_tunnel);
  Value<LogoutSession>(m, "LogoutSession", "A session ends by its person.")
      .field("cookie", &LogoutSession::cookie)
      .field("arrival", &LogoutSession::arrival);
  Value<PostureRequest>(m, "PostureRequest", "A request to the posture page.")
      .field("kind", &PostureRequest::kind)
      .field("arrival", &PostureRequest::arrival)
      .field("cookie", &PostureRequest::cookie)
      .field("body", &PostureRequest::body);
}

void bind_replies(py::module_& m) {
  Value<LoginAsked>(m, "LoginAsked", "A question to the person.")
      .field("handle", &LoginAsked::handle)
      .field("ask", &LoginAsked::ask);
  Value<Refused>(m, "Refused", "No, and why.")
      .field("refusal", &Refused::refusal)
      .field("may_retry", &Refused::may_retry);
  Value<Granted>(m, "Granted", "A session.")
      .field("cookie", &Granted::cookie)
      .field("session", &Granted::session)
      .field("state", &Granted::state)
      .field("tunnel_within_s", &Granted::tunnel_within_s);
  Value<Resumed>(m, "Resumed", "A session's view.").field("view", &Resumed::view);
  Value<Done>(m, "Done", "It is done.");
  Value<PostureAnswer>(m, "PostureAnswer", "Answer of the posture page.")
      .field("status", &PostureAnswer::status)
      .field("body", &PostureAnswer::body);
  Value<SessionChanged>(m, "SessionChanged", "Pushed: a session's view has changed.")
      .field("view", &SessionChanged::view);
  Value<SessionEnded>(m, "SessionEnded", "Pushed: a session is over.")
      .field("session", &SessionEnded::session)
      .field("code", &SessionEnded::code)
      .field("reason", &SessionEnded::reason);
}

void bind_notices(py::module_& m) {
  Value<TunnelUp>(m, "TunnelUp", "A tunnel stands.")
      .field("session", &TunnelUp::session)
      .field("transport", &TunnelUp::transport);
  Value<TunnelDown>(m, "TunnelDown", "A tunnel is gone.")
      .field("session", &TunnelDown::session)
      .field("ended_by_person", &TunnelDown::ended_by_person)
      .field("why", &TunnelDown::why)
      .field("bytes_in", &TunnelDown::bytes_in)
      .field("bytes_out", &TunnelDown::bytes_out)
      .field("dropped", &TunnelDown::dropped);
  Value<PacketsRefused>(m, "PacketsRefused", "Packets that the filter refused.")
      .field("session", &PacketsRefused::session)
      .field("count", &PacketsRefused::count)
      .field("last", &PacketsRefused::last);
  Value<TunnelActivity>(m, "TunnelActivity", "Traffic flows.")
      .field("session", &TunnelActivity::session)
      .field("bytes_in", &TunnelActivity::bytes_in)
      .field("bytes_out", &TunnelActivity::bytes_out);
}

void bind_hyper(py::module_& m) {
  using namespace seam;
  Value<HyperList>(m, "HyperList", "All machines of a manager.");
  Value<HyperLook>(m, "HyperLook", "One machine.").field("uuid", &HyperLook::uuid);
  Value<HyperPower>(m, "HyperPower", "Its power.")
      .field("uuid", &HyperPower::uuid)
      .field("action", &HyperPower::action);
  Value<HyperTakeSnapshot>(m, "HyperTakeSnapshot", "Keep its state.")
      .field("uuid", &HyperTakeSnapshot::uuid)
      .field("name", &HyperTakeSnapshot::name);
  Value<HyperRevert>(m, "HyperRevert", "Back to a state.")
      .field("uuid", &HyperRevert::uuid)
      .field("name", &HyperRevert::name);
  Value<HyperCreate>(m, "HyperCreate", "A new desktop.")
      .field("uuid", &HyperCreate::uuid)
      .field("model", &HyperCreate::model)
      .field("mac", &HyperCreate::mac);
  Value<HyperDestroy>(m, "HyperDestroy", "The end of a desktop.").field("uuid", &HyperDestroy::uuid);
  Value<HyperSetLogin>(m, "HyperSetLogin", "A desktop's one-session password.")
      .field("uuid", &HyperSetLogin::uuid)
      .field("account", &HyperSetLogin::account)
      .field("password", &HyperSetLogin::password);
  Value<HyperAllow>(m, "HyperAllow", "A relay may open this once.")
      .field("ticket", &HyperAllow::ticket)
      .field("session", &HyperAllow::session)
      .field("uuid", &HyperAllow::uuid)
      .field("relay", &HyperAllow::relay)
      .field("kind", &HyperAllow::kind)
      .field("life_s", &HyperAllow::life_s);
  Value<HyperWithdraw>(m, "HyperWithdraw", "A session's tickets are void.").field("session", &HyperWithdraw::session);
  Value<HyperAsk>(m, "HyperAsk", "sekishod asks hyperd.")
      .field("number", &HyperAsk::number)
      .field("zone", &HyperAsk::zone)
      .field("manager", &HyperAsk::manager)
      .field("verb", &HyperAsk::verb);
  Value<HyperMachine>(m, "HyperMachine", "A machine as hyperd sees it.")
      .field("uuid", &HyperMachine::uuid)
      .field("name", &HyperMachine::name)
      .field("state", &HyperMachine::state)
      .field("answers", &HyperMachine::answers);
  Value<HyperDone>(m, "HyperDone", "It is done.");
  Value<HyperMachines>(m, "HyperMachines", "Machines.")
      .field("machines", &HyperMachines::machines)
      .field("more", &HyperMachines::more);
  Value<HyperFailed>(m, "HyperFailed", "It is not done.")
      .field("code", &HyperFailed::code)
      .field("detail", &HyperFailed::detail);
  Value<HyperAnswer>(m, "HyperAnswer", "hyperd answers.")
      .field("number", &HyperAnswer::number)
      .field("zone", &HyperAnswer::zone)
      .field("result", &HyperAnswer::result);
  Value<HyperSaw>(m, "HyperSaw", "What happened to a machine or a manager.")
      .field("zone", &HyperSaw::zone)
      .field("manager", &HyperSaw::manager)
      .field("uuid", &HyperSaw::uuid)
      .field("state", &HyperSaw::state)
      .field("manager_lost", &HyperSaw::manager_lost);
  Value<ScreenAsk>(m, "ScreenAsk", "A relay shows a ticket.")
      .field("number", &ScreenAsk::number)
      .field("zone", &ScreenAsk::zone)
      .field("manager", &ScreenAsk::manager)
      .field("session", &ScreenAsk::session)
      .field("uuid", &ScreenAsk::uuid)
      .field("kind", &ScreenAsk::kind)
      .field("ticket", &ScreenAsk::ticket);
  Value<ScreenAnswer>(m, "ScreenAnswer", "The screen, or why not.")
      .field("number", &ScreenAnswer::number)
      .field("zone", &ScreenAnswer::zone)
      .field("ok", &ScreenAnswer::ok)
      .field("media_type", &ScreenAnswer::media_type)
      .field("refusal", &ScreenAnswer::refusal);
}

void bind_messages(py::module_& m) {
  using namespace seam;
  Value<Hello>(m, "Hello", "First message on a link.")
      .field("version", &Hello::version)
      .field("role", &Hello::role)
      .field("name", &Hello::name)
      .field("node", &Hello::node);
  Value<Heartbeat>(m, "Heartbeat", "A side lives.").field("generation", &Heartbeat::generation);
  Value<Request>(m, "Request", "A front asks.").field("number", &Request::number).field("body", &Request::body);
  Value<Reply>(m, "Reply", "The gatekeeper answers.").field("number", &Reply::number).field("body", &Reply::body);
  Value<Push>(m, "Push", "The gatekeeper says.").field("body", &Push::body);
  Value<Notice>(m, "Notice", "A front says.").field("body", &Notice::body);
  Value<KernelRight>(m, "KernelRight", "One session's rights in the kernel.")
      .field("address", &KernelRight::address)
      .field("filter", &KernelRight::filter)
      .field("ttl_s", &KernelRight::ttl_s);
  Value<DesiredNet>(m, "DesiredNet", "The whole desired state of one TUN.")
      .field("number", &DesiredNet::number)
      .field("tun", &DesiredNet::tun)
      .field("rights", &DesiredNet::rights);
  Value<NetApplied>(m, "NetApplied", "netd's answer.")
      .field("number", &NetApplied::number)
      .field("ok", &NetApplied::ok)
      .field("error", &NetApplied::error);
  Value<KernelRefused>(m, "KernelRefused", "Packets that the kernel refused.")
      .field("tun", &KernelRefused::tun)
      .field("packets", &KernelRefused::packets);
  Value<RdpRight>(m, "RdpRight", "RDP from one address to another.")
      .field("source", &RdpRight::source)
      .field("destination", &RdpRight::destination)
      .field("ttl_s", &RdpRight::ttl_s);
  Value<DesiredRdp>(m, "DesiredRdp", "All RDP that may be.")
      .field("number", &DesiredRdp::number)
      .field("rights", &DesiredRdp::rights);
  Value<RdpTry>(m, "RdpTry", "RDP that was refused.")
      .field("source", &RdpTry::source)
      .field("destination", &RdpTry::destination)
      .field("protocol", &RdpTry::protocol)
      .field("tries", &RdpTry::tries)
      .field("packets", &RdpTry::packets);
  Value<RdpRefused>(m, "RdpRefused", "What was refused since the last word.").field("tries", &RdpRefused::tries);
  Value<BarredSource>(m, "BarredSource", "A source whose openings are left unanswered for so long; 0: no longer.")
      .field("source", &BarredSource::source)
      .field("seconds", &BarredSource::seconds);
  Value<BarSources>(m, "BarSources", "From a front: what has changed.").field("sources", &BarSources::sources);
  Value<EntranceAsk>(m, "EntranceAsk", "A relay asks whose peer it is.")
      .field("number", &EntranceAsk::number)
      .field("peer_address", &EntranceAsk::peer_address);
  Value<EntranceGrant>(m, "EntranceGrant", "Whose it is, or why nobody's.")
      .field("number", &EntranceGrant::number)
      .field("ok", &EntranceGrant::ok)
      .field("session", &EntranceGrant::session)
      .field("desktop", &EntranceGrant::desktop)
      .field("address", &EntranceGrant::address)
      .field("port", &EntranceGrant::port)
      .field("refusal", &EntranceGrant::refusal);
  Value<EntranceClosed>(m, "EntranceClosed", "A stream of the entrance is over.")
      .field("session", &EntranceClosed::session)
      .field("bytes_in", &EntranceClosed::bytes_in)
      .field("bytes_out", &EntranceClosed::bytes_out);
  Value<EntranceEnd>(m, "EntranceEnd", "Close everything of a session.").field("session", &EntranceEnd::session);
  Value<Handover>(m, "Handover", "A descriptor for a child.")
      .field("kind", &Handover::kind)
      .field("name", &Handover::name);
  Value<Ready>(m, "Ready", "A child serves.");
  bind_hyper(m);
  m.def(
      "encode_message", [](const Message& message) { return to_bytes(unwrap(encode(message)).bytes()); },
      py::arg("message"));
  m.def(
      "decode_message", [](const py::bytes& packet) { return unwrap(decode(as_span(packet))); }, py::arg("packet"));
  m.attr("SEAM_VERSION") = kVersion;
}

}  // namespace

void bind_seam(py::module_& m) {
  bind_shared(m);
  bind_requests(m);
  bind_replies(m);
  bind_notices(m);
  bind_messages(m);
}

}  // namespace sekisho::python
