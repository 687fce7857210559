// What comes in from files and from whoever sits at the keyboard.
// Threads: one. Errors: ctl.unreadable, ctl.empty_secret, ctl.secrets_differ, those of parse_json().
#pragma once
#include <sekisho/sdk/refusal.hpp>
#include <sekisho/sdk/result.hpp>
#include <sekisho/sdk/secret.hpp>

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace sekisho::ctl {

/// A whole file, at most 16 MiB; "-" is stdin.
[[nodiscard]] Result<std::string> read_input(const std::string& path);
[[nodiscard]] Result<nlohmann::json> read_json(const std::string& path);

/// One line without its line feed, 1 to 1024 bytes; "-" is stdin. At a terminal it asks on stderr with `prompt` and
/// without echo, `twice` for a new secret.
[[nodiscard]] Result<Secret> read_secret(const std::string& path, const std::string& prompt, bool twice);

}  // namespace sekisho::ctl
