#include "netd/plan.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace sekisho::netd {
namespace {

constexpr std::size_t kMostReasons = 4;  // named in the answer; the rest is counted

std::chrono::milliseconds left_of(Instant until, Instant now) {
  return std::chrono::ceil<std::chrono::milliseconds>(until - now);
}

/// nullptr when `rule` may be opened on `path`.
const char* rule_fault(const NetPath& path, const FilterRule& rule) {
  if (rule.protocol != 6 && rule.protocol != 17) return "neither TCP nor UDP";
  if (rule.port == 0) return "port 0";
  const auto destination = parse_ipv4(rule.address);
  const bool inside = destination && *destination == path.gate_address;
  if (!inside) return "a destination that is not the gate's inner address";    // enforces R11/kernel.right
  if (!path.is_door(rule.port)) return "a port that is no door of this path";  // enforces R11/kernel.right
  return nullptr;
}

}  // namespace

NetPlan::NetPlan(std::vector<NetPath> paths) : paths_(std::move(paths)), held_(paths_.size()) {}

const NetPath* NetPlan::path(std::string_view name) const {
  const auto found = std::ranges::find(paths_, name, &NetPath::name);
  return found == paths_.end() ? nullptr : &*found;
}

const char* NetPlan::fault(const NetPath& path, const seam::KernelRight& right) {
  const auto address = parse_ipv4(right.address);
  if (!address) return "an address that is not IPv4";
  const bool of_path = path.is_session_address(*address);
  if (!of_path) return "an address that no session of this path can have";  // enforces R11/kernel.right
  if (right.ttl_s == 0 || right.ttl_s > kLongestTtl) return "a time out of range";
  return nullptr;
}

Result<NetPlan::Change> NetPlan::change(const seam::DesiredNet& desired, Instant now) const {
  const auto found = std::ranges::find(paths_, desired.tun, &NetPath::tun);
  if (found == paths_.end()) return fail("netd.unknown_tun", "no path has this device");
  const NetPath& path = *found;
  Change out;
  out.path = static_cast<std::size_t>(found - paths_.begin());

  std::size_t refused = 0;
  const auto refuse = [&](const std::string& address, const char* why) {
    if (++refused > kMostReasons) return;
    out.refused += (out.refused.empty() ? "" : "; ") + address.substr(0, 45) + ": " + why;
  };
  std::set<std::uint32_t> addresses;
  std::map<Right, std::chrono::seconds> wanted;
  for (const seam::KernelRight& right : desired.rights) {
    if (const char* why = fault(path, right)) {
      refuse(right.address, why);
      continue;
    }
    const std::uint32_t address = *parse_ipv4(right.address);
    if (!addresses.insert(address).second) {
      refuse(right.address, "an address that has a right already");
      continue;
    }
    for (const FilterRule& rule : right.filter) {
      if (const char* why = rule_fault(path, rule)) {
        refuse(right.address, why);
        continue;
      }
      wanted[{address, rule.protocol, rule.port}] = std::chrono::seconds(right.ttl_s);
    }
  }
  if (refused > kMostReasons) out.refused += "; and " + std::to_string(refused - kMostReasons) + " more";

  const Held& held = held_[out.path];
  for (const auto& [right, until] : held) {
    if (!wanted.contains(right)) out.gone.insert(right);
  }
  for (const auto& [right, ttl] : wanted) {
    const auto before = held.find(right);
    const Instant until = now + ttl;
    const bool is_there = before != held.end() && before->second > now;
    if (is_there && before->second <= until && until - before->second < ttl / 8) {
      out.held.emplace(right, before->second);
      continue;
    }
    ++(is_there ? out.renewed : out.added);
    out.fresh.emplace(right, ttl);
    out.held.emplace(right, until);
  }
  out.ended = out.gone.size();
  return out;
}

std::string NetPlan::commands(const Change& change) const {
  return change_commands(paths_.at(change.path), change.gone, change.fresh);
}

void NetPlan::commit(Change change) {
  held_.at(change.path) = std::move(change.held);
}

void NetPlan::adopt(const std::string& set, const std::string& destination, const Right& right,
                    std::chrono::seconds left, Instant now) {
  for (std::size_t i = 0; i < paths_.size(); ++i) {
    const NetPath& path = paths_[i];
    if (set_name(path) != set || left.count() < 1 || left.count() > kLongestTtl) continue;
    if (!path.is_session_address(right.address)) continue;
    if (rule_fault(path, {destination, right.port, right.protocol}) != nullptr) continue;
    held_[i][right] = now + left;
  }
}

std::string NetPlan::install(Instant now, const RdpRights& rdp) const {
  std::vector<Rights> rights(paths_.size());
  for (std::size_t i = 0; i < paths_.size(); ++i) {
    for (const auto& [right, until] : held_[i]) {
      if (until > now) rights[i].emplace(right, left_of(until, now));
    }
  }
  return install_commands(paths_, rights, rdp);
}

std::size_t NetPlan::rights(Instant now) const {
  std::size_t count = 0;
  for (const Held& held : held_) {
    count += static_cast<std::size_t>(std::ranges::count_if(held, [&](const auto& one) { return one.second > now; }));
  }
  return count;
}

}  // namespace sekisho::netd
