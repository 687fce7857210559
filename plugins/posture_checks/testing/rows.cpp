#include "rows.hpp"

#include <array>
#include <utility>

namespace sekisho::posture_table {
namespace {

using admission::DeviceKey;
using admission::ReportVerdict;
using admission::testing::example_facts;
using nlohmann::json;
using Run = std::function<ReportVerdict(Stage&)>;

const char* const kOwn = "3c:7c:3f:1a:2b:01";      // registered for pc-mori
const char* const kOthers = "3c:7c:3f:99:99:01";   // registered for pc-tani
const char* const kNobodys = "3c:7c:3f:77:77:77";  // registered for nobody
const char* const kRandom = "5a:11:22:33:44:55";

constexpr auto kAdmitted = Answer::admitted;

Run with(std::function<void(Stage&)> change) {
  return [change = std::move(change)](Stage& s) {
    change(s);
    return s.report();
  };
}
Run os(json change, const char* at = nullptr) {
  return with([change = std::move(change), at](Stage& s) {
    if (at != nullptr) s.at(at);
    s.facts["os"].update(change);
  });
}
Run product(json change) {
  return with([change = std::move(change)](Stage& s) { s.product().update(change); });
}
Run products(std::function<json(const json& defender, const json& trend)> make) {
  return with([make = std::move(make)](Stage& s) {
    s.facts["antivirus"]["products"] = make(s.product(), example_facts("trend_micro")["antivirus"]["products"][0]);
  });
}
Run updates(json os_change, json change, const char* at = nullptr) {
  return with([os_change = std::move(os_change), change = std::move(change), at](Stage& s) {
    if (at != nullptr) s.at(at);
    s.facts["os"].update(os_change);
    s.facts["updates"].update(change);
  });
}
Run adapters(json list) {
  return with([list = std::move(list)](Stage& s) { s.facts["network"]["interfaces"] = list; });
}
json adapter(json mac, json permanent, const char* bus = "pci", json hardware = true) {
  return {{"mac", std::move(mac)}, {"permanent_mac", std::move(permanent)}, {"bus", bus}, {"hardware", hardware}};
}
Run browser(std::string user_agent) {
  return with([user_agent = std::move(user_agent)](Stage& s) { s.bench.user_agent = user_agent; });
}
/// Everything of a report is good but its payload.
Run payload(std::function<void(admission::ReportPayload&)> change) {
  return [change = std::move(change)](Stage& s) {
    auto payload = s.payload(s.bench.session_of_mori);
    change(payload);
    return s.bench.send(payload, s.bench.mori, s.bench.session_of_mori);
  };
}
Run skewed(int seconds) {
  return payload([seconds](admission::ReportPayload& p) {
    p.iat += seconds;
    p.facts["collected_at"] = to_rfc3339(admission::testing::kGateTime + Seconds(seconds));
  });
}
json merged(json base, const json& change) {
  base.update(change);
  return base;
}

void add_terminal_rows(std::vector<Row>& out) {
  const std::string plugin = "registered_terminal";
  const auto add = [&](std::string name, Answer answer, std::vector<std::string> codes, Run run) {
    out.push_back({std::move(name), plugin, answer, std::move(codes), std::move(run)});
  };
  const auto no = Answer::refused;
  add("mac_random_wifi_with_permanent_registered", kAdmitted, {}, adapters({adapter(kRandom, kOwn)}));
  add("mac_only_local_without_permanent", no, {"device.mac_only_local"}, adapters({adapter(kRandom, nullptr)}));
  add("mac_rewritten_to_a_registered_one", no, {"device.mac_not_registered"}, adapters({adapter(kOwn, kNobodys)}));
  add("mac_permanent_registered_current_rewritten", kAdmitted, {"device.mac_overridden"},
      adapters({adapter(kNobodys, kOwn)}));
  add("mac_of_another_terminal", no, {"device.mac_not_registered"}, adapters({adapter(kOthers, kOthers)}));
  add("mac_of_nobody", no, {"device.mac_not_registered"}, adapters({adapter(kNobodys, kNobodys)}));
  add("mac_on_a_virtual_adapter", no, {"device.mac_not_registered"}, adapters({adapter(kOwn, kOwn, "virtual", false)}));
  add("mac_of_a_dock_only", kAdmitted, {"device.mac_usb_only"}, adapters({adapter(kOwn, kOwn, "usb")}));
  add("mac_without_network_section", no, {"device.mac_unknown"}, with([](Stage& s) { s.facts.erase("network"); }));
  add("mac_not_read", no, {"device.mac_unknown"}, adapters({adapter(nullptr, nullptr)}));
  add("mac_all_zero_never_matches", no, {"device.mac_unknown"}, with([](Stage& s) {
        s.bench.registry.terminals["pc-mori"].macs = {"00:00:00:00:00:00"};
        s.facts["network"]["interfaces"] = {adapter("00:00:00:00:00:00", nullptr)};
      }));
  add("mac_local_never_matches_even_registered", no, {"device.mac_only_local"}, with([](Stage& s) {
        s.bench.registry.terminals["pc-mori"].macs = {kRandom};
        s.facts["network"]["interfaces"] = {adapter(kRandom, kRandom)};
      }));
  add("terminal_forwards_others_traffic", kAdmitted, {"device.forwarding"},
      with([](Stage& s) { s.facts["network"]["forwarding"] = true; }));
  add("key_bound_too_weakly", no, {"device.binding_too_low"},
      with([](Stage& s) { s.bench.registry.terminals["pc-mori"].binding = 0; }));
  add("claim_without_a_key", no, {"device.key_unknown"}, [](Stage& s) {
    return s.bench.desk().hostcheck("hostcheck=0100,10.0.26200&check_virtual_desktop=3c:7c:3f:1a:2b:01",
                                    *s.bench.session_of_mori, s.bench.registry, s.bench.policy, s.bench.now);
  });
}

void add_os_rows(std::vector<Row>& out) {
  const auto add = [&](std::string name, Answer answer, std::vector<std::string> codes, Run run) {
    out.push_back({std::move(name), "windows_version", answer, std::move(codes), std::move(run)});
  };
  const auto no = Answer::refused;
  add("os_26200_whatever_product_name_says", kAdmitted, {}, os({{"product_name", "Windows 10 Pro"}}));
  add("os_windows_10_19045", no, {"os.too_old"}, os({{"build", 19045}}));
  add("os_server_2025_26100", no, {"os.server"}, os({{"build", 26100}, {"product_type", "server"}}));
  add("os_multi_session", no, {"os.server"},
      os({{"build", 26100}, {"product_type", "server"}, {"edition", "ServerRdsh"}}));
  add("os_domain_controller", no, {"os.server"}, os({{"product_type", "domain_controller"}}));
  add("os_insider_26220", no, {"os.insider"}, os({{"build", 26220}, {"channel", "insider"}}));
  add("os_27000_of_nobody", no, {"os.build_not_allowed"}, os({{"build", 27000}}));
  add("os_24h2_pro_on_2026_11_22", no, {"os.build_ended"}, os({{"build", 26100}}));
  add("os_24h2_enterprise", kAdmitted, {}, os({{"build", 26100}, {"edition", "Enterprise"}}));
  add("os_24h2_education", kAdmitted, {}, os({{"build", 26100}, {"edition", "Education"}}));
  add("os_24h2_ltsc", kAdmitted, {}, os({{"build", 26100}, {"edition", "EnterpriseS"}}));
  add("os_24h2_iot_ltsc", kAdmitted, {}, os({{"build", 26100}, {"edition", "IoTEnterpriseS"}}));
  add("os_28000_on_arm", kAdmitted, {}, os({{"build", 28000}, {"arch", "arm64"}}));
  add("os_28000_on_x64", no, {"os.build_not_allowed"}, os({{"build", 28000}}));
  add("os_23h2_enterprise_on_its_last_day", kAdmitted, {"os.build_ends_soon"}, with([](Stage& s) {
        s.at("2026-11-10T12:00:00Z");
        s.facts["os"].update({{"build", 22631}, {"edition", "Enterprise"}});
        s.product()["signature_updated_at"] = "2026-11-10T00:00:00Z";
      }));
  add("os_linux", no, {"os.not_windows"}, os({{"family", "linux"}}));
  add("os_family_unknown", no, {"os.unknown"}, os({{"family", "unknown"}}));
  add("os_build_not_stated", no, {"os.unknown"}, with([](Stage& s) {
        s.facts["os"]["build"] = nullptr;
        s.bench.policy.checks = {{"windows_version", admission::CheckMode::enforce}};  // updates warn without it too
      }));
  add("os_channel_not_stated", no, {"os.unknown"}, os({{"channel", "unknown"}}));
}

void add_antivirus_rows(std::vector<Row>& out) {
  const auto add = [&](std::string name, Answer answer, std::vector<std::string> codes, Run run) {
    out.push_back({std::move(name), "antivirus", answer, std::move(codes), std::move(run)});
  };
  const auto no = Answer::refused;
  const json passive = {{"mode", "passive"}};
  const json removed = {{"program_present", false}, {"signer", nullptr}, {"signer_valid", nullptr}};
  const json unlisted = {{"name", "Kaspersky Free"}, {"signer", "Kaspersky Lab"}};
  add("av_none_found", no, {"av.none"}, products([](const json&, const json&) { return json::array(); }));
  add("av_section_missing", no, {"av.unknown"}, with([](Stage& s) { s.facts.erase("antivirus"); }));
  add("av_defender_passive_alone", no, {"av.passive"}, product(passive));
  add("av_realtime_switched_off_401664", no, {"av.snoozed"}, product({{"raw_state", 401664}, {"state", "snoozed"}}));
  add("av_off_393472", no, {"av.off"}, product({{"raw_state", 393472}, {"state", "off"}}));
  add("av_realtime_flag_off", no, {"av.off"}, product({{"realtime", false}}));
  add("av_licence_expired", no, {"av.expired"}, product({{"raw_state", 0x63100}, {"state", "expired"}}));
  add("av_state_word_344064", no, {"av.unknown"}, product({{"raw_state", 344064}}));
  add("av_state_unknown", no, {"av.unknown"}, product({{"raw_state", nullptr}, {"state", "unknown"}}));
  add("av_signatures_of_259200_s", kAdmitted, {}, product({{"signature_updated_at", "2026-11-19T00:31:00Z"}}));
  add("av_signatures_of_259201_s", no, {"av.signature_old"},
      product({{"signature_updated_at", "2026-11-19T00:30:59Z"}}));
  add("av_signatures_of_the_future", no, {"av.unknown"}, product({{"signature_updated_at", "2026-11-22T00:36:01Z"}}));
  add("av_signatures_flag_out_of_date", no, {"av.signature_old"}, product({{"signatures", "out_of_date"}}));
  add("av_state_word_397584_says_old", no, {"av.signature_old"}, product({{"raw_state", 397584}}));
  add("av_removed_trend_beside_defender", kAdmitted, {}, products([removed](const json& d, const json& t) {
        return json::array({merged(t, removed), d});
      }));
  add("av_removed_trend_beside_passive_defender", no, {"av.passive", "av.program_missing"},
      products([removed, passive](const json& d, const json& t) {
        return json::array({merged(t, removed), merged(d, passive)});
      }));
  add("av_faked_registration_wrong_signer", no, {"av.signer_mismatch"}, product({{"signer", "Evil Corp"}}));
  add("av_faked_registration_invalid_signature", no, {"av.signer_mismatch"}, product({{"signer_valid", false}}));
  add("av_signer_not_collected", no, {"av.unknown"}, product({{"signer", nullptr}, {"signer_valid", nullptr}}));
  add("av_half_width_name", kAdmitted, {}, products([](const json&, const json& t) {
        return json::array({merged(t, {{"name", "ｳｲﾙｽﾊﾞｽﾀｰ ｸﾗｳﾄﾞ"}})});
      }));
  add("av_full_width_name", kAdmitted, {}, products([](const json&, const json& t) {
        return json::array({merged(t, {{"name", "ＥＳＥＴ"}, {"signer", "ESET, spol. s r.o."}})});
      }));
  add("av_unlisted_beside_passive_defender", no, {"av.passive", "av.not_allowed"},
      products([unlisted, passive](const json& d, const json& t) {
        return json::array({merged(t, unlisted), merged(d, passive)});
      }));
  add("av_unlisted_alone", no, {"av.not_allowed"},
      products([unlisted](const json&, const json& t) { return json::array({merged(t, unlisted)}); }));
  add("av_two_products_on", kAdmitted, {}, products([](const json& d, const json& t) { return json::array({d, t}); }));
  add("av_webroot_needs_no_signatures", kAdmitted, {}, products([](const json&, const json& t) {
        return json::array({merged(t, {{"name", "Webroot SecureAnywhere"},
                                       {"signer", "Webroot, Inc."},
                                       {"signatures", "none_used"},
                                       {"signature_version", nullptr}})});
      }));
  add("av_undated_version_stands_still_for_a_week", kAdmitted, {"av.signature_stuck"}, [](Stage& s) {
    s.facts["antivirus"] = example_facts("trend_micro")["antivirus"];
    static_cast<void>(s.report());
    s.at("2026-11-29T00:31:01Z");
    return s.report();
  });
}

void add_update_and_browser_rows(std::vector<Row>& out) {
  const auto no = Answer::refused;
  const json wiped = {{"last_installed_at", nullptr}, {"installed", json::array()}};
  const auto add = [&](std::string name, Answer answer, std::vector<std::string> codes, Run run) {
    out.push_back({std::move(name), "windows_update", answer, std::move(codes), std::move(run)});
  };
  add("update_one_month_behind_in_tolerance", kAdmitted, {}, updates({{"ubr", 9600}}, json::object()));
  add("update_day_30", no, {"update.behind"}, with([](Stage& s) {
        s.at("2026-12-10T00:00:00Z");
        s.facts["os"]["ubr"] = 9600;
        s.product()["signature_updated_at"] = "2026-12-09T20:00:00Z";
      }));
  add("update_two_months_behind", no, {"update.behind"}, updates({{"ubr", 9500}}, json::object()));
  add("update_history_wiped_but_ubr_good", kAdmitted, {}, updates(json::object(), wiped));
  add("update_ubr_not_stated_45_days_ago", kAdmitted, {"update.table_old"},
      updates({{"ubr", nullptr}}, {{"last_installed_at", "2026-10-08T00:31:00Z"}}));
  add("update_ubr_not_stated_longer_ago", no, {"update.too_long_ago"},
      updates({{"ubr", nullptr}}, {{"last_installed_at", "2026-10-08T00:30:59Z"}}));
  add("update_nothing_stated", no, {"update.unknown"}, updates({{"ubr", nullptr}}, wiped));
  add("update_restart_is_due", kAdmitted, {"update.reboot_pending"},
      updates(json::object(), {{"pending_reboot", true}}));

  const std::string webkit = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) ";
  const auto chrome = [webkit](const std::string& v) { return webkit + "Chrome/" + v + " Safari/537.36"; };
  const auto edge = [chrome](const std::string& v) { return chrome(v) + " Edg/" + v; };
  const auto firefox = [](const std::string& v) {
    return "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:" + v + ") Gecko/20100101 Firefox/" + v;
  };
  const auto login = [&](std::string name, Answer answer, std::vector<std::string> codes, const std::string& agent) {
    out.push_back({std::move(name), "browser", answer, std::move(codes), browser(agent)});
  };
  login("browser_edge_124", kAdmitted, {}, edge("124.0.2478.51"));
  login("browser_edge_119", no, {"browser.too_old"}, edge("119.0.2151.97"));
  login("browser_edge_123", no, {"browser.too_old"}, edge("123.0.0.0"));
  login("browser_chrome_126", kAdmitted, {}, chrome("126.0.6478.55"));
  login("browser_chrome_125", no, {"browser.too_old"}, chrome("125.0.0.0"));
  login("browser_firefox_123", kAdmitted, {}, firefox("123.0"));
  login("browser_firefox_122", no, {"browser.too_old"}, firefox("122.0"));
  login("browser_opera", no, {"browser.not_allowed"}, chrome("142.0.0.0") + " OPR/115.0.0.0");
  login("browser_vivaldi", no, {"browser.not_allowed"}, chrome("142.0.0.0") + " Vivaldi/7.0");
  login("browser_electron", no, {"browser.not_allowed"}, webkit + "App/1.0 Chrome/142.0 Electron/33.0 Safari/537.36");
  login("browser_without_a_version", no, {"browser.unknown"}, chrome("x"));
}

void add_report_rows(std::vector<Row>& out) {
  const auto add = [&](std::string name, Answer answer, std::uint16_t status, std::vector<std::string> codes, Run run) {
    out.push_back({std::move(name), "", answer, std::move(codes), std::move(run), status});
  };
  const auto no = Answer::refused;
  add("report_compliant", kAdmitted, 200, {}, with([](Stage&) {}));
  add("report_clock_299_s_behind", kAdmitted, 200, {}, skewed(-299));
  add("report_clock_299_s_ahead", kAdmitted, 200, {}, skewed(299));
  add("report_clock_302_s_behind", no, 403, {"report.clock_skew"}, skewed(-302));
  add("report_clock_302_s_ahead", no, 403, {"report.clock_skew"}, skewed(302));
  add("report_twice", no, 409, {"report.replayed"}, [](Stage& s) {
    const std::string jws = *seal_report(s.payload(s.bench.session_of_mori), s.bench.mori);
    static_cast<void>(s.bench.send(jws, s.bench.session_of_mori));
    return s.bench.send(jws, s.bench.session_of_mori);
  });
  add("report_with_a_nonce_of_121_s", no, 409, {"report.replayed"}, [](Stage& s) {
    const auto payload = s.payload(s.bench.session_of_mori);
    s.bench.now += Seconds(121);
    return s.bench.send(payload, s.bench.mori, s.bench.session_of_mori);
  });
  add("report_of_one_terminal_in_anothers_session", no, 403, {"report.other_terminal"},
      [](Stage& s) { return s.bench.send(s.payload(s.bench.session_of_tani), s.bench.mori, s.bench.session_of_tani); });
  add("report_for_another_gate", no, 403, {"report.other_gate"},
      payload([](admission::ReportPayload& p) { p.aud = "other.example"; }));
  add("report_through_a_tls_proxy", no, 403, {"report.intercepted"},
      payload([](admission::ReportPayload& p) { p.srv = std::string(64, 'b'); }));
  add("report_signed_by_an_unknown_key", no, 403, {"device.key_unknown"}, [](Stage& s) {
    return s.bench.send(s.payload(s.bench.session_of_mori), *DeviceKey::generate(), s.bench.session_of_mori);
  });
  add("report_of_a_terminal_that_has_ended", no, 403, {"device.key_revoked"}, [](Stage& s) {
    s.bench.registry.terminals["pc-mori"].ended_at = s.bench.now;
    return s.report();
  });
  add("report_of_a_clone_repeats_the_sequence", no, 403, {"device.clone_suspected"}, [](Stage& s) {
    static_cast<void>(s.report());
    s.bench.seq = 0;
    return s.report();
  });
}

}  // namespace

Stage::Stage() : facts(example_facts("compliant")) {
  bench.registry.terminals["pc-mori"].macs = {kOwn};
  bench.registry.terminals["pc-tani"].macs = {kOthers};
  facts["collected_at"] = to_rfc3339(bench.now);
}
void Stage::at(const char* rfc3339) {
  bench.now = *parse_rfc3339(rfc3339);
  facts["collected_at"] = to_rfc3339(bench.now);
}
admission::ReportPayload Stage::payload(const std::optional<admission::SessionRef>& session) {
  auto out = bench.payload(session);
  out.facts = facts;
  return out;
}
ReportVerdict Stage::report() {
  return bench.send(payload(bench.session_of_mori), bench.mori, bench.session_of_mori);
}

std::vector<Row> rows() {
  std::vector<Row> out;
  add_terminal_rows(out);
  add_os_rows(out);
  add_antivirus_rows(out);
  add_update_and_browser_rows(out);
  add_report_rows(out);
  return out;
}

namespace {

constexpr auto kGuidance = std::to_array<std::pair<std::string_view, const char*>>({
    {"device.mac_not_registered",
     "登録済みの端末ではありません。ランダムなハードウェアアドレスを無効にするか、端末の変更申請をしてください。"},
    {"device.mac_only_local",
     "登録済みの端末ではありません。ランダムなハードウェアアドレスを無効にするか、端末の変更申請をしてください。"},
    {"device.mac_usb_only", "ドック等の外付けアダプターだけで照合しました"},
    {"device.mac_overridden", "アドレスが書き換えられています"},
    {"device.forwarding", "他の機器の通信を中継する設定です"},
    {"device.key_unknown", "端末の登録が確認できません。管理担当へ連絡してください。"},
    {"device.key_revoked", "端末の登録が確認できません。管理担当へ連絡してください。"},
    {"device.clone_suspected", "端末の登録が確認できません。管理担当へ連絡してください。"},
    {"os.too_old", "サポート中の Windows 11 へ更新してください。"},
    {"os.build_ended", "サポート中の Windows 11 へ更新してください。"},
    {"os.build_not_allowed", "サポート中の Windows 11 へ更新してください。"},
    {"os.build_ends_soon", "サポート中の Windows 11 へ更新してください。"},
    {"os.server", "この種類の OS は利用できません。"},
    {"os.insider", "この種類の OS は利用できません。"},
    {"os.not_windows", "この種類の OS は利用できません。"},
    {"av.none", "許可された対策ソフトを有効にしてください（期限切れ・一時停止・削除の残りを確認）。"},
    {"av.not_allowed", "許可された対策ソフトを有効にしてください（期限切れ・一時停止・削除の残りを確認）。"},
    {"av.off", "許可された対策ソフトを有効にしてください（期限切れ・一時停止・削除の残りを確認）。"},
    {"av.snoozed", "許可された対策ソフトを有効にしてください（期限切れ・一時停止・削除の残りを確認）。"},
    {"av.passive", "許可された対策ソフトを有効にしてください（期限切れ・一時停止・削除の残りを確認）。"},
    {"av.expired", "許可された対策ソフトを有効にしてください（期限切れ・一時停止・削除の残りを確認）。"},
    {"av.program_missing", "許可された対策ソフトを有効にしてください（期限切れ・一時停止・削除の残りを確認）。"},
    {"av.signer_mismatch", "許可された対策ソフトを有効にしてください（期限切れ・一時停止・削除の残りを確認）。"},
    {"av.signature_old", "定義ファイルを更新してください。"},
    {"update.behind", "Windows Update を適用し、再起動してください。"},
    {"update.too_long_ago", "Windows Update を適用し、再起動してください。"},
    {"update.reboot_pending", "Windows Update を適用し、再起動してください。"},
    {"browser.too_old", "Edge 124、Chrome 126、Firefox 123 以上で開いてください。"},
    {"browser.not_allowed", "Edge 124、Chrome 126、Firefox 123 以上で開いてください。"},
    {"report.clock_skew", "時計を合わせ"},
    {"report.intercepted", "通信検査の対象から外"},
    {"report.replayed", "再度接続"},
    {"report.missed", "再度接続"},
    {"device.mac_unknown", "連絡"},
    {"os.unknown", "連絡"},
    {"av.unknown", "連絡"},
    {"update.unknown", "連絡"},
    {"browser.unknown", "124"},
});

}  // namespace

const char* guidance(std::string_view code) {
  for (const auto& [known, text] : kGuidance) {
    if (known == code) return text;
  }
  return nullptr;
}
std::vector<std::string> codes_of_the_page() {
  std::vector<std::string> out;
  out.reserve(std::size(kGuidance));
  for (const auto& [code, text] : kGuidance) out.emplace_back(code);
  return out;
}

}  // namespace sekisho::posture_table
