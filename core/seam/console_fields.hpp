// Field lists of console_messages.hpp. Private to the seam's codec; see fields.hpp.
#pragma once
#include "seam/fields.hpp"

namespace sekisho::seam {

inline constexpr std::size_t kServers = 256;

template <class A, Like<ViewDesktop> S>
void fields(A&, S&) {}
template <class A, Like<EndByPerson> S>
void fields(A&, S&) {}
template <class A, Like<ConsoleLogin> S>
void fields(A& a, S& s) {
  auto& [login, password] = s;
  a.text(login, kNameBytes), a.secret(password, kAnswerBytes);
}
template <class A, Like<ListServers> S>
void fields(A&, S&) {}
template <class A, Like<WantTicket> S>
void fields(A& a, S& s) {
  auto& [server] = s;
  a.text(server, kNameBytes);
}
template <class A, Like<WantThumbnail> S>
void fields(A& a, S& s) {
  auto& [server] = s;
  a.text(server, kNameBytes);
}
template <class A, Like<OpenScreen> S>
void fields(A& a, S& s) {
  auto& [ticket] = s;
  a.secret(ticket, kNameBytes);
}
template <class A, Like<ConsoleRequest> S>
void fields(A& a, S& s) {
  auto& [number, place, peer_address, user_agent, body] = s;
  a.number(number), a.choice(place, Place::console), a.text(peer_address, kNameBytes);
  a.text(user_agent, kAnswerBytes), a.variant(body);
}

template <class A, Like<ConsoleRefused> S>
void fields(A& a, S& s) {
  auto& [refusal, unavailable] = s;
  a.record(refusal), a.flag(unavailable);
}
template <class A, Like<ConsoleDone> S>
void fields(A&, S&) {}
template <class A, Like<DesktopView> S>
void fields(A& a, S& s) {
  auto& [session, person, language, until, zone, left_s, desktop, state, name, progress, expected_s, account, password,
         watermark, recorded] = s;
  a.text(session, kNameBytes), a.text(person, kNameBytes), a.text(language, kNameBytes), a.text(until, kNameBytes);
  a.text(zone, kNameBytes), a.number(left_s), a.text(desktop, kNameBytes), a.text(state, kNameBytes), a.record(name);
  a.number(progress), a.number(expected_s), a.text(account, kNameBytes), a.secret(password, kNameBytes);
  a.flag(watermark), a.flag(recorded);
}
template <class A, Like<ServerView> S>
void fields(A& a, S& s) {
  auto& [id, kind, name, machine, driver, may_open, why_not, state] = s;
  a.text(id, kNameBytes), a.text(kind, kNameBytes), a.record(name), a.text(machine, kNameBytes);
  a.text(driver, kNameBytes), a.flag(may_open), a.record(why_not), a.text(state, kNameBytes);
}
template <class A, Like<ServerList> S>
void fields(A& a, S& s) {
  auto& [session, person, left_s, servers, watermark, recorded] = s;
  a.text(session, kNameBytes), a.text(person, kNameBytes), a.number(left_s), a.records(servers, kServers);
  a.flag(watermark), a.flag(recorded);
}
template <class A, Like<TicketGiven> S>
void fields(A& a, S& s) {
  auto& [ticket] = s;
  a.secret(ticket, kNameBytes);
}
template <class A, Like<ThumbnailRight> S>
void fields(A& a, S& s) {
  auto& [machine, driver, session, zone, ticket] = s;
  a.text(machine, kNameBytes), a.text(driver, kNameBytes), a.text(session, kNameBytes), a.text(zone, kNameBytes);
  a.secret(ticket, kNameBytes);
}
template <class A, Like<ScreenRight> S>
void fields(A& a, S& s) {
  auto& [console, session, person, target, title, machine, driver, address, port, recorded, view_only, keys, zone,
         ticket] = s;
  a.number(console), a.text(session, kNameBytes), a.text(person, kNameBytes), a.text(target, kNameBytes);
  a.text(title, kNameBytes), a.text(machine, kNameBytes), a.text(driver, kNameBytes), a.text(address, kNameBytes);
  a.number(port), a.flag(recorded), a.flag(view_only), a.number(keys), a.text(zone, kNameBytes);
  a.secret(ticket, kNameBytes);
}
template <class A, Like<ConsoleReply> S>
void fields(A& a, S& s) {
  auto& [number, body] = s;
  a.number(number), a.variant(body);
}

template <class A, Like<ScreenStopped> S>
void fields(A& a, S& s) {
  auto& [code, by_guest, count, bytes, total] = s;
  a.text(code, kNameBytes), a.flag(by_guest), a.number(count), a.number(bytes), a.number(total);
}
template <class A, Like<ScreenClosed> S>
void fields(A& a, S& s) {
  auto& [code, detail, bytes_in, bytes_out] = s;
  a.text(code, kNameBytes), a.text(detail, kTextBytes), a.number(bytes_in), a.number(bytes_out);
}
template <class A, Like<ScreenUsed> S>
void fields(A&, S&) {}
template <class A, Like<ConsoleNotice> S>
void fields(A& a, S& s) {
  auto& [console, body] = s;
  a.number(console), a.variant(body);
}

template <class A, Like<RecordingOpened> S>
void fields(A& a, S& s) {
  auto& [id, header_hash, file, started_at] = s;
  a.text(id, kNameBytes), a.text(header_hash, kNameBytes), a.text(file, kNameBytes), a.number(started_at);
}
template <class A, Like<RecordingChunk> S>
void fields(A& a, S& s) {
  auto& [number, offset, begin, end, length, hash] = s;
  a.number(number), a.number(offset), a.number(begin), a.number(end), a.number(length), a.text(hash, kNameBytes);
}
template <class A, Like<RecordingClosed> S>
void fields(A& a, S& s) {
  auto& [chunks, why] = s;
  a.number(chunks), a.text(why, kNameBytes);
}
template <class A, Like<RecordingFailed> S>
void fields(A& a, S& s) {
  auto& [chunks, code, detail] = s;
  a.number(chunks), a.text(code, kNameBytes), a.text(detail, kTextBytes);
}
template <class A, Like<RecordingNote> S>
void fields(A& a, S& s) {
  auto& [number, console, body] = s;
  a.number(number), a.number(console), a.variant(body);
}
template <class A, Like<RecordingNoted> S>
void fields(A& a, S& s) {
  auto& [number, ok, error] = s;
  a.number(number), a.flag(ok), a.text(error, kTextBytes);
}
template <class A, Like<ScreenEnd> S>
void fields(A& a, S& s) {
  auto& [console, code] = s;
  a.number(console), a.text(code, kNameBytes);
}

}  // namespace sekisho::seam
