// Owners of libvirt's reference-counted objects, and its errors as ours.
// Threads: libvirt's objects may be used from any thread; its last error belongs to the thread that failed.
// Errors: console.*, see sdk/console_driver.hpp. Source: libvirt 9.0 <libvirt/virterror.h>.
#pragma once
#include <sekisho/sdk/result.hpp>

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <utility>

namespace sekisho::libvirt {

template <class T, int (*release)(T*)>
struct Releaser {
  void operator()(T* object) const noexcept { release(object); }
};
using Connect = std::unique_ptr<virConnect, Releaser<virConnect, virConnectClose>>;
using Domain = std::unique_ptr<virDomain, Releaser<virDomain, virDomainFree>>;
using Snapshot = std::unique_ptr<virDomainSnapshot, Releaser<virDomainSnapshot, virDomainSnapshotFree>>;
using Stream = std::unique_ptr<virStream, Releaser<virStream, virStreamFree>>;
using Pool = std::unique_ptr<virStoragePool, Releaser<virStoragePool, virStoragePoolFree>>;
using Volume = std::unique_ptr<virStorageVol, Releaser<virStorageVol, virStorageVolFree>>;

/// A string or array that libvirt allocated.
struct Freed {
  void operator()(void* memory) const noexcept { free(memory); }
};
using Text = std::unique_ptr<char, Freed>;

/// Owns one descriptor.
class OwnedFd {
 public:
  OwnedFd() = default;
  explicit OwnedFd(int fd) : fd_(fd) {}
  OwnedFd(OwnedFd&& other) noexcept : fd_(other.release()) {}
  OwnedFd& operator=(OwnedFd&& other) noexcept {
    if (this != &other) {
      if (fd_ >= 0) close(fd_);
      fd_ = other.release();
    }
    return *this;
  }
  ~OwnedFd() {
    if (fd_ >= 0) close(fd_);
  }
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] int release() { return std::exchange(fd_, -1); }

 private:
  int fd_ = -1;
};

/// What libvirt has just refused to do on this thread. `what` is our words for the call.
[[nodiscard]] inline Error libvirt_error(const char* what) {
  const virError* said = virGetLastError();
  const int number = said == nullptr ? 0 : said->code;
  const char* code = "console.refused";
  switch (number) {
    case VIR_ERR_NO_DOMAIN:
      code = "console.no_such_machine";
      break;
    case VIR_ERR_OPERATION_TIMEOUT:
    case VIR_ERR_AGENT_UNRESPONSIVE:
    case VIR_ERR_AGENT_UNSYNCED:
      code = "console.timed_out";
      break;
    case VIR_ERR_NO_SUPPORT:
    case VIR_ERR_CONFIG_UNSUPPORTED:
    case VIR_ERR_ARGUMENT_UNSUPPORTED:
    case VIR_ERR_OPERATION_UNSUPPORTED:
      code = "console.not_supported";
      break;
    case VIR_ERR_NO_CONNECT:
    case VIR_ERR_RPC:
    case VIR_ERR_AUTH_FAILED:
    case VIR_ERR_AUTH_UNAVAILABLE:
    case VIR_ERR_INVALID_CONN:
      code = "console.unreachable";
      break;
    default:
      break;
  }
  std::string words = said == nullptr || said->message == nullptr ? "" : said->message;
  if (words.size() > 300) words.resize(300);
  return fail(code, std::string(what) + " (libvirt " + std::to_string(number) + ")", std::move(words));
}

}  // namespace sekisho::libvirt
