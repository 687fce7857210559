// A charon for gates under test: holds connections and tunnels, behind a gate's ViciSocket. Threads: the gate's loop.
// Ownership: borrows the timers. What it says arrives with the next turn of the loop, as from a real socket.
#pragma once
#include "gate/vici_socket.hpp"
#include "run/services.hpp"
#include "vici/testing/scripted_charon.hpp"

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace sekisho::gate::testing {

class FakeCharon final : public ViciSocket {
 public:
  explicit FakeCharon(run::Timers& timers) : timers_(timers) {
    script.events = {"ike-updown", "child-updown", "ike-rekey", "child-rekey", "list-conn", "list-sa"};
    script.commands["list-conns"] = script.commands["list-sas"] = [](const vici::Section&) { return vici::Section(); };
    script.rows["list-conns"] = {"list-conn", [this] { return rows(held); }};
    script.rows["list-sas"] = {"list-sa", [this] { return rows(tunnels); }};
    script.commands["load-conn"] = [this](const vici::Section& message) {
      const vici::Item& item = message.items().front();
      held[item.name] = std::get<vici::Section>(item.held);
      return vici::testing::yes();
    };
    script.commands["unload-conn"] = [this](const vici::Section& message) {
      return held.erase(std::string(message.text("name"))) != 0 ? vici::testing::yes() : vici::testing::no("not found");
    };
    script.commands["terminate"] = [this](const vici::Section& message) {
      return tunnels.erase(std::string(message.text("ike"))) != 0 ? vici::testing::yes() : vici::testing::no("none");
    };
  }

  // --- ViciSocket
  void open(Handler& handler) override {
    handler_ = &handler;
    const bool there = running;
    later([there](Handler& h) { there ? h.on_open() : h.on_failed(); });
  }
  void send(vici::Bytes bytes) override {
    struct Once {
      vici::Bytes bytes;
      vici::Bytes answer;
      vici::Bytes take_output() { return std::exchange(bytes, {}); }
      std::vector<vici::Happening> feed(vici::View back, Instant) {
        answer.assign(back.begin(), back.end());
        return {};
      }
    } once{std::move(bytes), {}};
    script.pass(once, Instant{}, [](const std::vector<vici::Happening>&) {});
    if (!once.answer.empty()) say(std::move(once.answer));
  }
  void close() override { handler_ = nullptr; }

  // --- what happens at charon
  /// The device of the only connection that is loaded has a tunnel, or has lost it.
  void device(bool up, const std::string& identity = "line-sato.closed.test") {
    if (held.empty()) return;
    const std::string name = held.begin()->first;
    tunnels.clear();
    if (up) {
      vici::Section child, children, sa;
      child.put("state", "INSTALLED").put("encr-alg", "AES_GCM_16").put("encr-keysize", "256");
      children.put_section("site-1", child);
      sa.put("uniqueid", "1").put("version", "2").put("state", "ESTABLISHED").put("remote-host", "10.99.0.2");
      sa.put("remote-id", identity).put("encr-alg", "AES_GCM_16").put("encr-keysize", "256");
      sa.put_section("child-sas", children);
      tunnels.emplace(name, std::move(sa));
    }
    vici::Section message;
    if (up) message.put("up", "yes");
    if (auto bytes = script.tell("child-updown", message); !bytes.empty()) say(std::move(bytes));
  }
  void die() {
    running = false;
    held.clear(), tunnels.clear();
    script.restarted();
    if (handler_ != nullptr) later([](Handler& h) { h.on_failed(); });
  }

  vici::testing::ScriptedCharon script;
  std::map<std::string, vici::Section> held, tunnels;  ///< by connection
  bool running = true;

 private:
  static std::vector<vici::Section> rows(const std::map<std::string, vici::Section>& of) {
    std::vector<vici::Section> out;
    out.reserve(of.size());
    for (const auto& [name, section] : of) out.push_back(vici::Section().put_section(name, section));
    return out;
  }
  template <class Act>
  void later(Act act) {
    timers_.post([this, act, handler = handler_] {
      if (handler != nullptr && handler == handler_) act(*handler);
    });
  }
  void say(vici::Bytes bytes) {
    auto kept = std::make_shared<vici::Bytes>(std::move(bytes));
    later([kept](Handler& h) { h.on_bytes(*kept); });
  }

  run::Timers& timers_;
  Handler* handler_ = nullptr;
};

}  // namespace sekisho::gate::testing
