// The part of SiteConfig about hypervisors: one entry a zone. sekisho-hyperd reads its managers, sekishod its pools of
// desktops. Included by site_config.hpp. Threads: plain values. What fields must be to each other:
// base/site_config_parse.cpp. Units: `_s` seconds.
#pragma once
#include "base/plugin_config.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace sekisho {

struct ManagerConfig {
  std::string name;  ///< as the registry's servers and desktops name it
  std::string role;  ///< consoles | desktops
  PluginConfig plugin;
  static void describe(auto& d) {
    d.field("name", &ManagerConfig::name, "Name of the manager, as the registry names it: [a-z0-9_-]+",
            {.range = {1, 32}, .required = true});
    d.field("role", &ManagerConfig::role, "consoles: screens of servers; desktops: makes and ends desktops",
            {.required = true, .one_of = {"consoles", "desktops"}});
    d.field("plugin", &ManagerConfig::plugin, "Console driver plugin");
  }
};
/// A place for one desktop in the zone's VDI segment: the card that it gets and the address that goes with the card.
struct SeatConfig {
  std::string desktop;
  std::string mac, address;
  static void describe(auto& d) {
    d.field("desktop", &SeatConfig::desktop,
            "The registry's desktop that this seat belongs to; empty: whoever of the pool comes next", {{0, 63}});
    d.field("mac", &SeatConfig::mac, "Address of its network card: \"52:54:00:00:00:01\"",
            {.range = {17, 17}, .required = true});
    d.field("address", &SeatConfig::address,
            "IPv4 address that the network gives to that card; the console page knows the desktop by it (R12)",
            {.range = {7, 15}, .required = true});
  }
};
struct PoolConfig {
  std::string name, manager, model, account;
  std::vector<std::string> desktops;
  std::vector<SeatConfig> seats;
  std::uint32_t spare = 1, starts_at_once = 2, start_s = 20, boot_limit_s = 300;
  static void describe(auto& d) {
    d.field("name", &PoolConfig::name, "Name of the pool: [a-z0-9_-]+", {.range = {1, 32}, .required = true});
    d.field("manager", &PoolConfig::manager, "Manager of this zone, of role desktops, that makes them",
            {.range = {1, 32}, .required = true});
    d.field("model", &PoolConfig::model, "What they are made from, as the manager's plugin names it",
            {.range = {1, 63}, .required = true});
    d.field("account", &PoolConfig::account,
            "Local account whose password is made for one session; empty: the desktop has accounts of its own",
            {{0, 63}});
    d.field("desktops", &PoolConfig::desktops,
            "The registry's desktops that any seat without an owner serves, freshly made each time", {{0, 1024}});
    d.field("seats", &PoolConfig::seats, "Places for desktops", {.range = {1, 1024}, .required = true});
    d.field("spare", &PoolConfig::spare, "Desktops prepared ahead", {{0, 64}});
    d.field("starts_at_once", &PoolConfig::starts_at_once, "Desktops that start at the same time", {{1, 64}});
    d.field("start_s", &PoolConfig::start_s, "Expected time of a start until one was measured (s)", {{1, 3600}});
    d.field("boot_limit_s", &PoolConfig::boot_limit_s, "A desktop that does not answer is given up after (s)",
            {{10, 3600}});
  }
};
struct HyperConfig {
  std::string zone;
  std::uint32_t uid = 0;
  std::vector<ManagerConfig> managers;
  std::string network;  ///< "10.60.0.0/24"
  std::vector<PoolConfig> pools;
  static void describe(auto& d) {
    d.field("zone", &HyperConfig::zone, "Zone whose machines these managers hold",
            {.required = true, .one_of = {"internet_business", "internet_dmz", "my_number"}});
    d.field("uid", &HyperConfig::uid, "User that its sekisho-hyperd runs as");
    d.field("managers", &HyperConfig::managers, "Virtualisation managers of the zone",
            {.range = {1, 16}, .required = true});
    d.field("network", &HyperConfig::network, "VDI segment of the zone, \"10.60.0.0/24\"; needed where there are pools",
            {{0, 18}});
    d.field("pools", &HyperConfig::pools, "Desktops that the gate prepares, gives and destroys", {{0, 16}});
  }
};

}  // namespace sekisho
