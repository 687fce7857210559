// What pages and screens go by: policy, and what a person's desktop is doing right now.
// Threads: plain values. Source: issue "Desktops and consoles" parts 3 to 5.
#pragma once
#include "recording/recorder.hpp"
#include "registry/model.hpp"

#include <sekisho/sdk/secret.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace sekisho::gate {

struct ConsolePolicy {
  bool watermark = true;  ///< person and time over the picture
  bool recorded = true;
  recording::Keys keys = recording::Keys::none;  ///< what a recording keeps of the keyboard (T-66)
  std::size_t screens_per_session = 4;           ///< threats.md §8: consoles per person; the desktop's count apart
};

/// A desktop as its session sees it.
struct DesktopNow {
  std::string state = "ready";  ///< preparing, starting, ready, ended, failed
  std::uint8_t progress = 100;  ///< percent
  std::uint32_t expected_s = 0;
  std::string account;  ///< one-session account; empty: the desktop has accounts of its own
  Secret password;
  std::string machine, driver;  ///< driver empty: the screen is at address and port
  std::string address;          ///< of the desktop inside; its browsers come from here (R12)
  std::uint16_t port = 0;
};

}  // namespace sekisho::gate
