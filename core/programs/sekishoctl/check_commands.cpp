// Commands that prove something of a running gate from what is in force.
#include "base/site_config_parse.hpp"
#include "programs/sekishoctl/commands.hpp"
#include "programs/sekishoctl/zone_proof.hpp"
#include "registry/json.hpp"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <stdio.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <memory>

namespace sekisho::ctl {
namespace {

using nlohmann::json;

constexpr const char* kAskKernel = "nft -j list table inet sekisho";
constexpr std::size_t kMostBytes = 64u << 20;

Result<std::string> ruleset_in_force() {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(kAskKernel, "re"), pclose);
  if (!pipe) return fail("zones.ruleset", kAskKernel);
  std::string out;
  std::array<char, 65536> buffer{};
  for (std::size_t n = fread(buffer.data(), 1, buffer.size(), pipe.get()); n != 0 && out.size() <= kMostBytes;
       n = fread(buffer.data(), 1, buffer.size(), pipe.get())) {
    out.append(buffer.data(), n);
  }
  if (out.empty()) return fail("zones.ruleset", kAskKernel);
  return out;
}

Result<std::string> ruleset_of(const std::string& file) {
  if (file.empty()) return ruleset_in_force();
  std::ifstream in(file, std::ios::binary);
  if (!in) return fail("zones.ruleset", file);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

std::vector<LocalAddress> local_addresses() {
  std::vector<LocalAddress> out;
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return out;
  for (const ifaddrs* each = list; each != nullptr; each = each->ifa_next) {
    if (each->ifa_addr == nullptr || each->ifa_addr->sa_family != AF_INET) continue;
    std::array<char, INET_ADDRSTRLEN> text{};
    const auto* at = reinterpret_cast<const sockaddr_in*>(each->ifa_addr);
    inet_ntop(AF_INET, &at->sin_addr, text.data(), text.size());
    out.push_back({each->ifa_name, text.data()});
  }
  freeifaddrs(list);
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
  const auto rules = KernelRules::read(listing);
  if (!rules) return session.fails(rules.error());
  json exported;
  if (!session.call("registry.export", json::object(), exported)) return;
  const registry::Imported imported = registry::import_registry(exported);

  const auto claims = prove_zones(*config.value, imported.registry, local_addresses(), *rules);
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
    session.out.note(all ? Text{"ゾーンは互いに到達できません（R01）。", "The zones do not reach each other (R01)."}
                         : Text{"示せない主張があります。against を確認してください。",
                                "Not every claim could be shown; see what stands against it."});
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
                    "nft -j の出力（省略時はカーネルから） / output of nft -j; else the kernel's");
  on(zones, session, [&session, args] { check_zones(session, *args); });
}

}  // namespace sekisho::ctl
