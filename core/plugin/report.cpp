#include "plugin/report.hpp"

#include "plugin/events.hpp"

#include <array>

namespace sekisho::plugin {
namespace {

constexpr std::array kRefusals{&kBadName,          &kNoManifest,    &kBadManifest,   &kWrongKind,   &kWipRefused,
                               &kNoLibrary,        &kWrongHash,     &kWrongApi,      &kNotLoadable, &kNoEntry,
                               &kOtherFingerprint, &kBadHeader,     &kHeaderDiffers, &kMissingNeed, &kBadConfig,
                               &kCreateFailed,     &kThrewInCreate, &kUnsafeFile};

}  // namespace

const Event* event_of(std::string_view code) {
  for (const Event* event : kRefusals) {
    if (code == event->id) return event;
  }
  return nullptr;
}

void report(Log& log, const LoadedAll& all) {
  for (const auto* list : {&all.refused, &all.skipped}) {
    for (const NotLoaded& error : *list) {
      const Event* event = event_of(error.code);
      SEKISHO_ASSERT(event != nullptr);  // the loader gives no other
      log.event(*event, {{"plugin", error.plugin},
                         {"detail", error.detail},
                         {"peer", error.peer},
                         {"critical", list == &all.refused}});
    }
  }
}

}  // namespace sekisho::plugin
