// A DatagramDoor on an EngineLab, with DTLS clients that have addresses, and a network that can lose. Threads: one.
#pragma once
#include "front/datagram_door.hpp"
#include "front/testing/engine_lab.hpp"

#include <deque>

namespace sekisho::front::testing {

inline DatagramPeer datagram_peer(std::uint8_t host, std::uint16_t port = 40'000) {
  DatagramPeer peer;
  peer.address[0] = std::byte{192};
  peer.address[2] = std::byte{2};
  peer.address[3] = static_cast<std::byte>(host);
  peer.port = port;
  return peer;
}

class DatagramLab final : private DatagramSender {
 public:
  struct Client {
    Client(DatagramLab& the_lab, DatagramPeer from, Keys::Who who)
        : lab(the_lab), peer(from), context(Keys::get().datagram_client_context(who)), channel(context, pool) {}
    void start() {
      channel.note_time(lab.lab.services.timers.now());
      channel.start();
      lab.settle();
    }
    void say(std::span<const std::byte> bytes) {
      static_cast<void>(channel.write_record(bytes));
      lab.settle();
    }
    void say(std::string_view text) { say(bytes_of(text)); }
    [[nodiscard]] bool open() const { return channel.state() == tls::ChannelState::open; }

    DatagramLab& lab;
    DatagramPeer peer;
    tls::BufferPool pool;
    tls::DtlsClientContext context;
    tls::DtlsChannel channel;
    std::string heard;
    std::vector<Bytes> records;
  };

  explicit DatagramLab(FrontLimits limits = {})
      : lab(limits),
        door({.clock = lab.services.timers,
              .timers = lab.services.timers,
              .entropy = lab.services.entropy,
              .log = lab.log,
              .dtls = context_,
              .path_name = "internet",
              .limits = limits},
             lab.engine, *this) {
    lab.also_carry = [this] { return carry(); };
  }

  Client& connect(DatagramPeer from = datagram_peer(7), Keys::Who who = Keys::Who::mori) {
    Client& client = *clients.emplace_back(std::make_unique<Client>(*this, from, who));
    client.start();
    return client;
  }
  Client& tunnel(DatagramPeer from = datagram_peer(7)) {
    Client& client = connect(from);
    client.say("tunnel\n");
    client.heard.clear();
    client.records.clear();
    return client;
  }
  void settle() { lab.settle(); }
  void advance(Instant::duration by) {
    const Instant until = lab.services.timers.now() + by;
    while (lab.services.timers.now() < until) {
      lab.advance(std::min<Instant::duration>(until - lab.services.timers.now(), Seconds{1}));
      for (const auto& client : clients) {
        client->channel.note_time(lab.services.timers.now());
        client->channel.on_deadline();
      }
      lab.settle();
    }
  }
  /// A datagram of anybody.
  void raw(const DatagramPeer& from, std::span<const std::byte> bytes) {
    door.on_datagram(from, bytes, lab.services.timers.now());
    door.service();
    settle();
  }

  EngineLab lab;

 private:
  std::size_t send(const DatagramPeer& to, std::span<const std::byte> bytes,
                   std::span<const std::uint16_t> sizes) override {
    ++sends;
    std::size_t taken = 0;
    for (const std::uint16_t size : sizes) {
      if (room == 0) break;
      --room;
      ++taken;
      to_clients_.emplace_back(to, Bytes(bytes.begin(), bytes.begin() + size));
      bytes = bytes.subspan(size);
    }
    return taken;
  }
  void wake() override { woken_ = true; }

  bool carry() {
    bool moved = false;
    for (std::size_t i = 0; i < clients.size(); ++i) {
      Client& client = *clients[i];
      const Bytes out(client.channel.output().begin(), client.channel.output().end());
      const std::vector<std::uint16_t> sizes(client.channel.datagram_sizes().begin(),
                                             client.channel.datagram_sizes().end());
      client.channel.consume_output(out.size());
      auto rest = std::span<const std::byte>(out);
      for (const std::uint16_t size : sizes) {
        const auto datagram = rest.first(size);
        rest = rest.subspan(size);
        last_up.assign(datagram.begin(), datagram.end());
        moved = true;
        if (!lose_up) door.on_datagram(client.peer, datagram, lab.services.timers.now());
      }
    }
    if (std::exchange(woken_, false) || moved) door.service();
    while (!to_clients_.empty()) {
      moved = true;
      const auto [to, datagram] = std::move(to_clients_.front());
      to_clients_.pop_front();
      if (lose_down) continue;
      for (const auto& client : clients) {
        if (!(client->peer == to)) continue;
        client->channel.feed(datagram);
        Bytes plain(16384);
        for (auto size = client->channel.read_plain(plain); size && *size > 0;
             size = client->channel.read_plain(plain)) {
          client->heard += text_of(std::span(plain).first(*size));
          client->records.emplace_back(plain.begin(), plain.begin() + static_cast<std::ptrdiff_t>(*size));
        }
      }
    }
    return moved;
  }
  tls::DtlsServerContext context_ = Keys::get().datagram_context();
  std::deque<std::pair<DatagramPeer, Bytes>> to_clients_;
  bool woken_ = false;

 public:
  DatagramDoor door;
  std::vector<std::unique_ptr<Client>> clients;
  Bytes last_up;  ///< of any client
  bool lose_up = false, lose_down = false;
  std::size_t room = ~std::size_t{0};  ///< datagrams that the socket still takes
  int sends = 0;
};

}  // namespace sekisho::front::testing
