// Loads the C library's name service modules (libnss_*.so.2 that /etc/nsswitch.conf names) while a process still may:
// behind the sandbox no code can be loaded, and a look-up that needs a module would kill the process.
// Threads: before others start. Errors: none; a module that is not there is not missed by the look-up either.
// Source: nsswitch.conf(5).
#pragma once
#include <string>
#include <vector>

namespace sekisho::run {

/// Module names of an nsswitch.conf, each once: "files systemd" -> files, systemd. Actions in brackets are no names.
[[nodiscard]] std::vector<std::string> name_service_modules(const std::string& nsswitch_conf);
void load_name_services(const char* conf_file = "/etc/nsswitch.conf");

}  // namespace sekisho::run
