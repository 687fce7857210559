// The exchange that opens a tunnel over DTLS: the client shows its session cookie, the server says ok or fail.
//
//   > u16 length "GFtype" 00 "clthello" 00 "SVPNCOOKIE" 00 <cookie> 00      repeated each second until it is answered
//   < u16 length "GFtype" 00 "svrhello" 00 "handshake" 00 "ok"|"fail" 00
//
// The length is the whole record's, itself included. Threads: pure functions. Source: the page's §6.
#pragma once
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sekisho::fortinet {

/// Whether a record is of this kind at all, well formed or not: no PPP frame begins so.
[[nodiscard]] bool is_hello(std::span<const std::byte> record);
/// The cookie of a client's hello: 43 base64url characters; empty when anything about the record is wrong. Borrowed.
[[nodiscard]] std::string_view hello_cookie(std::span<const std::byte> record);
[[nodiscard]] std::vector<std::byte> hello_answer(bool ok);

// Client role.
[[nodiscard]] std::vector<std::byte> client_hello(std::string_view cookie);

}  // namespace sekisho::fortinet
