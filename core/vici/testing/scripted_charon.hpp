// A charon of a test's making at the far end of a vici::Client: reads what the client sends, answers by a script and
// tells events. Threads: one. Ownership: the client is borrowed by pass().
#pragma once
#include "vici/client.hpp"

#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace sekisho::vici::testing {

inline Section yes() {
  Section out;
  out.put("success", "yes");
  return out;
}
inline Section no(std::string why) {
  Section out;
  out.put("success", "no").put("errmsg", std::move(why));
  return out;
}

class ScriptedCharon {
 public:
  using Answer = std::function<Section(const Section& message)>;

  /// Commands without an entry are unknown; `rows` are sent before the answer as events of that name.
  std::map<std::string, Answer> commands;
  std::map<std::string, std::pair<std::string, std::function<std::vector<Section>()>>> rows;
  std::set<std::string> events;  ///< that can be registered for
  bool silent = false;           ///< reads, answers nothing
  std::vector<Packet> seen;      ///< everything that came, in its order
  std::set<std::string> registered;

  /// One exchange after the other until the client has nothing more to say.
  template <class Machine>
  void pass(Machine& client, Instant now, const std::function<void(std::vector<Happening>)>& happened) {
    for (Bytes sent = client.take_output(); !sent.empty(); sent = client.take_output()) {
      std::vector<Packet> packets;
      SEKISHO_ASSERT(bool(reader_.feed(sent, packets)));
      Bytes back;
      for (const Packet& packet : packets) answer(packet, back);
      if (!back.empty()) happened(client.feed(back, now));
    }
  }
  /// The bytes of an event, if somebody registered for it.
  [[nodiscard]] Bytes tell(const std::string& event, const Section& message) const {
    Bytes out;
    if (registered.contains(event)) {
      SEKISHO_ASSERT(bool(encode(Packet{PacketType::event, event, message}, out)));
    }
    return out;
  }
  /// A new process: nothing of the old one's is left but the script.
  void restarted() {
    reader_ = PacketReader();
    registered.clear();
    seen.clear();
  }
  [[nodiscard]] std::vector<std::string> asked() const {
    std::vector<std::string> out;
    for (const Packet& packet : seen) {
      if (packet.type == PacketType::request) out.push_back(packet.name);
    }
    return out;
  }

 private:
  void answer(const Packet& packet, Bytes& out) {
    seen.push_back(packet);
    if (silent) return;
    const auto say = [&](const Packet& answer) { SEKISHO_ASSERT(bool(encode(answer, out))); };
    if (packet.type == PacketType::event_register) {
      const bool known = events.contains(packet.name);
      if (known) registered.insert(packet.name);
      return say({.type = known ? PacketType::event_confirm : PacketType::unknown_event});
    }
    if (packet.type == PacketType::event_unregister) {
      const bool known = registered.erase(packet.name) != 0;
      return say({.type = known ? PacketType::event_confirm : PacketType::unknown_event});
    }
    const auto command = commands.find(packet.name);
    if (command == commands.end()) return say({.type = PacketType::unknown_command});
    if (const auto streamed = rows.find(packet.name); streamed != rows.end()) {
      for (Section& row : streamed->second.second()) {
        if (registered.contains(streamed->second.first)) {
          say({PacketType::event, streamed->second.first, std::move(row)});
        }
      }
    }
    say({PacketType::response, "", command->second(packet.message)});
  }

  PacketReader reader_;
};

}  // namespace sekisho::vici::testing
