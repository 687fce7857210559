// The seam's messages in Python: Message is one of its alternatives.
// Threads: with the GIL.
#pragma once
#include "casters.hpp"
#include "seam/codec.hpp"

SEKISHO_ONE_OF(::sekisho::seam::Message)
SEKISHO_ONE_OF(::sekisho::seam::HyperVerb)
SEKISHO_ONE_OF(::sekisho::seam::HyperResult)
SEKISHO_ONE_OF(::sekisho::seam::ConsoleQuestion)
SEKISHO_ONE_OF(::sekisho::seam::ConsoleAnswer)
SEKISHO_ONE_OF(decltype(::sekisho::seam::ConsoleNotice::body))
SEKISHO_ONE_OF(decltype(::sekisho::seam::RecordingNote::body))

SEKISHO_WORDS(::sekisho::seam::Place, "desktop", "console")
