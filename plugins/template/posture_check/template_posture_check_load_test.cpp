#include "plugin/conformance.hpp"

SEKISHO_CONFORMANCE("template_posture_check");
