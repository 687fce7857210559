// A hypervisor in memory behind the SDK's driver interface: machines that are there, desktops that are made and ended,
// a screen that says hello. Failures are planted by verb. Threads: any; one lock. Ownership: screens' other ends are
// closed with it.
#pragma once
#include <sekisho/sdk/console_driver.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace sekisho::hyper::testing {

class FakeDriver final : public ConsoleDriver {
 public:
  ~FakeDriver() override {
    for (const int fd : ends_) close(fd);
  }
  void add(const std::string& uuid, const std::string& name, MachineState state = MachineState::running) {
    const std::scoped_lock lock(mutex_);
    machines_[uuid] = {uuid, name, state, true};
  }
  /// The verb answers this code until it is taken away ("").
  void plant(const std::string& verb, const std::string& code) {
    const std::scoped_lock lock(mutex_);
    planted_[verb] = code;
  }
  void happen(MachineEvent event) {
    const std::scoped_lock lock(mutex_);
    events_.push_back(std::move(event));
    here_.notify_all();
  }
  [[nodiscard]] std::vector<std::string> calls() const {
    const std::scoped_lock lock(mutex_);
    return calls_;
  }

  Result<std::vector<Machine>> machines(std::chrono::milliseconds) override {
    const std::scoped_lock lock(mutex_);
    if (auto e = note("list", "")) return *e;
    std::vector<Machine> out;
    for (const auto& [uuid, machine] : machines_) out.push_back(machine);
    return out;
  }
  Result<Machine> machine(std::string_view uuid, std::chrono::milliseconds) override {
    const std::scoped_lock lock(mutex_);
    if (auto e = note("look", uuid)) return *e;
    return find(uuid);
  }
  Result<int> screen(std::string_view uuid, std::chrono::milliseconds) override { return open("screen", uuid); }
  Result<int> serial(std::string_view uuid, std::chrono::milliseconds) override { return open("serial", uuid); }
  Result<Picture> picture(std::string_view uuid, std::chrono::milliseconds) override {
    const std::scoped_lock lock(mutex_);
    if (auto e = note("picture", uuid)) return *e;
    return Picture{"image/png", "\x89PNG of " + std::string(uuid)};
  }
  Result<void> power(std::string_view uuid, PowerAction action, std::chrono::milliseconds) override {
    const std::scoped_lock lock(mutex_);
    if (auto e = note("power", uuid)) return *e;
    const auto found = machines_.find(std::string(uuid));
    if (found == machines_.end()) return fail("console.no_such_machine");
    found->second.state = action == PowerAction::power_off || action == PowerAction::shut_down ? MachineState::stopped
                                                                                               : MachineState::running;
    return {};
  }
  Result<Machine> create(const DesktopOrder& order, std::chrono::milliseconds) override {
    const std::scoped_lock lock(mutex_);
    if (auto e = note("create", order.uuid)) return *e;
    if (machines_.contains(order.uuid)) return fail("console.refused", "it is there already");
    return machines_[order.uuid] = {order.uuid, order.model + " " + order.mac, MachineState::running, true};
  }
  Result<void> destroy(std::string_view uuid, std::chrono::milliseconds) override {
    const std::scoped_lock lock(mutex_);
    if (auto e = note("destroy", uuid)) return *e;
    machines_.erase(std::string(uuid));
    return {};
  }
  Result<void> set_login(std::string_view uuid, std::string_view account, const Secret& password,
                         std::chrono::milliseconds) override {
    const std::scoped_lock lock(mutex_);
    if (auto e = note("set_login", uuid)) return *e;
    logins[std::string(uuid)] = std::string(account) + ":" + std::string(password.reveal());
    return {};
  }
  Result<std::vector<MachineEvent>> events(std::chrono::milliseconds limit) override {
    std::unique_lock lock(mutex_);
    if (const auto planted = planted_.find("events"); planted != planted_.end() && !planted->second.empty()) {
      return fail(planted->second);
    }
    here_.wait_for(lock, limit, [&] { return !events_.empty(); });
    std::vector<MachineEvent> out(events_.begin(), events_.end());
    events_.clear();
    return out;
  }
  std::map<std::string, std::string> logins;  ///< looked at when nothing runs

 private:
  std::optional<Error> note(const std::string& verb, std::string_view uuid) {
    calls_.push_back(uuid.empty() ? verb : verb + " " + std::string(uuid));
    const auto planted = planted_.find(verb);
    if (planted == planted_.end() || planted->second.empty()) return std::nullopt;
    return fail(planted->second);
  }
  Result<Machine> find(std::string_view uuid) const {
    const auto found = machines_.find(std::string(uuid));
    if (found == machines_.end()) return fail("console.no_such_machine");
    return found->second;
  }
  Result<int> open(const std::string& verb, std::string_view uuid) {
    const std::scoped_lock lock(mutex_);
    if (auto e = note(verb, uuid)) return *e;
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0) return fail("console.refused");
    const std::string hello = verb == "screen" ? "RFB 003.008\n" : "login: ";
    if (write(ends[1], hello.data(), hello.size()) < 0) return fail("console.refused");
    ends_.push_back(ends[1]);
    return ends[0];
  }

  mutable std::mutex mutex_;
  std::condition_variable here_;
  std::map<std::string, Machine> machines_;
  std::map<std::string, std::string> planted_;
  std::deque<MachineEvent> events_;
  std::vector<std::string> calls_;
  std::vector<int> ends_;
};

}  // namespace sekisho::hyper::testing
