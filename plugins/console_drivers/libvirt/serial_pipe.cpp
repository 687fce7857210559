#include "serial_pipe.hpp"

#include <errno.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <memory>
#include <mutex>

namespace sekisho::libvirt {
namespace {

constexpr std::size_t kBuffer = 64 * 1024;

/// Bytes on their way, first in first out; never more than kBuffer.
class Waiting {
 public:
  [[nodiscard]] bool empty() const { return begin_ == end_; }
  [[nodiscard]] std::size_t room() const { return bytes_.size() - end_; }
  [[nodiscard]] char* free_place() { return bytes_.data() + end_; }
  [[nodiscard]] const char* first() const { return bytes_.data() + begin_; }
  [[nodiscard]] std::size_t size() const { return end_ - begin_; }
  void added(std::size_t count) { end_ += count; }
  void taken(std::size_t count) {
    begin_ += count;
    if (begin_ == end_) {
      begin_ = end_ = 0;
    } else if (room() < bytes_.size() / 2) {
      std::memmove(bytes_.data(), first(), size());
      end_ -= begin_;
      begin_ = 0;
    }
  }

 private:
  std::array<char, kBuffer> bytes_{};
  std::size_t begin_ = 0, end_ = 0;
};

class SerialPipe {
 public:
  using Pointer = std::shared_ptr<SerialPipe>;
  SerialPipe(Stream stream, OwnedFd ours) : stream_(std::move(stream)), ours_(std::move(ours)) {}

  static Result<void> start(const Pointer& self) {
    const std::scoped_lock lock(self->mutex_);
    if (virStreamEventAddCallback(self->stream_.get(), VIR_STREAM_EVENT_READABLE, &on_stream, new Pointer(self),
                                  &free_pointer) < 0) {
      const Error error = libvirt_error("watch the serial stream");
      virStreamAbort(self->stream_.get());
      return error;
    }
    self->watch_ =
        virEventAddHandle(self->ours_.get(), VIR_EVENT_HANDLE_READABLE, &on_socket, new Pointer(self), &free_pointer);
    if (self->watch_ < 0) {
      const Error error = libvirt_error("watch the serial socket");
      self->end();
      return error;
    }
    return {};
  }

 private:
  static void free_pointer(void* opaque) { delete static_cast<Pointer*>(opaque); }
  static void on_stream(virStreamPtr, int events, void* opaque) {
    const Pointer self = *static_cast<Pointer*>(opaque);
    const std::scoped_lock lock(self->mutex_);
    if (self->ended_) return;
    if ((events & VIR_STREAM_EVENT_READABLE) != 0) self->from_machine();
    if ((events & VIR_STREAM_EVENT_WRITABLE) != 0) self->to_machine();
    if ((events & (VIR_STREAM_EVENT_ERROR | VIR_STREAM_EVENT_HANGUP)) != 0) self->closing_ = true;
    self->settle();
  }
  static void on_socket(int, int, int events, void* opaque) {
    const Pointer self = *static_cast<Pointer*>(opaque);
    const std::scoped_lock lock(self->mutex_);
    if (self->ended_) return;
    if ((events & VIR_EVENT_HANDLE_READABLE) != 0) self->from_person();
    if ((events & VIR_EVENT_HANDLE_WRITABLE) != 0) self->to_person();
    if ((events & (VIR_EVENT_HANDLE_ERROR | VIR_EVENT_HANDLE_HANGUP)) != 0) self->gone_ = true;
    self->settle();
  }

  void from_machine() {
    while (down_.room() > 0) {
      const int got = virStreamRecv(stream_.get(), down_.free_place(), down_.room());
      if (got == -2) return;  // nothing more for now
      if (got <= 0) {
        closing_ = true;
        return;
      }
      down_.added(static_cast<std::size_t>(got));
      to_person();
    }
  }
  void to_person() {
    while (!down_.empty()) {
      const ssize_t sent = ::send(ours_.get(), down_.first(), down_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent < 0 && (errno == EAGAIN || errno == EINTR)) return;
      if (sent < 0) {
        gone_ = true;
        return;
      }
      down_.taken(static_cast<std::size_t>(sent));
    }
  }
  void from_person() {
    while (up_.room() > 0) {
      const ssize_t got = ::recv(ours_.get(), up_.free_place(), up_.room(), MSG_DONTWAIT);
      if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
      if (got <= 0) {
        gone_ = true;
        return;
      }
      up_.added(static_cast<std::size_t>(got));
      to_machine();
    }
  }
  void to_machine() {
    while (!up_.empty()) {
      const int sent = virStreamSend(stream_.get(), up_.first(), up_.size());
      if (sent == -2) return;
      if (sent < 0) {
        closing_ = true;
        return;
      }
      up_.taken(static_cast<std::size_t>(sent));
    }
  }

  /// Asks for what can be done next, or ends.
  void settle() {
    if (gone_ || (closing_ && down_.empty())) return end();
    const int stream = (down_.room() > 0 && !closing_ ? VIR_STREAM_EVENT_READABLE : 0) |
                       (up_.empty() || closing_ ? 0 : VIR_STREAM_EVENT_WRITABLE);
    const int socket =
        (up_.room() > 0 ? VIR_EVENT_HANDLE_READABLE : 0) | (down_.empty() ? 0 : VIR_EVENT_HANDLE_WRITABLE);
    virStreamEventUpdateCallback(stream_.get(), stream);
    virEventUpdateHandle(watch_, socket);
  }
  void end() {
    if (std::exchange(ended_, true)) return;
    virStreamEventRemoveCallback(stream_.get());
    if (watch_ >= 0) virEventRemoveHandle(watch_);
    virStreamAbort(stream_.get());
    ::shutdown(ours_.get(), SHUT_RDWR);
  }

  std::mutex mutex_;
  Stream stream_;
  OwnedFd ours_;
  int watch_ = -1;
  Waiting up_, down_;
  bool closing_ = false, gone_ = false, ended_ = false;
};

}  // namespace

Result<OwnedFd> open_serial(virConnectPtr connect, virDomainPtr domain) {
  Stream stream(virStreamNew(connect, VIR_STREAM_NONBLOCK));
  if (!stream) return libvirt_error("a stream");
  if (virDomainOpenConsole(domain, nullptr, stream.get(), VIR_DOMAIN_CONSOLE_SAFE) < 0) {
    Error error = libvirt_error("open the serial console");
    if (virGetLastErrorCode() == VIR_ERR_OPERATION_FAILED) error.code = "console.busy";
    return error;
  }
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0) {
    virStreamAbort(stream.get());
    return fail("console.refused", std::strerror(errno));
  }
  OwnedFd theirs(ends[1]);
  const auto pipe = std::make_shared<SerialPipe>(std::move(stream), OwnedFd(ends[0]));
  if (auto started = SerialPipe::start(pipe); !started) return started.error();
  return theirs;
}

}  // namespace sekisho::libvirt
