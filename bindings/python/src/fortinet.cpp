// The machines of Fortinet's SSL-VPN in both roles: frames, PPP, the access path made from its configuration, and the
// client in the manner of openconnect or of openfortivpn with pppd.
#include "bind.hpp"
#include "fortinet_client.hpp"
#include "fortinet_path.hpp"
#include "kinds.hpp"
#include "ppp.hpp"
#include "run/testing/fake_services.hpp"
#include "value.hpp"

SEKISHO_WORDS(::sekisho::fortinet::ClientManner, "openconnect", "openfortivpn")
SEKISHO_WORDS(::sekisho::fortinet::ClientEnd::Why, "by_person", "login_refused", "session_refused", "by_gate", "lost",
              "protocol")
SEKISHO_WORDS(::sekisho::fortinet::Ppp::State, "idle", "establishing", "network", "open", "closing", "ended")

namespace sekisho::python {
namespace {

using namespace fortinet;

std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// --- frames
// -----------------------------------------------------------------------------------------------------------

class Frames {
 public:
  explicit Frames(std::size_t largest_total) : reader_(largest_total) {}
  std::vector<std::pair<std::uint16_t, py::bytes>> feed(const py::bytes& data) {
    std::vector<std::pair<std::uint16_t, py::bytes>> out;
    reader_.take(as_span(data));
    for (;;) {
      const FrameReader::Step step = reader_.next();
      if (step.state == FrameReader::State::broken) throw Failure(fail("fortinet.broken", std::string(step.why)));
      if (step.state == FrameReader::State::more) return out;
      out.emplace_back(step.frame.protocol, to_bytes(step.frame.payload));
    }
  }
  [[nodiscard]] bool in_frame() const { return reader_.in_frame(); }

 private:
  FrameReader reader_;
};

py::bytes frame(std::uint16_t protocol, const py::bytes& payload, bool address_control) {
  const auto bytes = as_span(payload);
  std::vector<std::byte> out(bytes.size() + 16);
  const std::size_t used = write_frame(protocol, bytes, out, address_control);
  if (used == 0) throw Failure(fail("fortinet.too_large", "a frame holds at most 65,535 bytes"));
  return to_bytes(std::span(out).first(used));
}

// --- PPP
// --------------------------------------------------------------------------------------------------------------

struct Settings {
  std::uint16_t mru = 1354, large_mru = 0;
  bool insist_mru = true, nak_smaller_mru = false;
  std::string own_address = "169.254.2.1";
  bool keep_own_address = false;
  std::optional<std::string> peer_address;
  bool offer_vj = false;
  Seconds echo_interval{10};
  int echo_misses = 3;
  bool echo_at_open = false;
  Seconds open_limit{30};
};
struct Sent {
  std::uint16_t protocol = 0;
  std::string packet;
};
struct Up {
  std::string own_address, peer_address;
  std::uint16_t peer_mru = 1500;
};

std::uint32_t address(const std::string& text) {
  if (text.empty()) return 0;
  const auto parsed = parse_ipv4(text);
  if (!parsed) throw py::value_error("'" + text + "' is no IPv4 address");
  return *parsed;
}

PppOptions options_of(const Settings& s) {
  PppOptions out;
  out.mru = s.mru;
  out.large_mru = s.large_mru;
  out.insist_mru = s.insist_mru;
  out.nak_smaller_mru = s.nak_smaller_mru;
  out.own_address = address(s.own_address);
  out.keep_own_address = s.keep_own_address;
  if (s.peer_address) out.peer_address = address(*s.peer_address);
  out.offer_vj = s.offer_vj;
  out.echo_interval = s.echo_interval;
  out.echo_misses = s.echo_misses;
  out.echo_at_open = s.echo_at_open;
  out.open_limit = s.open_limit;
  return out;
}

py::list events_of(const PppEvents& events) {
  py::list out;
  for (const PppEvent& event : events) {
    if (const auto* sent = std::get_if<PppSend>(&event)) {
      out.append(Sent{sent->protocol, text_of(sent->packet)});
    } else if (const auto* up = std::get_if<PppUp>(&event)) {
      out.append(Up{ipv4_text(up->own_address), ipv4_text(up->peer_address), up->peer_mru});
    } else if (const auto* ended = std::get_if<PppEnded>(&event)) {
      out.append(*ended);
    } else {
      out.append(PppDown{});
    }
  }
  return out;
}

struct Link {
  Link(const Settings& settings, std::uint64_t seed) : entropy(seed), ppp(options_of(settings), entropy) {}
  run::testing::FakeEntropy entropy;
  Ppp ppp;
};

void bind_ppp(py::module_& m) {
  Value<Settings>(m, "PppOptions", "How one end of a link behaves.")
      .field("mru", &Settings::mru)
      .field("large_mru", &Settings::large_mru)
      .field("insist_mru", &Settings::insist_mru)
      .field("nak_smaller_mru", &Settings::nak_smaller_mru)
      .field("own_address", &Settings::own_address)
      .field("keep_own_address", &Settings::keep_own_address)
      .field("peer_address", &Settings::peer_address)
      .field("offer_vj", &Settings::offer_vj)
      .field("echo_interval", &Settings::echo_interval)
      .field("echo_misses", &Settings::echo_misses)
      .field("echo_at_open", &Settings::echo_at_open)
      .field("open_limit", &Settings::open_limit);
  Value<Sent>(m, "PppSend", "A control packet for the peer.")
      .field("protocol", &Sent::protocol)
      .bytes("packet", &Sent::packet);
  Value<Up>(m, "PppUp", "IPv4 may flow.")
      .field("own_address", &Up::own_address)
      .field("peer_address", &Up::peer_address)
      .field("peer_mru", &Up::peer_mru);
  Value<PppDown>(m, "PppDown", "IPv4 may not flow until the next PppUp.");
  Value<PppEnded>(m, "PppEnded", "The link is over.")
      .field("by_peer", &PppEnded::by_peer)
      .field("peer_knows", &PppEnded::peer_knows)
      .field("why", &PppEnded::why);
  py::class_<Link>(m, "PppLink", "One PPP link, in either role.")
      .def(py::init<const Settings&, std::uint64_t>(), py::arg("options"), py::kw_only(), py::arg("seed") = 1)
      .def(
          "start", [](Link& self, Instant now) { return events_of(self.ppp.start(now)); }, py::kw_only(),
          py::arg("now"))
      .def(
          "feed",
          [](Link& self, std::uint16_t protocol, const py::bytes& payload, Instant now) {
            return events_of(self.ppp.feed({protocol, as_span(payload)}, now));
          },
          py::arg("protocol"), py::arg("payload"), py::kw_only(), py::arg("now"))
      .def(
          "on_deadline", [](Link& self, Instant now) { return events_of(self.ppp.on_deadline(now)); }, py::kw_only(),
          py::arg("now"))
      .def(
          "terminate",
          [](Link& self, const std::string& why, Instant now) { return events_of(self.ppp.terminate(why, now)); },
          py::arg("why"), py::kw_only(), py::arg("now"))
      .def(
          "take_data", [](Link& self, std::size_t size) { return self.ppp.take_data(size); }, py::arg("size"))
      .def_property_readonly("next_deadline", [](const Link& self) { return self.ppp.next_deadline(); })
      .def_property_readonly("state", [](const Link& self) { return self.ppp.state(); })
      .def_property_readonly("largest_packet", [](const Link& self) { return self.ppp.largest_packet(); })
      .def_property_readonly("dropped", [](const Link& self) { return self.ppp.dropped(); });
  py::class_<Frames>(m, "FrameReader", "Frames out of a byte stream.")
      .def(py::init<std::size_t>(), py::arg("largest_total") = 1364)
      .def("feed", &Frames::feed, py::arg("data"))
      .def_property_readonly("in_frame", &Frames::in_frame);
  m.def("write_frame", &frame, py::arg("protocol"), py::arg("payload"), py::kw_only(),
        py::arg("address_control") = false);
}

// --- the client
// -------------------------------------------------------------------------------------------------------

struct Connects {};
struct ClientWrote {
  std::string data;
};
struct ClientClosed {};
struct ClientQuestion {
  std::string prompt;
};
struct PasswordWanted {};
struct ClientPacket {
  std::string packet;
};
struct ClientDown {
  std::string why;
};

struct Person {
  ClientManner manner = ClientManner::openconnect;
  std::string user, password, cookie, host = "vpn.test", realm, user_agent = "Mozilla/5.0 SV1", accept_language,
                                      hostcheck;
};

class Client final : public ClientWorld {
 public:
  Client(const Person& person, std::uint64_t seed) : entropy_(seed), client_(*this, options_of(person), entropy_) {}

  template <class Call>
  py::list after(Call call) {
    call(client_);
    return std::exchange(events_, py::list());
  }
  FortinetClient& machine() { return client_; }

  void connect() override { add(Connects{}); }
  void write(std::span<const std::byte> plaintext) override { add(ClientWrote{text_of(plaintext)}); }
  void close() override { add(ClientClosed{}); }
  void on_question(std::string_view prompt) override { add(ClientQuestion{std::string(prompt)}); }
  void on_password_wanted() override { add(PasswordWanted{}); }
  void on_up(const ClientTunnel& tunnel) override { add(tunnel); }
  void on_packet(std::span<const std::byte> packet) override { add(ClientPacket{text_of(packet)}); }
  void on_down(std::string_view why) override { add(ClientDown{std::string(why)}); }
  void on_ended(const ClientEnd& end) override { add(end); }

 private:
  static ClientOptions options_of(const Person& person) {
    ClientOptions out;
    out.manner = person.manner;
    out.host = person.host;
    out.realm = person.realm;
    out.user = person.user;
    out.password = Secret(person.password);
    out.cookie = Secret(person.cookie);
    out.user_agent = person.user_agent;
    out.accept_language = person.accept_language;
    out.hostcheck = person.hostcheck;
    return out;
  }
  template <class E>
  void add(E event) {
    events_.append(py::cast(std::move(event), py::return_value_policy::move));
  }
  run::testing::FakeEntropy entropy_;
  py::list events_;
  FortinetClient client_;
};

void bind_client_events(py::module_& m) {
  Value<Connects>(m, "ClientConnects", "The client wants a connection.");
  Value<ClientWrote>(m, "ClientWrote", "Plaintext for the gate.").bytes("data", &ClientWrote::data);
  Value<ClientClosed>(m, "ClientClosed", "The client closes its connection.");
  Value<ClientQuestion>(m, "ClientQuestion", "The person is asked.").field("prompt", &ClientQuestion::prompt);
  Value<PasswordWanted>(m, "ClientPasswordWanted", "The password is asked for again.");
  Value<ClientTunnel>(m, "ClientUp", "The tunnel stands.")
      .field("address", &ClientTunnel::address)
      .field("route", &ClientTunnel::route)
      .field("mask", &ClientTunnel::mask)
      .field("heartbeat_s", &ClientTunnel::heartbeat_s)
      .field("mru", &ClientTunnel::mru);
  Value<ClientPacket>(m, "ClientPacket", "A packet from inside.").bytes("packet", &ClientPacket::packet);
  Value<ClientDown>(m, "ClientDown", "The tunnel is gone.").field("why", &ClientDown::why);
  Value<ClientEnd>(m, "ClientEnded", "The client is done.")
      .field("why", &ClientEnd::why)
      .field("status", &ClientEnd::status)
      .field("text", &ClientEnd::text);
}

py::object make_path(const nlohmann::json& config) {
  auto read = read_config<FortinetConfig>(config);
  auto path = FortinetPath::make(unwrap(std::move(read)));
  return py::cast(LoadedAccessPath{unwrap(std::move(path))});
}

Person person_of(ClientManner manner, std::string user, std::string password, std::string cookie, std::string host,
                 std::string realm, std::string user_agent, std::string accept_language, std::string hostcheck) {
  return {manner,           std::move(user),       std::move(password),        std::move(cookie),   std::move(host),
          std::move(realm), std::move(user_agent), std::move(accept_language), std::move(hostcheck)};
}

void bind_client(py::module_& m) {
  const auto simply = [](auto method) {
    return [method](Client& self, Instant now) { return self.after([&](FortinetClient& c) { (c.*method)(now); }); };
  };
  py::class_<Client>(m, "FortinetClient", "The client role.")
      .def(py::init([](ClientManner manner, std::string user, std::string password, std::string cookie,
                       std::string host, std::string realm, std::string user_agent, std::string accept_language,
                       std::string hostcheck, std::uint64_t seed) {
             return std::make_unique<Client>(
                 person_of(manner, std::move(user), std::move(password), std::move(cookie), std::move(host),
                           std::move(realm), std::move(user_agent), std::move(accept_language), std::move(hostcheck)),
                 seed);
           }),
           py::kw_only(), py::arg("manner") = ClientManner::openconnect, py::arg("user") = "", py::arg("password") = "",
           py::arg("cookie") = "", py::arg("host") = "vpn.test", py::arg("realm") = "",
           py::arg("user_agent") = "Mozilla/5.0 SV1", py::arg("accept_language") = "", py::arg("hostcheck") = "",
           py::arg("seed") = 1)
      .def("start", simply(&FortinetClient::start), py::kw_only(), py::arg("now"))
      .def("on_connected", simply(&FortinetClient::on_connected), py::kw_only(), py::arg("now"))
      .def("on_gone", simply(&FortinetClient::on_gone), py::kw_only(), py::arg("now"))
      .def("on_deadline", simply(&FortinetClient::on_deadline), py::kw_only(), py::arg("now"))
      .def("stop", simply(&FortinetClient::stop), py::kw_only(), py::arg("now"))
      .def(
          "on_bytes",
          [](Client& self, const py::bytes& data, Instant now) {
            return self.after([&](FortinetClient& c) { c.on_bytes(as_span(data), now); });
          },
          py::arg("data"), py::kw_only(), py::arg("now"))
      .def(
          "give_code",
          [](Client& self, const std::string& code, Instant now) {
            return self.after([&](FortinetClient& c) { c.give_code(Secret(code), now); });
          },
          py::arg("code"), py::kw_only(), py::arg("now"))
      .def(
          "give_password",
          [](Client& self, const std::string& password, Instant now) {
            return self.after([&](FortinetClient& c) { c.give_password(Secret(password), now); });
          },
          py::arg("password"), py::kw_only(), py::arg("now"))
      .def(
          "send_packet",
          [](Client& self, const py::bytes& packet) {
            bool sent = false;
            py::list events = self.after([&](FortinetClient& c) { sent = c.send_packet(as_span(packet)); });
            return std::pair(sent, events);
          },
          py::arg("packet"))
      .def_property_readonly("next_deadline", [](Client& self) { return self.machine().next_deadline(); })
      .def_property_readonly("up", [](Client& self) { return self.machine().up(); })
      .def_property_readonly("cookie", [](Client& self) { return self.machine().cookie_for_test(); });
  m.def("fortinet_path", &make_path, py::arg("config") = nlohmann::json::object());
}

}  // namespace

void bind_fortinet(py::module_& m) {
  bind_ppp(m);
  bind_client_events(m);
  bind_client(m);
}

}  // namespace sekisho::python
