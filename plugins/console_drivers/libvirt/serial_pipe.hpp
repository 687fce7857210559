// A machine's serial console as one connected socket: libvirt's stream on one side, a socket pair on the other.
// Threads: start() from a worker thread; the bytes move on libvirt's event loop. Ownership: the pipe lives as long as
// both sides do; closing either closes the other. Limits: 64 KiB wait in each direction, then the faster side waits.
// Errors: console.busy (somebody else has it), console.refused, console.not_supported. Source: consoles.md §2.1, 4.
#pragma once
#include "handles.hpp"

#include <sekisho/sdk/result.hpp>

namespace sekisho::libvirt {

[[nodiscard]] Result<OwnedFd> open_serial(virConnectPtr connect, virDomainPtr domain);

}  // namespace sekisho::libvirt
