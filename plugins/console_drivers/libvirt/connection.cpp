#include "connection.hpp"

#include "event_loop.hpp"

#include <atomic>

namespace sekisho::libvirt {
namespace {

constexpr std::size_t kMostEvents = 1024;
constexpr std::chrono::seconds kBetweenTries(1), kForAnother(2);
constexpr int kKeepAliveSeconds = 5;
constexpr unsigned kKeepAlives = 3;

}  // namespace

void EventQueue::push(MachineEvent event) {
  const std::scoped_lock lock(mutex_);
  if (events_.size() >= kMostEvents) {
    events_.clear();
    event = {};
  }
  events_.push_back(std::move(event));
  here_.notify_one();
}

std::vector<MachineEvent> EventQueue::take(std::chrono::steady_clock::time_point end) {
  std::unique_lock lock(mutex_);
  here_.wait_until(lock, end, [&] { return !events_.empty(); });
  std::vector<MachineEvent> out(std::make_move_iterator(events_.begin()), std::make_move_iterator(events_.end()));
  events_.clear();
  return out;
}

MachineState state_after(int lifecycle_event) {
  switch (lifecycle_event) {
    case VIR_DOMAIN_EVENT_STARTED:
    case VIR_DOMAIN_EVENT_RESUMED:
      return MachineState::running;
    case VIR_DOMAIN_EVENT_SUSPENDED:
    case VIR_DOMAIN_EVENT_PMSUSPENDED:
      return MachineState::paused;
    case VIR_DOMAIN_EVENT_DEFINED:
    case VIR_DOMAIN_EVENT_STOPPED:
    case VIR_DOMAIN_EVENT_SHUTDOWN:
      return MachineState::stopped;
    case VIR_DOMAIN_EVENT_CRASHED:
      return MachineState::crashed;
    default:
      return MachineState::unknown;
  }
}

MachineState state_of(int domain_state) {
  switch (domain_state) {
    case VIR_DOMAIN_RUNNING:
    case VIR_DOMAIN_BLOCKED:
    case VIR_DOMAIN_SHUTDOWN:  // going down, still there
      return MachineState::running;
    case VIR_DOMAIN_PAUSED:
    case VIR_DOMAIN_PMSUSPENDED:
      return MachineState::paused;
    case VIR_DOMAIN_SHUTOFF:
      return MachineState::stopped;
    case VIR_DOMAIN_CRASHED:
      return MachineState::crashed;
    default:
      return MachineState::unknown;
  }
}

/// What libvirt's callbacks of one connection hold.
struct Connection::Watch {
  explicit Watch(std::shared_ptr<EventQueue> to) : events(std::move(to)) {}
  const std::shared_ptr<EventQueue> events;
  std::atomic<bool> lost = false;
  int callback = -1;

  void lose() {
    if (!lost.exchange(true)) events->push({.uuid = {}, .state = MachineState::unknown, .manager_lost = true});
  }
  static void free_it(void* opaque) { delete static_cast<std::shared_ptr<Watch>*>(opaque); }
  /// libvirt holds its lock while it calls this, and takes it to unregister: who unregisters first may go.
  static void on_closed(virConnectPtr, int, void* opaque) { static_cast<Watch*>(opaque)->lose(); }
  static int on_lifecycle(virConnectPtr, virDomainPtr domain, int event, int, void* opaque) {
    const auto& self = *static_cast<std::shared_ptr<Watch>*>(opaque);
    char uuid[VIR_UUID_STRING_BUFLEN] = {};
    if (!self->lost && virDomainGetUUIDString(domain, uuid) == 0) {
      self->events->push({.uuid = uuid, .state = state_after(event), .manager_lost = false});
    }
    return 0;
  }
};

Connection::Connection(std::string uri) : uri_(std::move(uri)), events_(std::make_shared<EventQueue>()) {}

Connection::~Connection() {
  const std::scoped_lock lock(mutex_);
  drop();
}

void Connection::drop() {
  if (!connect_) return;
  if (watch_->callback >= 0) virConnectDomainEventDeregisterAny(connect_.get(), watch_->callback);
  virConnectUnregisterCloseCallback(connect_.get(), &Watch::on_closed);
  watch_.reset();
  connect_.reset();
}

bool Connection::open() const {
  const std::scoped_lock lock(mutex_);
  return connect_ && !watch_->lost;
}

Result<Connect> Connection::get() {
  {
    std::unique_lock lock(mutex_);
    opened_.wait_for(lock, kForAnother, [&] { return !opening_; });
    if (connect_ && virConnectIsAlive(connect_.get()) != 1) watch_->lose();
    if (connect_ && watch_->lost) drop();
    if (connect_) {
      virConnectRef(connect_.get());
      return Connect(connect_.get());
    }
    if (opening_) return fail("console.unreachable", "the connection is being opened");
    if (std::chrono::steady_clock::now() < not_before_) return fail("console.unreachable", "tried a moment ago");
    opening_ = true;
  }
  auto fresh = opened();  // may hang with libvirtd: the others are answered meanwhile
  const std::scoped_lock lock(mutex_);
  opening_ = false;
  opened_.notify_all();
  if (!fresh) {
    not_before_ = std::chrono::steady_clock::now() + kBetweenTries;
    return fresh.error();
  }
  connect_ = *std::move(fresh);
  virConnectRef(connect_.get());
  events_->push({});
  return Connect(connect_.get());
}

Result<Connect> Connection::opened() {
  if (!start_event_loop()) return fail("console.unreachable", "libvirt has no event loop");
  Connect fresh(virConnectOpen(uri_.c_str()));
  if (!fresh) {
    Error error = libvirt_error("open");
    error.code = "console.unreachable";
    return error;
  }
  auto watch = std::make_shared<Watch>(events_);
  // Drivers without a daemon know neither; what a connection cannot lose need not be watched.
  virConnectSetKeepAlive(fresh.get(), kKeepAliveSeconds, kKeepAlives);
  // Nothing is libvirt's to free: a driver that does not know this says that it registered, and forgets what it was
  // given.
  virConnectRegisterCloseCallback(fresh.get(), &Watch::on_closed, watch.get(), nullptr);
  auto opaque = std::make_unique<std::shared_ptr<Watch>>(watch);
  watch->callback =
      virConnectDomainEventRegisterAny(fresh.get(), nullptr, VIR_DOMAIN_EVENT_ID_LIFECYCLE,
                                       VIR_DOMAIN_EVENT_CALLBACK(&Watch::on_lifecycle), opaque.get(), &Watch::free_it);
  if (watch->callback < 0) {
    Error error = libvirt_error("watch");
    virConnectUnregisterCloseCallback(fresh.get(), &Watch::on_closed);
    return error;
  }
  static_cast<void>(opaque.release());
  const std::scoped_lock lock(mutex_);
  watch_ = std::move(watch);
  return fresh;
}

}  // namespace sekisho::libvirt
