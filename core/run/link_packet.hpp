// One packet, with or without a descriptor, onto a SOCK_SEQPACKET socket. Shared by links and by the supervisor, which
// speaks before any loop listens. Threads: pure system call. Ownership: `pass` is borrowed; -1: none.
#pragma once
#include <cstddef>
#include <span>

namespace sekisho::run {

/// 0, or the errno of sendmsg (EAGAIN when the peer does not read). Never blocks, never raises SIGPIPE.
[[nodiscard]] int send_packet(int socket, std::span<const std::byte> packet, int pass);

}  // namespace sekisho::run
