#include "admission/rdp_rule.hpp"

#include "admission/enforce.hpp"

#include <algorithm>

namespace sekisho::admission {
namespace {

RdpGrant grant_of(const RdpFacts& facts, const RdpServer& to) {
  RdpGrant out;
  out.session = facts.session;
  out.to = to.id;
  out.destination = to.address;
  out.until = facts.until;
  return out;
}

/// Everything that the facts allow. The first of two with the same addresses counts.
std::vector<RdpGrant> allowed(const RdpFacts& facts, Instant now) {
  std::vector<RdpGrant> out;
  if (!enforce("R13", "rdp.right_ended", facts.admitted && now < facts.until)) return out;
  const auto is_target = [](const RdpServer& server) {
    return !server.address.empty() && enforce("R13", "rdp.other_contract", server.of_contract);
  };
  std::vector<const RdpServer*> targets;
  for (const RdpServer& server : facts.servers) {
    if (is_target(server)) targets.push_back(&server);
  }
  for (const RdpServer* to : targets) {
    if (facts.desktop_address.empty() || !enforce("R13", "rdp.virtual", to->physical)) continue;
    RdpGrant grant = grant_of(facts, *to);
    grant.from = facts.desktop;
    grant.source = facts.desktop_address;
    grant.from_desktop = true;
    out.push_back(std::move(grant));
  }
  for (const RdpServer* from : targets) {
    if (!enforce("R13", "rdp.no_console", from->console_open)) continue;
    for (const RdpServer* to : targets) {
      RdpGrant grant = grant_of(facts, *to);
      grant.from = from->id;
      grant.source = from->address;
      out.push_back(std::move(grant));
    }
  }
  // Two names of one address are one machine: it needs no network to reach itself.
  std::erase_if(out, [](const RdpGrant& grant) { return grant.source == grant.destination; });
  return out;
}

}  // namespace

RdpRule::Step RdpRule::judge(const RdpFacts& facts, Instant now) {
  Step out;
  std::map<Key, RdpGrant> wanted;
  for (RdpGrant& grant : allowed(facts, now)) {
    Key key{grant.source, grant.destination};
    wanted.emplace(std::move(key), std::move(grant));
  }
  const auto found = held_.find(facts.session);
  if (found != held_.end()) {
    auto& mine = found->second;
    for (auto at = mine.begin(); at != mine.end();) {
      RdpGrant& grant = at->second.grant;
      const auto kept = wanted.find(at->first);
      const bool same = kept != wanted.end() && kept->second.from == grant.from && kept->second.to == grant.to;
      if (!same) {
        out.removed.push_back(std::move(grant));
        at = mine.erase(at);
        continue;
      }
      if (grant.until != kept->second.until) {
        grant.until = kept->second.until;
        out.other_times = out.other_times || at->second.live;
      }
      wanted.erase(kept);
      ++at;
    }
    if (found->second.empty() && wanted.empty()) held_.erase(found);
  }
  if (wanted.empty()) return out;
  std::size_t room = kMost - std::min(kMost, size());
  auto& mine = held_[std::string(facts.session)];
  for (auto& [key, grant] : wanted) {
    if (room == 0) {
      ++out.left_out;
      continue;
    }
    --room;
    grant.number = next_++;
    out.granted.push_back(grant);
    mine[key] = {std::move(grant), false};
  }
  if (mine.empty()) held_.erase(held_.find(facts.session));
  return out;
}

RdpRule::Step RdpRule::ended(std::string_view session) {
  Step out;
  const auto found = held_.find(session);
  if (found == held_.end()) return out;
  for (auto& [key, held] : found->second) out.removed.push_back(std::move(held.grant));
  held_.erase(found);
  return out;
}

bool RdpRule::entered(std::uint64_t number, bool durable) {
  for (auto it = held_.begin(); it != held_.end(); ++it) {
    for (auto grant = it->second.begin(); grant != it->second.end(); ++grant) {
      if (grant->second.grant.number != number) continue;
      if (durable) return !std::exchange(grant->second.live, true);
      it->second.erase(grant);
      if (it->second.empty()) held_.erase(it);
      return false;
    }
  }
  return false;
}

std::map<std::pair<std::string, std::string>, Instant> RdpRule::rights(Instant now) const {
  std::map<Key, Instant> out;
  for (const auto& [session, grants] : held_) {
    for (const auto& [key, held] : grants) {
      if (!held.live || held.grant.until <= now) continue;
      const auto [at, fresh] = out.emplace(key, held.grant.until);
      if (!fresh) at->second = std::max(at->second, held.grant.until);
    }
  }
  return out;
}

std::size_t RdpRule::size() const {
  std::size_t out = 0;
  for (const auto& [session, grants] : held_) out += grants.size();
  return out;
}

}  // namespace sekisho::admission
