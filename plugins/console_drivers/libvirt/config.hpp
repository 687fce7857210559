// Fields of the libvirt driver. Threads: plain values. Units: MiB.
// What a desktop is made of is fields and not an XML of the operator's, so that no field can open a way out of it.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace sekisho::libvirt {

/// One kind of desktop: a base image that is never written to, and the machine around it.
struct Model {
  std::string name;
  std::string base;  ///< absolute path on the hypervisor's host
  std::string base_format = "qcow2";
  std::string pool;  ///< storage pool of the overlays
  std::string network, bridge;
  std::string acceleration = "kvm";
  std::string kernel, initrd, cmdline;
  std::string account;
  std::uint32_t memory_mib = 4096, processors = 2, disk_mib = 64 * 1024;
  static void describe(auto& d) {
    d.field("name", &Model::name, "Name of the model: [a-z0-9_-]+", {.range = {1, 32}, .required = true});
    d.field("base", &Model::base, "Base image on the hypervisor's host, absolute; never written to",
            {.range = {2, 1024}, .required = true});
    d.field("base_format", &Model::base_format, "Format of the base image", {.one_of = {"qcow2", "raw"}});
    d.field("pool", &Model::pool, "Storage pool in which a session's overlay lies",
            {.range = {1, 64}, .required = true});
    d.field("network", &Model::network, "libvirt network of its card; or name a bridge", {{0, 64}});
    d.field("bridge", &Model::bridge, "Bridge of its card; or name a network", {{0, 15}});
    d.field("acceleration", &Model::acceleration, "kvm, or tcg where the processor cannot", {.one_of = {"kvm", "tcg"}});
    d.field("kernel", &Model::kernel, "Kernel to start directly; empty: the image starts itself");
    d.field("initrd", &Model::initrd, "Initial file system of that kernel");
    d.field("cmdline", &Model::cmdline, "Command line of that kernel");
    d.field("account", &Model::account,
            "Local account of the image whose password is set for one session by its guest agent; empty: none",
            {{0, 32}});
    d.field("memory_mib", &Model::memory_mib, "Memory (MiB)", {{16, 1 << 20}});
    d.field("disk_mib", &Model::disk_mib, "Size of its disk, not below the base image's (MiB)", {{1, 1 << 26}});
    d.field("processors", &Model::processors, "Virtual processors", {{1, 64}});
  }
};

struct Config {
  std::string uri = "qemu:///system";
  std::string role;
  std::vector<std::string> power;
  bool snapshots = false;
  std::vector<Model> models;
  static void describe(auto& d) {
    d.field("uri", &Config::uri, "Local libvirt: qemu:///system, qemu+unix:///... or test:///...", {{1, 512}});
    d.field("role", &Config::role, "consoles: screens of servers; desktops: makes and ends desktops, and sees no other",
            {.required = true, .one_of = {"consoles", "desktops"}});
    d.field("power", &Config::power, "What may be done to a machine's power",
            {.range = {0, 5}, .one_of = {"start", "shut_down", "power_off", "reboot", "reset"}});
    d.field("snapshots", &Config::snapshots, "Whether snapshots may be taken and gone back to");
    d.field("models", &Config::models, "Kinds of desktop (role desktops)", {{0, 32}});
  }
};

}  // namespace sekisho::libvirt
