// KernelRules: our nftables table as the kernel lists it (nft -j), and what becomes of packets in it. Knows nothing of
// how netd writes the table, so that a proof from it is a proof of what is in force.
//
// What is not understood never helps: a comparison that cannot be told counts against dropping and for accepting, and
// so does an element that may time out or a set that packets fill; a statement that nobody here reads (it may change
// the packet, or end its way) lets everything pass that reaches it, and is a doubt of the whole table. A chain guards
// only in `inet sekisho` without any flag (dormant), as a filter at the priority raw: a nat chain sees first packets
// alone, a later one what others have rewritten. Of the other tables it is read where they send packets elsewhere.
//
// Many packets are asked about at once (Packets): "dropped" means every one of them. Which numbers the rules tell apart
// stands in edges(); between two edges all packets are alike, so that whoever splits there has looked at all of them.
// Threads: plain value; reading it is safe from any. Ownership: owns all it knows, and keeps nothing of the listing.
// Shapes and units: addresses IPv4 in host order, ranges with both ends, ports and protocols as numbers; of IPv6
// packets the addresses are not looked at. Of `fib` the two forms are read that say whether the destination is this
// machine's own, at all or at the device that the packet came by; whoever asks says what he knows of that (Packets).
// Ranges: one ruleset, <= 64 MiB of JSON, depth <= 24; chains that call one another deeper than 8 end in "may pass".
// Errors: zones.ruleset with what could not be read; nothing throws. Source: core/decisions/0020, 0021;
// libnftables-json(5).
#pragma once
#include "base/ipv4.hpp"

#include <sekisho/sdk/result.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sekisho::ctl {

/// Numbers from `first` to `last`, both of them in it: addresses in host order, ports, protocols.
struct Range {
  std::uint32_t first = 0, last = 0;
  [[nodiscard]] bool holds(std::uint32_t number) const { return first <= number && number <= last; }
  [[nodiscard]] bool holds(const Range& other) const { return first <= other.first && other.last <= last; }
  [[nodiscard]] bool meets(const Range& other) const { return first <= other.last && other.first <= last; }
  friend bool operator==(const Range&, const Range&) = default;
};
inline constexpr Range kAnyAddress{0, 0xffffffff}, kAnyPort{0, 65535}, kAnyProtocol{0, 255};
inline constexpr std::uint32_t kIcmp = 1, kTcp = 6, kUdp = 17, kEsp = 50;

[[nodiscard]] Range range_over(const Ipv4Network& network);
/// "10.0.0.1" or "10.0.0.0/24"; nullopt: neither. A network with a bit beyond its prefix is none: no packet is in it.
[[nodiscard]] std::optional<Range> parse_range(std::string_view text);
/// "10.0.0.1", "10.0.0.0/24", or "10.0.0.1-10.0.0.9" where no prefix says it.
[[nodiscard]] std::string to_text(const Range& addresses);

/// All packets with these properties, whatever else they are.
struct Packets {
  std::string iif;                                ///< device that they came by
  bool ipv6 = false;                              ///< then of any source and destination
  bool onward = false;                            ///< of IPv6: for another machine (of IPv4 `destination` says it)
  bool from_sa = false;                           ///< came out of an IPsec SA of the kernel
  bool fragment = false;                          ///< a later fragment: has no ports
  Range source{}, destination{};                  ///< IPv4
  Range own{0, 1}, own_here{0, 1};                ///< 1: the destination is an address of this machine; of `iif`
  Range protocol = kAnyProtocol;                  ///
  Range source_port = kAnyPort, port = kAnyPort;  ///< of TCP and UDP
};

/// Where the rules begin to tell numbers apart: each is the first of a new kind. The first kind begins at 0.
struct Edges {
  std::set<std::uint32_t> addresses, protocols, ports;
};

class KernelRules {
 public:
  /// How the listing came here. From the kernel it is whole. From a file, a set without elements may have been listed
  /// without showing them (nft -t), so it counts as one that may hold anything.
  enum class From : std::uint8_t { kernel, file };

  /// `listing`: of `nft -j list ruleset`. Errors: zones.ruleset: not of that form, no table of ours, or no chain of it
  /// where packets arrive.
  [[nodiscard]] static Result<KernelRules> read(std::string_view listing, From from);

  /// The rule that certainly drops what is left of `packets` in the base chains of `hook` ("prerouting", "forward"):
  /// its chain and handle, "arriving 12". Empty: some of them may pass.
  [[nodiscard]] std::string dropped_by(std::string_view hook, const Packets& packets) const;
  [[nodiscard]] const Edges& edges() const { return edges_; }
  /// Names of devices that rules compare with; all others are alike.
  [[nodiscard]] const std::set<std::string>& devices() const { return devices_; }
  /// Elements of the sets that rules look source and destination up in: both, in the order of the set.
  [[nodiscard]] const std::vector<std::pair<Range, Range>>& rights() const { return rights_; }
  /// Why our table cannot be relied on, each by its place: "arriving 12: mangle", "table inet sekisho: flags". Empty:
  /// it can.
  [[nodiscard]] const std::vector<std::string>& doubts() const { return doubts_; }
  /// Rules of other tables that send packets elsewhere than they were going: "ip nat docker 4: dnat".
  [[nodiscard]] const std::vector<std::string>& elsewhere() const { return elsewhere_; }

 private:
  friend class RulesetReader;

  enum class Told : std::uint8_t { no, maybe, yes };
  enum class Field : std::uint8_t {
    iif,
    oif,
    from_sa,
    family,
    protocol,
    source,
    destination,
    source_port,
    port,
    own,       ///< fib daddr type
    own_here,  ///< fib daddr . iif type
    other
  };
  /// What a comparison looks at.
  struct Key {
    Field field = Field::other;
    std::uint32_t ports_of = 0;  ///< of ports: protocol; 0: whatever stands where TCP has them
    bool ipv4 = false;           ///< is there in IPv4 alone
  };
  /// One value of a key: a device, or numbers.
  struct Part {
    Range numbers{};
    std::string device{};
  };
  struct Element {
    std::vector<Part> parts;  ///< one for each key
    bool may_vanish = false;  ///< has a timeout
  };
  /// One comparison of a rule, as far as it was understood.
  struct Match {
    std::vector<Key> keys{{}};
    std::vector<Element> elements{};  ///< holds when one of them does
    bool negated = false;
    bool whole = false;  ///< these are all elements, and will be
  };
  enum class Does : std::uint8_t { nothing, drops, accepts, goes, jumps, returns, unknown };
  struct Rule {
    std::string where;           ///< "arriving 12"
    std::vector<Match> matches;  ///< all that stand before what it does
    Does does = Does::nothing;
    std::string target{};
  };
  /// Ends with a verdict, or goes on behind the chain that was asked.
  enum class End : std::uint8_t { passes, dropped, goes_on };
  struct Judged {
    End end = End::goes_on;
    const Rule* by = nullptr;
  };
  /// What a key finds in packets.
  struct Seen {
    bool absent = false;   ///< in all of them, so that the rule does not hold
    bool unknown = false;  ///< any value, or absent in some
    Range numbers{};
  };

  [[nodiscard]] static Seen look(const Key& key, const Packets& packets);
  [[nodiscard]] static Told told(const Match& match, const Packets& packets);
  [[nodiscard]] static Told told(const Match& match, const Element& element, const std::vector<Seen>& seen,
                                 const Packets& packets);
  [[nodiscard]] Judged judge(const std::string& chain, const Packets& packets, int depth) const;

  std::map<std::string, std::vector<Rule>> chains_;
  std::map<std::string, std::vector<std::string>, std::less<>> hooks_;  ///< hook -> base chains that guard it
  Edges edges_;
  std::set<std::string> devices_;
  std::vector<std::pair<Range, Range>> rights_;
  std::vector<std::string> doubts_, elsewhere_;
};

}  // namespace sekisho::ctl
