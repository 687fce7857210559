// Zones that never meet: each way of joining them is found where it stands, and nothing else is.
#include "registry/zones.hpp"

#include "registry/testing/cast.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <string>
#include <vector>

namespace sekisho::registry {
namespace {

using testing::cast;
using testing::kNow;

std::vector<std::string> found(const Registry& r) {
  std::vector<Finding> out;
  judge_zones(r, out);
  std::vector<std::string> words;
  for (const Finding& f : out) words.push_back(f.pointer + " " + f.code);
  return words;
}
using Words = std::vector<std::string>;

Server machine(const char* id, const char* system, const char* manager, const char* uuid) {
  return Server{id, system, ServerKind::virtual_machine, manager, uuid, ""};
}
Server physical(const char* id, const char* system, const char* address) {
  return Server{id, system, ServerKind::physical, "", "", address};
}
void put(Registry& r, Server s) {
  r.servers[s.id] = std::move(s);
}
constexpr const char* kOne = "0b4a1d5e-6f6a-4a55-9a63-2f0f4d3f9a01";
constexpr const char* kTwo = "0b4a1d5e-6f6a-4a55-9a63-2f0f4d3f9a02";

TEST(RegistryZones, WhatKeepsToItsSideIsNotFound) {
  Registry r = cast();
  EXPECT_EQ(found(r), Words{});
  r.servers.clear();
  r.contracts.at("c-web").systems = {"web", "dmz"};  // two zones of one path
  put(r, machine("a", "web", "m", kOne)), put(r, machine("b", "dmz", "m", kTwo));
  put(r, machine("c", "num", "n", "0b4a1d5e-6f6a-4a55-9a63-2f0f4d3f9a03")), put(r, physical("d", "num", "10.60.1.11"));
  put(r, physical("e", "num", "10.60.1.11"));
  r.terminals.at("pc-mori").ended_at = kNow;  // its card is free for another use
  r.terminals.at("pc-sato").macs = r.terminals.at("pc-mori").macs;
  EXPECT_EQ(found(r), Words{});
}

TEST(RegistryZones, EachWayOfJoiningIsFoundWhereItStands) {
  struct Case {
    const char* what;
    std::function<void(Registry&)> join;
  };
  const Case cases[] = {
      {"/contracts/1/systems/1 zone.contract",
       [](Registry& r) {
         r.contracts.at("c-num").systems = {"num", "web"};
       }},
      {"/contracts/2/systems/1 zone.contract",
       [](Registry& r) {
         r.contracts.at("c-web").systems = {"web", "num"};
       }},
      {"/contracts/2/systems/2 zone.contract",
       [](Registry& r) {
         r.contracts.at("c-web").systems = {"web", "dmz", "num"};
       }},
      {"/contracts/2/systems/1 zone.contract",
       [](Registry& r) {
         r.systems.at("web").zone = Zone::my_number, r.contracts.at("c-web").systems = {"dmz", "web"};
       }},
      {"/servers/1/address zone.server",
       [](Registry& r) { put(r, physical("a", "web", "10.0.0.9")), put(r, physical("b", "num", "10.0.0.9")); }},
      {"/servers/1/machine zone.server",
       [](Registry& r) { put(r, machine("a", "dmz", "m", kOne)), put(r, machine("b", "num", "n", kOne)); }},
      {"/servers/1/manager zone.server",
       [](Registry& r) { put(r, machine("a", "num", "m", kOne)), put(r, machine("b", "web", "m", kTwo)); }},
      {"/desktops/2/address zone.desktop",
       [](Registry& r) {
         r.desktops.at("vdi-03").address = r.desktops.at("vdi-01").address, r.desktops.at("vdi-03").port = 5901;
       }},
      {"/desktops/0/address zone.desktop",
       [](Registry& r) { put(r, physical("a", "num", r.desktops.at("vdi-01").address.c_str())); }},
      {"/circuits/0/prefixes/0 zone.circuit",
       [](Registry& r) { r.circuits.at("line-sato").prefixes = {"10.20.0.0/24"}; }},
      {"/circuits/0/prefixes/1 zone.circuit",
       [](Registry& r) {
         r.circuits.at("line-sato").prefixes = {"10.90.1.0/24", "10.40.0.11/32"};
       }},
      {"/circuits/0/prefixes/0 zone.circuit",
       [](Registry& r) {
         put(r, physical("a", "num", "10.60.1.11"));
         r.circuits.at("line-sato").prefixes = {"10.60.0.0/16"};
       }},
      {"/terminals/1/macs/0 zone.terminal",
       [](Registry& r) { r.terminals.at("pc-sato").macs = r.terminals.at("pc-mori").macs; }},
  };
  for (const Case& c : cases) {
    Registry r = cast();
    r.servers.clear();
    c.join(r);
    const Words words = found(r);
    EXPECT_EQ(words, Words{c.what});
  }
}

TEST(RegistryZones, ValidateAsksThem) {
  Registry r = cast();
  r.contracts.at("c-num").systems = {"num", "web"};
  bool said = false;
  for (const Finding& f : validate(r)) said = said || f.code == "zone.contract";
  EXPECT_TRUE(said);
}

}  // namespace
}  // namespace sekisho::registry
