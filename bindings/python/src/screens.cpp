// What a relay and the gatekeeper say of pages, screens and recordings: the second half of the seam's messages.
#include "bind.hpp"
#include "seam_casters.hpp"
#include "value.hpp"

namespace sekisho::python {
namespace {

using namespace seam;

void bind_questions(py::module_& m) {
  Value<ViewDesktop>(m, "ViewDesktop", "What does the desktop page show?");
  Value<EndByPerson>(m, "EndByPerson", "The person ends the session.");
  Value<ConsoleLogin>(m, "ConsoleLogin", "Login id and password once more.")
      .field("login", &ConsoleLogin::login)
      .field("password", &ConsoleLogin::password);
  Value<ListServers>(m, "ListServers", "The servers of the contract.");
  Value<WantTicket>(m, "WantTicket", "A one-time ticket for a screen.").field("server", &WantTicket::server);
  Value<WantThumbnail>(m, "WantThumbnail", "May this peer see that picture?").field("server", &WantThumbnail::server);
  Value<OpenScreen>(m, "OpenScreen", "A WebSocket shows its ticket.").field("ticket", &OpenScreen::ticket);
  Value<ConsoleRequest>(m, "ConsoleRequest", "A page's question.")
      .field("number", &ConsoleRequest::number)
      .field("place", &ConsoleRequest::place)
      .field("peer_address", &ConsoleRequest::peer_address)
      .field("user_agent", &ConsoleRequest::user_agent)
      .field("body", &ConsoleRequest::body);
}

void bind_rights(py::module_& m) {
  Value<TicketGiven>(m, "TicketGiven", "A ticket.").field("ticket", &TicketGiven::ticket);
  Value<ThumbnailRight>(m, "ThumbnailRight", "Whose picture, and hyperd's ticket for it.")
      .field("machine", &ThumbnailRight::machine)
      .field("driver", &ThumbnailRight::driver)
      .field("session", &ThumbnailRight::session)
      .field("zone", &ThumbnailRight::zone)
      .field("ticket", &ThumbnailRight::ticket);
  Value<ScreenRight>(m, "ScreenRight", "Whose screen, and hyperd's ticket for it.")
      .field("console", &ScreenRight::console)
      .field("session", &ScreenRight::session)
      .field("person", &ScreenRight::person)
      .field("target", &ScreenRight::target)
      .field("title", &ScreenRight::title)
      .field("machine", &ScreenRight::machine)
      .field("driver", &ScreenRight::driver)
      .field("address", &ScreenRight::address)
      .field("port", &ScreenRight::port)
      .field("recorded", &ScreenRight::recorded)
      .field("view_only", &ScreenRight::view_only)
      .field("keys", &ScreenRight::keys)
      .field("zone", &ScreenRight::zone)
      .field("ticket", &ScreenRight::ticket);
}

void bind_answers(py::module_& m) {
  Value<ConsoleRefused>(m, "ConsoleRefused", "No, and why.")
      .field("refusal", &ConsoleRefused::refusal)
      .field("unavailable", &ConsoleRefused::unavailable);
  Value<ConsoleDone>(m, "ConsoleDone", "It is done.");
  Value<DesktopView>(m, "DesktopView", "What the desktop page shows.")
      .field("session", &DesktopView::session)
      .field("person", &DesktopView::person)
      .field("language", &DesktopView::language)
      .field("until", &DesktopView::until)
      .field("zone", &DesktopView::zone)
      .field("left_s", &DesktopView::left_s)
      .field("desktop", &DesktopView::desktop)
      .field("state", &DesktopView::state)
      .field("name", &DesktopView::name)
      .field("progress", &DesktopView::progress)
      .field("expected_s", &DesktopView::expected_s)
      .field("account", &DesktopView::account)
      .field("password", &DesktopView::password)
      .field("watermark", &DesktopView::watermark)
      .field("recorded", &DesktopView::recorded);
  Value<ServerView>(m, "ServerView", "A server of the contract.")
      .field("id", &ServerView::id)
      .field("kind", &ServerView::kind)
      .field("name", &ServerView::name)
      .field("machine", &ServerView::machine)
      .field("driver", &ServerView::driver)
      .field("may_open", &ServerView::may_open)
      .field("why_not", &ServerView::why_not)
      .field("state", &ServerView::state);
  Value<ServerList>(m, "ServerList", "What the console page shows.")
      .field("session", &ServerList::session)
      .field("person", &ServerList::person)
      .field("left_s", &ServerList::left_s)
      .field("servers", &ServerList::servers)
      .field("watermark", &ServerList::watermark)
      .field("recorded", &ServerList::recorded);
  bind_rights(m);
  Value<ConsoleReply>(m, "ConsoleReply", "The gatekeeper answers a page.")
      .field("number", &ConsoleReply::number)
      .field("body", &ConsoleReply::body);
}

void bind_happenings(py::module_& m) {
  Value<ScreenStopped>(m, "ScreenStopped", "Something did not pass.")
      .field("code", &ScreenStopped::code)
      .field("by_guest", &ScreenStopped::by_guest)
      .field("count", &ScreenStopped::count)
      .field("bytes", &ScreenStopped::bytes)
      .field("total", &ScreenStopped::total);
  Value<ScreenClosed>(m, "ScreenClosed", "A screen is over.")
      .field("code", &ScreenClosed::code)
      .field("detail", &ScreenClosed::detail)
      .field("bytes_in", &ScreenClosed::bytes_in)
      .field("bytes_out", &ScreenClosed::bytes_out);
  Value<ScreenUsed>(m, "ScreenUsed", "The person typed or pointed.");
  Value<ConsoleNotice>(m, "ConsoleNotice", "What happened on an open screen.")
      .field("console", &ConsoleNotice::console)
      .field("body", &ConsoleNotice::body);
  Value<ScreenEnd>(m, "ScreenEnd", "Close this screen now.")
      .field("console", &ScreenEnd::console)
      .field("code", &ScreenEnd::code);
}

void bind_recordings(py::module_& m) {
  Value<RecordingOpened>(m, "RecordingOpened", "A recording has its file.")
      .field("id", &RecordingOpened::id)
      .field("header_hash", &RecordingOpened::header_hash)
      .field("file", &RecordingOpened::file)
      .field("started_at", &RecordingOpened::started_at);
  Value<RecordingChunk>(m, "RecordingChunk", "A chunk is on the disk.")
      .field("number", &RecordingChunk::number)
      .field("offset", &RecordingChunk::offset)
      .field("begin", &RecordingChunk::begin)
      .field("end", &RecordingChunk::end)
      .field("length", &RecordingChunk::length)
      .field("hash", &RecordingChunk::hash);
  Value<RecordingClosed>(m, "RecordingClosed", "A recording is whole.")
      .field("chunks", &RecordingClosed::chunks)
      .field("why", &RecordingClosed::why);
  Value<RecordingFailed>(m, "RecordingFailed", "A recording could not be kept.")
      .field("chunks", &RecordingFailed::chunks)
      .field("code", &RecordingFailed::code)
      .field("detail", &RecordingFailed::detail);
  Value<RecordingNote>(m, "RecordingNote", "For the journal.")
      .field("number", &RecordingNote::number)
      .field("console", &RecordingNote::console)
      .field("body", &RecordingNote::body);
  Value<RecordingNoted>(m, "RecordingNoted", "The journal has it, or not.")
      .field("number", &RecordingNoted::number)
      .field("ok", &RecordingNoted::ok)
      .field("error", &RecordingNoted::error);
}

}  // namespace

void bind_screens(py::module_& m) {
  bind_questions(m);
  bind_answers(m);
  bind_happenings(m);
  bind_recordings(m);
}

}  // namespace sekisho::python
