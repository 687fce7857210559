#include "programs/sekishoctl/testing/gatehouse.hpp"

#include "admission/testing/login_bench.hpp"
#include "api/server.hpp"
#include "audit/reader.hpp"
#include "audit/stepped_journal.hpp"
#include "gate/gate.hpp"
#include "gate/state.hpp"
#include "registry/testing/cast.hpp"
#include "run/testing/fake_services.hpp"
#include "store/testing/memory_store.hpp"

#include <sekisho/sdk/enrolling.hpp>

#include <boost/asio/io_context.hpp>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <deque>
#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>
#include <mutex>
#include <thread>

namespace sekisho::ctl::testing {
namespace {

using admission::testing::says_yes;
using admission::testing::Scripted;

/// A neighbour that keeps what it is told; its messages pass the codec as over a socket.
struct FakeLink final : seam::Link {
  void send(const seam::Message& message) override {
    auto packet = seam::encode(message);
    auto copy = packet ? seam::decode(packet->bytes()) : Result<seam::Message>(packet.error());
    if (!copy) return;
    if (on_send) on_send(*copy);
    if (auto* reply = std::get_if<seam::Reply>(&*copy)) last_reply = std::move(*reply);
  }
  void send_with_fd(const seam::Message&, int fd) override { ::close(fd); }
  void close() override {}
  std::function<void(const seam::Message&)> on_send;
  seam::Reply last_reply{0, Done{}};
};

run::Fd listen_at(const std::string& path) {
  run::Fd out(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  SEKISHO_ASSERT(path.size() < sizeof at.sun_path);
  std::memcpy(at.sun_path, path.data(), path.size());
  SEKISHO_ASSERT(::bind(out.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0);
  SEKISHO_ASSERT(::listen(out.get(), 16) == 0);
  return out;
}

/// An app that can be enrolled; no path of this house asks for it.
class App final : public Authenticator, public Enrolling {
 public:
  std::string_view factor() const override { return "totp"; }
  unsigned weight() const override { return 1; }
  AuthStep step(AuthRequest) override { return {}; }
  Enrolled enrol(std::string_view person, std::string_view login, Instant) override {
    return {{{"salt", std::string(person)}}, Secret("otpauth://totp/Sekisho:" + std::string(login) + "?secret=GEHEIM")};
  }
};

std::string read_all(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

}  // namespace

struct Gatehouse::Impl {
  explicit Impl(bool with_cast) {
    std::string name = (std::filesystem::temp_directory_path() / "sekisho-gatehouse-XXXXXX").string();
    SEKISHO_ASSERT(::mkdtemp(name.data()) != nullptr);
    folder = name;
    journal_disk = std::move(*audit::open_posix_disk(folder + "/journal", audit::Make::yes));
    key_disk = std::move(*audit::open_posix_disk(folder, audit::Make::no));
    audit::JournalConfig config;
    config.directory = folder + "/journal";
    config.signing_key_file = folder + "/journal.key";
    config.segment_bytes = 256 * 1024;
    auto opened = audit::SteppedJournal::open(config, *journal_disk, *key_disk, fake.entropy, registry::testing::kNow);
    SEKISHO_ASSERT(opened.has_value());
    journal = std::move(*opened);
    if (with_cast) {
      registry::Registry cast = registry::testing::cast();
      registry::Certificate certificate = cast.certificates.at(std::string(64, 'a'));
      certificate.fingerprint_sha256 = gate::sha256_hex(kLeaf);
      cast.certificates = {{certificate.fingerprint_sha256, certificate}};
      SEKISHO_ASSERT(store->transact([&](store::Tx& tx) { tx.replace_registry(cast); }).has_value());
    }
    start_gate();
    thread = std::thread([this] { serve(); });
  }

  ~Impl() {
    stopping = true;
    thread.join();
    server.reset();
    gate.reset();
    journal->close(fake.timers.now());
    journal.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
  }

  void start_gate() {
    gate::GateOptions options;
    options.gate_id = "gate.seki.test";
    options.generation_poll = std::chrono::milliseconds{0};
    gate::GatePath path;
    path.policy.path = "internet";
    path.policy.zones = {registry::Zone::internet_business, registry::Zone::internet_dmz};
    path.policy.factors = {"certificate"};
    path.tun = "sekisho0";
    path.gate_address = "10.202.0.1";
    path.posture_page = {"10.202.0.1", 8443, 6};
    path.entrance = {"10.202.0.1", 5900, 6};
    options.paths = {path};
    gate::GatePlugins plugins;
    plugins.authenticators = {{"certificate", &certificate}, {"totp", &app}};
    plugins.verify_password = [](const VerifyPassword&) { return false; };
    gate = std::make_unique<gate::Gate>(std::move(options), fake.services(), store, *journal, std::move(plugins));
    gate->start([](Instant) -> Result<std::vector<std::string>> { return std::vector<std::string>{}; },
                [](Result<void> end) { SEKISHO_ASSERT(end.has_value()); });
    settle();
    netd.on_send = [this](const seam::Message& message) {
      if (const auto* desired = std::get_if<seam::DesiredNet>(&message)) {
        fake.timers.post([this, number = desired->number] {
          gate->on_message(netd_id, seam::NetApplied{number, true, {}});
        });
      }
    };
    netd_id = gate->attach("netd", "netd", netd);
    front_id = gate->attach("front", "internet", front);
    static_cast<void>(gate->attach("relay", "internet", relay));
    settle();
    server = std::make_unique<api::Server>(loop, listen_at(folder + "/control.sock"),
                                           api::Context{*gate,
                                                        [directory = folder + "/journal"](const audit::Query& query) {
                                                          return audit::search(directory, query);
                                                        },
                                                        fake.blocking, fake.entropy, fake.timers},
                                           api::Allowed{.uids = {::getuid()}});
  }

  void settle() {
    do {
      fake.timers.settle();
      journal->pump(fake.timers.now());
    } while (journal->waiting() || fake.timers.next() == fake.timers.now());
  }

  void serve() {
    while (!stopping) {
      loop.run_one_for(std::chrono::milliseconds{2});
      loop.restart();
      for (;;) {
        std::function<void()> job;
        {
          const std::lock_guard lock(mutex);
          if (jobs.empty()) break;
          job = std::move(jobs.front());
          jobs.pop_front();
        }
        job();
      }
      settle();
    }
  }

  template <class T>
  T on_loop(std::function<T()> work) {
    auto done = std::make_shared<std::promise<T>>();
    auto end = done->get_future();
    {
      const std::lock_guard lock(mutex);
      jobs.emplace_back([done, work = std::move(work)] { done->set_value(work()); });
    }
    return end.get();
  }

  std::string folder;
  run::testing::FakeServices fake{1, registry::testing::kNow};
  std::shared_ptr<store::testing::MemoryStore> store = std::make_shared<store::testing::MemoryStore>();
  std::unique_ptr<audit::Disk> journal_disk, key_disk;
  std::unique_ptr<audit::SteppedJournal> journal;
  std::string terminal;  ///< what the next certificate says
  App app;
  Scripted certificate{"certificate", [this](AuthRequest request) {
                         AuthStep step = says_yes(std::move(request));
                         step.terminal = terminal;
                         return step;
                       }};
  FakeLink netd, front, relay;
  std::unique_ptr<gate::Gate> gate;
  gate::Gate::LinkId netd_id = 0, front_id = 0;
  std::uint64_t number = 0;
  boost::asio::io_context loop{1};
  std::unique_ptr<api::Server> server;
  std::mutex mutex;
  std::deque<std::function<void()>> jobs;  // guarded by mutex
  std::atomic<bool> stopping = false;
  std::thread thread;
};

Gatehouse::Gatehouse(bool with_cast) : impl_(std::make_unique<Impl>(with_cast)) {}
Gatehouse::~Gatehouse() = default;

const std::string& Gatehouse::folder() const {
  return impl_->folder;
}
std::string Gatehouse::socket() const {
  return impl_->folder + "/control.sock";
}
std::string Gatehouse::journal() const {
  return impl_->folder + "/journal";
}

Result<std::string> Gatehouse::pass(const std::string& person, const std::string& terminal, const std::string& leaf) {
  return impl_->on_loop<Result<std::string>>([this, person, terminal, leaf]() -> Result<std::string> {
    Impl& i = *impl_;
    i.terminal = terminal;
    Arrival arrival;
    arrival.path = "internet";
    arrival.peer_address = "198.51.100.7";
    arrival.certificate_chain = {leaf};
    Evidence evidence;
    evidence.emplace("login", Secret(person));
    i.gate->on_message(i.front_id, seam::Request{++i.number, BeginLogin{std::move(arrival), std::move(evidence)}});
    i.settle();
    if (i.front.last_reply.number != i.number) return fail("test.no_reply");
    if (const auto* refused = std::get_if<Refused>(&i.front.last_reply.body)) return fail(refused->refusal.code);
    const auto* granted = std::get_if<Granted>(&i.front.last_reply.body);
    if (granted == nullptr) return fail("test.not_granted");
    i.gate->on_message(i.front_id, seam::Notice{TunnelUp{granted->session, "tls"}});
    return granted->session;
  });
}

void Gatehouse::journal_all(std::vector<audit::Entry> entries) {
  impl_->on_loop<int>([this, entries = std::move(entries)] {
    for (const audit::Entry& entry : entries) impl_->journal->append(entry);
    impl_->settle();
    return 0;
  });
}

void Gatehouse::refuse_rdp(const std::string& source, const std::string& destination) {
  impl_->on_loop<int>([this, source, destination] {
    impl_->gate->on_message(impl_->netd_id, seam::RdpRefused{{{source, destination, 6, 1, 1}}});
    impl_->settle();
    return 0;
  });
}

void Gatehouse::advance(int seconds) {
  impl_->on_loop<int>([this, seconds] {
    impl_->fake.timers.advance(Seconds{seconds});
    return 0;
  });
}

Gatehouse::Outcome Gatehouse::shell(const std::string& line, const std::string& language) const {
  const std::string out = folder() + "/.stdout", err = folder() + "/.stderr";
  const std::string script = "cd '" + folder() + "' && export SEKISHO_SOCKET='" + socket() + "' LC_ALL=" + language +
                             " PATH='" SEKISHO_BIN_DIR "':$PATH HOME='" + folder() + "'\n" + line;
  const pid_t child = ::fork();
  if (child == 0) {
    if (std::freopen("/dev/null", "r", stdin) == nullptr || std::freopen(out.c_str(), "w", stdout) == nullptr ||
        std::freopen(err.c_str(), "w", stderr) == nullptr) {
      ::_exit(126);
    }
    ::execl("/bin/sh", "sh", "-ec", script.c_str(), static_cast<char*>(nullptr));
    ::_exit(127);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, read_all(out), read_all(err)};
}

}  // namespace sekisho::ctl::testing
