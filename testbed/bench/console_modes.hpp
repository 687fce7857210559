// The modes of bench-console, one file each. Each runs until its stdin ends and writes lines of JSON. Threads: one
// each, and what it starts. Errors: a sentence on stderr and a number other than 0.
#pragma once
#include <cstdint>
#include <string>

namespace sekisho::bench {

/// A screen's server. `rate`: changes a second of each connection; 0: raw pictures as fast as they are asked for.
struct GuestOptions {
  std::uint16_t port = 0;
  double rate = 20;
};
/// {"connections", "updates", "late"}; late: the viewer had not asked for a change when it was due.
int run_guest(const GuestOptions& options);

/// Viewers over wss, ws, or tcp (straight at a guest).
struct ViewOptions {
  std::string scheme = "wss", address = "127.0.0.1", origin, path = "/ws/console", ticket, ca_file;
  std::uint16_t port = 0;
  unsigned viewers = 1;
  unsigned setups = 0;  ///< before: so many are opened and closed one after the other
  double seconds = 4;
};
/// {"setup_ms_p50", "setup_ms_mean"} · {"open"} · a line on stdin begins · {"updates", "bytes", "seconds", "lost",
/// "added"…}.
int run_view(const ViewOptions& options);

/// The gatekeeper of a sekisho-relay that it starts. A ticket's first five characters are the guest's port, the sixth
/// is r where the screen is to be recorded.
struct GateOptions {
  std::string relay, config, path = "internet";
};
/// {"relay"} · at stdin's end {"screens", "recordings", "verified", "chunks", "pictures", "missing", "ends"}.
int run_gate(const GateOptions& options);

}  // namespace sekisho::bench
