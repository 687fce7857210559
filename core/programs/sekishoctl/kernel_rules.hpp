// KernelRules: our nftables table as the kernel lists it (nft -j), and what becomes of one packet in it. Knows nothing
// of how netd writes the table, so that a proof from it is a proof of what is in force. What is not understood never
// helps: a match that cannot be told counts against dropping, and for accepting. Threads: plain value. Ranges: one
// table, <= 64 MiB of JSON. Errors: zones.ruleset. Source: core/decisions/0020.
#pragma once
#include "base/ipv4.hpp"

#include <sekisho/sdk/result.hpp>

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace sekisho::ctl {

/// Addresses from `first` to `last`, host order.
struct Range {
  std::uint32_t first = 0, last = 0;
  [[nodiscard]] bool holds(std::uint32_t address) const { return first <= address && address <= last; }
  [[nodiscard]] bool meets(const Range& other) const { return first <= other.last && other.first <= last; }
};
[[nodiscard]] Range range_over(const Ipv4Network& network);
/// "10.0.0.1" or "10.0.0.0/24"; nullopt: neither.
[[nodiscard]] std::optional<Range> parse_range(std::string_view text);
[[nodiscard]] std::string to_text(const Range& range);

struct Packet {
  std::string iif, oif;  ///< oif: known where it is forwarded
  std::uint32_t source = 0, destination = 0;
  std::uint8_t protocol = 6;
  std::uint16_t source_port = 0, port = 0;
  bool from_sa = false;  ///< came out of an IPsec SA of the kernel
  bool ipv6 = false;     ///< then it has no source and no destination here
};

class KernelRules {
 public:
  /// `listing`: of `nft -j list table inet sekisho`.
  [[nodiscard]] static Result<KernelRules> read(std::string_view listing);

  /// The rule that certainly drops it in the base chain of `hook` ("prerouting", "forward"): its chain and handle.
  /// Empty: it may pass.
  [[nodiscard]] std::string dropped_by(std::string_view hook, const Packet& packet) const;
  /// Constants that rules compare with; between two of them all packets are alike.
  [[nodiscard]] const std::set<std::uint32_t>& edges() const { return edges_; }
  [[nodiscard]] const std::set<std::uint16_t>& ports() const { return ports_; }
  [[nodiscard]] const std::set<std::string>& devices() const { return devices_; }
  /// Elements of address sets: source and destination, as they are written.
  [[nodiscard]] const std::vector<std::pair<Range, Range>>& rights() const { return rights_; }

 private:
  enum class Told : std::uint8_t { no, maybe, yes };
  enum class Field : std::uint8_t {
    iif,
    oif,
    from_sa,
    family,
    protocol,
    source,
    destination,
    port,
    source_port,
    right,
    other
  };
  /// One comparison of a rule, as far as it was understood.
  struct Match {
    Field field = Field::other;
    bool negated = false;
    bool ipv4_alone = false;         ///< no packet of another family is as it says
    bool answers = false;            ///< of `right`: looked up the other way round
    std::uint8_t ports_of = 0;       ///< of ports: 6, 17, or both (0)
    bool whole = true;               ///< every value was understood
    std::vector<std::string> names;  ///< devices
    std::vector<Range> ranges;       ///< addresses, numbers
  };
  enum class Does : std::uint8_t { nothing, drops, accepts, goes, jumps, returns };
  struct Rule {
    std::string where;  ///< "arriving 12"
    std::vector<Match> matches;
    Does does = Does::nothing;
    std::string target{};
  };
  /// Ends with a verdict, or goes on behind the chain that was asked.
  enum class End : std::uint8_t { passes, dropped, goes_on };
  struct Judged {
    End end = End::goes_on;
    const Rule* by = nullptr;
  };

  [[nodiscard]] static Match understand(const nlohmann::json& part);
  [[nodiscard]] static Rule understand_rule(const std::string& chain, const nlohmann::json& rule);
  void learn(const Match& match);
  [[nodiscard]] Told told(const Match& match, const Packet& packet) const;
  [[nodiscard]] Judged judge(const std::string& chain, const Packet& packet, int depth) const;

  std::map<std::string, std::vector<Rule>> chains_;
  std::map<std::string, std::string, std::less<>> hooks_;  ///< hook -> base chain
  std::set<std::uint32_t> edges_;
  std::set<std::uint16_t> ports_;
  std::set<std::string> devices_;
  std::vector<std::pair<Range, Range>> rights_;                                    ///< of all sets
  std::map<std::string, std::vector<std::pair<Range, Range>>, std::less<>> sets_;  ///< each one's own
};

}  // namespace sekisho::ctl
