#include "event_loop.hpp"

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <signal.h>

#include <chrono>
#include <thread>

namespace sekisho::libvirt {
namespace {

bool start() {
  virSetErrorFunc(nullptr, [](void*, virErrorPtr) {});  // otherwise every error is also written to stderr
  if (virInitialize() < 0 || virEventRegisterDefaultImpl() < 0) return false;
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread([] {
    // A timer that never fires: with nothing to wait for the loop would return at once, for ever.
    static_cast<void>(virEventAddTimeout(
        -1, [](int, void*) {}, nullptr, nullptr));
    for (;;) {
      if (virEventRunDefaultImpl() < 0) std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
  }).detach();
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return true;
}

}  // namespace

bool start_event_loop() {
  static const bool started = start();
  return started;
}

}  // namespace sekisho::libvirt
