// PaintingGuest: a server's screen that is drawn on, and the RFB updates that say so in every encoding a recorder
// reads. Its encoders are written from the specification alone, not from the decoders they are held against. Threads:
// one. Units: pixels as 0xRRGGBB; on the wire red first (what noVNC asks for). Source: RFC 6143 §7.7; the RFB community
// wiki for Tight and Zlib.
#pragma once
#include "console/rfb/testing/streams.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace sekisho::screens {

using rfb::testing::operator+;

/// A server's zlib stream over a whole connection.
class GuestPacker {
 public:
  GuestPacker() {
    if (::deflateInit(&stream_, 1) != Z_OK) std::abort();
  }
  ~GuestPacker() { ::deflateEnd(&stream_); }
  GuestPacker(const GuestPacker&) = delete;
  GuestPacker& operator=(const GuestPacker&) = delete;
  rfb::Bytes pack(rfb::Bytes plain) {
    rfb::Bytes out(::deflateBound(&stream_, plain.size()) + 64);
    stream_.next_in = reinterpret_cast<Bytef*>(plain.data());
    stream_.avail_in = static_cast<uInt>(plain.size());
    stream_.next_out = reinterpret_cast<Bytef*>(out.data());
    stream_.avail_out = static_cast<uInt>(out.size());
    if (::deflate(&stream_, Z_SYNC_FLUSH) != Z_OK || stream_.avail_in != 0 || stream_.avail_out == 0) std::abort();
    out.resize(out.size() - stream_.avail_out);
    return out;
  }

 private:
  z_stream stream_{};
};

struct Part {
  std::uint16_t x = 0, y = 0, width = 0, height = 0;
};

class PaintingGuest {
 public:
  explicit PaintingGuest(rfb::Size size) { resize(size); }

  rfb::Size size{};
  std::vector<std::uint32_t> pixels;
  std::map<std::string, std::size_t> used;  ///< rectangles by encoding, and by the kinds within one

  // --- drawing
  void fill(const Part& part, std::uint32_t colour) {
    each(part, [&](std::size_t at) { pixels[at] = colour; });
  }
  /// As letters on a background: `colours` of them, in runs.
  void text(const Part& part, std::uint32_t colours, std::mt19937& chance) {
    std::vector<std::uint32_t> ink(colours);
    for (auto& one : ink) one = static_cast<std::uint32_t>(chance()) & 0xffffffU;
    std::size_t left = 0;
    std::uint32_t now = ink[0];
    each(part, [&](std::size_t at) {
      if (left-- == 0) {
        left = chance() % 12;
        now = ink[chance() % ink.size()];
      }
      pixels[at] = now;
    });
  }
  void noise(const Part& part, std::mt19937& chance) {
    each(part, [&](std::size_t at) { pixels[at] = static_cast<std::uint32_t>(chance()) & 0xffffffU; });
  }
  void shade(const Part& part, std::uint32_t from) {
    each(part, [&](std::size_t at) {
      const std::size_t x = at % size.width, y = at / size.width;
      pixels[at] =
          (from + static_cast<std::uint32_t>((x & 255U) << 16U | (y & 255U) << 8U | ((x + y) & 255U))) & 0xffffffU;
    });
  }

  // --- saying it: one rectangle
  rfb::Bytes resize(rfb::Size to) {
    size = to;
    pixels.assign(std::size_t{to.width} * to.height, 0);
    return rfb::testing::update(1) + rfb::testing::rect({0, 0, to.width, to.height, rfb::kDesktopSize});
  }
  rfb::Bytes copy(const Part& to, std::uint16_t from_x, std::uint16_t from_y) {
    ++used["copy"];
    std::vector<std::uint32_t> held;
    each({from_x, from_y, to.width, to.height}, [&](std::size_t at) { held.push_back(pixels[at]); });
    auto next = held.begin();
    each(to, [&](std::size_t at) { pixels[at] = *next++; });
    rfb::Bytes out = head(to, rfb::kCopyRect);
    rfb::put16(out, from_x);
    rfb::put16(out, from_y);
    return out;
  }
  /// The part as it is drawn.
  rfb::Bytes say(const Part& part, std::int32_t encoding, std::mt19937& chance) {
    rfb::Bytes out = head(part, encoding);
    switch (encoding) {
      case rfb::kHextile:
        ++used["hextile"];
        tiled(part, 16, [&](const Part& tile) { hextile(out, tile); });
        break;
      case rfb::kZlib:
        ++used["zlib"];
        with_length(out, zlib_.pack(raw(part)));
        break;
      case rfb::kZrle: {
        ++used["zrle"];
        rfb::Bytes plain;
        tiled(part, 64, [&](const Part& tile) { zrle(plain, tile); });
        with_length(out, zrle_.pack(std::move(plain)));
        break;
      }
      case rfb::kTight:
        ++used["tight"];
        tight(out, part, chance);
        break;
      default:
        ++used["raw"];
        rfb::put(out, raw(part));
    }
    return out;
  }
  /// A pointer's shape: no part of the picture.
  static rfb::Bytes cursor(std::uint16_t width, std::uint16_t height) {
    rfb::Bytes out = head({1, 1, width, height}, rfb::kCursor);
    rfb::put(out, rfb::testing::zeros(std::size_t{4} * width * height + (width + 7U) / 8U * height));
    return out;
  }

 private:
  static rfb::Bytes head(const Part& part, std::int32_t encoding) {
    return rfb::testing::update(1) + rfb::testing::rect({part.x, part.y, part.width, part.height, encoding});
  }
  template <class Do>
  void each(const Part& part, Do what) const {
    for (std::size_t y = part.y; y < std::size_t{part.y} + part.height; ++y) {
      for (std::size_t x = part.x; x < std::size_t{part.x} + part.width; ++x) what(y * size.width + x);
    }
  }
  template <class Do>
  static void tiled(const Part& part, unsigned side, Do what) {
    for (unsigned y = 0; y < part.height; y += side) {
      for (unsigned x = 0; x < part.width; x += side) {
        what(Part{static_cast<std::uint16_t>(part.x + x), static_cast<std::uint16_t>(part.y + y),
                  static_cast<std::uint16_t>(std::min(side, part.width - x)),
                  static_cast<std::uint16_t>(std::min(side, part.height - y))});
      }
    }
  }
  std::vector<std::uint32_t> of(const Part& part) const {
    std::vector<std::uint32_t> out;
    each(part, [&](std::size_t at) { out.push_back(pixels[at]); });
    return out;
  }
  static void put_three(rfb::Bytes& out, std::uint32_t colour) {
    for (const unsigned shift : {16U, 8U, 0U}) rfb::put8(out, static_cast<std::uint8_t>(colour >> shift & 255U));
  }
  static void put_four(rfb::Bytes& out, std::uint32_t colour) {
    put_three(out, colour);
    rfb::put8(out, 0x5a);  // counts for nothing
  }
  static void with_length(rfb::Bytes& out, const rfb::Bytes& packed) {
    rfb::put32(out, static_cast<std::uint32_t>(packed.size()));
    rfb::put(out, packed);
  }
  rfb::Bytes raw(const Part& part) const {
    rfb::Bytes out;
    each(part, [&](std::size_t at) { put_four(out, pixels[at]); });
    return out;
  }
  /// Colours in the order they come first; empty when there are more than `most`.
  static std::vector<std::uint32_t> palette(const std::vector<std::uint32_t>& from, std::size_t most) {
    std::vector<std::uint32_t> out;
    for (const std::uint32_t colour : from) {
      if (std::ranges::find(out, colour) != out.end()) continue;
      if (out.size() == most) return {};
      out.push_back(colour);
    }
    return out;
  }
  static std::uint8_t place(const std::vector<std::uint32_t>& colours, std::uint32_t colour) {
    return static_cast<std::uint8_t>(std::ranges::find(colours, colour) - colours.begin());
  }

  void hextile(rfb::Bytes& out, const Part& tile) {
    const auto from = of(tile);
    const auto colours = palette(from, 8);
    struct Run {
      std::size_t x, y, width;
      std::uint32_t colour;
    };
    std::vector<Run> runs;
    for (std::size_t y = 0; !colours.empty() && y < tile.height; ++y) {
      for (std::size_t x = 0; x < tile.width; ++x) {
        const std::uint32_t colour = from[y * tile.width + x];
        if (colour == colours[0]) continue;
        if (!runs.empty() && runs.back().y == y && runs.back().x + runs.back().width == x &&
            runs.back().colour == colour) {
          ++runs.back().width;
        } else {
          runs.push_back({x, y, 1, colour});
        }
      }
    }
    if (colours.empty() || runs.size() > 255) {
      ++used["hextile raw"];
      rfb::put8(out, 1);
      rfb::put(out, raw(tile));
      return;
    }
    const bool coloured = colours.size() > 2;
    ++used[runs.empty() ? "hextile background" : coloured ? "hextile coloured" : "hextile two colours"];
    rfb::put8(out, static_cast<std::uint8_t>(2U | (runs.empty() ? 0U : 8U | (coloured ? 16U : 4U))));
    put_four(out, colours[0]);
    if (runs.empty()) return;
    if (!coloured) put_four(out, colours[1]);
    rfb::put8(out, static_cast<std::uint8_t>(runs.size()));
    for (const Run& run : runs) {
      if (coloured) put_four(out, run.colour);
      rfb::put8(out, static_cast<std::uint8_t>(run.x << 4U | run.y));
      rfb::put8(out, static_cast<std::uint8_t>((run.width - 1) << 4U));
    }
  }

  static void put_run(rfb::Bytes& out, std::size_t length) {
    for (length -= 1; length >= 255; length -= 255) rfb::put8(out, 255);
    rfb::put8(out, static_cast<std::uint8_t>(length));
  }
  void zrle(rfb::Bytes& out, const Part& tile) {
    const auto from = of(tile);
    const auto colours = palette(from, 127);
    if (colours.size() == 1) {
      ++used["zrle solid"];
      rfb::put8(out, 1);
      put_three(out, colours[0]);
    } else if (!colours.empty() && colours.size() <= 16) {
      ++used["zrle packed"];
      const unsigned bits = colours.size() == 2 ? 1 : colours.size() <= 4 ? 2 : 4;
      rfb::put8(out, static_cast<std::uint8_t>(colours.size()));
      for (const auto colour : colours) put_three(out, colour);
      for (std::size_t y = 0; y < tile.height; ++y) {
        unsigned byte = 0, have = 0;
        for (std::size_t x = 0; x < tile.width; ++x) {
          byte = byte << bits | place(colours, from[y * tile.width + x]);
          have += bits;
          if (have == 8 || x + 1 == tile.width) {
            rfb::put8(out, static_cast<std::uint8_t>(byte << (8 - have)));
            byte = have = 0;
          }
        }
      }
    } else if (!colours.empty() || from.size() < 600) {  // runs, of a palette where there is one
      ++used[colours.empty() ? "zrle runs" : "zrle runs of a palette"];
      rfb::put8(out, static_cast<std::uint8_t>(colours.empty() ? 128 : 128 + colours.size()));
      for (const auto colour : colours) put_three(out, colour);
      for (std::size_t at = 0; at < from.size();) {
        std::size_t end = at + 1;
        while (end < from.size() && from[end] == from[at]) ++end;
        if (colours.empty()) {
          put_three(out, from[at]);
          put_run(out, end - at);
        } else if (end - at == 1) {
          rfb::put8(out, place(colours, from[at]));
        } else {
          rfb::put8(out, static_cast<std::uint8_t>(128U | place(colours, from[at])));
          put_run(out, end - at);
        }
        at = end;
      }
    } else {
      ++used["zrle raw"];
      rfb::put8(out, 0);
      for (const auto colour : from) put_three(out, colour);
    }
  }

  void tight_data(rfb::Bytes& out, std::size_t stream, const rfb::Bytes& plain) {
    if (plain.size() < 12) return rfb::put(out, plain);
    const rfb::Bytes packed = tight_[stream].pack(plain);
    std::size_t left = packed.size();
    for (int i = 0; i < 3; ++i, left >>= 7U) {
      const bool more = i < 2 && left > 127;
      rfb::put8(out, static_cast<std::uint8_t>(i == 2 ? left & 255U : (left & 127U) | (more ? 128U : 0U)));
      if (!more) break;
    }
    rfb::put(out, packed);
  }
  void tight(rfb::Bytes& out, const Part& part, std::mt19937& chance) {
    const auto from = of(part);
    const auto colours = palette(from, 256);
    const auto stream = static_cast<std::size_t>(chance() % 4);
    const auto control = [&](bool filter) {
      rfb::put8(out, static_cast<std::uint8_t>(stream << 4U | (filter ? 0x40U : 0U)));
    };
    rfb::Bytes plain;
    if (colours.size() == 1) {
      ++used["tight fill"];
      rfb::put8(out, 0x80);
      return put_three(out, colours[0]);
    }
    if (!colours.empty()) {
      ++used[colours.size() == 2 ? "tight two colours" : "tight palette"];
      control(true);
      rfb::put8(out, 1);
      rfb::put8(out, static_cast<std::uint8_t>(colours.size() - 1));
      for (const auto colour : colours) put_three(out, colour);
      for (std::size_t y = 0; y < part.height; ++y) {
        unsigned byte = 0, have = 0;
        for (std::size_t x = 0; x < part.width; ++x) {
          const std::uint8_t number = place(colours, from[y * part.width + x]);
          if (colours.size() > 2) {
            rfb::put8(plain, number);
            continue;
          }
          byte = byte << 1U | number;
          if (++have == 8 || x + 1 == part.width) {
            rfb::put8(plain, static_cast<std::uint8_t>(byte << (8 - have)));
            byte = have = 0;
          }
        }
      }
    } else if (chance() % 2 == 0) {
      ++used["tight copy"];
      control(false);
      for (const auto colour : from) put_three(plain, colour);
    } else {
      ++used["tight gradient"];
      control(true);
      rfb::put8(out, 2);
      const auto channel = [&](std::size_t x, std::size_t y, unsigned shift) {  // x and y one too large
        return x == 0 || y == 0 ? 0 : static_cast<int>(from[(y - 1) * part.width + x - 1] >> shift & 255U);
      };
      for (std::size_t y = 1; y <= part.height; ++y) {
        for (std::size_t x = 1; x <= part.width; ++x) {
          for (const unsigned shift : {16U, 8U, 0U}) {
            const int guess =
                std::clamp(channel(x - 1, y, shift) + channel(x, y - 1, shift) - channel(x - 1, y - 1, shift), 0, 255);
            rfb::put8(plain, static_cast<std::uint8_t>(channel(x, y, shift) - guess));
          }
        }
      }
    }
    tight_data(out, stream, plain);
  }

  GuestPacker zlib_, zrle_;
  std::array<GuestPacker, 4> tight_;
};

}  // namespace sekisho::screens
