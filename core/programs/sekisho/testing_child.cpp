// A child for the supervisor's tests. argv[1] is its manner, argv[2] its name. It answers every connection on its
// listener with one line about itself: "<name> <pid> <links, sorted, each greeted by its peer>".
#include "run/asio_services.hpp"
#include "run/child_control.hpp"
#include "run/clock.hpp"
#include "run/peer_link.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/write.hpp>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <map>
#include <memory>
#include <string>

namespace {

using namespace sekisho;

class Child final : public run::ChildControl::Handler {
 public:
  Child(std::string manner, std::string name) : manner_(std::move(manner)), name_(std::move(name)) {}

  int run() {
    control_ = std::make_unique<run::ChildControl>(loop_, *this);
    boost::asio::signal_set signals(loop_, SIGTERM);
    if (manner_ != "stubborn") {
      signals.async_wait([this](const boost::system::error_code&, int) { loop_.stop(); });
    } else {
      signal(SIGTERM, SIG_IGN);
    }
    loop_.run();
    return 0;
  }

 private:
  struct Neighbour final : seam::Link::Handler {
    void on_message(seam::Message, int) override { greeted = true; }
    void on_closed(std::string_view) override { greeted = false; }
    bool greeted = false;
    std::unique_ptr<run::PeerLink> link;
  };

  void on_listener(std::string, run::Fd fd) override {
    acceptors_.push_back(std::make_unique<boost::asio::ip::tcp::acceptor>(loop_));
    acceptors_.back()->assign(boost::asio::ip::tcp::v4(), fd.release());
    accept(*acceptors_.back());
  }
  void on_link(std::string name, run::Fd fd) override {
    auto& neighbour = *(neighbours_[name] = std::make_unique<Neighbour>());
    neighbour.link = std::make_unique<run::PeerLink>(clock_, timers_, seam::Hello{seam::kVersion, name_, "", "1"}, name,
                                                     "", neighbour);
    neighbour.link->start(run::open_link(loop_, std::move(fd), neighbour.link->inner()));
  }
  void on_complete() override {
    if (manner_ == "mute") return;
    if (manner_ == "breach") {
      static_cast<void>(!write(run::ChildControl::kControlFd, "\x01garbage", 8));
      return;
    }
    control_->ready();
    if (manner_ == "dies") _exit(3);
  }
  void on_supervisor_gone(std::string_view) override { loop_.stop(); }

  void accept(boost::asio::ip::tcp::acceptor& acceptor) {
    acceptor.async_accept(
        [this, &acceptor](const boost::system::error_code& error, boost::asio::ip::tcp::socket socket) {
          if (error) return;
          std::string line = name_ + " " + std::to_string(getpid());
          for (const auto& [name, neighbour] : neighbours_) {
            if (neighbour->greeted) line += " " + name;
          }
          int death_signal = 0;
          prctl(PR_GET_PDEATHSIG, &death_signal);
          int open = 0;
          for (int fd = 0; fd < 4; ++fd) open += fcntl(fd, F_GETFD) >= 0 ? 1 : 0;
          line += death_signal == SIGKILL && open == 4 ? "\n" : " badly-born\n";
          boost::system::error_code ignored;
          boost::asio::write(socket, boost::asio::buffer(line), ignored);
          accept(acceptor);
        });
  }

  std::string manner_, name_;
  boost::asio::io_context loop_{1};
  run::GateClock clock_;
  run::AsioTimers timers_{loop_, clock_};
  std::unique_ptr<run::ChildControl> control_;
  std::vector<std::unique_ptr<boost::asio::ip::tcp::acceptor>> acceptors_;
  std::map<std::string, std::unique_ptr<Neighbour>> neighbours_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  return Child(argv[1], argv[2]).run();
}
