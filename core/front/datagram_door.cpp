#include "front/datagram_door.hpp"

#include "front/events.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace sekisho::front {
namespace {

constexpr Seconds kFloodToldEvery{10};
constexpr int kSendsPerTurn = 4;

/// Address, port and family: what a cookie is bound to.
std::array<std::byte, 19> cookie_of(const DatagramPeer& peer) {
  std::array<std::byte, 19> out{};
  std::copy(peer.address.begin(), peer.address.end(), out.begin());
  out[16] = static_cast<std::byte>(peer.port >> 8);
  out[17] = static_cast<std::byte>(peer.port & 0xff);
  out[18] = static_cast<std::byte>(peer.ipv6);
  return out;
}

std::uint64_t seed_from(Entropy& entropy) {
  std::uint64_t seed = 0;
  entropy.fill(std::as_writable_bytes(std::span(&seed, 1)));
  return seed;
}

}  // namespace

std::string DatagramPeer::text() const {
  std::array<char, INET6_ADDRSTRLEN> out{};
  const char* text = inet_ntop(ipv6 ? AF_INET6 : AF_INET, address.data(), out.data(), out.size());
  return text == nullptr ? std::string() : text;
}

std::size_t DatagramDoor::Hash::operator()(const DatagramPeer& peer) const {
  std::uint64_t high = 0, low = 0;
  std::memcpy(&high, peer.address.data(), sizeof(high));
  std::memcpy(&low, peer.address.data() + sizeof(high), sizeof(low));
  std::uint64_t mixed = (seed ^ high) * 0x9e3779b97f4a7c15ULL;
  mixed = (mixed ^ mixed >> 29 ^ low) * 0xbf58476d1ce4e5b9ULL;
  mixed = (mixed ^ mixed >> 32 ^ peer.port) * 0x94d049bb133111ebULL;
  return static_cast<std::size_t>(mixed ^ mixed >> 31);
}

struct DatagramDoor::Guest final : Transport {
  Guest(DatagramDoor& the_door, DatagramPeer the_peer, std::array<std::byte, 32> hello)
      : door(the_door), peer(the_peer), random(hello) {}
  void wake() override { door.touch(*this); }
  void tunnel_opened() override {}

  DatagramDoor& door;
  const DatagramPeer peer;
  const std::array<std::byte, 32> random;  ///< of the ClientHello that brought him in
  std::unique_ptr<ConnectionDriver> driver;
  std::weak_ptr<Guest> self;
  bool touched = false;
};

DatagramDoor::DatagramDoor(Parts parts, Engine& engine, DatagramSender& sender)
    : parts_(std::move(parts)),
      engine_(engine),
      sender_(sender),
      listener_(parts_.dtls, engine.buffers(), parts_.entropy),
      guests_(16, Hash{seed_from(parts_.entropy)}),
      hellos_left_(parts_.limits.hellos_per_second),
      hellos_at_(parts_.clock.now()) {}

DatagramDoor::~DatagramDoor() {
  parts_.timers.cancel(flood_timer_);
  touched_.clear();
  latest_ = nullptr;
  const auto guests = std::move(guests_);
  for (const auto& [peer, guest] : guests) {
    guest->touched = true;  // no more
    guest->driver.reset();
  }
}

void DatagramDoor::on_datagram(const DatagramPeer& from, std::span<const std::byte> datagram, Instant now) {
  if (latest_ == nullptr || latest_->peer != from) {
    const auto found = guests_.find(from);
    if (found == guests_.end()) return on_stranger(from, datagram, now);
    latest_ = found->second.get();
  }
  Guest& guest = *latest_;
  const auto hello = tls::hello_mark(datagram);
  // His own hello again is his handshake's business.
  if (hello && hello->random != guest.random) return on_stranger(from, datagram, now);
  guest.driver->on_datagram(datagram, now);
  touch(guest);  // settles
}

/// Nothing is kept of him before he has shown that he is where he says.
void DatagramDoor::on_stranger(const DatagramPeer& from, std::span<const std::byte> datagram, Instant now) {
  const auto hello = tls::hello_mark(datagram);
  if (!hello) {
    ++counters_.dropped;
    return;
  }
  if (!may_answer_hello()) return;
  auto heard = listener_.on_datagram(datagram, cookie_of(from), now);
  if (!heard.answer.empty()) {
    ++counters_.hellos;
    const auto size = static_cast<std::uint16_t>(heard.answer.size());
    static_cast<void>(sender_.send(from, heard.answer, std::span(&size, 1)));  // a full socket: he asks again
  }
  if (!heard.channel) return;
  if (const auto before = guests_.find(from); before != guests_.end()) {
    const auto guest = before->second;
    end(*guest, "the client begins anew");
  }
  auto guest = std::make_shared<Guest>(*this, from, hello->random);
  guest->self = guest;
  guest->driver = engine_.accept(from.text(), from.port, *guest, std::move(heard.channel));
  if (!guest->driver) return;
  ++counters_.accepted;
  guests_.emplace(from, guest);
  guest->driver->on_ciphertext({});  // the hello waits in the channel
  touch(*guest);
}

bool DatagramDoor::may_answer_hello() {
  const Instant now = parts_.clock.now();
  if (now >= hellos_at_ + Seconds{1}) {
    hellos_at_ = now;
    hellos_left_ = parts_.limits.hellos_per_second;
  }
  if (hellos_left_ > 0) {
    --hellos_left_;
    return true;
  }
  ++counters_.flooded;
  if (flood_timer_ == 0) {
    flood_timer_ = parts_.timers.at(now + kFloodToldEvery, [this] {
      flood_timer_ = 0;
      parts_.log.event(kHelloFlood, {{"path", parts_.path_name}, {"dropped", counters_.flooded - flooded_told_}});
      flooded_told_ = counters_.flooded;
    });
  }
  return false;
}

// --- after each event
// ---------------------------------------------------------------------------------------------------------

void DatagramDoor::touch(Guest& guest) {
  if (guest.touched || !guest.driver) return;
  guest.touched = true;
  touched_.push_back(guest.self.lock());
  if (!blocked_ && !std::exchange(wake_asked_, true)) sender_.wake();
}

void DatagramDoor::writable() {
  blocked_ = false;
  service();
}

void DatagramDoor::service() {
  if (serving_) return;
  serving_ = true;
  wake_asked_ = false;
  for (std::size_t turn = touched_.size(); turn > 0 && !touched_.empty(); --turn) {
    const auto guest = std::move(touched_.front());
    touched_.pop_front();
    guest->touched = false;
    if (!guest->driver) continue;
    if (!serve(*guest)) touch(*guest);  // others first, or the socket is full
  }
  serving_ = false;
}

/// False: more waits.
bool DatagramDoor::serve(Guest& guest) {
  ConnectionDriver& driver = *guest.driver;
  driver.settle();
  for (int turn = 0; !driver.finished(); ++turn) {
    if (driver.output().empty() && !driver.fill()) break;
    if (blocked_ || turn == kSendsPerTurn) return false;
    const auto sizes = driver.datagram_sizes();
    const std::size_t taken = sender_.send(guest.peer, driver.output(), sizes);
    std::size_t bytes = 0;
    for (const std::uint16_t size : sizes.first(taken)) bytes += size;
    blocked_ = taken < sizes.size();
    if (bytes > 0) driver.sent(bytes);
  }
  if (driver.finished()) {
    end(guest, driver.why());
  } else if (driver.wants_half_close()) {
    end(guest, "closed");
  }
  return true;
}

void DatagramDoor::end(Guest& guest, std::string_view why) {
  const auto keep = guest.self.lock();
  if (latest_ == &guest) latest_ = nullptr;
  guests_.erase(guest.peer);
  const std::string reason(why);
  guest.driver->on_transport_gone(reason);
  guest.touched = true;  // no more
  guest.driver.reset();
}

}  // namespace sekisho::front
