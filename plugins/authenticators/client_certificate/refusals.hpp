// The certificate factor's refusals. Whoever holds somebody's certificate knows whose it is; nobody learns from these
// whether another id exists (certificate.other_person is said for unknown ids as well).
// Threads: constant data.
#pragma once
#include <sekisho/sdk/refusal.hpp>

#include <span>
#include <string_view>

namespace sekisho::client_certificate {

/// `code` is one of codes(); anything else aborts.
[[nodiscard]] Refusal refusal(std::string_view code);
[[nodiscard]] std::span<const std::string_view> codes();

}  // namespace sekisho::client_certificate
