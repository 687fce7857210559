#include "console/rfb/testing/streams.hpp"
#include "console_modes.hpp"
#include "console_picture.hpp"
#include "console_wire.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <numeric>
#include <stdexcept>
#include <utility>
#include <vector>

namespace sekisho::bench {
namespace {

/// One browser's screen: both handshakes, then what noVNC does: a request after each update.
class Viewer {
 public:
  explicit Viewer(const ViewerWire::Target& target) : wire_(target) {
    using rfb::testing::hex;
    expect(wire_.take(12) == hex("524642203030332e3030380a"), "version");
    wire_.say(hex("524642203030332e3030380a"));
    expect(wire_.take(2) == hex("0101"), "security types");
    wire_.say(hex("01"));
    expect(wire_.take(4) == hex("00000000"), "security result");
    wire_.say(hex("01"));
    const Bytes init = wire_.take(24);
    expect(rfb::be16(init, 0) == kScreen.width && rfb::be16(init, 2) == kScreen.height, "screen");
    static_cast<void>(wire_.take(rfb::be32(init, 20)));
  }

  /// Asks for the first, whole picture.
  void show() {
    wire_.free_running([this](View piece) { hear(piece); });
    wire_.say(rfb::testing::novnc_opening(kScreen));
  }
  void ask() { wire_.say(rfb::testing::update_request(true, 0, 0, kScreen.width, kScreen.height)); }

  ViewerWire& wire() { return wire_; }
  bool asking = false;
  std::uint64_t updates = 0, lost = 0;
  std::vector<std::uint32_t> delays;  ///< us, from drawn to read

 private:
  static void expect(bool right, const char* what) {
    if (!right) throw std::runtime_error(std::string("viewer: a wrong ") + what);
  }
  void hear(View piece) {
    const bool right = reader_.feed(piece, [this](const std::optional<Stamp>& stamp) {
      ++updates;
      if (stamp) {
        lost += stamp->number - next_;
        next_ = stamp->number + 1;
        delays.push_back(static_cast<std::uint32_t>((monotonic_ns() - stamp->at_ns) / 1000));
      }
      if (asking) ask();
    });
    expect(right, "update");
  }

  ViewerWire wire_;
  UpdateReader reader_;
  std::uint64_t next_ = 0;
};
using Viewers = std::vector<std::unique_ptr<Viewer>>;

/// All of them, until `done` says so.
template <class Done>
void run_until(Viewers& viewers, Done done) {
  std::vector<pollfd> wanted;
  for (const auto& viewer : viewers) wanted.push_back({viewer->wire().fd(), POLLIN, 0});
  bool more = true;  // what was read before may hold more than poll() sees
  while (!done()) {
    if (poll(wanted.data(), wanted.size(), more ? 0 : 20) < 0) throw std::runtime_error("viewer: poll");
    const bool all = std::exchange(more, false);
    for (std::size_t i = 0; i < viewers.size(); ++i) {
      if (all || wanted[i].revents != 0) more = viewers[i]->wire().hear() || more;
    }
  }
}

double at(const std::vector<std::uint32_t>& sorted, double part) {
  return sorted.empty() ? 0 : sorted[static_cast<std::size_t>(part * static_cast<double>(sorted.size() - 1))];
}
double ms_since(std::uint64_t begun) {
  return static_cast<double>(monotonic_ns() - begun) / 1e6;
}
void flush_line() {
  std::putchar('\n');
  std::fflush(stdout);
}

void measure_setups(const ViewerWire::Target& target, unsigned count) {
  std::vector<double> took;
  for (unsigned i = 0; i < count; ++i) {
    const std::uint64_t begun = monotonic_ns();
    const Viewer viewer(target);
    took.push_back(ms_since(begun));
  }
  std::sort(took.begin(), took.end());
  std::printf("{\"setup_ms_p50\": %.4f, \"setup_ms_mean\": %.4f}", took[took.size() / 2],
              std::accumulate(took.begin(), took.end(), 0.0) / static_cast<double>(took.size()));
  flush_line();
}

void measure(const ViewerWire::Target& target, const ViewOptions& options) {
  Viewers viewers;
  for (unsigned i = 0; i < options.viewers; ++i) {
    viewers.push_back(std::make_unique<Viewer>(target));
    viewers.back()->show();
  }
  const auto total = [&](auto what) {
    return std::accumulate(viewers.begin(), viewers.end(), std::uint64_t{0},
                           [&](std::uint64_t sum, const auto& viewer) { return sum + what(*viewer); });
  };
  run_until(viewers, [&] { return std::ranges::all_of(viewers, [](const auto& v) { return v->updates != 0; }); });
  std::printf("{\"open\": %zu}", viewers.size());
  flush_line();
  // Nothing is asked for until the caller says so; what comes of itself (pings) is answered.
  pollfd word{0, POLLIN, 0};
  run_until(viewers, [&] { return poll(&word, 1, 0) != 0; });
  char line = 0;
  while (line != '\n' && ::read(0, &line, 1) == 1) {
  }
  if (line != '\n') return;
  for (const auto& viewer : viewers) {
    viewer->updates = viewer->lost = 0;
    viewer->delays.clear();
    viewer->asking = true;
    viewer->ask();
  }
  const std::uint64_t before = total([](Viewer& v) { return v.wire().heard(); });
  const std::uint64_t begun = monotonic_ns();
  run_until(viewers, [&] { return ms_since(begun) >= options.seconds * 1000; });
  const double took = ms_since(begun) / 1000;
  const std::uint64_t bytes = total([](Viewer& v) { return v.wire().heard(); }) - before;
  std::vector<std::uint32_t> delays;
  for (const auto& viewer : viewers) {
    viewer->asking = false;
    delays.insert(delays.end(), viewer->delays.begin(), viewer->delays.end());
  }
  std::sort(delays.begin(), delays.end());
  std::printf(
      "{\"updates\": %llu, \"bytes\": %llu, \"seconds\": %.4f, \"lost\": %llu, \"delay_ms_p50\": %.3f, "
      "\"delay_ms_p99\": %.3f, \"delay_ms_max\": %.3f}",
      static_cast<unsigned long long>(total([](Viewer& v) { return v.updates; })),
      static_cast<unsigned long long>(bytes), took,
      static_cast<unsigned long long>(total([](Viewer& v) { return v.lost; })), at(delays, 0.5) / 1000,
      at(delays, 0.99) / 1000, at(delays, 1) / 1000);
  flush_line();
  run_until(viewers, [&] { return poll(&word, 1, 0) != 0; });  // the end of stdin
}

}  // namespace

int run_view(const ViewOptions& options) {
  try {
    const SslContext context = options.scheme == "wss" ? viewer_context(options.ca_file) : SslContext();
    const ViewerWire::Target target{options.address, options.origin,          options.path, options.ticket,
                                    options.port,    options.scheme != "tcp", context.get()};
    if (options.setups != 0) measure_setups(target, options.setups);
    if (options.viewers != 0) measure(target, options);
    return 0;
  } catch (const std::runtime_error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}

}  // namespace sekisho::bench
