#include "admission/enforcement_points.hpp"

namespace sekisho::admission {
namespace {

constexpr std::string_view kLogin = "core/admission/login.cpp";
constexpr std::string_view kPosture = "core/admission/posture.cpp";
constexpr std::string_view kRdp = "core/admission/rdp_rule.cpp";
constexpr std::string_view kRules = "core/registry/rules.cpp";
constexpr std::string_view kCircuits = "core/registry/circuits.cpp";
constexpr std::string_view kCircuitRule = "core/admission/circuit_rule.cpp";
constexpr std::string_view kGate = "core/gate";
constexpr std::string_view kFront = "core/front";
constexpr std::string_view kNetd = "core/netd";
constexpr std::string_view kScreen = "core/console/rfb";
constexpr std::string_view kLibvirt = "plugins/console_drivers/libvirt";
constexpr std::string_view kCertificate = "plugins/authenticators/client_certificate";
constexpr std::string_view kPassword = "plugins/authenticators/password";
constexpr std::string_view kCode = "plugins/authenticators/email_code";
constexpr std::string_view kTotp = "plugins/authenticators/totp";
constexpr std::string_view kTerminalCheck = "plugins/posture_checks/registered_terminal";
constexpr std::string_view kWindowsCheck = "plugins/posture_checks/windows_version";
constexpr std::string_view kAntivirusCheck = "plugins/posture_checks/antivirus";
constexpr std::string_view kUpdateCheck = "plugins/posture_checks/windows_update";
constexpr std::string_view kBrowserCheck = "plugins/posture_checks/browser";

constexpr EnforcementPoint kPoints[] = {
    // The login machine: every factor, for one identity, in one transaction.
    {"R04", "login.no_factors", kLogin},
    {"R04", "login.factor_missing", kLogin},
    {"R04", "login.factor_failed", kLogin},
    {"R04", "login.factor_refused", kLogin},
    {"R04", "login.expired", kLogin},
    {"R04", "login.out_of_order", kLogin},
    {"R04", "login.second_answer", kLogin},
    {"R04", "login.other_login", kLogin},
    {"R04", "login.other_certificate", kLogin},
    {"R04", "login.other_address", kLogin},
    {"R04", "login.other_path", kLogin},
    {"R04", "login.unknown_handle", kGate},
    // Factors. The machine asks enforce() with the code that the factor gave.
    {"R04", "certificate.missing", kCertificate},
    {"R04", "certificate.malformed", kCertificate},
    {"R04", "certificate.untrusted", kCertificate},
    {"R04", "certificate.expired", kCertificate},
    {"R04", "certificate.not_yet_valid", kCertificate},
    {"R04", "certificate.revoked", kCertificate},
    {"R04", "certificate.crl_stale", kCertificate},
    {"R04", "certificate.wrong_usage", kCertificate},
    {"R04", "certificate.weak_key", kCertificate},
    {"R04", "certificate.not_registered", kCertificate},
    {"R04", "certificate.other_person", kCertificate},
    {"R04", "password.wrong", kPassword},
    {"R04", "password.too_fast", kPassword},
    {"R04", "password.locked", kPassword},
    {"R04", "password.service_busy", kPassword},
    {"R04", "code.wrong", kCode},
    {"R04", "code.expired", kCode},
    {"R04", "code.too_many_tries", kCode},
    {"R04", "code.locked", kCode},
    {"R04", "code.disabled", kCode},
    {"R04", "code.send_limit", kCode},
    {"R04", "code.no_address", kCode},
    {"R04", "totp.wrong", kTotp},
    {"R04", "totp.used", kTotp},
    {"R04", "totp.too_many_tries", kTotp},
    {"R04", "totp.locked", kTotp},
    {"R04", "totp.disabled", kTotp},
    {"R04", "totp.not_enrolled", kTotp},
    // Rights: registry::rights_of, asked by the gate at every grant and after every change.
    {"R19", "stop.all", kRules},
    {"R19", "stop.path", kRules},
    {"R19", "stop.contractor", kRules},
    {"R19", "stop.person", kRules},
    {"R19", "stop.terminal", kRules},
    {"R19", "stop.desktop", kRules},
    {"R17", "person.unknown", kRules},
    {"R17", "person.ended", kRules},
    {"R17", "person.not_yet_valid", kRules},
    {"R17", "person.expired", kRules},
    {"R03", "terminal.unknown", kRules},
    {"R03", "terminal.ended", kRules},
    {"R03", "terminal.other_contractor", kRules},
    {"R03", "terminal.not_lent", kRules},
    {"R03", "terminal.not_own", kRules},
    {"R03", "terminal.not_handed_over", kCircuits},
    {"R03", "terminal.returned", kCircuits},
    {"R03", "terminal.overdue", kCircuits},
    {"R03", "circuit.none", kCircuits},
    {"R03", "circuit.other_contractor", kCircuits},
    {"R21", "circuit.ceased", kCircuits},
    {"R21", "circuit.not_usable", kCircuits},
    {"R03", "circuit.unknown", kCircuits},
    {"R03", "circuit.other_terminal", kCircuits},
    {"R03", "circuit.other_address", kCircuits},
    {"R01", "circuit.other_path", kCircuitRule},
    {"R02", "circuit.line_unknown", kCircuits},
    {"R02", "circuit.line_down", kCircuits},
    {"R16", "contract.none", kRules},
    {"R16", "contract.not_in_force", kRules},
    {"R17", "application.none", kRules},
    {"R17", "application.not_accepted", kRules},
    {"R17", "application.not_in_period", kRules},
    {"R17", "application.person_missing", kRules},
    {"R17", "application.terminal_missing", kRules},
    {"R18", "purpose.build_up", kRules},
    {"R01", "zone.other_path", kRules},
    {"R11", "desktop.none", kRules},
    // Pages and screens.
    {"R01", "hyper.not_expected", kGate},
    {"R11", "desktop.not_ready", kGate},
    {"R14", "console.clipboard_size", kScreen},
    {"R14", "console.encoding", kScreen},
    {"R14", "console.encoding_held", kScreen},
    {"R14", "console.file_transfer", kScreen},
    {"R14", "screen.way_out", kLibvirt},
    {"R15", "desktop.page_only", kGate},
    {"R12", "console.not_a_desktop", kGate},
    {"R12", "console.not_logged_in", kGate},
    {"R12", "console.other_person", kGate},
    {"R12", "console.no_such_server", kGate},
    {"R01", "console.other_zone", kGate},
    {"R12", "console.too_many", kGate},
    {"R12", "ticket.bad", kGate},
    {"R13", "console.physical", kGate},
    // RDP between desktops and servers: what is granted, then what the kernel lets through.
    {"R13", "rdp.no_console", kRdp},
    {"R13", "rdp.virtual", kRdp},
    {"R13", "rdp.other_contract", kRdp},
    {"R13", "rdp.right_ended", kRdp},
    {"R13", "kernel.rdp", kNetd},
    // Posture: desk and watch, then the checks.
    {"R10", "posture.refused_before_login", kGate},
    {"R10", "posture.quarantine", kGate},
    {"R10", "posture.failed", kPosture},
    {"R10", "posture.no_report", kPosture},
    {"R10", "posture.silent", kPosture},
    {"R10", "posture.check_unavailable", kPosture},
    {"R10", "posture.unsigned", kPosture},
    {"R10", "report.malformed", kPosture},
    {"R10", "report.other_schema", kPosture},
    {"R10", "report.source_not_allowed", kPosture},
    {"R10", "report.too_many", kPosture},
    {"R10", "report.too_large", kPosture},
    {"R10", "report.replayed", kPosture},
    {"R10", "report.clock_skew", kPosture},
    {"R10", "report.intercepted", kPosture},
    {"R10", "report.missed", kPosture},
    {"R10", "report.other_gate", kPosture},
    {"R10", "report.other_session", kPosture},
    {"R10", "report.other_address", kPosture},
    {"R03", "report.other_terminal", kPosture},
    {"R03", "report.bad_signature", kPosture},
    {"R03", "device.key_unknown", kPosture},
    {"R03", "device.key_revoked", kPosture},
    {"R03", "device.clone_suspected", kPosture},
    {"R03", "enrol.malformed", kPosture},
    {"R03", "enrol.token_unknown", kPosture},
    {"R03", "enrol.key_in_use", kPosture},
    {"R03", "device.binding_too_low", kTerminalCheck},
    {"R05", "device.mac_unknown", kTerminalCheck},
    {"R05", "device.mac_not_registered", kTerminalCheck},
    {"R05", "device.mac_only_local", kTerminalCheck},
    {"R06", "os.too_old", kWindowsCheck},
    {"R06", "os.build_ended", kWindowsCheck},
    {"R06", "os.build_not_allowed", kWindowsCheck},
    {"R06", "os.server", kWindowsCheck},
    {"R06", "os.insider", kWindowsCheck},
    {"R06", "os.not_windows", kWindowsCheck},
    {"R06", "os.unknown", kWindowsCheck},
    {"R07", "av.none", kAntivirusCheck},
    {"R07", "av.not_allowed", kAntivirusCheck},
    {"R07", "av.off", kAntivirusCheck},
    {"R07", "av.snoozed", kAntivirusCheck},
    {"R07", "av.passive", kAntivirusCheck},
    {"R07", "av.expired", kAntivirusCheck},
    {"R07", "av.program_missing", kAntivirusCheck},
    {"R07", "av.signer_mismatch", kAntivirusCheck},
    {"R07", "av.signature_old", kAntivirusCheck},
    {"R07", "av.unknown", kAntivirusCheck},
    {"R08", "update.behind", kUpdateCheck},
    {"R08", "update.too_long_ago", kUpdateCheck},
    {"R08", "update.reboot_pending", kUpdateCheck},
    {"R08", "update.unknown", kUpdateCheck},
    {"R09", "browser.too_old", kBrowserCheck},
    {"R09", "browser.not_allowed", kBrowserCheck},
    {"R09", "browser.unknown", kBrowserCheck},
    // The running gate: cookies, ends, limits.
    {"R04", "session.unknown_cookie", kGate},
    {"R11", "session.unknown_cookie", kGate},
    {"R04", "session.other_certificate", kGate},
    {"R04", "session.other_address", kGate},
    {"R03", "session.address_in_use", kGate},
    {"R01", "circuit.other_network", kGate},
    {"R04", "session.idle", kGate},
    {"R04", "session.absolute_limit", kGate},
    {"R04", "session.no_tunnel", kGate},
    {"R04", "session.reconnect_expired", kGate},
    {"R17", "session.right_ended", kGate},
    {"R19", "session.ended_by_staff", kGate},
    {"R15", "gate.unavailable", kGate},
    // Packets: the front's filter per session first, the kernel second.
    {"R02", "tls.only", kFront},
    {"R11", "filter.destination", kFront},
    {"R11", "filter.source", kFront},
    {"R01", "kernel.default_deny", kNetd},
    {"R11", "kernel.right", kNetd},
};

}  // namespace

std::span<const EnforcementPoint> enforcement_points() {
  return kPoints;
}

}  // namespace sekisho::admission
