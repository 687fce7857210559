// Offices: the processes around the gate, as much of them as the gate can tell: a front that asks and holds tunnels, a
// netd that holds kernel rights, a relay that holds desktop connections. Each speaks to the gate over its Wire alone.
// Their own code (core/front, core/netd, core/programs/relay) has its own tests; here they are what must end in time.
// Threads: one. Ownership: borrows the world; a Wire is borrowed until the next set_wire().
#pragma once
#include "story.hpp"
#include "wire.hpp"

#include <sekisho/sdk/path/gate_messages.hpp>

#include <map>
#include <optional>
#include <string>

namespace sekisho::sim {

class World;

/// nullopt: the gate did not answer within 3 s, or its link is gone.
using FrontReply = std::optional<GateReply>;

struct Tunnel {
  std::string address;
  SessionState state = SessionState::quarantine;
  Answer<std::string> closed;  ///< why
};

/// The front of one path, or the posture front (which has no tunnels).
class Front final : public seam::Link::Handler {
 public:
  Front(World& world, std::string role, std::string path)
      : world_(world), role_(std::move(role)), path_(std::move(path)) {}
  [[nodiscard]] const std::string& role() const { return role_; }
  [[nodiscard]] const std::string& path() const { return path_; }

  [[nodiscard]] Answer<FrontReply> ask(GateRequest request);
  /// After a Resumed. An older tunnel of the session closes ("taken over"). The answer comes when this one is closed.
  Answer<std::string> open_tunnel(const SessionView& view);
  /// From the person's side; nothing when it is closed already.
  void close_tunnel(const std::string& session, bool by_person);
  void tell(FrontNotice notice);
  [[nodiscard]] const std::map<std::string, Tunnel>& tunnels() const { return tunnels_; }

  void set_wire(Wire* wire);  ///< null: the gate is gone
  void crash();               ///< the process dies: tunnels and questions with it
  void on_message(seam::Message message, int fd) override;
  void on_closed(std::string_view why) override;

 private:
  struct Waiting {
    Answer<FrontReply> answer;
    Heap::Id limit = 0;
  };
  void give(std::uint64_t number, FrontReply reply);
  void forget(const std::string& session, const std::string& why);
  void lose_questions();

  World& world_;
  std::string role_, path_;
  Wire* wire_ = nullptr;
  std::uint64_t next_ = 1, lives_ = 0;
  std::map<std::uint64_t, Waiting> waiting_;
  std::map<std::string, Tunnel> tunnels_;
};

/// Applies a desired state within 1 ms and says so; rights end by themselves after their ttl.
class Netd final : public seam::Link::Handler {
 public:
  struct Right {
    std::vector<FilterRule> filter;
    Instant ends{};
  };
  explicit Netd(World& world) : world_(world) {}
  void set_wire(Wire* wire) { wire_ = wire; }
  void crash() { rights_.clear(); }  ///< the next netd begins with the deny table alone
  void fail_next(int times) { failing_ = times; }
  [[nodiscard]] const std::map<std::string, std::map<std::string, Right>>& rights() const { return rights_; }
  void on_message(seam::Message message, int fd) override;
  void on_closed(std::string_view) override { wire_ = nullptr; }

 private:
  World& world_;
  Wire* wire_ = nullptr;
  int failing_ = 0;
  std::map<std::string, std::map<std::string, Right>> rights_;  ///< tun -> address -> right
};

/// The desktop entrance of one path.
class Relay final : public seam::Link::Handler {
 public:
  Relay(World& world, std::string path) : world_(world), path_(std::move(path)) {}
  /// A peer knocks from this inner address; nullopt: no answer within 5 s.
  [[nodiscard]] Answer<std::optional<seam::EntranceGrant>> knock(const std::string& address);
  void hang_up(const std::string& session);
  [[nodiscard]] const std::map<std::string, std::string>& open() const { return open_; }  ///< session -> desktop
  void set_wire(Wire* wire) { wire_ = wire; }
  void crash() { open_.clear(); }
  void on_message(seam::Message message, int fd) override;
  void on_closed(std::string_view) override { wire_ = nullptr; }

 private:
  World& world_;
  std::string path_;
  Wire* wire_ = nullptr;
  std::uint64_t next_ = 1;
  std::map<std::uint64_t, Answer<std::optional<seam::EntranceGrant>>> waiting_;
  std::map<std::string, std::string> open_;
};

}  // namespace sekisho::sim
