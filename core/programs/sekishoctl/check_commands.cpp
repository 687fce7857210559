// Commands that prove something of a running gate from what is in force.
#include "base/site_config_parse.hpp"
#include "programs/sekishoctl/commands.hpp"
#include "programs/sekishoctl/zone_proof.hpp"
#include "registry/json.hpp"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>

namespace sekisho::ctl {
namespace {

using nlohmann::json;

constexpr const char* kAskKernel = "nft -j list ruleset";
constexpr std::size_t kMostBytes = 64u << 20;

Result<std::string> ruleset_in_force() {
  std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(kAskKernel, "re"), pclose);
  if (!pipe) return fail("zones.ruleset", kAskKernel);
  std::string out;
  std::array<char, 65536> buffer{};
  for (std::size_t n = fread(buffer.data(), 1, buffer.size(), pipe.get()); n != 0 && out.size() <= kMostBytes;
       n = fread(buffer.data(), 1, buffer.size(), pipe.get())) {
    out.append(buffer.data(), n);
  }
  // What was cut short, or said before it failed, is not what is in force.
  if (pclose(pipe.release()) != 0 || out.empty()) return fail("zones.ruleset", kAskKernel);
  return out;
}

Result<std::string> ruleset_of(const std::string& file) {
  if (file.empty()) return ruleset_in_force();
  std::ifstream in(file, std::ios::binary);
  if (!in) return fail("zones.ruleset", file);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

std::string address_text(const sockaddr& at) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const void* address = at.sa_family == AF_INET
                            ? static_cast<const void*>(&reinterpret_cast<const sockaddr_in&>(at).sin_addr)
                            : static_cast<const void*>(&reinterpret_cast<const sockaddr_in6&>(at).sin6_addr);
  inet_ntop(at.sa_family, address, text.data(), text.size());
  return text.data();
}

/// Every address that this machine answers for: also the broadcast ones.
Result<std::vector<LocalAddress>> local_addresses() {
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return fail("zones.addresses", std::strerror(errno));
  const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> held(list, freeifaddrs);
  std::vector<LocalAddress> out;
  for (const ifaddrs* each = list; each != nullptr; each = each->ifa_next) {
    if (each->ifa_addr == nullptr) continue;
    const int family = each->ifa_addr->sa_family;
    if (family != AF_INET && family != AF_INET6) continue;
    // An address with a label ("eth0:1") is of the device before the colon.
    std::string device = each->ifa_name;
    device.resize(std::min(device.find(':'), device.size()));
    out.push_back({device, address_text(*each->ifa_addr)});
    if (family == AF_INET && (each->ifa_flags & IFF_BROADCAST) != 0 && each->ifa_broadaddr != nullptr) {
      out.push_back({device, address_text(*each->ifa_broadaddr), true});
    }
  }
  if (out.empty()) return fail("zones.addresses", "none");
  return out;
}

struct Args {
  std::string config, ruleset;
};

void check_zones(Session& session, const Args& args) {
  const auto config = load_site_config(args.config);
  if (!config.value) return session.fails(config.errors.front());
  std::string listing;
  if (!session.take(ruleset_of(args.ruleset), listing)) return;
  const auto rules =
      KernelRules::read(listing, args.ruleset.empty() ? KernelRules::From::kernel : KernelRules::From::file);
  if (!rules) return session.fails(rules.error());
  std::vector<LocalAddress> local;
  if (!session.take(local_addresses(), local)) return;
  json exported;
  if (!session.call("registry.export", json::object(), exported)) return;
  const registry::Imported imported = registry::import_registry(exported);

  const auto claims = prove_zones(*config.value, imported, local, *rules);
  json rows = json::array();
  bool all = true;
  for (const Claim& claim : claims) {
    all = all && claim.holds;
    rows.push_back({{"holds", claim.holds},
                    {"from", claim.from},
                    {"to", claim.to},
                    {"claim", session.out.in(claim.says)},
                    {"kinds", claim.kinds},
                    {"shown_by", claim.shown_by},
                    {"against", claim.counter}});
  }
  if (session.out.json) {
    session.out.show({{"holds", all}, {"claims", std::move(rows)}});
  } else {
    session.out.show(rows, {"holds", "from", "to", "claim", "kinds", "shown_by", "against"});
    session.out.note(
        all ? Text{"ゾーンは互いに到達できません（R01）。", "The zones do not reach each other (R01)."}
            : Text{"証明できません。成立しない主張の反証を確認してください。ゾーン間が通じている可能性があります。",
                   "Not proved. See what stands against the claims that do not hold: the zones may meet."});
  }
  if (!all) session.exit_code = 1;
}

}  // namespace

void add_check_commands(CLI::App& app, Session& session) {
  auto args = std::make_shared<Args>();
  auto* check = app.add_subcommand("check", "動作中の関所の確認 / proofs from what is in force");
  check->require_subcommand(1);
  auto* zones = check->add_subcommand("zones", "ゾーン間が到達できないことの証明 / no zone reaches another");
  zones->add_option("--config", args->config, "構成ファイル / configuration")->default_val("/etc/sekisho/sekisho.json");
  zones->add_option("--ruleset", args->ruleset,
                    "nft -j list ruleset の出力（省略時はカーネルから） / its output; else the kernel's");
  on(zones, session, [&session, args] { check_zones(session, *args); });
}

}  // namespace sekisho::ctl
