#include "run/child_control.hpp"

#include <fcntl.h>

#include <utility>
#include <variant>

namespace sekisho::run {

ChildControl::ChildControl(boost::asio::io_context& loop, Handler& handler, int fd) : handler_(handler) {
  fcntl(fd, F_SETFD, FD_CLOEXEC);
  link_ = open_link(loop, Fd(fd), *this);
}

ChildControl::~ChildControl() = default;

void ChildControl::ready() {
  if (!std::exchange(ready_, true) && link_) link_->send(seam::Ready{});
}

void ChildControl::on_message(seam::Message message, int raw) {
  Fd fd(raw);
  if (auto* handover = std::get_if<seam::Handover>(&message)) {
    if (handover->kind == "listener" && fd) return handler_.on_listener(std::move(handover->name), std::move(fd));
    if (handover->kind == "link" && fd) return handler_.on_link(std::move(handover->name), std::move(fd));
    if (handover->kind == "end" && !fd && !std::exchange(complete_, true)) return handler_.on_complete();
  }
  link_.reset();
  handler_.on_supervisor_gone("the supervisor said something that it does not say");
}

void ChildControl::on_closed(std::string_view why) {
  handler_.on_supervisor_gone(why);
}

}  // namespace sekisho::run
