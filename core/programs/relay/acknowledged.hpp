// Whether the other side of a TCP connection has all that was written to it; of a local stream, whether it was read.
// Threads: any. Ownership: borrows the descriptor. Errors: none; a connection that is over, or that the kernel tells
// nothing of, counts as acknowledged, because nothing more will come of waiting. Source: tcp(7), TCP_INFO; unix(7),
// SIOCOUTQ.
#pragma once

namespace sekisho::relay {

/// False while bytes wait for the network or for the other side's acknowledgement.
[[nodiscard]] bool acknowledged(int tcp_socket);

}  // namespace sekisho::relay
