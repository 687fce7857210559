// Built by another toolchain.
#include "broken.hpp"

SEKISHO_BROKEN_HEADER(fingerprint, "gcc-1.0/libstdc++-1/abi-0")
