#include "programs/sekisho_agent/state_file.hpp"

#include "base/json.hpp"
#include "programs/sekisho_agent/files.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <limits>
#include <thread>

namespace sekisho::agent {
namespace {

constexpr std::size_t kMostBytes = 4096;
constexpr const char* kSchema = "sekisho.agent-state/1";
constexpr const char* kUnreadable = "agent.state_unreadable";
constexpr std::chrono::milliseconds kLook{20};

}  // namespace

StateFile::StateFile(std::string path, std::string kid, std::chrono::milliseconds patience)
    : path_(std::move(path)), kid_(std::move(kid)), patience_(patience) {}

StateFile::~StateFile() {
  settle();
}

Result<std::optional<AgentState>> StateFile::load() const {
  if (!exists(path_)) return std::optional<AgentState>();
  const auto text = read_private(path_, kMostBytes, {kUnreadable, "agent.state_open"});
  if (!text) return text.error();
  const auto document = parse_json(text->reveal(), {.bytes = kMostBytes, .depth = 2});
  if (!document) return fail(kUnreadable, path_ + ": " + document.error().code);
  const auto schema = get_string(*document, "schema", 64), kid = get_string(*document, "kid", 64),
             terminal = get_string(*document, "terminal", 128), gateway = get_string(*document, "gateway", 128);
  const auto seq = get_int(*document, "seq", -1);
  if (!schema || *schema != kSchema || !kid || !terminal || !gateway || !seq) {
    return fail(kUnreadable, path_ + ": not a state of this agent");
  }
  if (*kid != kid_) return fail("agent.state_of_other_key", path_ + ": its kid is not the key's");
  return std::optional<AgentState>(AgentState{*kid, *terminal, *gateway, *seq});
}

Result<void> StateFile::save(const AgentState& state) const {
  const nlohmann::json document{{"schema", kSchema},
                                {"kid", state.kid},
                                {"terminal", state.terminal},
                                {"gateway", state.gateway},
                                {"seq", state.seq}};
  return replace_private(path_, document.dump() + "\n", kUnreadable);
}

Result<void> StateFile::lock() {
  SEKISHO_ASSERT(lock_ < 0);
  const std::string name = path_ + ".lock";
  const int fd = ::open(name.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) return fail(kUnreadable, name + ": cannot be opened");
  const auto until = std::chrono::steady_clock::now() + patience_;
  while (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EINTR && (errno != EWOULDBLOCK || std::chrono::steady_clock::now() >= until)) {
      const bool busy = errno == EWOULDBLOCK;
      ::close(fd);
      return fail(busy ? "agent.state_busy" : kUnreadable, name);
    }
    std::this_thread::sleep_for(kLook);
  }
  lock_ = fd;
  return {};
}

void StateFile::settle() {
  if (lock_ < 0) return;
  ::close(lock_);  // and with it the lock
  lock_ = -1;
}

Result<void> StateFile::enrolled(const std::string& terminal, const std::string& gateway) {
  if (const auto locked = lock(); !locked) return locked;
  const auto old = load();
  AgentState next{kid_, terminal, gateway, -1};
  if (old && *old) next.seq = (*old)->seq;
  // A state of another key, or one that cannot be read, gives way: this key's numbers begin with it.
  auto end = save(next);
  settle();
  return end;
}

Result<std::int64_t> StateFile::take() {
  if (const auto locked = lock(); !locked) return locked.error();
  auto state = load();
  Result<void> saved;
  AgentState next{kid_, {}, {}, -1};
  if (state) {
    if (*state) next = **state;
    if (next.seq == std::numeric_limits<std::int64_t>::max()) {
      saved = fail(kUnreadable, path_ + ": no number is left");
    } else {
      ++next.seq;
      saved = save(next);
    }
  } else {
    saved = state.error();
  }
  if (!saved) {
    settle();
    return saved.error();
  }
  return next.seq;
}

}  // namespace sekisho::agent
