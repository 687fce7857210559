// Circuits: keeps charon's connections equal to the registry's circuits, and knows which lines are up, without sockets
// or clocks.
//
//   charon:  away ──connected()──▶ looking (list-conns, list-sas) ──▶ here ──lost, silent, garbage──▶ away
//
// What charon holds is read from charon, never remembered over a connection: after each return the two lists are read
// anew, what is not meant goes (first the connection, so that nobody comes back, then its tunnels, by force) and what
// is missing is loaded. Events only say when to look again. While charon is away every line is unknown, and unknown is
// no. A circuit that closes must be seen gone within 2 s; what is not is told and tried again. Threads: the gate's
// loop. Ownership: settings and snapshot are copied. Source: issue "The closed path" 1(b); mission.md R01–R03, R19,
// R21; threats.md T-34, T-45; core/decisions/0018-closed-path.md.
#pragma once
#include "circuits/connection.hpp"
#include "registry/circuits.hpp"
#include "vici/client.hpp"

#include <sekisho/sdk/event.hpp>
#include <sekisho/sdk/time.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace sekisho::circuits {

inline constexpr std::chrono::milliseconds kCloseWithin{2000};

/// For log and journal; fields as the event names them.
struct Note {
  const Event* event = nullptr;
  std::string circuit{}, contractor{}, code{}, peer{}, identity{}, cipher{}, words{};
  std::int64_t number = 0;  ///< took_ms, circuits
};
/// A fact for sessions: whoever came over this circuit stays only while its line is up.
struct LineChange {
  std::string circuit;
  registry::Line line = registry::Line::unknown;
};
struct Actions {
  std::vector<Note> notes;
  std::vector<LineChange> changes;
};

/// What staff see beside what the registry says of a circuit.
struct View {
  std::string closed_because{};  ///< empty: it may be open
  bool loaded = false;
  registry::Line line = registry::Line::unknown;
  std::string peer{}, identity{}, cipher{};  ///< of the tunnel that is up
};

class Circuits {
 public:
  explicit Circuits(Settings settings);

  /// A new snapshot. What it takes away is taken from charon at once.
  [[nodiscard]] Actions registry_is(const registry::Registry& registry, Instant now);

  /// True when a connection to charon's socket should be tried now; connected() or failed() then says what came of it.
  [[nodiscard]] bool wants_connection(Instant now) const;
  [[nodiscard]] Actions connected(Instant now);
  [[nodiscard]] Actions failed(Instant now);  ///< could not be opened, or was closed
  [[nodiscard]] Actions feed(vici::View bytes, Instant now);
  [[nodiscard]] Actions tick(Instant now);
  [[nodiscard]] std::optional<Instant> next_deadline() const;
  [[nodiscard]] vici::Bytes take_output() { return client_.take_output(); }
  /// False: the socket is of no use any more and is to be closed.
  [[nodiscard]] bool is_connected() const { return client_.is_open(); }

  [[nodiscard]] registry::Line line(const std::string& circuit) const;
  [[nodiscard]] std::map<std::string, View> view(Instant now) const;

 private:
  enum class Purpose : std::uint8_t { list_connections, list_tunnels, load, unload, terminate };
  struct Question {
    Purpose purpose = Purpose::list_tunnels;
    std::string name;
  };
  /// One connection that charon should hold.
  struct Meant {
    std::string circuit, contractor, identity;
    vici::Section connection;
    bool loaded = false, asked = false;
    bool held = false;  ///< charon may hold it, on this connection or from one before
    unsigned failures = 0;
    Instant next{};  ///< not before, after failures
  };
  /// One that it should not hold any more, until it is seen gone.
  struct Leaving {
    std::string circuit, contractor, code;
    Instant since{}, next{};
    bool told = false, unloaded = false;
  };
  struct Tunnel {
    std::string peer, identity, cipher;
    friend bool operator==(const Tunnel&, const Tunnel&) = default;
  };

  void wanted(Instant now, Actions& out);
  void settle(Instant now, Actions& out);
  void close(const std::string& name, Instant now, Actions& out);
  void terminate(const char* by, const std::string& value, Instant now, Actions& out);
  void ask(Purpose purpose, const std::string& name, vici::Request request, Instant now, Actions& out);
  void happened(std::vector<vici::Happening> more, Instant now, Actions& out);
  void answered(const Question& question, vici::Done done, Instant now, Actions& out);
  void connections(const std::vector<vici::Section>& rows, Instant now, Actions& out);
  void tunnels(const std::vector<vici::Section>& rows, Instant now, Actions& out);
  void look(Instant now, Actions& out);
  void gone(const Error& why, Instant now, Actions& out);
  void set_line(const std::string& circuit, const std::string& contractor, const Tunnel* tunnel, std::string_view code,
                Actions& out);
  void see(const std::string& name, const vici::Section& tunnel, std::map<std::string, Tunnel>& up, Instant now,
           Actions& out);
  void overdue(Instant now, Actions& out);

  const Settings settings_;
  vici::Client client_;
  registry::Registry registry_;             ///< contracts, circuits and stops of the snapshot
  std::map<std::string, Meant> meant_;      ///< by connection name
  std::map<std::string, Leaving> leaving_;  ///< by connection name
  std::map<std::uint64_t, Question> questions_;
  std::map<std::string, registry::Line> lines_;
  std::map<std::string, Tunnel> up_;  ///< by circuit
  bool here_ = false;                 ///< both lists were read on this connection
  bool told_away_ = false, look_again_ = false, looking_ = false;
  unsigned failures_ = 0;
  Instant next_try_{}, next_look_{}, look_not_before_{};
  std::optional<Instant> next_change_;
};

}  // namespace sekisho::circuits
