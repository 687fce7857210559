// What the two directions of one console know of each other: what one end asked for decides what the other may send.
// Threads: its console's. Ownership: the console owns it, both filters borrow it.
#pragma once
#include "console/rfb/encodings.hpp"
#include "console/rfb/protocol.hpp"

namespace sekisho::rfb {

struct Negotiation {
  Size size{};
  PixelOrder order = PixelOrder::bgrx;
  bool order_settled = false;  ///< a picture was asked for or came: the order of colours stays
  EncodingSet asked;           ///< everything that was ever asked of the guest: it may still be on its way

  // What the guest has said that it can do; a viewer may use it from then on.
  bool qemu_keys = false, fences = false, continuous = false, sizes = false;
};

}  // namespace sekisho::rfb
