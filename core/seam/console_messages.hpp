// What sekishod and a relay say about pages and screens. A relay decides nothing: whose peer it has, what that person
// may see and open, and what the journal holds of it are the gatekeeper's. Part of messages.hpp.
//
//   relay ──ConsoleRequest──▶ sekishod        a page's question; answered by one ConsoleReply of the same number
//   relay ──ConsoleNotice───▶ sekishod        what happened on an open screen
//   relay ──RecordingNote───▶ sekishod        for the journal; answered by RecordingNoted once it is on the disk
//   relay ◀──ScreenEnd─────── sekishod        close this screen now (a session's end is EntranceEnd)
//
// Threads: plain values. Ranges: counts and lengths are capped in fields.hpp. Source: issue "Desktops and consoles"
// parts 2, 3 and 5; threats.md T-60, T-63.
#pragma once
#include <sekisho/sdk/refusal.hpp>
#include <sekisho/sdk/secret.hpp>

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace sekisho::seam {

/// Which page a peer stands at: the desktop page on the tunnel's side, the console page on the desktops' side.
enum class Place : std::uint8_t { desktop, console };

// --- questions of a page
/// Place::desktop: the desktop, its state and what its page shows.
struct ViewDesktop {};
/// The person ends his session.
struct EndByPerson {};
/// Place::console (R12): login id and password once more.
struct ConsoleLogin {
  std::string login;
  Secret password;
};
/// Place::console: the servers of the contract.
struct ListServers {};
/// A one-time ticket for a screen; `server` is empty for the desktop's.
struct WantTicket {
  std::string server;
};
/// Place::console: may this peer see that server's thumbnail, and which machine is it?
struct WantThumbnail {
  std::string server;
};
/// A WebSocket shows its ticket.
struct OpenScreen {
  Secret ticket;
};
using ConsoleQuestion =
    std::variant<ViewDesktop, EndByPerson, ConsoleLogin, ListServers, WantTicket, WantThumbnail, OpenScreen>;

struct ConsoleRequest {
  std::uint64_t number = 0;
  Place place = Place::desktop;
  std::string peer_address, user_agent;  ///< user_agent: of the browser (R09)
  ConsoleQuestion body;
};

// --- answers
struct ConsoleRefused {
  Refusal refusal;
  bool unavailable = false;  ///< the gate's own trouble (503), not the person's (403)
};
struct ConsoleDone {};
struct DesktopView {
  std::string session, person, language, until, zone;  ///< until: RFC 3339
  std::uint32_t left_s = 0;
  std::string desktop, state;  ///< state: preparing, starting, ready, ended, failed
  Text name;
  std::uint8_t progress = 0;  ///< percent
  std::uint32_t expected_s = 0;
  std::string account;  ///< one-session account of the desktop; may be empty
  Secret password;
  bool watermark = true, recorded = true;
};
struct ServerView {
  std::string id, kind;  ///< kind: vm, physical
  Text name;
  std::string machine, driver;  ///< for the relay alone: which one it is
  bool may_open = false;
  Refusal why_not;                ///< set when !may_open
  std::string state = "unknown";  ///< on, off, unknown: as hyperd told the gatekeeper
  friend bool operator==(const ServerView&, const ServerView&) = default;
};
struct ServerList {
  std::string session, person;
  std::uint32_t left_s = 0;
  std::vector<ServerView> servers;
  bool watermark = true, recorded = true;
};
struct TicketGiven {
  Secret ticket;
};
/// The picture is hyperd's of `zone`, for this ticket (ScreenAsk), once.
struct ThumbnailRight {
  std::string machine, driver;
  std::string session{}, zone{};
  Secret ticket{};
};
/// The journal has console.opened (or desktop.opened). The screen is the machine's, which hyperd of `zone` hands over
/// for `ticket` (ScreenAsk), once; or, with an empty driver, whatever answers at address and port.
struct ScreenRight {
  std::uint64_t console = 0;  ///< names this screen from now on
  std::string session, person, target, title;
  std::string machine, driver, address;
  std::uint16_t port = 0;
  bool recorded = true, view_only = false;
  std::uint8_t keys = 0;  ///< recording::Keys: 0 none, 1 masked, 2 clear
  std::string zone{};
  Secret ticket{};
};
using ConsoleAnswer =
    std::variant<ConsoleRefused, ConsoleDone, DesktopView, ServerList, TicketGiven, ThumbnailRight, ScreenRight>;
struct ConsoleReply {
  std::uint64_t number = 0;
  ConsoleAnswer body;
};

// --- what happened on a screen
/// Something did not pass. `code`: a cause of the console room ("console.clipboard").
struct ScreenStopped {
  std::string code;
  bool by_guest = false;
  std::uint64_t count = 0, bytes = 0, total = 0;
};
struct ScreenClosed {
  std::string code, detail;  ///< detail: the guest's words, not trusted
  std::uint64_t bytes_in = 0, bytes_out = 0;
};
/// The person typed or pointed; at most every 10 s. A page that only looks, and a guest's pictures, are no sign of one.
struct ScreenUsed {};
struct ConsoleNotice {
  std::uint64_t console = 0;
  std::variant<ScreenStopped, ScreenClosed, ScreenUsed> body;
};

// --- recordings; hashes and ids in lower-case hex, times in us since 1970
struct RecordingOpened {
  std::string id, header_hash, file;
  std::uint64_t started_at = 0;
};
struct RecordingChunk {
  std::uint64_t number = 0, offset = 0, begin = 0, end = 0;
  std::uint32_t length = 0;
  std::string hash;
};
struct RecordingClosed {
  std::uint64_t chunks = 0;
  std::string why;
};
struct RecordingFailed {
  std::uint64_t chunks = 0;
  std::string code, detail;
};
struct RecordingNote {
  std::uint64_t number = 0, console = 0;
  std::variant<RecordingOpened, RecordingChunk, RecordingClosed, RecordingFailed> body;
};
struct RecordingNoted {
  std::uint64_t number = 0;
  bool ok = false;
  std::string error;
};

struct ScreenEnd {
  std::uint64_t console = 0;
  std::string code;
};

}  // namespace sekisho::seam
