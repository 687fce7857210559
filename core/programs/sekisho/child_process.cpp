#include "programs/sekisho/child_process.hpp"

#include "run/child_control.hpp"
#include "run/link_packet.hpp"
#include "seam/codec.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/descriptor_base.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

namespace sekisho::supervise {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

/// Between fork and exec: only calls that are safe there. Tells `report` why it did not become `argv`.
[[noreturn]] void become(char* const* argv, int control, int report, pid_t parent) {
  const auto give_up = [&report] {
    const int error = errno;
    static_cast<void>(!write(report, &error, sizeof(error)));
    _exit(127);
  };
  // Away from the numbers that are about to be used.
  const int high_control = fcntl(control, F_DUPFD, 10);
  const int high_report = fcntl(report, F_DUPFD_CLOEXEC, 10);
  const int null = open("/dev/null", O_RDONLY);
  if (high_control < 0 || high_report < 0 || null < 0) give_up();
  if (dup2(null, 0) < 0 || dup2(high_control, run::ChildControl::kControlFd) < 0 || dup2(high_report, 4) < 0) give_up();
  report = 4;
  fcntl(report, F_SETFD, FD_CLOEXEC);
  if (syscall(SYS_close_range, 5U, ~0U, 0U) != 0) give_up();

  struct sigaction usual {};
  usual.sa_handler = SIG_DFL;
  for (int number = 1; number < NSIG; ++number) sigaction(number, &usual, nullptr);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  setpgid(0, 0);  // a Ctrl-C is the supervisor's, who stops the children in order
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) give_up();
  if (getppid() != parent) _exit(127);  // it died before the line above
  execv(argv[0], argv);
  give_up();
  _exit(127);
}

}  // namespace

struct ChildProcess::State : std::enable_shared_from_this<ChildProcess::State> {
  State(asio::io_context& loop, Handler& h) : control(loop), process(loop), handler(&h) {}

  void watch_process() {
    process.async_wait(asio::posix::descriptor_base::wait_read, [self = shared_from_this()](const error_code& error) {
      if (error || self->handler == nullptr) return;
      siginfo_t info{};
      if (waitid(static_cast<idtype_t>(P_PIDFD), static_cast<id_t>(self->process.native_handle()), &info,
                 WEXITED | WNOHANG) != 0 ||
          info.si_pid == 0) {
        return self->watch_process();
      }
      self->ended = true;
      self->close();
      auto* told = std::exchange(self->handler, nullptr);
      told->on_exit(info.si_code == CLD_EXITED ? Exit{info.si_status, 0} : Exit{0, info.si_status});
    });
  }

  void watch_control() {
    control.async_wait(asio::posix::descriptor_base::wait_read, [self = shared_from_this()](const error_code& error) {
      if (error || self->handler == nullptr) return;
      // One byte more than Ready has; descriptors that ride along are not taken, so the kernel drops them.
      std::array<std::byte, 16> heard{};
      const ssize_t got = recv(self->control.native_handle(), heard.data(), heard.size(), MSG_DONTWAIT);
      if (got < 0 && (errno == EAGAIN || errno == EINTR)) return self->watch_control();
      if (got <= 0) return;  // closed: its end follows, or its next hand-over fails
      static const auto wanted = [] {
        auto packet = seam::encode(seam::Ready{});
        SEKISHO_ASSERT(packet);
        return std::move(*packet);
      }();
      const auto words = std::span(heard).first(static_cast<std::size_t>(got));
      if (self->ready || !std::ranges::equal(words, wanted.bytes())) return self->handler->on_breach();
      self->ready = true;
      self->watch_control();
      self->handler->on_ready();
    });
  }

  void close() {
    error_code ignored;
    control.close(ignored);
    process.close(ignored);
  }

  asio::posix::stream_descriptor control, process;
  Handler* handler;
  pid_t pid = -1;
  bool ready = false, ended = false;
};

Result<std::unique_ptr<ChildProcess>> ChildProcess::start(asio::io_context& loop, const std::vector<std::string>& argv,
                                                          Handler& handler) {
  auto ends = run::make_link_pair();
  if (!ends) return ends.error();
  std::array<int, 2> report{};
  if (pipe2(report.data(), O_CLOEXEC) != 0) return fail("supervise.spawn", strerror(errno));
  const run::Fd heard(report[0]);
  run::Fd told(report[1]);

  std::vector<char*> words;
  words.reserve(argv.size() + 1);
  for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) return fail("supervise.spawn", strerror(errno));
  if (pid == 0) become(words.data(), (*ends)[1].get(), told.get(), parent);

  told.reset();
  (*ends)[1].reset();
  int error = 0;
  ssize_t got = 0;
  do got = read(heard.get(), &error, sizeof(error));
  while (got < 0 && errno == EINTR);
  run::Fd process(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (got > 0 || !process) {
    if (got <= 0) error = errno;
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
    return fail("supervise.spawn", argv[0] + ": " + strerror(error));
  }
  auto state = std::make_shared<State>(loop, handler);
  state->pid = pid;
  state->control.assign((*ends)[0].release());
  state->process.assign(process.release());
  state->watch_control();
  state->watch_process();
  return std::unique_ptr<ChildProcess>(new ChildProcess(std::move(state)));
}

ChildProcess::ChildProcess(std::shared_ptr<State> state) : state_(std::move(state)) {}

ChildProcess::~ChildProcess() {
  state_->handler = nullptr;
  if (!state_->ended) {
    kill(state_->pid, SIGKILL);
    waitpid(state_->pid, nullptr, 0);
  }
  state_->close();
}

bool ChildProcess::hand_over(const std::string& kind, const std::string& name, int fd) {
  if (state_->ended) return false;
  const auto packet = seam::encode(seam::Handover{kind, name});
  return packet && run::send_packet(state_->control.native_handle(), packet->bytes(), fd) == 0;
}

void ChildProcess::signal(int number) {
  if (!state_->ended) syscall(SYS_pidfd_send_signal, state_->process.native_handle(), number, nullptr, 0);
}

pid_t ChildProcess::pid() const {
  return state_->pid;
}

}  // namespace sekisho::supervise
