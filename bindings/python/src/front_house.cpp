#include "front_house.hpp"

#include "net/datapath/vnet_header.hpp"

#include <algorithm>
#include <utility>

namespace sekisho::python {
namespace {

constexpr std::size_t kOneTake = 256 * 1024;

/// Shows that a check of the filter can fail. The source stays pinned, so that answers find their way back.
class OpenFilter final : public front::PacketFilter {
 public:
  bool inward(const front::SessionRights& rights, const datapath::PacketInfo& info) const override {
    return rights.address != 0 && info.source == rights.address;
  }
  bool outward(const front::SessionRights& rights, const datapath::PacketInfo& info) const override {
    return rights.address != 0 && info.destination == rights.address;
  }
};

std::unique_ptr<front::PacketFilter> filter_of(bool filters) {
  if (filters) return std::make_unique<front::StrictPacketFilter>();
  return std::make_unique<OpenFilter>();
}

front::FrontLimits limits_of(const FrontSettings& settings) {
  front::FrontLimits out;
  out.penalise_unknown = settings.role != "posture";
  return out;
}

}  // namespace

void FrontSocket::feed(std::span<const std::byte> ciphertext) {
  if (!driver_) return;
  driver_->on_ciphertext(ciphertext);
  house_->engine().flush();
}

std::string FrontSocket::take() {
  std::string out;
  while (driver_ && !driver_->finished() && out.size() < kOneTake) {
    if (driver_->output().empty() && !driver_->fill()) break;
    const auto ready = driver_->output();
    out.append(reinterpret_cast<const char*>(ready.data()), ready.size());
    driver_->sent(ready.size());
  }
  look();
  return out;
}

void FrontSocket::gone(std::string_view why) {
  if (!driver_) return;
  driver_->on_transport_gone(why);
  house_->engine().flush();
  look();
}

void FrontSocket::look() {
  if (!driver_) return;
  half_closed_ = half_closed_ || driver_->wants_half_close();
  if (!driver_->finished()) return;
  why_ = driver_->why();
  driver_.reset();
}

FrontHouse::FrontHouse(GateHouse& gate, std::shared_ptr<AccessPath> path, const FrontSettings& settings)
    : time_(gate.shared_time()),
      path_(std::move(path)),
      entropy_(settings.seed),
      tls_(unwrap(tls::TlsServerContext::make(settings.tls))),
      filter_(filter_of(settings.filters)) {
  auto& timers = time_->fake.timers;
  engine_ = std::make_unique<front::Engine>(
      front::Engine::Parts{.clock = timers,
                           .timers = timers,
                           .entropy = entropy_,
                           .log = log_,
                           .tls = tls_,
                           .path = *path_,
                           .filter = *filter_,
                           .path_name = settings.name,
                           .limits = limits_of(settings)},
      front::Engine::Callbacks{.write_tun =
                                   [this](std::span<const std::byte> frame) {
                                     const auto packet =
                                         frame.subspan(std::min(frame.size(), datapath::kVnetHeaderBytes));
                                     packets_.emplace_back(reinterpret_cast<const char*>(packet.data()), packet.size());
                                   },
                               .on_abandoned = [] {}});
  neighbour_ = gate.attach(settings.role, settings.role == "posture" ? std::string() : settings.name,
                           [this](seam::Message message) {
                             if (engine_) engine_->on_gate_message(std::move(message));
                           });
  engine_->set_gate(neighbour_->far_link());
  timers.settle();
}

std::shared_ptr<FrontSocket> FrontHouse::connect(const std::string& address, std::uint16_t port) {
  auto socket = std::make_shared<FrontSocket>();
  socket->house_ = this;
  socket->driver_ = engine().accept(address, port, *socket);
  if (!socket->driver_) return nullptr;
  std::erase_if(sockets_, [](const std::weak_ptr<FrontSocket>& one) { return one.expired(); });
  sockets_.push_back(socket);
  return socket;
}

void FrontHouse::inside(std::span<const std::byte> packet) {
  std::vector<std::byte> frame(datapath::kVnetHeaderBytes);
  datapath::store_vnet_header(frame, {});
  frame.insert(frame.end(), packet.begin(), packet.end());
  engine().on_frame(frame);
}

std::vector<std::string> FrontHouse::take_packets() {
  if (engine_) engine_->flush();
  return std::exchange(packets_, {});
}

void FrontHouse::close() {
  if (!engine_) return;
  for (const auto& weak : std::exchange(sockets_, {})) {
    const auto socket = weak.lock();
    if (!socket || !socket->driver_) continue;
    socket->gone("the front stops");
    socket->driver_.reset();
  }
  engine_->set_gate(nullptr);
  neighbour_->close();
  engine_.reset();
}

front::Engine& FrontHouse::engine() {
  if (!engine_) throw Failure(fail("front.closed", "the front has been closed"));
  return *engine_;
}

}  // namespace sekisho::python
