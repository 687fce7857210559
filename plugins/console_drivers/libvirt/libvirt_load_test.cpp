#include "plugin/conformance.hpp"

SEKISHO_CONFORMANCE("libvirt", .config = {{"uri", "test:///default"}, {"role", "consoles"}},
                    .bad = {{{"uri", "qemu+ssh://host/system"}}, {{"role", "desktops"}}});
