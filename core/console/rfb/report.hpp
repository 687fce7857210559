// From a console's notices to log events. Threads: any; a Log takes events from any thread.
#pragma once
#include "base/log.hpp"
#include "console/rfb/notice_board.hpp"

#include <string_view>

namespace sekisho::rfb {

struct ReportedConsole {
  std::string_view session;  ///< "S20261122-1-000042"
  std::string_view machine;  ///< the machine's UUID
};
/// The event that `cause` is reported as; nullptr for an ordinary end (a peer left, the gate closed it).
[[nodiscard]] const Event* event_of(Cause cause);
/// `detail`: the guest's own words, if it said any.
void report(Log& log, const ReportedConsole& console, const Notice& notice, std::string_view detail = {});

}  // namespace sekisho::rfb
