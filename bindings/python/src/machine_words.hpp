// Words of machines that several subjects bind. Threads: with the GIL.
#pragma once
#include "casters.hpp"
#include "seam/hyper_messages.hpp"

SEKISHO_WORDS(::sekisho::MachineState, "unknown", "running", "paused", "stopped", "crashed")
SEKISHO_WORDS(::sekisho::PowerAction, "start", "shut_down", "power_off", "reboot", "reset")
SEKISHO_WORDS(::sekisho::seam::ScreenKind, "screen", "serial", "picture")
