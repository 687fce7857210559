#include "run/testing/memory_link.hpp"

#include <unistd.h>

#include <array>
#include <string>
#include <utility>
#include <variant>

namespace sekisho::run::testing {
namespace {

/// Both ends; index 0 is the first. A null handler is an end that nobody listens at any more.
struct Wire {
  std::array<seam::Link::Handler*, 2> handlers{};
  bool closed = false;
};

class MemoryLink final : public seam::Link {
 public:
  MemoryLink(Timers& timers, std::shared_ptr<Wire> wire, std::size_t me)
      : timers_(timers), wire_(std::move(wire)), me_(me) {}
  ~MemoryLink() override { close(); }
  MemoryLink(const MemoryLink&) = delete;
  MemoryLink& operator=(const MemoryLink&) = delete;

  void send(const seam::Message& message) override { pass(message, -1); }
  void send_with_fd(const seam::Message& message, int fd) override {
    SEKISHO_ASSERT(seam::carries_descriptor(message));
    pass(message, fd);
  }
  void close() override {
    wire_->handlers[me_] = nullptr;
    if (!std::exchange(wire_->closed, true)) end(1 - me_, "the peer closed the link");
  }

 private:
  void pass(const seam::Message& message, int fd) {
    auto packet = wire_->closed ? Result<seam::Packet>(fail("seam.closed")) : seam::encode(message);
    if (!packet) {
      if (fd >= 0) ::close(fd);
      if (!wire_->closed && !std::holds_alternative<seam::Request>(message)) {
        wire_->closed = true;
        end(me_, "a message of ours did not fit");
        end(1 - me_, "the peer closed the link");
      }
      return;
    }
    auto shared = std::make_shared<seam::Packet>(std::move(*packet));
    timers_.post([wire = wire_, shared, fd, to = 1 - me_] {
      auto* handler = wire->handlers[to];
      auto read = seam::decode(shared->bytes());
      SEKISHO_ASSERT(read.has_value());
      if (handler != nullptr) return handler->on_message(std::move(*read), fd);
      if (fd >= 0) ::close(fd);
    });
  }
  void end(std::size_t at, std::string why) {
    timers_.post([wire = wire_, at, why = std::move(why)] {
      if (auto* handler = std::exchange(wire->handlers[at], nullptr)) handler->on_closed(why);
    });
  }

  Timers& timers_;
  std::shared_ptr<Wire> wire_;
  std::size_t me_;
};

}  // namespace

MemoryLinks make_memory_links(Timers& timers, seam::Link::Handler& of_first, seam::Link::Handler& of_second) {
  auto wire = std::make_shared<Wire>();
  wire->handlers = {&of_first, &of_second};
  return {std::make_unique<MemoryLink>(timers, wire, 0), std::make_unique<MemoryLink>(timers, wire, 1)};
}

}  // namespace sekisho::run::testing
