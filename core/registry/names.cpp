#include "registry/fields.hpp"

#include <sekisho/sdk/result.hpp>

namespace sekisho::registry {
namespace {

constexpr std::array<KindName, 12> kKinds{{{Kind::contractor, "contractor", "contractors"},
                                           {Kind::system, "system", "systems"},
                                           {Kind::server, "server", "servers"},
                                           {Kind::contract, "contract", "contracts"},
                                           {Kind::person, "person", "people"},
                                           {Kind::certificate, "certificate", "certificates"},
                                           {Kind::terminal, "terminal", "terminals"},
                                           {Kind::desktop, "desktop", "desktops"},
                                           {Kind::circuit, "circuit", "circuits"},
                                           {Kind::application, "application", "applications"},
                                           {Kind::exception, "exception", "exceptions"},
                                           {Kind::stop, "stop", "stops"}}};

}  // namespace

std::span<const KindName> kind_names() {
  return kKinds;
}

const KindName& name_of(Kind kind) {
  for (const KindName& name : kKinds) {
    if (name.kind == kind) return name;
  }
  assertion_failed("a kind without a name", __FILE__, __LINE__);
}

std::optional<Kind> kind_of(std::string_view name) {
  for (const KindName& known : kKinds) {
    if (name == known.one || name == known.many) return known.kind;
  }
  return std::nullopt;
}

// An unknown value has no name: parse() stops there, and a writer would show an empty text that every reader refuses.
std::string_view to_string(Zone value) {
  switch (value) {
    case Zone::internet_business:
      return "internet_business";
    case Zone::internet_dmz:
      return "internet_dmz";
    case Zone::my_number:
      return "my_number";
  }
  return "";
}
std::string_view to_string(TerminalKind value) {
  switch (value) {
    case TerminalKind::own:
      return "own";
    case TerminalKind::lent:
      return "lent";
  }
  return "";
}
std::string_view to_string(ServerKind value) {
  switch (value) {
    case ServerKind::virtual_machine:
      return "virtual_machine";
    case ServerKind::physical:
      return "physical";
  }
  return "";
}
std::string_view to_string(ApplicationState value) {
  switch (value) {
    case ApplicationState::submitted:
      return "submitted";
    case ApplicationState::accepted:
      return "accepted";
    case ApplicationState::returned:
      return "returned";
    case ApplicationState::ended:
      return "ended";
  }
  return "";
}
std::string_view to_string(Role value) {
  switch (value) {
    case Role::contractor:
      return "contractor";
    case Role::staff:
      return "staff";
    case Role::approver:
      return "approver";
    case Role::auditor:
      return "auditor";
  }
  return "";
}
std::string_view to_string(Purpose value) {
  switch (value) {
    case Purpose::maintenance:
      return "maintenance";
    case Purpose::build_up:
      return "build_up";
  }
  return "";
}

}  // namespace sekisho::registry
