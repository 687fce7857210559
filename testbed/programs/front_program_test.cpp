// The built sekisho-front as the supervisor starts it: real sandbox, real plugin, real TLS; the gatekeeper, netd and
// the person are this test. A pair of datagram sockets stands for the TUN queue.
#include "base/json.hpp"
#include "fortinet_client.hpp"
#include "net/datapath/testing/packets.hpp"
#include "net/datapath/vnet_header.hpp"
#include "net/tls/testing/certificates.hpp"
#include "net/tls/tls_channel.hpp"
#include "run/asio_services.hpp"
#include "run/clock.hpp"
#include "run/link.hpp"
#include "run/testing/recording_handler.hpp"

#include <arpa/inet.h>
#include <boost/asio/io_context.hpp>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <nlohmann/json.hpp>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <list>

namespace sekisho {
namespace {

namespace fs = std::filesystem;
using fortinet::ClientEnd;
using fortinet::ClientTunnel;

constexpr const char* kListen = "127.0.0.1:443";  // the name of the listener; its port is the kernel's choice

std::string read_text(const fs::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

SessionView the_session() {
  SessionView view;
  view.session = "S20261122-1-000042";
  view.state = SessionState::admitted;
  view.address = "10.202.0.10";
  view.gate_address = "10.202.0.1";
  view.remaining_s = 28'800;
  view.filter = {{"10.202.0.1", 5900, 6}};
  view.language = "en";
  return view;
}

/// A contractor's machine: the client role over a real socket, polled by the test.
class Pc final : public fortinet::ClientWorld {
 public:
  Pc(const tls::TlsClientContext& context, std::uint16_t port, const run::Clock& clock, Entropy& entropy)
      : context_(context), port_(port), clock_(clock), client(*this, options(), entropy) {}
  static fortinet::ClientOptions options() {
    fortinet::ClientOptions out;
    out.host = "gate.test";
    out.user = "mori";
    out.password = Secret("correct horse");
    return out;
  }
  void connect() override { wanted_ = true; }
  void write(std::span<const std::byte> plaintext) override {
    unsent_.insert(unsent_.end(), plaintext.begin(), plaintext.end());
  }
  void close() override { closing_ = true; }
  void on_question(std::string_view) override { questions_ = true; }
  void on_password_wanted() override { ++wrong_passwords; }
  void on_up(const ClientTunnel& tunnel) override { ups.push_back(tunnel); }
  void on_packet(std::span<const std::byte> packet) override { packets.emplace_back(packet.begin(), packet.end()); }
  void on_down(std::string_view why) override { downs.emplace_back(why); }
  void on_ended(const ClientEnd& end) override { ends.push_back(end); }

  void poll() {
    const Instant now = clock_.now();
    if (std::exchange(questions_, false)) client.give_code(Secret("123456"), now);
    if (std::exchange(wanted_, false)) open(now);
    if (channel_) exchange_bytes(now);
    if (std::exchange(closing_, false)) channel_.reset(), socket_.reset();
    if (const auto due = client.next_deadline(); due && *due <= now) client.on_deadline(now);
  }
  [[nodiscard]] bool connected() const { return channel_.has_value(); }

  std::vector<ClientTunnel> ups;
  std::vector<datapath::Bytes> packets;
  std::vector<std::string> downs;
  std::vector<ClientEnd> ends;
  int wrong_passwords = 0;

 private:
  void open(Instant now) {
    socket_ = run::Fd(::socket(AF_INET, SOCK_STREAM, 0));
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port_);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT_EQ(::connect(socket_.get(), reinterpret_cast<sockaddr*>(&to), sizeof(to)), 0);
    fcntl(socket_.get(), F_SETFL, O_NONBLOCK);
    channel_.emplace(context_, pool_);
    channel_->start();
    unsent_.clear();
    client.on_connected(now);  // what it writes waits for the handshake
  }
  void exchange_bytes(Instant now) {
    std::array<std::byte, 65536> buffer{};
    std::array<std::byte, 16384> plain{};
    const ssize_t got = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
    if (got > 0) {
      channel_->feed(std::span(buffer).first(static_cast<std::size_t>(got)));
      for (auto size = channel_->read_plain(plain); size && *size > 0; size = channel_->read_plain(plain)) {
        client.on_bytes(std::span(plain).first(*size), now);
        if (!channel_) return;
      }
    }
    const bool gone = got == 0 || (got < 0 && errno != EAGAIN);
    if (channel_->state() == tls::ChannelState::open && !unsent_.empty() && channel_->write_record(unsent_)) {
      unsent_.clear();
    }
    while (!gone && !channel_->output().empty()) {
      const auto out = channel_->output();
      const ssize_t sent = ::send(socket_.get(), out.data(), out.size(), MSG_NOSIGNAL);
      if (sent <= 0) break;
      channel_->consume_output(static_cast<std::size_t>(sent));
    }
    if (gone || channel_->state() == tls::ChannelState::closed) {
      channel_.reset();
      socket_.reset();
      client.on_gone(now);
    }
  }
  const tls::TlsClientContext& context_;
  std::uint16_t port_;
  const run::Clock& clock_;
  tls::BufferPool pool_;
  run::Fd socket_;
  std::vector<std::byte> unsent_;  // what the client says before the handshake is done; little
  std::optional<tls::TlsChannel> channel_;
  bool wanted_ = false, closing_ = false, questions_ = false;

 public:
  fortinet::FortinetClient client;
};

class FrontProgram : public ::testing::Test {
 protected:
  FrontProgram() {
    std::string pattern = (fs::temp_directory_path() / "front-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    const auto server = authority_.issue({.name = "gate", .dns = {"gate.test"}, .client = false});
    std::ofstream(folder_ / "cert.pem") << server.certificate_pem;
    std::ofstream(folder_ / "key.pem") << server.key_pem;
    std::ofstream(folder_ / "ca.pem") << authority_.pem();
    auto config = nlohmann::json::parse(read_text(SEKISHO_SOURCE_DIR "/core/base/all-keys.json"));
    const nlohmann::json tls{{"certificate_file", (folder_ / "cert.pem").string()},
                             {"key_file", (folder_ / "key.pem").string()},
                             {"client_ca_file", (folder_ / "ca.pem").string()}};
    config["plugin_directory"] = SEKISHO_PLUGIN_DIR;
    config["paths"][0]["tls"] = tls;
    config["paths"][0]["listen"] = {kListen};
    config["posture"]["tls"] = tls;
    config["posture"]["listen"] = {"127.0.0.1:8443", "10.202.0.1:443"};
    config["paths"][0]["uid"] = uid(20'101);
    config["posture"]["uid"] = uid(20'102);
    std::ofstream(folder_ / "site.json") << config.dump();
    const auto mori = authority_.issue({.name = "mori"});
    person_ = std::move(tls::TlsClientContext::make({.ca_pem = authority_.pem(),
                                                     .server_name = "gate.test",
                                                     .certificate_pem = mori.certificate_pem,
                                                     .key_pem = Secret(mori.key_pem)}))
                  .value();
  }
  ~FrontProgram() override {
    if (child_ > 0) {
      kill(child_, SIGKILL);
      waitpid(child_, nullptr, 0);
    }
    fs::remove_all(folder_);
  }
  static unsigned uid(unsigned as_root) { return geteuid() == 0 ? as_root : geteuid(); }

  void start(const std::vector<std::string>& arguments, const char* program = SEKISHO_FRONT) {
    auto control = std::move(run::make_link_pair()).value();
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, control[1].get(), 3);
    posix_spawn_file_actions_addopen(&actions, 2, (folder_ / "log").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    std::vector<std::string> words{program, "--config", (folder_ / "site.json").string()};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    ASSERT_EQ(posix_spawn(&child_, program, &actions, nullptr, argv.data(), environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    control_ = run::open_link(loop_, std::move(control[0]), supervisor_);
  }
  void hand_over_listener(const std::string& name) {
    run::Fd socket(::socket(AF_INET, SOCK_STREAM, 0));
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(at);
    ASSERT_EQ(bind(socket.get(), reinterpret_cast<sockaddr*>(&at), size), 0);
    ASSERT_EQ(getsockname(socket.get(), reinterpret_cast<sockaddr*>(&at), &size), 0);
    ASSERT_EQ(::listen(socket.get(), 16), 0);
    port_ = ntohs(at.sin_port);
    control_->send_with_fd(seam::Handover{"listener", name}, socket.release());
  }
  std::unique_ptr<seam::Link> hand_over_link(const std::string& name, run::testing::RecordingHandler& handler) {
    auto pair = std::move(run::make_link_pair()).value();
    control_->send_with_fd(seam::Handover{"link", name}, pair[1].release());
    auto link = run::open_link(loop_, std::move(pair[0]), handler);
    link->send(seam::Hello{seam::kVersion, name, "", "1"});
    return link;
  }
  /// Runs everything until `done`, at most 20 s.
  void until(const std::function<bool()>& done, const char* what) {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!done()) {
      if (std::chrono::steady_clock::now() > limit) {
        throw std::runtime_error("waited 20 s for " + std::string(what) + "\n" + read_text(folder_ / "log"));
      }
      loop_.restart();
      loop_.run_for(std::chrono::milliseconds(2));
      for (; answered_ < gate_.messages.size(); ++answered_) answer(gate_.messages[answered_]);
      for (Pc* pc : pcs_) pc->poll();
    }
  }
  void answer(const seam::Message& message) {
    const auto* request = std::get_if<seam::Request>(&message);
    if (request == nullptr) return;
    const auto say = [&](GateReply body) { gate_link_->send(seam::Reply{request->number, std::move(body)}); };
    if (std::holds_alternative<BeginLogin>(request->body)) {
      return say(LoginAsked{"handle-1", {"code", "code", {"コード", "Code"}, 0}});
    }
    if (std::holds_alternative<AnswerLogin>(request->body)) {
      return say(Granted{Secret(std::string(43, 'c')), the_session().session, SessionState::admitted});
    }
    if (std::holds_alternative<ResumeSession>(request->body)) return say(Resumed{the_session()});
    if (std::holds_alternative<PostureRequest>(request->body)) return say(PostureAnswer{200, R"({"nonce":"n"})"});
    say(Done{});
  }
  bool ready() const {
    return !supervisor_.messages.empty() && std::holds_alternative<seam::Ready>(supervisor_.messages[0]);
  }
  template <class T>
  std::vector<T> noticed() const {
    std::vector<T> out;
    for (const auto& message : gate_.messages) {
      if (const auto* notice = std::get_if<seam::Notice>(&message)) {
        if (const auto* one = std::get_if<T>(&notice->body)) out.push_back(*one);
      }
    }
    return out;
  }
  void start_path(const char* program = SEKISHO_FRONT) {
    start({"--path", "internet"}, program);
    hand_over_listener(kListen);
    gate_link_ = hand_over_link("sekishod", gate_);
    netd_link_ = hand_over_link("netd", netd_);
    control_->send(seam::Handover{"end", ""});
    until([&] { return ready() && !gate_.messages.empty() && !netd_.messages.empty(); }, "ready");
  }
  int exit_code() {
    int status = 0;
    EXPECT_GT(waitpid(std::exchange(child_, 0), &status, 0), 0);
    EXPECT_FALSE(WIFSIGNALED(status)) << "signal " << WTERMSIG(status) << "\n" << read_text(folder_ / "log");
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  tls::testing::Authority authority_{"Lab CA"};
  fs::path folder_;
  std::optional<tls::TlsClientContext> person_;
  boost::asio::io_context loop_{1};
  run::GateClock clock_;
  run::KernelEntropy entropy_;
  pid_t child_ = 0;
  std::uint16_t port_ = 0;
  run::testing::RecordingHandler supervisor_, gate_, netd_;
  std::size_t answered_ = 0;
  std::unique_ptr<seam::Link> control_, gate_link_, netd_link_;
  std::vector<Pc*> pcs_;
};

TEST_F(FrontProgram, CarriesAPersonFromLoginToPacketsInsideItsSandbox) {
  start_path();
  EXPECT_EQ(gate_.as<seam::Hello>(0).role, "front");
  EXPECT_EQ(gate_.as<seam::Hello>(0).name, "internet");
  std::array<int, 2> tun{};
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_DGRAM, 0, tun.data()), 0);
  run::Fd inside(tun[0]);
  fcntl(inside.get(), F_SETFL, O_NONBLOCK);
  netd_link_->send_with_fd(seam::Handover{"tun", "sekisho0"}, tun[1]);

  Pc pc(*person_, port_, clock_, entropy_);
  pcs_.push_back(&pc);
  pc.client.start(clock_.now());
  until([&] { return !pc.ups.empty() && !noticed<TunnelUp>().empty(); }, "the tunnel");
  EXPECT_EQ(pc.ups[0].address, "10.202.0.10");

  // Allowed, and then another port of the same host.
  const auto packet = datapath::make_packet({.payload = datapath::text_payload(300)});
  ASSERT_TRUE(pc.client.send_packet(packet));
  std::array<std::byte, 70000> frame{};
  ssize_t size = 0;
  until([&] { return (size = ::recv(inside.get(), frame.data(), frame.size(), 0)) > 0; }, "a packet inside");
  EXPECT_EQ(datapath::Bytes(frame.begin() + datapath::kVnetHeaderBytes, frame.begin() + size), packet);
  ASSERT_TRUE(pc.client.send_packet(datapath::make_packet({.destination_port = 22})));
  until([&] { return !noticed<PacketsRefused>().empty(); }, "the refused packet");
  EXPECT_EQ(noticed<PacketsRefused>()[0].last, (FilterRule{"10.202.0.1", 22, 6}));
  EXPECT_LT(::recv(inside.get(), frame.data(), frame.size(), 0), 0) << "a packet to port 22 came through";

  const auto back = datapath::make_packet({.source = "10.202.0.1",
                                           .destination = "10.202.0.10",
                                           .source_port = 5900,
                                           .destination_port = 40'000,
                                           .payload = datapath::text_payload(900)});
  datapath::Bytes down(datapath::kVnetHeaderBytes);
  down.insert(down.end(), back.begin(), back.end());
  ASSERT_EQ(::send(inside.get(), down.data(), down.size(), 0), static_cast<ssize_t>(down.size()));
  until([&] { return !pc.packets.empty(); }, "a packet outside");
  EXPECT_EQ(pc.packets[0], back);

  // The session ends: the person reads why, the connection is gone.
  gate_link_->send(
      seam::Push{SessionEnded{the_session().session, "session.ended_by_staff", {"終了", "Staff ended it"}}});
  until([&] { return !noticed<TunnelDown>().empty() && !pc.downs.empty(); }, "the end");
  EXPECT_EQ(noticed<TunnelDown>()[0].dropped, 1u);

  kill(child_, SIGTERM);
  EXPECT_EQ(exit_code(), 0);
}

TEST_F(FrontProgram, ServesThePosturePage) {
  start({"--posture"});
  hand_over_listener("127.0.0.1:8443");
  gate_link_ = hand_over_link("sekishod", gate_);
  control_->send(seam::Handover{"end", ""});
  until([&] { return ready() && !gate_.messages.empty(); }, "ready");
  EXPECT_EQ(gate_.as<seam::Hello>(0).role, "posture");

  tls::BufferPool pool;
  tls::TlsChannel channel(*person_, pool);
  run::Fd socket(::socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port_);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::connect(socket.get(), reinterpret_cast<sockaddr*>(&to), sizeof(to)), 0);
  fcntl(socket.get(), F_SETFL, O_NONBLOCK);
  channel.start();
  bool asked = false;
  std::string heard;
  until(
      [&] {
        std::array<std::byte, 16384> buffer{}, plain{};
        const ssize_t got = ::recv(socket.get(), buffer.data(), buffer.size(), 0);
        if (got > 0) channel.feed(std::span(buffer).first(static_cast<std::size_t>(got)));
        for (auto size = channel.read_plain(plain); size && *size > 0; size = channel.read_plain(plain)) {
          heard.append(reinterpret_cast<const char*>(plain.data()), *size);
        }
        if (channel.state() == tls::ChannelState::open && !std::exchange(asked, true)) {
          const std::string request = "GET /posture/v1/challenge HTTP/1.1\r\nHost: gate.test\r\n\r\n";
          EXPECT_TRUE(channel.write_record(std::as_bytes(std::span(request))));
        }
        const auto out = channel.output();
        if (!out.empty()) {
          const ssize_t sent = ::send(socket.get(), out.data(), out.size(), MSG_NOSIGNAL);
          if (sent > 0) channel.consume_output(static_cast<std::size_t>(sent));
        }
        return heard.find(R"({"nonce":"n"})") != std::string::npos;
      },
      "the challenge");
  EXPECT_EQ(heard.substr(0, 15), "HTTP/1.1 200 OK");
  control_.reset();  // the supervisor is gone
  EXPECT_EQ(exit_code(), 0);
}

TEST_F(FrontProgram, TheLabsOpenFrontLetsAScanThrough) {
  start_path(SEKISHO_OPEN_FRONT);
  std::array<int, 2> tun{};
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_DGRAM, 0, tun.data()), 0);
  run::Fd inside(tun[0]);
  fcntl(inside.get(), F_SETFL, O_NONBLOCK);
  netd_link_->send_with_fd(seam::Handover{"tun", "sekisho0"}, tun[1]);
  Pc pc(*person_, port_, clock_, entropy_);
  pcs_.push_back(&pc);
  pc.client.start(clock_.now());
  until([&] { return !pc.ups.empty(); }, "the tunnel");
  const auto scan =
      datapath::make_packet({.destination = "10.203.0.7", .destination_port = 3389, .flags = datapath::kTcpSyn});
  ASSERT_TRUE(pc.client.send_packet(scan));
  std::array<std::byte, 70000> frame{};
  ssize_t size = 0;
  until([&] { return (size = ::recv(inside.get(), frame.data(), frame.size(), 0)) > 0; }, "the scan");
  EXPECT_EQ(datapath::Bytes(frame.begin() + datapath::kVnetHeaderBytes, frame.begin() + size), scan);
}

TEST_F(FrontProgram, DoesNotStartWithoutItsPathOrItsKey) {
  start({"--path", "nowhere"});
  EXPECT_EQ(exit_code(), 2);
  fs::remove(folder_ / "key.pem");
  start({"--path", "internet"});
  EXPECT_EQ(exit_code(), 1);
  const std::string log = read_text(folder_ / "log");
  EXPECT_NE(log.find("front.no_such_path"), std::string::npos);
  EXPECT_NE(log.find("key.pem"), std::string::npos);
}

}  // namespace
}  // namespace sekisho
