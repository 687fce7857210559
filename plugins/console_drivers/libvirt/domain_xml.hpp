// What libvirt is told to make, and what is read from what it says. Pure text.
// A desktop has no channel out of it by construction (R14): no clipboard agent, no Spice, no USB redirection, no shared
// folder, no sound, no TCP port and no socket of its screen. Threads: pure functions. Source: consoles.md §2.1, 8.
#pragma once
#include "config.hpp"

#include <sekisho/sdk/console_driver.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace sekisho::libvirt {

inline constexpr const char* kMark = "urn:sekisho:1";  ///< namespace of what create() writes into its domains

[[nodiscard]] std::string escaped(std::string_view text);
[[nodiscard]] std::string desktop_xml(const Model& model, const DesktopOrder& order, std::string_view overlay_path,
                                      bool test_hypervisor);
[[nodiscard]] std::string overlay_name(std::string_view uuid);
/// The UUID in an overlay's name, or nullopt when it is somebody else's file.
[[nodiscard]] std::optional<std::string> overlay_owner(std::string_view name);
[[nodiscard]] std::string overlay_xml(const Model& model, std::string_view uuid);
/// The model in what libvirt hands out as a domain's mark; "" when it names none.
[[nodiscard]] std::string marked_model(std::string_view metadata);
/// Which of a domain's graphics is VNC, counted from 0 as virDomainOpenGraphicsFD counts; nullopt when none is.
[[nodiscard]] std::optional<unsigned> vnc_index(std::string_view domain_xml);
/// The first device in a domain's description by which a viewer would have more than a picture (R14): "usb
/// redirection", "printer port", …; "" when there is none. Sound is not among them: the relay lets none pass, and many
/// servers have a card.
[[nodiscard]] std::string_view way_out(std::string_view domain_xml);

}  // namespace sekisho::libvirt
