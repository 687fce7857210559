// What the libvirt driver logs. Threads: constants.
#pragma once
#include <sekisho/sdk/event.hpp>

namespace sekisho::libvirt {

inline constexpr Event kPower{"libvirt.power",
                              Level::info,
                              {"仮想マシンの電源を操作しました。方針で許可された操作です。対応は不要です。",
                               "A machine's power was switched, as the policy allows. Nothing to do."},
                              {"machine", "action"}};

}  // namespace sekisho::libvirt
