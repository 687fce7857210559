#include "registered_terminal.hpp"

#include <sekisho/sdk/facts.hpp>

#include <algorithm>

namespace sekisho::registered_terminal {
namespace {

const Text kContact{"端末の登録が確認できません。管理担当へ連絡してください。",
                    "The terminal's registration cannot be confirmed. Contact the operator."};
const Text kRegister{
    "登録済みの端末ではありません。ランダムなハードウェアアドレスを無効にするか、端末の変更申請をしてください。",
    "This is not a registered terminal. Switch random hardware addresses off, or apply for a change of terminal."};
const Text kUnknown{"ハードウェアアドレスを取得できません。エージェントを導入し直すか、管理担当へ連絡してください。",
                    "The hardware addresses could not be read. Install the agent again or contact the operator."};
const Text kDock{
    "ドック等の外付けアダプターだけで照合しました。内蔵アダプターのアドレスも登録してください。",
    "Only an external adapter (a dock, for example) matched. Register the built-in adapter's address too."};
const Text kRewritten{"アドレスが書き換えられています。アダプターの設定を元へ戻してください。",
                      "The hardware address has been rewritten. Restore the adapter's own address."};
const Text kForwarding{"他の機器の通信を中継する設定です。通信の中継（共有）を無効にしてください。",
                       "The terminal forwards other machines' traffic. Switch forwarding (connection sharing) off."};

CheckResult result(std::string rule, CheckVerdict verdict, std::string code, std::string observed, std::string required,
                   Text remedy) {
  return {"registered_terminal", std::move(rule),     verdict,           std::move(code),
          std::move(observed),   std::move(required), std::move(remedy), std::nullopt};
}

constexpr std::string_view kZero = "00:00:00:00:00:00";

bool is_mac(std::string_view text) {
  if (text.size() != kZero.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool good = i % 3 == 2 ? text[i] == ':' : std::string_view("0123456789abcdef").find(text[i]) != text.npos;
    if (!good) return false;
  }
  return true;
}
/// Locally administered or multicast: the lowest two bits of the first octet.
bool is_local(std::string_view mac) {
  return (std::string_view("0123456789abcdef").find(mac[1]) & 3U) != 0;
}

/// The address, or empty when there is none worth the name.
std::string_view address(const nlohmann::json* value) {
  const auto stated = facts::text(value);
  return stated && is_mac(*stated) && *stated != kZero ? *stated : std::string_view();
}

struct Adapter {
  std::string_view current, permanent;
  bool usb = false;
  [[nodiscard]] std::string_view own() const { return permanent.empty() ? current : permanent; }
  /// Another real address stands where its own should; a random one is the person's privacy setting.
  [[nodiscard]] bool rewritten() const {
    return !permanent.empty() && !current.empty() && current != permanent && !is_local(current);
  }
};

std::vector<Adapter> real_adapters(const nlohmann::json& interfaces) {
  std::vector<Adapter> out;
  for (const auto& entry : interfaces) {
    const auto bus = facts::word(facts::find(entry, "bus"));
    if (facts::flag(facts::find(entry, "hardware")) == false || bus == "virtual") continue;
    out.push_back({address(facts::find(entry, "mac")), address(facts::find(entry, "permanent_mac")), bus == "usb"});
  }
  return out;
}

void judge_addresses(const CheckInput& input, std::vector<CheckResult>& out) {
  const std::string required = "a registered address of this terminal";
  const nlohmann::json* interfaces = facts::list(input.facts, "network", "interfaces");
  if (interfaces == nullptr) {
    out.push_back(result("R05", CheckVerdict::unknown, "device.mac_unknown", "no network section", required, kUnknown));
    return;
  }
  const std::vector<Adapter> adapters = real_adapters(*interfaces);
  std::vector<const Adapter*> matched;
  std::string seen;
  bool any_known = false, any_unknown = false, any_global = false;
  for (const Adapter& adapter : adapters) {
    const std::string_view own = adapter.own();
    if (own.empty()) {
      any_unknown = true;
      continue;
    }
    any_known = true;
    if (seen.size() < 90) seen.append(seen.empty() ? "" : " ").append(own);
    if (is_local(own)) continue;
    any_global = true;
    const auto& registered = input.registered_macs;
    if (std::find(registered.begin(), registered.end(), own) != registered.end()) matched.push_back(&adapter);
  }
  if (matched.empty()) {
    if (!any_known && any_unknown) {
      out.push_back(
          result("R05", CheckVerdict::unknown, "device.mac_unknown", "addresses not reported", required, kUnknown));
    } else {
      const bool only_local = any_known && !any_global;
      out.push_back(result("R05", CheckVerdict::fail,
                           only_local ? "device.mac_only_local" : "device.mac_not_registered",
                           seen.empty() ? "no hardware adapter" : seen, required, kRegister));
    }
    return;
  }
  const auto warn = [&](const char* code, const Text& remedy) {
    out.push_back(result("R05", CheckVerdict::warn, code, std::string(matched.front()->own()), required, remedy));
  };
  const std::size_t before = out.size();
  if (std::all_of(matched.begin(), matched.end(), [](const Adapter* a) { return a->usb; })) {
    warn("device.mac_usb_only", kDock);
  }
  if (std::any_of(matched.begin(), matched.end(), [](const Adapter* a) { return a->rewritten(); })) {
    warn("device.mac_overridden", kRewritten);
  }
  if (facts::flag(facts::find(input.facts, "network", "forwarding")) == true) warn("device.forwarding", kForwarding);
  if (out.size() == before) {
    out.push_back(result("R05", CheckVerdict::pass, {}, std::string(matched.front()->own()), required, {}));
  }
}

}  // namespace

CheckResult TerminalCheck::judge_key(const CheckInput& input) const {
  int least = config_.min_binding;
  for (const PathLimits& limits : config_.paths) {
    if (limits.path == input.path) least = limits.min_binding;
  }
  const std::string required = "binding " + std::to_string(least) + " or more";
  if (input.terminal.empty()) {
    return result("R03", CheckVerdict::unknown, "device.key_unknown", "no terminal named", required, kContact);
  }
  if (input.signed_by_terminal.empty() && least == 0) {
    return result("R03", CheckVerdict::warn, "device.binding_too_low", "unsigned", required, kContact);
  }
  if (input.signed_by_terminal != input.terminal) {
    return result("R03", CheckVerdict::fail, "device.key_unknown",
                  input.signed_by_terminal.empty() ? "unsigned" : "signed by another terminal", required, kContact);
  }
  const std::string observed = "binding " + std::to_string(input.binding);
  if (input.binding < least || input.binding > 3) {
    return result("R03", CheckVerdict::fail, "device.binding_too_low", observed, required, kContact);
  }
  return result("R03", CheckVerdict::pass, {}, observed, required, {});
}

CheckOutcome TerminalCheck::judge(const CheckInput& input) const {
  CheckOutcome out;
  out.results.push_back(judge_key(input));
  judge_addresses(input, out.results);
  return out;
}

}  // namespace sekisho::registered_terminal
