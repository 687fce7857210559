// The tunnel's settings as the clients want them (the page's §2.6). openfortivpn's reader is textual: no entities, no
// '/' or '<' in values, attributes as name="value". Threads: pure functions.
#pragma once
#include <sekisho/sdk/path/gate_messages.hpp>

#include <string>

namespace sekisho::fortinet {

/// Whether both addresses and the prefix can be used; otherwise nothing may be answered but a refusal.
[[nodiscard]] bool usable(const SessionView& view);

/// Routes only to the gate's inner address; nothing else of the inside is named (R11). Empty when `view` is not usable.
/// `datagrams`: the client may try DTLS first, at the same address and port.
[[nodiscard]] std::string settings_xml(const SessionView& view, bool datagrams);

}  // namespace sekisho::fortinet
