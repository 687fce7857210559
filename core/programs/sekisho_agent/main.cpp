// sekisho-agent: the posture agent of a Linux terminal that stands for a contractor's PC: facts come from a file.
//   sekisho-agent OPTIONS enrol --token-file FILE | report [--once] [--pre-login] | run
#include "agent/enrolment.hpp"
#include "agent/refusals.hpp"
#include "programs/sekisho_agent/driver.hpp"
#include "programs/sekisho_agent/files.hpp"
#include "programs/sekisho_agent/state_file.hpp"
#include "run/asio_services.hpp"

#include <CLI/CLI.hpp>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <cstdio>
#include <optional>

namespace sekisho::agent {
namespace {

constexpr std::size_t kMostKeyBytes = 16 * 1024;
constexpr std::size_t kMostCaBytes = 1 << 20;
constexpr std::size_t kMostTokenBytes = 512;

struct Arguments {
  std::string facts, key, state, ca, certificate, certificate_key, token_file;
  std::string gate, connect_to;
  Format format;
  bool before_login = false;
};

int failed(const Error& error, const Arguments& arguments) {
  std::fputs(say_refused(refusal(error.code), error.detail, arguments.format).c_str(), stdout);
  const bool gate =
      error.code == "agent.unreachable" || error.code == "agent.certificate" || error.code == "agent.answer_malformed";
  return gate ? kGateFailed : kLocalFailed;
}

Result<admission::DeviceKey> load_key(const std::string& path) {
  if (!exists(path)) return fail("agent.key_missing", path);
  const auto pem = read_private(path, kMostKeyBytes, {"agent.key_unreadable", "agent.key_open"});
  if (!pem) return pem.error();
  auto key = admission::DeviceKey::from_pem(pem->reveal());
  if (!key) return fail("agent.key_unreadable", path + ": " + key.error().code);
  return key;
}

/// The key that is there, or a new one; a failed enrolment is tried again with the same.
Result<admission::DeviceKey> load_or_make_key(const std::string& path) {
  if (exists(path)) return load_key(path);
  auto key = admission::DeviceKey::generate();
  if (!key) return fail("agent.internal", key.error().code);
  if (auto written = write_new_private(path, key->to_pem().reveal(), "agent.key_unreadable"); !written) {
    return written.error();
  }
  return key;
}

Result<Secret> load_token(const std::string& path) {
  auto text = read_private(path, kMostTokenBytes, {"agent.token_unreadable", "agent.token_open"});
  if (!text) return text;
  std::string_view token = text->reveal();
  while (!token.empty() && (token.back() == '\n' || token.back() == '\r' || token.back() == ' '))
    token.remove_suffix(1);
  if (token.empty()) return fail("agent.token_unreadable", path + ": empty");
  return Secret(std::string(token));
}

Result<std::unique_ptr<CurlWire>> make_wire(const Arguments& arguments) {
  WireOptions options;
  options.gate = arguments.gate;
  options.connect_to = arguments.connect_to;
  options.language = arguments.format.language;
  if (!arguments.certificate.empty()) {
    auto shown = read_plain(arguments.certificate, kMostCaBytes, "agent.settings");
    if (!shown) return shown.error();
    options.certificate_pem = std::move(*shown);
  }
  if (!arguments.certificate_key.empty()) {
    auto key = read_private(arguments.certificate_key, kMostKeyBytes, {"agent.settings", "agent.key_open"});
    if (!key) return key.error();
    options.certificate_key_pem = std::move(*key);
  }
  if (!arguments.ca.empty()) {
    auto ca = read_plain(arguments.ca, kMostCaBytes, "agent.settings");
    if (!ca) return ca.error();
    if (ca->empty()) return fail("agent.settings", arguments.ca + ": empty");
    options.ca_pem = std::move(*ca);
  }
  return CurlWire::make(std::move(options));
}

int enrol(const Arguments& arguments) {
  const auto token = load_token(arguments.token_file);
  if (!token) return failed(token.error(), arguments);
  const auto wire = make_wire(arguments);
  if (!wire) return failed(wire.error(), arguments);
  const auto key = load_or_make_key(arguments.key);
  if (!key) return failed(key.error(), arguments);
  const auto answer = (*wire)->exchange(enrolment_ask(*token, key->public_key()));
  if (!answer) return failed(answer.error(), arguments);
  const auto end = enrolment_end(*answer, key->public_key());
  if (const auto* no = std::get_if<Refusal>(&end)) {
    std::fputs(say_refused(*no, "status " + std::to_string(answer->status), arguments.format).c_str(), stdout);
    return no->code.starts_with("agent.") ? kGateFailed : kDenied;
  }
  const Enrolled& enrolled = std::get<Enrolled>(end);
  StateFile state(arguments.state, key->public_key().thumbprint());
  if (const auto saved = state.enrolled(enrolled.terminal, enrolled.gateway); !saved) {
    return failed(saved.error(), arguments);
  }
  std::fputs(say_enrolled(enrolled, arguments.format).c_str(), stdout);
  return kPassed;
}

int report(const Arguments& arguments, Mode mode) {
  std::optional<Signals> signals;
  if (mode == Mode::stay) signals.emplace();  // first of all: an early SIGUSR1 must not end the program
  const auto key = load_key(arguments.key);
  if (!key) return failed(key.error(), arguments);
  StateFile state(arguments.state, key->public_key().thumbprint());
  const auto known = state.load();
  if (!known) return failed(known.error(), arguments);
  const auto wire = make_wire(arguments);
  if (!wire) return failed(wire.error(), arguments);
  Options options;
  options.mode = mode;
  options.before_login = arguments.before_login;
  if (*known) options.gateway = (*known)->gateway;
  run::KernelEntropy entropy;
  Agent agent(std::move(options), *key, state, entropy);
  return drive(agent, **wire, arguments.facts, signals ? &*signals : nullptr, arguments.format);
}

int run(int argc, char** argv) {
  CLI::App app{"sekisho-agent: 端末の状態を関所へ報告する / reports a terminal's state to the gate"};
  Arguments arguments;
  arguments.format.language = language_of_environment();
  app.add_option("--gate", arguments.gate, "https://NAME[:PORT]")->required();
  app.add_option("--key", arguments.key, "the terminal's private key (made by enrol, 0600)")->required();
  app.add_option("--state", arguments.state, "report counter and enrolment (0600)")->required();
  app.add_option("--facts", arguments.facts, "device-facts document of a simulated terminal");
  app.add_option("--ca", arguments.ca, "authorities of the gate's certificate, PEM; default: the system's");
  app.add_option("--connect-to", arguments.connect_to, "ADDRESS:PORT instead of the name's address");
  app.add_option("--certificate", arguments.certificate, "client certificate that the gate knows, PEM; leaf first");
  app.add_option("--certificate-key", arguments.certificate_key, "its private key, PEM (0600)");
  app.add_flag("--json", arguments.format.json, "one JSON document a line");
  app.add_option("--lang", arguments.format.language, "ja or en")->check(CLI::IsMember({"ja", "en"}));
  app.require_subcommand(1);
  app.fallthrough();
  auto* enrol_command = app.add_subcommand("enrol", "binds this terminal's key with the one-time token");
  enrol_command->add_option("--token-file", arguments.token_file, "file that holds the token (0600)")->required();
  auto* report_command = app.add_subcommand("report", "reports once");
  report_command->add_flag("--once")->description("as it does anyway; for scripts that say so");
  report_command->add_flag("--pre-login", arguments.before_login, "before the login, outside a session");
  auto* run_command = app.add_subcommand("run", "reports and gives signs of life until the session is over");
  try {
    app.parse(argc, argv);
    if (!enrol_command->parsed() && arguments.facts.empty()) throw CLI::RequiredError("--facts");
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsage;
  }
  if (enrol_command->parsed()) return enrol(arguments);
  return report(arguments, run_command->parsed() ? Mode::stay : Mode::once);
}

}  // namespace
}  // namespace sekisho::agent

int main(int argc, char** argv) {
  ::umask(077);
  std::signal(SIGPIPE, SIG_IGN);  // libcurl leaves that to the program (CURLOPT_NOSIGNAL)
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);  // the key is in memory
  return sekisho::agent::run(argc, argv);
}
