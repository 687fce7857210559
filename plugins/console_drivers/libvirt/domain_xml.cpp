#include "domain_xml.hpp"

namespace sekisho::libvirt {
namespace {

constexpr std::string_view kPrefix = "sekisho-", kSuffix = ".qcow2";

std::string attribute(std::string_view name, std::string_view value) {
  return " " + std::string(name) + "='" + escaped(value) + "'";
}
std::string element(std::string_view name, std::string_view value) {
  return "<" + std::string(name) + ">" + escaped(value) + "</" + std::string(name) + ">";
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '\'':
        out += "&apos;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string overlay_name(std::string_view uuid) {
  return std::string(kPrefix) + std::string(uuid) + std::string(kSuffix);
}

std::optional<std::string> overlay_owner(std::string_view name) {
  if (name.size() != kPrefix.size() + 36 + kSuffix.size() || !name.starts_with(kPrefix) || !name.ends_with(kSuffix)) {
    return std::nullopt;
  }
  const std::string_view uuid = name.substr(kPrefix.size(), 36);
  if (!is_machine_uuid(uuid)) return std::nullopt;
  return std::string(uuid);
}

std::string overlay_xml(const Model& model, std::string_view uuid) {
  return "<volume>" + element("name", overlay_name(uuid)) + "<capacity unit='MiB'>" + std::to_string(model.disk_mib) +
         "</capacity><target><format "
         "type='qcow2'/><permissions><mode>0600</mode></permissions></target><backingStore>" +
         element("path", model.base) + "<format" + attribute("type", model.base_format) + "/></backingStore></volume>";
}

std::string desktop_xml(const Model& model, const DesktopOrder& order, std::string_view overlay_path,
                        bool test_hypervisor) {
  const bool kvm = model.acceleration == "kvm";
  std::string out = "<domain" + attribute("type", test_hypervisor ? "test" : kvm ? "kvm" : "qemu") + ">";
  out += element("name", std::string(kPrefix) + order.uuid) + element("uuid", order.uuid);
  out += "<metadata><skm:desktop xmlns:skm='" + std::string(kMark) + "'" + attribute("model", model.name) +
         "/></metadata>";
  out += "<memory unit='MiB'>" + std::to_string(model.memory_mib) + "</memory>";
  out += "<vcpu>" + std::to_string(model.processors) + "</vcpu><os><type" +
         (test_hypervisor ? "" : attribute("arch", "x86_64") + attribute("machine", "q35")) + ">hvm</type>";
  if (!model.kernel.empty()) out += element("kernel", model.kernel);
  if (!model.initrd.empty()) out += element("initrd", model.initrd);
  if (!model.cmdline.empty()) out += element("cmdline", model.cmdline);
  out += "</os><features><acpi/><apic/></features>";
  if (!test_hypervisor) out += kvm ? "<cpu mode='host-model'/>" : "<cpu mode='maximum'/>";
  out += "<on_poweroff>destroy</on_poweroff><on_reboot>restart</on_reboot><on_crash>destroy</on_crash><devices>";
  out += "<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source" + attribute("file", overlay_path) +
         "/><target dev='vda' bus='virtio'/></disk>";
  out += model.network.empty() ? "<interface type='bridge'><source" + attribute("bridge", model.bridge) + "/>"
                               : "<interface type='network'><source" + attribute("network", model.network) + "/>";
  out += "<mac" + attribute("address", order.mac) + "/><model type='virtio'/></interface>";
  out += "<serial type='pty'/>";
  if (!model.account.empty()) {
    out += "<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>";
  }
  out +=
      "<graphics type='vnc' sharePolicy='ignore'><listen type='none'/></graphics><video><model type='vga'/></video>"
      "<input type='tablet' bus='usb'/><rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>"
      "<memballoon model='none'/></devices></domain>";
  return out;
}

std::string marked_model(std::string_view metadata) {
  for (const char quote : {'"', '\''}) {
    const std::string begin = std::string(" model=") + quote;
    const std::size_t at = metadata.find(begin);
    if (at == std::string_view::npos) continue;
    const std::string_view rest = metadata.substr(at + begin.size());
    return std::string(rest.substr(0, rest.find(quote)));
  }
  return {};
}

std::optional<unsigned> vnc_index(std::string_view domain_xml) {
  unsigned index = 0;
  for (std::size_t at = domain_xml.find("<graphics "); at != std::string_view::npos;
       at = domain_xml.find("<graphics ", at + 1), ++index) {
    const std::string_view head = domain_xml.substr(at, domain_xml.find('>', at) - at);
    if (head.find(" type='vnc'") != std::string_view::npos || head.find(" type=\"vnc\"") != std::string_view::npos) {
      return index;
    }
  }
  return std::nullopt;
}

std::string_view way_out(std::string_view domain_xml) {
  struct Way {
    std::string_view element, attribute, what;
  };
  // What a viewer of Spice or RDP is offered, and what a shared folder and a printer need. An element of this name in
  // somebody's metadata counts as well: unknown is deny.
  static constexpr Way kWays[] = {
      {"redirdev", "", "USB redirection"},      {"smartcard", "", "smart card"},
      {"filesystem", "", "shared folder"},      {"parallel", "", "printer port"},
      {"channel", "spicevmc", "Spice channel"}, {"channel", "spiceport", "Spice channel"},
      {"channel", "dbus", "D-Bus channel"},     {"channel", "qemu-vdagent", "clipboard channel"},
      {"serial", "spiceport", "Spice channel"}, {"console", "spiceport", "Spice channel"},
      {"graphics", "spice", "Spice screen"},    {"graphics", "rdp", "RDP screen"},
      {"graphics", "dbus", "D-Bus screen"},     {"clipboard", "", "clipboard channel"},
  };
  for (std::size_t at = domain_xml.find('<'); at != std::string_view::npos; at = domain_xml.find('<', at + 1)) {
    const std::string_view head = domain_xml.substr(at + 1, domain_xml.find('>', at) - at - 1);
    const std::string_view name = head.substr(0, head.find_first_of(" \t\n/"));
    for (const Way& way : kWays) {
      if (name != way.element) continue;
      const auto typed = [&](char quote) {
        return head.find(std::string(" type=") + quote + std::string(way.attribute) + quote) != std::string_view::npos;
      };
      if (way.attribute.empty() || typed('\'') || typed('"')) return way.what;
    }
  }
  return {};
}

}  // namespace sekisho::libvirt
