// bench-console: a screen's server, its viewers, and the gatekeeper of a real sekisho-relay (README.md).
//
//   bench-console guest [--rate N]                          a change N times a second; 0: raw pictures as asked for
//   bench-console view --port N [--scheme wss|ws|tcp] …     viewers; a line on stdin begins the measurement
//   bench-console gate --relay PROGRAM --config FILE        a relay with everything answered, every file verified
#include "console_modes.hpp"

#include <CLI/CLI.hpp>
#include <signal.h>

int main(int argc, char** argv) {
  using namespace sekisho::bench;
  signal(SIGPIPE, SIG_IGN);
  CLI::App app{"bench-console: what ./dev bench console measures with"};
  app.require_subcommand(1);
  int status = 2;

  GuestOptions guest;
  auto* const guest_mode = app.add_subcommand("guest", "a screen's server at loopback");
  guest_mode->add_option("--port", guest.port, "0: any");
  guest_mode->add_option("--rate", guest.rate, "changes a second of each connection; 0: raw pictures as asked for");
  guest_mode->callback([&] { status = run_guest(guest); });

  ViewOptions view;
  auto* const view_mode = app.add_subcommand("view", "viewers");
  view_mode->add_option("--scheme", view.scheme, "wss, ws, or tcp: straight at a guest")
      ->check(CLI::IsMember({"wss", "ws", "tcp"}));
  view_mode->add_option("--address", view.address);
  view_mode->add_option("--port", view.port)->required();
  view_mode->add_option("--origin", view.origin);
  view_mode->add_option("--path", view.path);
  view_mode->add_option("--ticket", view.ticket);
  view_mode->add_option("--ca", view.ca_file, "certificates that are trusted");
  view_mode->add_option("--viewers", view.viewers, "at once; 0: none");
  view_mode->add_option("--setups", view.setups, "before: opened and closed, one after the other");
  view_mode->add_option("--seconds", view.seconds);
  view_mode->callback([&] { status = run_view(view); });

  GateOptions gate;
  auto* const gate_mode = app.add_subcommand("gate", "the gatekeeper of a relay");
  gate_mode->add_option("--relay", gate.relay, "the program")->required();
  gate_mode->add_option("--config", gate.config)->required();
  gate_mode->add_option("--path", gate.path, "name of the path");
  gate_mode->callback([&] { status = run_gate(gate); });

  CLI11_PARSE(app, argc, argv);
  return status;
}
