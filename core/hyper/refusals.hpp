// What a person is told when a screen does not open. Threads: pure.
#pragma once
#include <sekisho/sdk/refusal.hpp>

#include <string_view>
#include <vector>

namespace sekisho::hyper {

/// `code`: screen.ticket, screen.not_running, screen.busy, screen.unreachable. Anything else becomes
/// screen.unreachable.
[[nodiscard]] Refusal screen_refusal(std::string_view code);
[[nodiscard]] std::vector<Refusal> all_screen_refusals();

}  // namespace sekisho::hyper
