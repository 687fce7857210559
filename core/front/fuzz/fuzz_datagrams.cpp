// Fuzz: any datagrams at the DTLS door. Strangers open nothing without a cookie and a certificate, whatever comes
// leaves an established association as it is, and what its client seals arrives once or not at all. Input, again and
// again: u8 what (0 a stranger's datagram, 1 one in the insider's name, 2 the insider seals and sends, 3 as 2 with the
// byte at the first two turned round, 4 as 2 and twice, 5 time passes, 6 a stranger goes through the cookie and shows
// no certificate, others 0), u16 size, little-endian, bytes.
#include "front/testing/datagram_lab.hpp"

#include <cstdlib>

namespace {

using namespace sekisho;
using namespace sekisho::front;
using namespace sekisho::front::testing;

void require(bool condition) {
  if (!condition) std::abort();
}

/// One client inside, made once, for the keys' sake. His words are the path's: "hello" says nothing back to a stranger.
struct House {
  House() : client(lab.connect()) { require(client.open()); }

  void check() {
    // The insider stays, and nobody else has come as far as the path.
    require(lab.lab.path.notes.open == 1 && lab.lab.path.notes.gone == 0);
    require(lab.lab.engine.unknown() <= 40 && lab.door.guests() <= 40);
  }
  DatagramLab lab;
  DatagramLab::Client& client;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static House house;
  DatagramLab& lab = house.lab;
  auto bytes = std::as_bytes(std::span(data, size));
  for (int pieces = 0; bytes.size() >= 3 && pieces < 64; ++pieces) {
    const unsigned what = std::to_integer<unsigned>(bytes[0]);
    const std::size_t wanted = std::to_integer<std::size_t>(bytes[1]) | std::to_integer<std::size_t>(bytes[2]) << 8;
    bytes = bytes.subspan(3);
    const Bytes one(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(std::min(wanted, bytes.size())));
    bytes = bytes.subspan(one.size());
    switch (what) {
      case 1:
        lab.raw(house.client.peer, one);
        break;
      case 2:
      case 3:
      case 4: {
        if (one.empty()) break;
        // Words that end nothing: no line feed, so the path keeps them.
        const Bytes word(1, std::byte{'x'});
        lab.lose_up = true;
        house.client.say(word);
        lab.lose_up = false;
        Bytes sealed = lab.last_up;
        if (what == 3) {
          const std::size_t at = std::to_integer<std::size_t>(one[0]) % sealed.size();
          sealed[at] ^= one.size() > 1 && one[1] != std::byte{0} ? one[1] : std::byte{1};
        }
        lab.raw(house.client.peer, sealed);
        if (what == 4) lab.raw(house.client.peer, sealed);
        break;
      }
      case 5:
        lab.advance(Seconds{1});
        break;
      case 6: {
        const auto host = static_cast<std::uint8_t>(100 + (one.empty() ? 0 : std::to_integer<unsigned>(one[0]) % 50));
        require(!lab.connect(datagram_peer(host), Keys::Who::nobody).open());
        lab.clients.pop_back();
        break;
      }
      default:
        lab.raw(datagram_peer(static_cast<std::uint8_t>(100 + what % 50), static_cast<std::uint16_t>(what)), one);
        break;
    }
    house.check();
    require(lab.clients.size() == 1);
  }
  return 0;
}
