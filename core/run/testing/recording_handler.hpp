// A link's user that keeps what it hears. Threads: one.
#pragma once
#include "seam/codec.hpp"

#include <unistd.h>

#include <functional>
#include <string>
#include <vector>

namespace sekisho::run::testing {

struct RecordingHandler final : seam::Link::Handler {
  ~RecordingHandler() override {
    for (const int fd : fds) {
      if (fd >= 0) ::close(fd);
    }
  }
  void on_message(seam::Message message, int fd) override {
    messages.push_back(std::move(message));
    fds.push_back(fd);
    if (then) then();
  }
  void on_closed(std::string_view why) override {
    closed.emplace_back(why);
    if (then) then();
  }
  template <class T>
  [[nodiscard]] const T& as(std::size_t index) const {
    return std::get<T>(messages.at(index));
  }
  std::vector<seam::Message> messages;
  std::vector<int> fds;  ///< owned
  std::vector<std::string> closed;
  std::function<void()> then;
};

}  // namespace sekisho::run::testing
