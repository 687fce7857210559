#include "programs/relay/hyper_screens.hpp"

#include "hyper/refusals.hpp"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

namespace sekisho::relay {
namespace {

constexpr Seconds kAnswer{5};
constexpr std::size_t kMostAsked = 64;
constexpr off_t kMostPicture = 8 << 20;
constexpr std::string_view kPng = "\x89PNG\r\n\x1a\n";

Error unreachable(std::string why) {
  return fail("console.unreachable", std::move(why));
}

bool is_stream_socket(const run::Fd& fd) {
  int type = 0;
  socklen_t size = sizeof type;
  return fd && ::getsockopt(fd.get(), SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_STREAM;
}

/// hyperd's word, as far as it is one of the catalogue.
std::string known_code(const std::string& code) {
  return hyper::screen_refusal(code).code == code ? code : "console.unreachable";
}

}  // namespace

Result<std::string> read_picture(const run::Fd& file) {
  constexpr int kSealed = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW;
  const int seals = file ? ::fcntl(file.get(), F_GET_SEALS) : -1;
  if (seals < 0 || (seals & kSealed) != kSealed) return unreachable("the picture is not in a sealed file");
  struct stat about {};
  if (::fstat(file.get(), &about) != 0 || about.st_size < static_cast<off_t>(kPng.size()) ||
      about.st_size > kMostPicture) {
    return unreachable("the picture has no possible size");
  }
  std::string out(static_cast<std::size_t>(about.st_size), '\0');
  if (::lseek(file.get(), 0, SEEK_SET) != 0) return unreachable("the picture cannot be read");
  for (std::size_t have = 0; have < out.size();) {
    const ssize_t size = ::read(file.get(), out.data() + have, out.size() - have);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return unreachable("the picture cannot be read");
    have += static_cast<std::size_t>(size);
  }
  if (!out.starts_with(kPng)) return unreachable("the picture is no PNG");
  return out;
}

struct HyperScreens::State : std::enable_shared_from_this<HyperScreens::State> {
  struct Asked {
    std::string zone;
    seam::ScreenKind kind = seam::ScreenKind::screen;
    run::Timers::Id limit = 0;
    std::function<void(Result<run::Fd>)> done;
  };
  State(const run::Clock& c, run::Timers& t, ScreenSource& b) : clock(c), timers(t), behind(b) {}

  const run::Clock& clock;
  run::Timers& timers;
  ScreenSource& behind;
  std::map<std::string, seam::Link*> links;  // by zone
  std::map<std::uint64_t, Asked> asked;
  std::uint64_t next = 1;

  void ask(ScreenTarget target, seam::ScreenKind kind, std::function<void(Result<run::Fd>)> done) {
    const auto link = links.find(target.zone);
    const char* hindered = link == links.end()          ? "no sekisho-hyperd of its zone"
                           : asked.size() >= kMostAsked ? "too many openings at once"
                           : target.ticket.empty()      ? "the gatekeeper gave no ticket"
                                                        : nullptr;
    if (hindered != nullptr) {
      return timers.post([done = std::move(done), hindered] { done(unreachable(hindered)); });
    }
    const std::uint64_t number = next++;
    Asked& entry = asked[number];
    entry.zone = target.zone;
    entry.kind = kind;
    entry.done = std::move(done);
    entry.limit = timers.at(clock.now() + kAnswer, [weak = weak_from_this(), number] {
      if (const auto self = weak.lock()) self->end(number, unreachable("sekisho-hyperd is late"));
    });
    link->second->send(seam::ScreenAsk{number, std::move(target.zone), std::move(target.driver),
                                       std::move(target.session), std::move(target.machine), kind,
                                       std::move(target.ticket)});
  }
  void end(std::uint64_t number, Result<run::Fd> with) {
    const auto found = asked.find(number);
    if (found == asked.end()) return;
    Asked entry = std::move(found->second);
    asked.erase(found);
    timers.cancel(entry.limit);
    entry.done(std::move(with));
  }
  void answered(const std::string& zone, const seam::ScreenAnswer& answer, run::Fd fd) {
    const auto found = asked.find(answer.number);
    if (found == asked.end() || found->second.zone != zone) return;  // late: its descriptor is closed
    if (!answer.ok) return end(answer.number, fail(known_code(answer.refusal.code), "refused by sekisho-hyperd"));
    if (found->second.kind == seam::ScreenKind::screen && !is_stream_socket(fd)) {
      return end(answer.number, unreachable("sekisho-hyperd handed over no stream socket"));
    }
    end(answer.number, std::move(fd));
  }
};

HyperScreens::HyperScreens(const run::Clock& clock, run::Timers& timers, ScreenSource& behind)
    : state_(std::make_shared<State>(clock, timers, behind)) {}

HyperScreens::~HyperScreens() {
  for (const auto& [number, entry] : state_->asked) state_->timers.cancel(entry.limit);
}

void HyperScreens::open(ScreenTarget target, std::function<void(Result<run::Fd>)> done) {
  if (target.driver.empty()) return state_->behind.open(std::move(target), std::move(done));
  state_->ask(std::move(target), seam::ScreenKind::screen, std::move(done));
}

void HyperScreens::thumbnail(ScreenTarget target, std::function<void(Result<std::string>)> done) {
  if (target.driver.empty()) return state_->behind.thumbnail(std::move(target), std::move(done));
  state_->ask(std::move(target), seam::ScreenKind::picture, [done = std::move(done)](Result<run::Fd> file) {
    if (!file) return done(file.error());
    done(read_picture(*file));
  });
}

void HyperScreens::set_link(const std::string& zone, seam::Link* link) {
  State& s = *state_;
  if (link == nullptr) {
    s.links.erase(zone);
  } else {
    s.links[zone] = link;
  }
  // Whoever waits for the old one will not hear from it.
  std::vector<std::uint64_t> lost;
  for (const auto& [number, entry] : s.asked) {
    if (entry.zone == zone) lost.push_back(number);
  }
  for (const std::uint64_t number : lost) s.end(number, unreachable("sekisho-hyperd has gone"));
}

bool HyperScreens::on_message(const std::string& zone, const seam::Message& message, run::Fd fd) {
  const auto* answer = std::get_if<seam::ScreenAnswer>(&message);
  if (answer == nullptr) return std::holds_alternative<seam::Heartbeat>(message);
  if (answer->zone != zone) return false;
  state_->answered(zone, *answer, std::move(fd));
  return true;
}

}  // namespace sekisho::relay
