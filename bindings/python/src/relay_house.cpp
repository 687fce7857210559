#include "relay_house.hpp"

#include "audit/disk.hpp"
#include "narrow_disk.hpp"
#include "programs/relay/static_files.hpp"
#include "recording_turns.hpp"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <utility>

namespace sekisho::python {
namespace {

constexpr std::size_t kOneTake = 256 * 1024;

}  // namespace

std::pair<run::Fd, run::Fd> stream_pair() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    throw Failure(fail("relay.descriptors", "no descriptor is free"));
  }
  return {run::Fd(ends[0]), run::Fd(ends[1])};
}

// --- one browser
void RelaySocket::feed(std::span<const std::byte> ciphertext) {
  if (!fd_) return;
  waits_.append(reinterpret_cast<const char*>(ciphertext.data()), ciphertext.size());
  push();
}

void RelaySocket::push() {
  while (fd_ && !waits_.empty()) {
    const ssize_t sent = ::send(fd_.get(), waits_.data(), waits_.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      waits_.erase(0, static_cast<std::size_t>(sent));
      continue;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN) waits_.clear();  // the relay has closed
    return;
  }
}

std::string RelaySocket::take() {
  push();
  std::string out;
  std::array<char, 65536> buffer;
  while (fd_ && !at_end_ && out.size() < kOneTake) {
    const ssize_t size = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
    if (size > 0) {
      out.append(buffer.data(), static_cast<std::size_t>(size));
      continue;
    }
    if (size < 0 && errno == EINTR) continue;
    at_end_ = size == 0 || errno != EAGAIN;
    break;
  }
  return out;
}

void RelaySocket::gone() {
  push();
  fd_.reset();
}

// --- a desktop at an address
void RelayHouse::Addresses::open(relay::ScreenTarget target, std::function<void(Result<run::Fd>)> done) {
  auto found = std::make_shared<std::optional<run::Fd>>();
  if (target.driver.empty() && dial_) *found = dial_(target.address, target.port);
  timers_.post([found, done = std::move(done)] {
    if (!*found) return done(fail("console.unreachable", "nobody answers there"));
    done(std::move(**found));
  });
}

void RelayHouse::Addresses::thumbnail(relay::ScreenTarget, std::function<void(Result<std::string>)> done) {
  timers_.post([done = std::move(done)] { done(fail("console.unreachable", "no pictures of a plain address")); });
}

// --- the house
RelayHouse::RelayHouse(GateHouse& gate, RelaySettings settings)
    : time_(gate.shared_time()),
      settings_(std::move(settings)),
      entropy_(settings_.seed),
      addresses_(time_->fake.timers, settings_.dial) {
  auto& timers = time_->fake.timers;
  relay::MakeRecordings recordings;
  if (!settings_.recordings.empty()) {
    const auto disk = std::make_shared<std::unique_ptr<audit::Disk>>(
        std::make_unique<NarrowDisk>(unwrap(audit::open_posix_disk(settings_.recordings, audit::Make::yes)), room_));
    recordings = [disk, &timers](relay::Recordings::OnNote on_note) {
      return std::make_unique<RecordingTurns>(std::move(*disk), timers, timers, std::move(on_note));
    };
  }
  screens_ = std::make_unique<relay::HyperScreens>(timers, timers, addresses_);
  desk_ = std::make_unique<relay::ScreenDesk>(time_->loop.io(), timers, timers, entropy_, log_, *screens_, recordings,
                                              relay::DeskLimits(settings_.zones));
  for (const RelayPage& given : settings_.pages) {
    auto page = std::make_unique<Page>();
    if (!given.files.empty()) page->files = unwrap(relay::load_static_files(given.files));
    page->pages = std::make_unique<screens::Pages>(given.place, given.origin, page->files);
    page->tls = std::make_shared<relay::PageTls>(unwrap(tls::TlsServerContext::make(settings_.tls)));
    page->server =
        std::make_unique<relay::PageServer>(time_->loop.io(), timers, timers, *page->pages, *desk_, page->tls);
    desk_->serve(*page->pages);
    pages_[given.place] = std::move(page);
  }
  neighbour_ = gate.attach("relay", settings_.name, [this](seam::Message message) {
    if (!desk_) return;
    const bool of_the_entrance =
        std::holds_alternative<seam::EntranceGrant>(message) || std::holds_alternative<seam::EntranceEnd>(message);
    desk_->on_message(message);
    if (of_the_entrance && settings_.hear) settings_.hear(std::move(message));
  });
  desk_->set_link(neighbour_->far_link());
  time_->settle();
}

std::shared_ptr<RelaySocket> RelayHouse::connect(seam::Place place, const std::string& address) {
  const auto found = pages_.find(place);
  if (found == pages_.end()) return nullptr;
  auto [near, far] = stream_pair();
  found->second->server->arrived(std::move(far), address);
  return std::make_shared<RelaySocket>(time_, std::move(near));
}

void RelayHouse::send(const seam::Message& message) {
  if (!desk_) throw Failure(fail("relay.closed", "the relay has been closed"));
  neighbour_->send(message);
}

relay::HyperScreens& RelayHouse::hyper_screens() {
  if (!screens_) throw Failure(fail("relay.closed", "the relay has been closed"));
  return *screens_;
}

void RelayHouse::kill() {
  set_room(false);
  close();
}

void RelayHouse::close() {
  if (!desk_) return;
  desk_->set_link(nullptr);
  for (auto& [place, page] : pages_) page->server.reset();
  desk_.reset();
  pages_.clear();
  screens_.reset();
  neighbour_->close();
  time_->settle();  // handlers of sockets that are closed now
}

}  // namespace sekisho::python
