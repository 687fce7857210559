// sekisho-load: contractors by the hundred (README.md). Reads one job from stdin, prints JSON lines, stops by itself.
#include "job.hpp"
#include "run/asio_services.hpp"
#include "run/clock.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/signal_set.hpp>
#include <nlohmann/json.hpp>
#include <signal.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <list>
#include <map>

namespace sekisho::load {
namespace {

namespace asio = boost::asio;

constexpr Seconds kGivesUp{3};

double milliseconds(Instant from, Instant to) {
  return std::chrono::duration<double, std::milli>(to - from).count();
}
double percentile(std::vector<double>& values, double part) {
  if (values.empty()) return 0;
  const auto at = static_cast<std::ptrdiff_t>(part * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + at, values.end());
  return values[static_cast<std::size_t>(at)];
}
void say(const nlohmann::json& line) {
  std::cout << line.dump() << '\n' << std::flush;
}
std::string_view to_string(fortinet::ClientEnd::Why why) {
  using Why = fortinet::ClientEnd::Why;
  switch (why) {
    case Why::by_person:
      return "by_person";
    case Why::login_refused:
      return "login_refused";
    case Why::session_refused:
      return "session_refused";
    case Why::by_gate:
      return "by_gate";
    case Why::lost:
      return "lost";
    case Why::protocol:
      return "protocol";
  }
  return "unknown";
}

class Run {
 public:
  explicit Run(Job job) : job_(std::move(job)), timers_(loop_, clock_), signals_(loop_, SIGTERM, SIGINT) {}

  int go() {
    signals_.async_wait([this](boost::system::error_code error, int) {
      if (!error) finish();
    });
    if (job_.mode == "login") {
      for (std::size_t n = 0; n < job_.concurrency; ++n) log_in(n);
    } else if (job_.mode == "hold") {
      for (std::size_t n = 0; n < std::min(job_.concurrency, job_.people.size()); ++n) hold(next_person_++);
      wait_for_stdin();
    } else if (job_.mode == "guess" || job_.mode == "bad_tls") {
      tick(clock_.now());
    } else if (job_.mode == "drip") {
      // Strangers do not keep step: each has a moment of its own in the second after which it sends its next byte.
      for (std::size_t n = 0; n < job_.count; ++n) {
        timers_.at(clock_.now() + std::chrono::microseconds{1'000'000 * n / job_.count}, [this] { drip(place()); });
      }
    } else {
      say({{"error", "unknown mode " + job_.mode}});
      return 2;
    }
    if (job_.mode != "hold") {
      timers_.at(clock_.now() + std::chrono::microseconds(static_cast<std::int64_t>(job_.seconds * 1e6)),
                 [this] { finish(); });
    }
    begun_ = clock_.now();
    loop_.run();
    summary();
    return 0;
  }

 private:
  struct Client {
    std::unique_ptr<Session> session;
    std::unique_ptr<SocketIo> socket;
    std::unique_ptr<tls::TlsChannel> channel;
    std::size_t person = 0, sent = 0, turn = 0;
    bool connected = false;
    Instant begun{};
  };
  using Place = std::list<Client>::iterator;

  Tools tools() { return {loop_, clock_, timers_, entropy_, buffers_}; }
  /// The gate, from the next of the job's addresses.
  Target target() {
    Target out = job_.target;
    if (!job_.sources.empty()) out.source = job_.sources[next_source_++ % job_.sources.size()];
    return out;
  }
  Place place() {
    clients_.emplace_front();
    clients_.front().begun = clock_.now();
    return clients_.begin();
  }
  /// Destroys a client after the current callback: it may be inside one of its own.
  void drop(Place at) {
    gone_.splice(gone_.begin(), clients_, at);
    timers_.post([this] { gone_.clear(); });
  }

  void log_in(std::size_t lane) {
    if (finished_ || job_.people.empty()) return;
    const std::size_t who = next_person_++ % job_.people.size();
    const Person& person = job_.people[who];
    const auto at = place();
    at->session = std::make_unique<Session>(tools(), target(), *person.context, person.login.copy(),
                                            Session::Handler{[this, at, lane] {
                                                               took_.push_back(milliseconds(at->begun, clock_.now()));
                                                               drop(at);
                                                               if (took_.size() == job_.logins) return finish();
                                                               log_in(lane);
                                                             },
                                                             {},
                                                             {},
                                                             [this, at, lane](const fortinet::ClientEnd& end) {
                                                               count_end(end);
                                                               drop(at);
                                                               again_soon([this, lane] { log_in(lane); });
                                                             }});
    at->session->start();
  }

  void hold(std::size_t who) {
    if (finished_ || who >= job_.people.size()) return;
    const Person& person = job_.people[who];
    const auto at = place();
    at->person = who;
    at->session = std::make_unique<Session>(
        tools(), target(), *person.context, person.login.copy(),
        Session::Handler{{},
                         [this, at](const fortinet::ClientTunnel& tunnel) {
                           ++ups_;
                           say({{"up", job_.people[at->person].login.user}, {"address", tunnel.address}});
                           if (at->sent++ == 0) {
                             took_.push_back(milliseconds(at->begun, clock_.now()));
                             hold(next_person_++);
                           }
                         },
                         [this, at](std::string_view why) {
                           say({{"down", job_.people[at->person].login.user}, {"why", why}});
                         },
                         [this, at](const fortinet::ClientEnd& end) {
                           count_end(end);
                           say({{"ended", job_.people[at->person].login.user},
                                {"why", to_string(end.why)},
                                {"text", end.text.substr(0, 200)}});
                           drop(at);
                           if (finished_ && clients_.empty()) loop_.stop();
                         }});
    at->session->start();
  }

  /// `rate` a second, spread evenly.
  void tick(Instant due) {
    if (finished_) return;
    if (job_.mode == "guess") {
      guess();
    } else {
      bad_tls();
    }
    const Instant next = due + std::chrono::microseconds(static_cast<std::int64_t>(1e6 / job_.rate));
    timers_.at(next, [this, next] { tick(next); });
  }
  void guess() {
    if (job_.people.empty() || clients_.size() >= 512) return;
    const auto at = place();
    at->session = std::make_unique<Session>(tools(), target(), *job_.stranger,
                                            Login{job_.people[0].login.user, Secret("a stranger's guess of it")},
                                            Session::Handler{[this, at] {
                                                               ++ends_["granted"];  // must never be seen
                                                               drop(at);
                                                             },
                                                             {},
                                                             {},
                                                             [this, at](const fortinet::ClientEnd& end) {
                                                               count_end(end);
                                                               drop(at);
                                                             }});
    at->session->start();
  }
  void bad_tls() {
    static constexpr std::string_view kGarbage = "GET / HTTP/1.1\r\nHost: gate\r\n\r\n";
    const auto at = place();
    open(at, [at] { at->socket->write(std::as_bytes(std::span(kGarbage))); });
  }
  void drip(Place at) {
    if (finished_) return;
    at->begun = clock_.now();
    at->sent = 0;
    at->connected = false;
    at->channel = std::make_unique<tls::TlsChannel>(*job_.stranger, buffers_);
    at->channel->start();
    open(at, [this, at] {
      at->connected = true;
      drop_byte(at);
    });
    // Who is not answered gives up and comes again: waiting for the kernel's own limit would be a tame attacker.
    timers_.at(clock_.now() + kGivesUp, [this, at, turn = ++at->turn] {
      if (finished_ || at->turn != turn || at->connected || !at->socket) return;
      ++ends_["unanswered"];
      at->socket.reset();
      drip(at);
    });
  }
  void drop_byte(Place at) {
    if (finished_ || !at->socket || at->sent >= at->channel->output().size()) return;
    at->socket->write(at->channel->output().subspan(at->sent++, 1));
    timers_.at(clock_.now() + Seconds{1}, [this, at, socket = at->socket.get()] {
      // The list node lives until finish(): a closed drip keeps its place and comes again.
      if (at->socket && at->socket.get() == socket) drop_byte(at);
    });
  }
  void open(Place at, std::function<void()> connected) {
    at->socket =
        std::make_unique<SocketIo>(loop_, job_.target.address, job_.target.port, target().source,
                                   SocketIo::Handler{std::move(connected), [](auto) {},
                                                     [this, at] {
                                                       ++ends_["closed"];
                                                       took_.push_back(milliseconds(at->begun, clock_.now()));
                                                       if (job_.mode == "bad_tls") return drop(at);
                                                       auto old = std::shared_ptr<SocketIo>(std::move(at->socket));
                                                       timers_.post([old] {});
                                                       timers_.at(clock_.now() + Seconds{1}, [this, at] { drip(at); });
                                                     }});
  }

  void again_soon(std::function<void()> work) {
    timers_.at(clock_.now() + std::chrono::milliseconds{20}, std::move(work));
  }
  void count_end(const fortinet::ClientEnd& end) {
    ++ends_[std::string(to_string(end.why)) + (end.status != 0 ? " " + std::to_string(end.status) : "")];
  }
  void wait_for_stdin() {
    stdin_.assign(0);
    stdin_.async_read_some(asio::buffer(byte_), [this](boost::system::error_code, std::size_t) { finish(); });
  }
  void finish() {
    if (std::exchange(finished_, true)) return;
    finished_at_ = clock_.now();
    if (job_.mode != "hold" || clients_.empty()) return loop_.stop();
    for (Client& client : clients_) client.session->stop();
    timers_.at(clock_.now() + Seconds{10}, [this] { loop_.stop(); });
  }
  void summary() {
    const double seconds = std::chrono::duration<double>(finished_at_ - begun_).count();
    const double worst = took_.empty() ? 0 : *std::max_element(took_.begin(), took_.end());
    say({{"mode", job_.mode},
         {"seconds", seconds},
         {"done", took_.size()},
         {"ups", ups_},
         {"p50_ms", percentile(took_, 0.5)},
         {"p99_ms", percentile(took_, 0.99)},
         {"max_ms", worst},
         {"ends", ends_}});
  }

  Job job_;
  asio::io_context loop_{1};
  run::GateClock clock_;
  run::AsioTimers timers_;
  run::KernelEntropy entropy_;
  tls::BufferPool buffers_;
  asio::signal_set signals_;
  asio::posix::stream_descriptor stdin_{loop_};
  std::array<char, 1> byte_{};
  std::list<Client> clients_, gone_;
  std::size_t next_person_ = 0, next_source_ = 0, ups_ = 0;
  std::vector<double> took_;
  std::map<std::string, std::size_t> ends_;
  Instant begun_{}, finished_at_{};
  bool finished_ = false;
};

}  // namespace
}  // namespace sekisho::load

int main() {
  signal(SIGPIPE, SIG_IGN);
  const rlimit files{65536, 65536};
  setrlimit(RLIMIT_NOFILE, &files);
  std::string line;
  // A byte at a time: what follows the line belongs to "hold", whose end is the end of stdin.
  for (char c = 0; read(0, &c, 1) == 1 && c != '\n';) line += c;
  auto job = sekisho::load::read_job(line);
  if (!job) {
    std::cout << nlohmann::json{{"error", job.error().code}, {"detail", job.error().detail}}.dump() << '\n';
    return 2;
  }
  return sekisho::load::Run(std::move(*job)).go();
}
