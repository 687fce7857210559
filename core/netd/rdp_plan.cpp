#include "netd/rdp_plan.hpp"

#include "netd/plan.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace sekisho::netd {
namespace {

constexpr std::size_t kMostReasons = 4;  // named in the answer; the rest is counted

/// One machine's address, and not this one's.
bool is_host(std::uint32_t address) {
  const std::uint32_t first = address >> 24;
  return first != 0 && first != 127 && first < 224;
}

std::uint64_t grown(std::uint64_t& seen, std::uint64_t now) {
  const std::uint64_t more = now >= seen ? now - seen : now;  // it began anew
  seen = now;
  return more;
}

}  // namespace

const char* RdpPlan::fault(std::uint32_t source, std::uint32_t destination) const {
  if (!is_host(source) || !is_host(destination)) return "an address that is no machine's";
  if (source == destination) return "from an address to itself";
  for (const NetPath& path : paths_) {
    const auto inside = [&](std::uint32_t address) { return (address & path.mask()) == path.network(); };
    if (inside(source) || inside(destination)) {  // enforces R13/kernel.rdp
      return "an address inside a tunnel";
    }
  }
  return nullptr;
}

RdpPlan::Change RdpPlan::change(const seam::DesiredRdp& desired, Instant now) const {
  Change out;
  std::size_t refused = 0;
  const auto refuse = [&](const seam::RdpRight& right, const char* why) {
    if (++refused > kMostReasons) return;
    out.refused += (out.refused.empty() ? "" : "; ") + right.source.substr(0, 45) + " -> " +
                   right.destination.substr(0, 45) + ": " + why;
  };
  std::map<RdpPair, std::chrono::seconds> wanted;
  for (const seam::RdpRight& right : desired.rights) {
    const auto source = parse_ipv4(right.source), destination = parse_ipv4(right.destination);
    if (!source || !destination) {
      refuse(right, "an address that is not IPv4");
    } else if (const char* why = fault(*source, *destination)) {
      refuse(right, why);
    } else if (right.ttl_s == 0 || right.ttl_s > kLongestTtl) {
      refuse(right, "a time out of range");
    } else {
      auto& ttl = wanted[{*source, *destination}];  // two sessions may have the same: the longer counts
      ttl = std::max(ttl, std::chrono::seconds(right.ttl_s));
    }
  }
  if (refused > kMostReasons) out.refused += "; and " + std::to_string(refused - kMostReasons) + " more";

  for (const auto& [pair, until] : held_) {
    if (!wanted.contains(pair)) out.gone.insert(pair);
  }
  for (const auto& [pair, ttl] : wanted) {
    const auto before = held_.find(pair);
    const Instant until = now + ttl;
    const bool is_there = before != held_.end() && before->second > now;
    if (is_there && before->second <= until && until - before->second < ttl / 8) {
      out.held.emplace(pair, before->second);
      continue;
    }
    out.fresh.emplace(pair, ttl);
    out.held.emplace(pair, until);
  }
  return out;
}

void RdpPlan::adopt(const RdpPair& pair, std::chrono::seconds left, Instant now) {
  if (left.count() < 1 || left.count() > kLongestTtl || fault(pair.source, pair.destination) != nullptr) return;
  held_[pair] = now + left;
}

RdpRights RdpPlan::rights(Instant now) const {
  RdpRights out;
  for (const auto& [pair, until] : held_) {
    if (until > now) out.emplace(pair, std::chrono::ceil<std::chrono::milliseconds>(until - now));
  }
  return out;
}

void RdpWatch::look(std::uint64_t refused, const std::vector<RdpSeen>& seen) {
  unnamed_ += static_cast<std::int64_t>(grown(counter_, refused));
  decltype(seen_) before = std::exchange(seen_, {});
  for (const RdpSeen& one : seen) {
    const auto key = std::make_tuple(one.pair, one.protocol, one.from_port);
    const auto known = before.find(key);
    std::uint64_t packets = known == before.end() ? 0 : known->second;
    const std::uint64_t more = grown(packets, one.packets);
    // A dump may show an element twice while its set grows.
    if (!seen_.emplace(key, packets).second || more == 0) continue;
    unnamed_ -= static_cast<std::int64_t>(more);
    const bool room = new_.size() < kMostPairs || new_.contains({one.pair, one.protocol});
    Sum& sum = room ? new_[{one.pair, one.protocol}] : others_;
    if (known == before.end()) ++sum.tries;
    sum.packets += more;
  }
  if (unnamed_ > 0) {
    ++others_.tries;
    others_.packets += static_cast<std::uint64_t>(std::exchange(unnamed_, 0));
  }
}

void RdpWatch::restart() {
  seen_.clear();
  counter_ = 0;
  unnamed_ = 0;
}

seam::RdpRefused RdpWatch::take() {
  seam::RdpRefused out;
  for (const auto& [key, sum] : std::exchange(new_, {})) {
    const auto& [pair, protocol] = key;
    out.tries.push_back({to_text(pair.source), to_text(pair.destination), protocol, sum.tries, sum.packets});
  }
  if (others_.packets > 0) out.tries.push_back({"", "", 0, others_.tries, others_.packets});
  others_ = {};
  return out;
}

}  // namespace sekisho::netd
