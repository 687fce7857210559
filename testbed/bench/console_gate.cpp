// The gatekeeper of a relay, as the supervisor and sekishod are together: hands the listeners over, says yes to every
// ticket, keeps the notes of recordings, and in the end holds every file against them.
#include "audit/digest.hpp"
#include "audit/disk.hpp"
#include "console_modes.hpp"
#include "console_picture.hpp"
#include "programs/sekisho/child_process.hpp"
#include "recording/notes.hpp"
#include "recording/player.hpp"
#include "recording/verify.hpp"
#include "run/asio_services.hpp"
#include "run/clock.hpp"
#include "run/peer_link.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <nlohmann/json.hpp>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <fstream>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

namespace sekisho::bench {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr auto kPatience = std::chrono::seconds(20);

Instant at(std::uint64_t us) {
  return Instant(std::chrono::microseconds(static_cast<std::int64_t>(us)));
}

class Gate final : supervise::ChildProcess::Handler, seam::Link::Handler {
 public:
  explicit Gate(const GateOptions& options) : options_(options) {}

  int run() {
    std::ifstream in(options_.config);
    const auto document = nlohmann::json::parse(in, nullptr, false);
    if (document.is_discarded()) return fail_with("no configuration");
    std::array<std::string, 2> listens;
    for (const auto& path : document["paths"]) {
      if (path["name"] != options_.path) continue;
      folder_ = path["pages"]["recordings"];
      zone_ = path["zones"][0];  // the relay shows nothing of another one (R01)
      listens = {path["entrance"], path["pages"]["console"]["listen"]};
    }
    if (folder_.empty() || !start(listens)) return fail_with("the relay does not start");
    std::printf("{\"relay\": %d}\n", process_->pid());
    std::fflush(stdout);
    asio::posix::stream_descriptor words(loop_, ::dup(0));
    bool over = false;
    std::array<char, 64> ignored{};
    words.async_read_some(asio::buffer(ignored), [&](const boost::system::error_code&, std::size_t) { over = true; });
    while (!over && !exit_) loop_.run_one();
    if (exit_) return fail_with("the relay ended by itself");
    // Whatever is open now was left by its viewer, and its recording comes to a good end.
    const bool ended =
        until([&] { return std::ranges::none_of(recordings_, [](const auto& r) { return r.second.open; }); });
    process_->signal(SIGTERM);
    if (!until([&] { return exit_.has_value(); })) return fail_with("the relay does not end");
    report();
    if (!ended || exit_->signal != 0) return fail_with(ended ? "the relay was killed" : "a recording did not end");
    return 0;
  }

 private:
  struct Recording {
    recording::FileHeader header;
    recording::Notes notes;
    std::string file;
    bool open = true;
  };

  static int fail_with(const char* what) {
    std::fprintf(stderr, "bench-console gate: %s\n", what);
    return 1;
  }
  bool start(const std::array<std::string, 2>& listens) {
    auto child = supervise::ChildProcess::start(
        loop_, {options_.relay, "--config", options_.config, "--path", options_.path}, *this);
    auto ends = run::make_link_pair();
    if (!child || !ends) return false;
    process_ = std::move(*child);
    link_ = std::make_unique<run::PeerLink>(clock_, timers_, seam::Hello{seam::kVersion, "sekishod", "", "1"}, "relay",
                                            "", static_cast<seam::Link::Handler&>(*this));
    link_->start(run::open_link(loop_, std::move((*ends)[0]), link_->inner()));
    for (const std::string& listen : listens) {
      const auto colon = listen.rfind(':');
      tcp::acceptor acceptor(loop_, tcp::endpoint(asio::ip::make_address(listen.substr(0, colon)),
                                                  static_cast<std::uint16_t>(std::stoul(listen.substr(colon + 1)))));
      if (!process_->hand_over("listener", listen, acceptor.native_handle())) return false;
    }
    return process_->hand_over("link", "sekishod", (*ends)[1].get()) && process_->hand_over("end", "", -1) &&
           until([&] { return (ready_ && greeted_) || exit_; }) && !exit_;
  }

  // --- the supervisor's side
  void on_ready() override { ready_ = true; }
  void on_breach() override { exit_ = supervise::Exit{1, 0}; }
  void on_exit(supervise::Exit how) override { exit_ = how; }

  // --- the gatekeeper's side
  void on_message(seam::Message message, int fd) override {
    const run::Fd unwanted(fd);
    if (std::holds_alternative<seam::Hello>(message)) greeted_ = true;
    if (const auto* asked = std::get_if<seam::ConsoleRequest>(&message)) {
      link_->send(seam::ConsoleReply{asked->number, answer(asked->body)});
    } else if (const auto* note = std::get_if<seam::RecordingNote>(&message)) {
      const bool kept = keep(*note);
      link_->send(seam::RecordingNoted{note->number, kept, {}});
    } else if (const auto* notice = std::get_if<seam::ConsoleNotice>(&message)) {
      if (const auto* over = std::get_if<seam::ScreenClosed>(&notice->body)) ++ends_[over->code];
      if (const auto* stopped = std::get_if<seam::ScreenStopped>(&notice->body)) ++ends_["stopped: " + stopped->code];
    }
  }
  void on_closed(std::string_view) override {}

  seam::ConsoleAnswer answer(const seam::ConsoleQuestion& question) {
    const auto* open = std::get_if<seam::OpenScreen>(&question);
    if (open == nullptr) return seam::ConsoleDone{};
    const std::string ticket(open->ticket.reveal());
    seam::ScreenRight right;
    if (ticket.size() < 6 || std::from_chars(ticket.data(), ticket.data() + 5, right.port).ptr != ticket.data() + 5) {
      return seam::ConsoleRefused{};
    }
    right.console = ++screens_;
    right.session = "S20261127-1-000001";
    right.person = "mori";
    right.target = right.title = "bench-" + std::to_string(right.console);
    right.address = "127.0.0.1";
    right.zone = zone_;
    right.recorded = ticket[5] == 'r';
    return right;
  }
  bool keep(const seam::RecordingNote& note) {
    Recording& one = recordings_[note.console];
    if (const auto* opened = std::get_if<seam::RecordingOpened>(&note.body)) {
      const auto id = recording::id_from_hex(opened->id);
      const auto hash = audit::hash_from_hex(opened->header_hash);
      if (!id || !hash) return false;
      one.header.id = *id;
      one.header.started_at = at(opened->started_at);
      one.file = opened->file;
      return add(one, recording::opened_entry(one.header, *hash, one.file, clock_.now()));
    }
    if (const auto* chunk = std::get_if<seam::RecordingChunk>(&note.body)) {
      const auto hash = audit::hash_from_hex(chunk->hash);
      if (!hash) return false;
      return add(one,
                 recording::chunk_entry(
                     one.header, {chunk->number, chunk->offset, chunk->length, at(chunk->begin), at(chunk->end), *hash},
                     clock_.now()));
    }
    one.open = false;
    if (const auto* over = std::get_if<seam::RecordingClosed>(&note.body)) {
      return add(one, recording::closed_entry(one.header, over->chunks, over->why, clock_.now()));
    }
    ++ends_["recording: " + std::get<seam::RecordingFailed>(note.body).code];
    return true;
  }
  static bool add(Recording& one, const audit::Entry& entry) {
    return recording::add_note(one.notes, one.header.id, entry).has_value();
  }

  /// Every file against its notes, and every picture against the numbers that were drawn.
  void report() {
    std::uint64_t verified = 0, chunks = 0, pictures = 0, missing = 0;
    const auto disk = audit::open_posix_disk(folder_, audit::Make::no);
    for (auto& [console, one] : recordings_) {
      if (!disk) break;
      const auto file = (*disk)->open(one.file, audit::Access::read);
      if (!file) continue;
      recording::sort_notes(one.notes);
      const auto found = recording::verify(**file, one.notes);
      if (!found || !found->ok || !found->closed) continue;
      ++verified;
      chunks += found->chunks;
      const auto [seen, gaps] = pictures_of(**file);
      pictures += seen;
      missing += gaps;
    }
    const nlohmann::json all = {{"screens", screens_},  {"recordings", recordings_.size()},
                                {"verified", verified}, {"chunks", chunks},
                                {"pictures", pictures}, {"missing", missing},
                                {"ends", ends_}};
    std::printf("%s\n", all.dump().c_str());
    std::fflush(stdout);
  }
  /// How many numbered pictures a recording shows, and how many numbers below its last one it does not.
  static std::pair<std::uint64_t, std::uint64_t> pictures_of(audit::File& file) {
    std::set<std::uint64_t> seen;
    const auto player = recording::Player::open(file);
    if (!player) return {0, 1};
    const auto look = [&](std::size_t tile) {
      if (const auto stamp = read_stamp((*player)->screen().tile(tile))) seen.insert(stamp->number);
    };
    for (;;) {
      const auto step = (*player)->step();
      if (!step || *step == nullptr) break;
      const auto* changed = std::get_if<recording::PictureChanged>(&(*step)->what);
      if (changed == nullptr) continue;
      if (changed->whole) {
        for (std::size_t tile = 0; tile < (*player)->screen().tiles(); ++tile) look(tile);
      }
      for (const std::uint16_t tile : changed->tiles) look(tile);
    }
    return {seen.size(), seen.empty() ? 0 : *seen.rbegin() + 1 - seen.size()};
  }

  template <class Check>
  bool until(Check check) {
    const auto end = std::chrono::steady_clock::now() + kPatience;
    while (!check()) {
      if (std::chrono::steady_clock::now() > end) return false;
      loop_.run_one_for(std::chrono::milliseconds(10));
      loop_.restart();
    }
    return true;
  }

  const GateOptions options_;
  asio::io_context loop_{1};
  run::GateClock clock_;
  run::AsioTimers timers_{loop_, clock_};
  std::unique_ptr<supervise::ChildProcess> process_;
  std::unique_ptr<run::PeerLink> link_;
  std::optional<supervise::Exit> exit_;
  bool ready_ = false, greeted_ = false;
  std::string folder_, zone_;
  std::uint64_t screens_ = 0;
  std::map<std::uint64_t, Recording> recordings_;  // by console
  std::map<std::string, std::uint64_t> ends_;      // by why
};

}  // namespace

int run_gate(const GateOptions& options) {
  return Gate(options).run();
}

}  // namespace sekisho::bench
