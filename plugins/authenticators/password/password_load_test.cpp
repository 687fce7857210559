// The real library through the real loader, and the conformance kit.
#include "plugin/conformance.hpp"

namespace {

SEKISHO_CONFORMANCE("password", .config = {{"lock_after", 5}});

}  // namespace
