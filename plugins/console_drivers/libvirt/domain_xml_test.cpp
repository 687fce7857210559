#include "domain_xml.hpp"

#include <gtest/gtest.h>

namespace sekisho::libvirt {
namespace {

constexpr const char* kUuid = "1b7c8a52-6a1e-4b0e-9c55-3f2a7d0e9b11";

Model model() {
  Model out;
  out.name = "win11";
  out.base = "/images/win11.qcow2";
  out.pool = "sekisho";
  out.network = "vdi";
  return out;
}
std::string xml_of(const Model& model) {
  return desktop_xml(model, {kUuid, model.name, "52:54:00:00:00:01"}, "/pool/overlay.qcow2", false);
}

TEST(DesktopXml, HasNoWayOutOfTheDesktop) {
  Model model = libvirt::model();
  for (const bool with_account : {false, true}) {
    model.account = with_account ? "maint" : "";
    const std::string xml = xml_of(model);
    for (const char* way : {"spice", "vdagent", "redirdev", "<filesystem", "<sound", "<hostdev", "<smartcard",
                            "port=", "websocket", "socket=", "autoport"}) {
      EXPECT_EQ(xml.find(way), std::string::npos) << way;
    }
    EXPECT_NE(xml.find("<graphics type='vnc' sharePolicy='ignore'><listen type='none'/></graphics>"),
              std::string::npos);
    EXPECT_EQ(xml.find("guest_agent") != std::string::npos, with_account) << "an agent only where it is used";
  }
}

TEST(WayOut, OurOwnDesktopsHaveNone) {
  Model model = libvirt::model();
  for (const bool with_account : {false, true}) {
    model.account = with_account ? "maint" : "";
    EXPECT_EQ(way_out(xml_of(model)), "");
  }
}

TEST(WayOut, EachDeviceThatCarriesMoreThanAPictureIsNamed) {
  const std::string begin = "<domain type='kvm'><devices><graphics type='vnc'/>", end = "</devices></domain>";
  EXPECT_EQ(way_out(begin + end), "");
  for (const auto& [device, what] : {
           std::pair("<redirdev bus='usb' type='spicevmc'/>", "USB redirection"),
           std::pair("<smartcard mode='passthrough' type='spicevmc'/>", "smart card"),
           std::pair("<filesystem type='mount'><source dir='/x'/></filesystem>", "shared folder"),
           std::pair("<parallel type='file'><source path='/x'/></parallel>", "printer port"),
           std::pair("<channel type='spicevmc'/>", "Spice channel"),
           std::pair("<channel\n  mode='bind' type=\"qemu-vdagent\">", "clipboard channel"),
           std::pair("<serial type='spiceport'/>", "Spice channel"),
           std::pair("<graphics autoport='yes' type='spice'/>", "Spice screen"),
           std::pair("<graphics type='rdp'/>", "RDP screen"),
           std::pair("<channel type='dbus'/>", "D-Bus channel"),
       }) {
    EXPECT_EQ(way_out(begin + device + end), what);
  }
  for (const char* harmless :
       {"<sound model='ich9'/>", "<channel type='unix'/>", "<serial type='pty'/>", "<redirdevs/>",
        "<description>&lt;redirdev/&gt;</description>", "<", "<>", "<channel type='"}) {
    EXPECT_EQ(way_out(begin + harmless + end), "") << harmless;
  }
}

TEST(DesktopXml, NoFieldBreaksOutOfItsPlace) {
  Model model = libvirt::model();
  const std::string evil = "'/><graphics type='spice'/><x y='&\"";
  for (std::string Model::*field : {&Model::base, &Model::pool, &Model::network, &Model::kernel, &Model::initrd,
                                    &Model::cmdline, &Model::name, &Model::base_format}) {
    Model spoiled = model;
    spoiled.*field = evil;
    EXPECT_EQ(xml_of(spoiled).find("<graphics type='spice'"), std::string::npos);
    EXPECT_EQ(overlay_xml(spoiled, kUuid).find("<graphics"), std::string::npos);
  }
  Model bridged = model;
  bridged.network.clear();
  bridged.bridge = evil;
  EXPECT_EQ(xml_of(bridged).find("<graphics type='spice'"), std::string::npos);
  EXPECT_EQ(escaped("<a b='\"&'>"), "&lt;a b=&apos;&quot;&amp;&apos;&gt;");
}

TEST(DesktopXml, TheBaseIsNeverTheDisk) {
  const std::string xml = xml_of(model());
  EXPECT_EQ(xml.find("/images/win11.qcow2"), std::string::npos) << "only the overlay is a disk of the desktop";
  EXPECT_NE(xml.find("<source file='/pool/overlay.qcow2'/>"), std::string::npos);
  EXPECT_NE(overlay_xml(model(), kUuid).find("<backingStore><path>/images/win11.qcow2</path><format type='qcow2'/>"),
            std::string::npos);
}

TEST(OverlayName, SaysWhoseItIsAndNothingElseDoes) {
  EXPECT_EQ(overlay_owner(overlay_name(kUuid)), kUuid);
  for (const char* other : {"", "win11.qcow2", "sekisho-.qcow2", "sekisho-1B7C8A52-6A1E-4B0E-9C55-3F2A7D0E9B11.qcow2",
                            "sekisho-1b7c8a52-6a1e-4b0e-9c55-3f2a7d0e9b11.qcow2.bak",
                            "xekisho-1b7c8a52-6a1e-4b0e-9c55-3f2a7d0e9b11.qcow2"}) {
    EXPECT_FALSE(overlay_owner(other)) << other;
  }
}

TEST(MarkedModel, IsReadAsLibvirtWritesIt) {
  EXPECT_EQ(marked_model("<skm:desktop xmlns:skm=\"urn:sekisho:1\" model=\"win11\"/>"), "win11");
  EXPECT_EQ(marked_model("<desktop model='win11'/>"), "win11");
  EXPECT_EQ(marked_model("<desktop/>"), "");
}

TEST(VncIndex, CountsAsLibvirtCounts) {
  EXPECT_EQ(vnc_index("<graphics type='vnc' port='-1'>"), 0u);
  EXPECT_EQ(vnc_index("<graphics type='spice'/><graphics type='vnc'/>"), 1u);
  EXPECT_FALSE(vnc_index("<graphics type='spice'/><video type='vnc'/>"));
  EXPECT_FALSE(vnc_index(""));
}

}  // namespace
}  // namespace sekisho::libvirt
