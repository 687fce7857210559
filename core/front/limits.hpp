// Every number of a front in one place (threats.md §8, §9). Threads: plain value. Units: bytes unless said.
#pragma once
#include <sekisho/sdk/time.hpp>

#include <cstddef>

namespace sekisho::front {

struct FrontLimits {
  // Newcomers (connections whose person is not known yet).
  std::size_t connections = 4096;        ///< in all
  std::size_t unknown_per_ipv4 = 20;     ///< of one IPv4 address
  std::size_t unknown_per_network = 40;  ///< of one IPv6 /64
  std::size_t drop_from_percent = 10;    ///< of `connections`: from here on newcomers are dropped at random
  std::size_t unknown_percent = 30;      ///< of `connections`: no more unknown ones than that
  /// Where there is no place, a handshake that has taken longer than this gives its own to the newcomer.
  std::chrono::milliseconds yields{300};
  /// Whether those who come and go unknown are penalised; not where nobody ever logs in (the posture page).
  bool penalise_unknown = true;

  /// DTLS: ClientHellos of unknown senders that are answered in a second, in all. More are not looked at: whoever is
  /// inside is worth more than a flood, and clients repeat theirs or use TLS.
  std::size_t hellos_per_second = 2000;

  // One connection.
  Seconds handshake{10};
  Seconds close{2};                               ///< from close() until it is cut off
  Seconds stalled{60};                            ///< output waits and the peer takes none of it
  std::size_t output_unknown = 128 * 1024;        ///< written and not taken by the peer: more closes it
  std::size_t output_tunnel = 256 * 1024;         ///< the same, once a tunnel is attached
  std::size_t gather = 64 * 1024;                 ///< records gathered for one send()
  std::size_t queue = 256 * 1024;                 ///< packets waiting for one session
  std::chrono::milliseconds ended_session{1800};  ///< from SessionEnded until the connection is cut off

  // The gatekeeper.
  Seconds answer{25};
  Seconds without_gate{120};                  ///< then every tunnel is closed
  std::size_t asked_bytes = 2 * 1024 * 1024;  ///< of requests without an answer; more are refused
};

}  // namespace sekisho::front
