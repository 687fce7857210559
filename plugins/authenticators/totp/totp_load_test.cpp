// The real library through the real loader, and the conformance kit.
#include "plugin/conformance.hpp"

namespace {

SEKISHO_CONFORMANCE("totp", .files = {{"key_file", "0123456789abcdef0123456789abcdef0123456789abcdef\n"}});

}  // namespace
