// A whole front in memory: engine, line path, TLS clients, a scripted gatekeeper behind a link that uses the codec,
// fake time. Threads: one.
#pragma once
#include "base/testing/memory_log.hpp"
#include "front/engine.hpp"
#include "front/testing/line_path.hpp"
#include "net/datapath/testing/packets.hpp"
#include "net/tls/testing/certificates.hpp"
#include "run/testing/fake_services.hpp"
#include "run/testing/memory_link.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace sekisho::front::testing {

/// Keys are made once: they are the slow part.
struct Keys {
  tls::testing::Authority authority{"Lab CA"}, foreign{"Foreign CA"};
  tls::testing::Identity server = authority.issue({.name = "gate", .dns = {"gate.test"}, .client = false});
  tls::testing::Identity client = authority.issue({.name = "mori"});
  tls::testing::Identity stranger = foreign.issue({.name = "hama"});
  static const Keys& get() {
    static const Keys keys;
    return keys;
  }
  [[nodiscard]] tls::ServerSettings server_settings() const {
    return {
        .certificate_pem = server.certificate_pem, .key_pem = Secret(server.key_pem), .client_ca_pem = authority.pem()};
  }
  [[nodiscard]] tls::TlsServerContext server_context() const {
    return std::move(tls::TlsServerContext::make(server_settings())).value();
  }
  [[nodiscard]] tls::DtlsServerContext datagram_context() const {
    return std::move(tls::DtlsServerContext::make(server_settings())).value();
  }
  enum class Who : std::uint8_t { nobody, mori, hama };
  [[nodiscard]] tls::TlsClientContext client_context(Who who) const {
    return std::move(tls::TlsClientContext::make(client_settings(who))).value();
  }
  [[nodiscard]] tls::DtlsClientContext datagram_client_context(Who who) const {
    return std::move(tls::DtlsClientContext::make(client_settings(who))).value();
  }
  [[nodiscard]] tls::ClientSettings client_settings(Who who) const {
    tls::ClientSettings settings;
    settings.ca_pem = authority.pem();
    settings.server_name = "gate.test";
    if (who != Who::nobody) {
      const auto& identity = who == Who::mori ? client : stranger;
      settings.certificate_pem = identity.certificate_pem;
      settings.key_pem = Secret(identity.key_pem);
    }
    return settings;
  }
};

/// The gatekeeper's end of the link: answers by script, keeps what it hears.
struct ScriptedGate final : seam::Link::Handler {
  void on_message(seam::Message message, int) override {
    if (auto* request = std::get_if<seam::Request>(&message)) {
      ++requests;
      if (answer) {
        if (auto reply = answer(request->body)) link->send(seam::Reply{request->number, std::move(*reply)});
      }
    } else if (auto* notice = std::get_if<seam::Notice>(&message)) {
      notices.push_back(std::move(notice->body));
    }
  }
  void on_closed(std::string_view) override {}
  template <class T>
  [[nodiscard]] std::vector<T> noticed() const {
    std::vector<T> out;
    for (const FrontNotice& notice : notices) {
      if (const auto* one = std::get_if<T>(&notice)) out.push_back(*one);
    }
    return out;
  }
  void push(GatePush what) { link->send(seam::Push{std::move(what)}); }
  seam::Link* link = nullptr;
  int requests = 0;
  std::function<std::optional<GateReply>(GateRequest&)> answer;
  std::vector<FrontNotice> notices;
};

inline SessionView view_of(int number = 42, std::string address = "10.202.0.10") {
  SessionView view;
  view.session = "S20261122-1-0000" + std::to_string(number);
  view.state = SessionState::admitted;
  view.address = std::move(address);
  view.gate_address = "10.202.0.1";
  view.remaining_s = 28'800;
  view.filter = {{"10.202.0.1", 443, 6}, {"10.202.0.1", 5900, 6}};
  view.language = "ja";
  return view;
}

class EngineLab {
 public:
  /// A client and the socket between it and the front.
  struct Client final : Transport {
    Client(EngineLab& the_lab, Keys::Who who)
        : lab(the_lab), context(Keys::get().client_context(who)), channel(context, pool) {}
    ~Client() override { driver.reset(); }
    void wake() override { lab.busy_ = true; }
    void tunnel_opened() override { tunnel = true; }
    void say(std::string_view text) { say(bytes_of(text)); }
    void say(std::span<const std::byte> bytes) {
      for (; !bytes.empty(); bytes = bytes.subspan(std::min<std::size_t>(bytes.size(), 16384))) {
        static_cast<void>(channel.write_record(bytes.first(std::min<std::size_t>(bytes.size(), 16384))));
      }
      lab.settle();
    }
    [[nodiscard]] bool refused() const { return !driver && !ended; }

    EngineLab& lab;
    tls::BufferPool pool;
    tls::TlsClientContext context;
    tls::TlsChannel channel;
    std::unique_ptr<ConnectionDriver> driver;
    std::string heard;
    std::string why;  ///< of the end
    bool tunnel = false, ended = false, half_closed = false, abandoned = false;
    bool reads = true, writes = true;  ///< false: the network takes nothing
  };

  explicit EngineLab(FrontLimits limits = {}, const PacketFilter* filter = nullptr)
      : engine({.clock = services.timers,
                .timers = services.timers,
                .entropy = services.entropy,
                .log = log,
                .tls = server_context,
                .path = path,
                .filter = filter != nullptr ? *filter : strict,
                .path_name = "internet",
                .limits = limits},
               {.write_tun = [this](std::span<const std::byte> f) { tun.emplace_back(f.begin(), f.end()); },
                .on_abandoned = [this] { ++abandoned; },
                .bar = [this](std::span<const Bar> bars) { barred.insert(barred.end(), bars.begin(), bars.end()); }}) {
    connect_gate();
    gate.answer = [](GateRequest& request) -> std::optional<GateReply> {
      if (std::holds_alternative<ResumeSession>(request)) return Resumed{view_of()};
      return Granted{Secret(std::string(43, 'c')), view_of().session, SessionState::admitted};
    };
  }
  ~EngineLab() {
    clients.clear();
    engine.set_gate(nullptr);
  }

  void connect_gate() {
    links = run::testing::make_memory_links(services.timers, front_end_, gate);
    gate.link = links.second.get();
    engine.set_gate(links.first.get());
    settle();
  }
  void lose_gate() {
    engine.set_gate(nullptr);
    links = {};
    settle();
  }

  Client& connect(std::string address = "192.0.2.7", Keys::Who who = Keys::Who::mori, bool handshake = true) {
    auto& client = *clients.emplace_back(std::make_unique<Client>(*this, who));
    client.driver = engine.accept(address, 40'000, client);
    if (client.driver && handshake) {
      client.channel.start();
      settle();
    }
    return client;
  }
  Client& tunnel(std::string address = "192.0.2.7") {
    Client& client = connect(std::move(address));
    client.say("tunnel\n");
    client.heard.clear();
    return client;
  }

  /// Carries bytes, messages and what is due now until nothing moves.
  void settle() {
    do {
      busy_ = false;
      services.timers.settle();
      for (const auto& client : clients) carry(*client);
      if (also_carry && also_carry()) busy_ = true;
      engine.flush();
    } while (busy_);
  }
  void advance(Instant::duration by) {
    settle();
    services.timers.advance(by);
    settle();
  }
  /// A packet from the inside, without offload.
  void inside(const Bytes& packet, datapath::VnetHeader header = {}) {
    Bytes frame(datapath::kVnetHeaderBytes);
    datapath::store_vnet_header(frame, header);
    frame.insert(frame.end(), packet.begin(), packet.end());
    engine.on_frame(frame);
    settle();
  }
  /// Packets written to the TUN, without their headers.
  [[nodiscard]] std::vector<Bytes> to_inside() const {
    std::vector<Bytes> out;
    for (const Bytes& frame : tun) out.emplace_back(frame.begin() + datapath::kVnetHeaderBytes, frame.end());
    return out;
  }

  run::testing::FakeServices services;
  MemoryLog log;
  tls::TlsServerContext server_context = Keys::get().server_context();
  LinePath path;
  StrictPacketFilter strict;
  std::vector<Bytes> tun;
  int abandoned = 0;
  std::vector<Bar> barred;           ///< as it was told
  std::function<bool()> also_carry;  ///< of a test's own transports; true: something moved
  ScriptedGate gate;
  run::testing::MemoryLinks links;

 private:
  struct FrontEnd final : seam::Link::Handler {
    explicit FrontEnd(EngineLab& the_lab) : lab(the_lab) {}
    void on_message(seam::Message message, int) override { lab.engine.on_gate_message(std::move(message)); }
    void on_closed(std::string_view) override {}
    EngineLab& lab;
  };

  /// One look at one connection: what a socket's loop does after an event.
  void carry(Client& client) {
    if (!client.driver) return;
    if (client.writes && !client.half_closed && !client.channel.output().empty()) {
      const Bytes sent(client.channel.output().begin(), client.channel.output().end());
      client.channel.consume_output(sent.size());
      client.driver->on_ciphertext(sent);
      busy_ = true;
    }
    while (client.reads && !client.driver->finished()) {
      if (client.driver->output().empty() && !client.driver->fill()) break;
      const Bytes got(client.driver->output().begin(), client.driver->output().end());
      client.driver->sent(got.size());
      client.channel.feed(got);
      std::array<std::byte, 16384> plain{};
      for (auto size = client.channel.read_plain(plain); size && *size > 0; size = client.channel.read_plain(plain)) {
        client.heard += text_of(std::span(plain).first(*size));
      }
      busy_ = true;
    }
    if (client.driver->wants_half_close() && client.reads && client.writes) {
      client.driver->on_transport_gone("the peer has closed");
    }
    if (!client.driver->finished()) return;
    client.why = client.driver->why();
    client.abandoned = client.driver->abandoned();
    client.ended = true;
    client.driver.reset();
    busy_ = true;
  }
  FrontEnd front_end_{*this};
  bool busy_ = false;

 public:
  Engine engine;
  std::vector<std::unique_ptr<Client>> clients;
};

}  // namespace sekisho::front::testing
