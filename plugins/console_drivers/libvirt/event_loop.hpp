// libvirt's event loop on a thread of its own: it carries keep-alives, lifecycle events and streams.
// There is one a process, because libvirt's is one a process; once started it runs until the process ends.
// Threads: from any thread; callbacks of libvirt come on the loop's thread.
#pragma once

namespace sekisho::libvirt {

/// Before the first connection is opened. False when libvirt refuses.
[[nodiscard]] bool start_event_loop();

}  // namespace sekisho::libvirt
