#include "console/rfb/report.hpp"

#include "console/rfb/events.hpp"

namespace sekisho::rfb {

const Event* event_of(Cause cause) {
  switch (cause) {
    case Cause::clipboard:
    case Cause::power:
    case Cause::sound:
      return &kStopped;
    case Cause::fast_typing:
      return &kTypedFast;
    case Cause::resize:
    case Cause::view_only:
    case Cause::encoding_held:
      return &kHeld;
    case Cause::version:
    case Cause::security:
    case Cause::guest_refused:
    case Cause::slow_opening:
      return &kNotOpened;
    case Cause::viewer_gone:
    case Cause::guest_gone:
    case Cause::closed:
      return nullptr;
    default:
      return &kBroken;
  }
}

void report(Log& log, const ReportedConsole& console, const Notice& notice, std::string_view detail) {
  const Event* event = event_of(notice.cause);
  if (event == nullptr) return;
  const std::string_view what = words(notice.cause).code, by = notice.side == Side::viewer ? "viewer" : "guest";
  if (event == &kStopped) {
    log.event(kStopped, {{"session", console.session},
                         {"machine", console.machine},
                         {"what", what},
                         {"by", by},
                         {"count", notice.count},
                         {"bytes", notice.bytes},
                         {"total", notice.total}});
  } else if (event == &kTypedFast) {
    log.event(
        kTypedFast,
        {{"session", console.session}, {"machine", console.machine}, {"count", notice.count}, {"total", notice.total}});
  } else if (event == &kHeld) {
    log.event(kHeld, {{"session", console.session},
                      {"machine", console.machine},
                      {"what", what},
                      {"by", by},
                      {"count", notice.count},
                      {"total", notice.total}});
  } else if (event == &kNotOpened) {
    log.event(
        kNotOpened,
        {{"session", console.session}, {"machine", console.machine}, {"what", what}, {"by", by}, {"detail", detail}});
  } else {
    log.event(
        kBroken,
        {{"session", console.session}, {"machine", console.machine}, {"what", what}, {"by", by}, {"detail", detail}});
  }
}

}  // namespace sekisho::rfb
