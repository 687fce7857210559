// Words of the registry, of policies and of plugins that several subjects bind.
// Threads: with the GIL.
#pragma once
#include "admission/policy.hpp"
#include "casters.hpp"

#include <sekisho/sdk/plugin.hpp>

SEKISHO_WORDS(::sekisho::registry::Zone, "internet_business", "internet_dmz", "my_number")
SEKISHO_WORDS(::sekisho::registry::Purpose, "maintenance", "build_up")
SEKISHO_WORDS(::sekisho::admission::CheckMode, "enforce", "warn", "off")
SEKISHO_WORDS(::sekisho::PluginKind, "access_path", "authenticator", "posture_check", "console_driver")
SEKISHO_WORDS(::sekisho::PluginStatus, "wip", "alpha", "stable")
SEKISHO_WORDS(::sekisho::PluginPosture, "trusted_peer", "untrusted_peer")
