#include "admission/console_tickets.hpp"

#include "admission/device_key.hpp"

#include <span>
#include <utility>

namespace sekisho::admission {
namespace {

constexpr std::size_t kBytes = 32;

}  // namespace

Result<Secret> ConsoleTickets::issue(const ScreenRight& right, Instant now) {
  drop_late(now);
  if (const auto own = of_session_.find(right.session); own != of_session_.end() && own->second.size() >= kPerSession) {
    const std::string oldest = own->second.front();
    drop(oldest);
  }
  if (open_.size() >= kInAll || order_.size() >= 4 * kInAll) return fail("tickets.full", "too many open tickets");
  std::string raw(kBytes, '\0');
  entropy_.fill(std::as_writable_bytes(std::span(raw)));
  Secret ticket(base64url(raw));
  wipe(raw.data(), raw.size());
  std::string hash = sha256(ticket.reveal());
  of_session_[right.session].push_back(hash);
  order_.emplace_back(now + kLife, hash);
  open_.insert_or_assign(std::move(hash), Open{right, now + kLife});
  return ticket;
}

Result<ScreenRight> ConsoleTickets::redeem(std::string_view ticket, std::string_view session, Instant now) {
  drop_late(now);
  const auto found = open_.find(sha256(ticket));
  if (found == open_.end()) return fail("tickets.unknown", "ticket was never issued, is used or too old");
  const std::string hash = found->first;
  Open open = found->second;
  drop(hash);
  if (now >= open.until) return fail("tickets.unknown", "ticket was never issued, is used or too old");
  if (open.right.session != session) return fail("tickets.other", "ticket of another session");
  return std::move(open.right);
}

void ConsoleTickets::forget(std::string_view session) {
  const auto own = of_session_.find(std::string(session));
  if (own == of_session_.end()) return;
  for (const std::string& hash : own->second) open_.erase(hash);
  of_session_.erase(own);
}

void ConsoleTickets::drop(const std::string& hash) {
  const auto found = open_.find(hash);
  if (found == open_.end()) return;
  if (const auto own = of_session_.find(found->second.right.session); own != of_session_.end()) {
    std::erase(own->second, hash);
    if (own->second.empty()) of_session_.erase(own);
  }
  open_.erase(found);
}

void ConsoleTickets::drop_late(Instant now) {
  while (!order_.empty() && (order_.front().first <= now || !open_.contains(order_.front().second))) {
    drop(order_.front().second);
    order_.pop_front();
  }
}

}  // namespace sekisho::admission
