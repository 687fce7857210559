// Why something did not pass, or why a console ended: one word for code, person, log and journal.
// Threads: constants.
#pragma once
#include <sekisho/sdk/event.hpp>

#include <cstdint>
#include <string_view>

namespace sekisho::rfb {

enum class Cause : std::uint8_t {
  // Taken out of the stream; the console goes on.
  clipboard,      ///< CutText, either way, plain or extended
  power,          ///< xvp: shutdown, reboot, reset
  sound,          ///< QEMU audio
  resize,         ///< SetDesktopSize without leave, or to a size beyond the caps
  view_only,      ///< keys and pointer of a viewer who may only look
  encoding_held,  ///< an encoding that was asked for and taken out of the list
  fast_typing,    ///< keys faster than a person; they are slowed down, none is lost
  // The console ends.
  clipboard_size,   ///< CutText or sound beyond the cap, or a length that has no absolute value
  file_transfer,    ///< UltraVNC or TightVNC file transfer, text chat, scaling
  unknown_message,  ///< a type whose length nobody knows
  unasked_message,  ///< a message that was never agreed on
  malformed,        ///< lengths or numbers that the standard does not have
  pixel_format,     ///< a pixel format other than the two that pass, or a change of it while pictures flow
  colour_map,       ///< colour map although true colour was set
  screen_size,      ///< a screen, cursor or name beyond the caps
  outside_screen,   ///< a rectangle outside the screen
  encoding,         ///< a rectangle in an encoding that was not asked for
  version,          ///< something else than RFB 3.8
  security,         ///< no type of security that is spoken here
  guest_refused,    ///< the guest's side refused the relay
  slow_opening,     ///< the handshake took too long
  viewer_gone,      ///< the viewer's connection ended
  guest_gone,       ///< the guest's connection ended
  closed,           ///< the gate closed it: end of session, power, stop
};
inline constexpr std::size_t kCauses = static_cast<std::size_t>(Cause::closed) + 1;

struct CauseWords {
  std::string_view code;  ///< "console.clipboard"; stable
  bool ends;              ///< the console ends
  EventText what;         ///< for a person
};
[[nodiscard]] const CauseWords& words(Cause cause);

}  // namespace sekisho::rfb
