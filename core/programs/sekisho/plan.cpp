#include "programs/sekisho/plan.hpp"

#include "base/site_config_parse.hpp"
#include "run/child_control.hpp"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

namespace sekisho::supervise {
namespace {

constexpr const char* kControl = "control";

Error cannot(const std::string& what) {
  return fail("supervise.bind", what + ": " + strerror(errno));
}

/// A burst of super-packets fits; the kernel may give less.
constexpr int kDatagramBuffer = 4 * 1024 * 1024;

void enlarge(int fd) {
  for (const auto& [forced, usual] : {std::pair(SO_RCVBUFFORCE, SO_RCVBUF), std::pair(SO_SNDBUFFORCE, SO_SNDBUF)}) {
    if (setsockopt(fd, SOL_SOCKET, forced, &kDatagramBuffer, sizeof(kDatagramBuffer)) == 0) continue;
    setsockopt(fd, SOL_SOCKET, usual, &kDatagramBuffer, sizeof(kDatagramBuffer));
  }
}

Result<run::Fd> bind_inet(const std::string& name, bool before_it_exists) {
  const bool datagrams = name.starts_with(run::kDatagramListener);
  const auto where = parse_socket_address(datagrams ? name.substr(run::kDatagramListener.size()) : name);
  if (!where) return fail("supervise.bind", name + ": " + where.error().detail);
  sockaddr_storage at{};
  socklen_t size = 0;
  const int family = where->ipv6 ? AF_INET6 : AF_INET;
  if (where->ipv6) {
    auto& v6 = reinterpret_cast<sockaddr_in6&>(at);
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(where->port);
    size = sizeof(v6);
    if (inet_pton(AF_INET6, where->address.c_str(), &v6.sin6_addr) != 1) return fail("supervise.bind", name);
  } else {
    auto& v4 = reinterpret_cast<sockaddr_in&>(at);
    v4.sin_family = AF_INET;
    v4.sin_port = htons(where->port);
    size = sizeof(v4);
    if (inet_pton(AF_INET, where->address.c_str(), &v4.sin_addr) != 1) return fail("supervise.bind", name);
  }
  run::Fd socket(::socket(family, (datagrams ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return cannot(name);
  const int on = 1;
  // Of datagrams it would let another process take them.
  if (!datagrams && setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0) return cannot(name);
  if (datagrams) enlarge(socket.get());
  if (where->ipv6 && setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) != 0) return cannot(name);
  if (before_it_exists) {
    const int freebind = where->ipv6 ? setsockopt(socket.get(), IPPROTO_IPV6, IPV6_FREEBIND, &on, sizeof(on))
                                     : setsockopt(socket.get(), IPPROTO_IP, IP_FREEBIND, &on, sizeof(on));
    if (freebind != 0) return cannot(name);
  }
  if (bind(socket.get(), reinterpret_cast<const sockaddr*>(&at), size) != 0) return cannot(name);
  return socket;
}

Result<run::Fd> bind_control(const std::string& path) {
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof(at.sun_path)) return fail("supervise.bind", "control_socket: its length");
  path.copy(at.sun_path, path.size());
  std::error_code ignored;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), ignored);
  struct stat about {};
  if (lstat(path.c_str(), &about) == 0) {
    if (!S_ISSOCK(about.st_mode)) return fail("supervise.bind", path + " exists and is no socket");
    if (unlink(path.c_str()) != 0) return cannot(path);
  }
  run::Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return cannot(path);
  const mode_t before = umask(0177);
  const int bound = bind(socket.get(), reinterpret_cast<const sockaddr*>(&at), sizeof(at));
  const int error = errno;
  umask(before);
  errno = error;
  if (bound != 0) return cannot(path);
  return socket;
}

/// Whether a listener's address is one that netd gives to a TUN, or that stands inside charon's tunnels.
bool on_a_tun(const SiteConfig& config, const std::string& name) {
  const auto where = parse_socket_address(name);
  return where && std::ranges::any_of(config.paths, [&](const PathConfig& path) {
           return !path.gate_address().empty() && path.gate_address() == where->address;
         });
}

}  // namespace

Plan make_plan(const SiteConfig& config, const std::string& config_file, const std::string& programs) {
  Plan plan;
  const auto add = [&](std::string name, const char* program, std::vector<std::string> more,
                       std::vector<std::string> listeners) {
    std::vector<std::string> argv{programs + "/" + program, "--config", config_file};
    std::ranges::move(more, std::back_inserter(argv));
    plan.children.push_back({std::move(name), std::move(argv), std::move(listeners)});
  };
  add("netd", "sekisho-netd", {}, {});
  add("sekishod", "sekishod", {}, {kControl});
  plan.links.emplace_back("netd", "sekishod");
  for (const PathConfig& path : config.paths) {
    if (path.entrance.empty()) continue;
    std::vector<std::string> listeners{path.entrance};
    for (const PageConfig* page : {&path.pages.desktop, &path.pages.console}) {
      if (!page->listen.empty()) listeners.push_back(page->listen);
    }
    add("relay:" + path.name, "sekisho-relay", {"--path", path.name}, std::move(listeners));
    plan.links.emplace_back("relay:" + path.name, "sekishod");
  }
  for (const HyperConfig& hyper : config.hypervisors) {
    const std::string name = "hyperd:" + hyper.zone;
    add(name, "sekisho-hyperd", {"--zone", hyper.zone}, {});
    plan.links.emplace_back(name, "sekishod");
    // A relay hears of the zones of its path and of no other (R01).
    for (const PathConfig& path : config.paths) {
      if (path.entrance.empty() || std::ranges::find(path.zones, hyper.zone) == path.zones.end()) continue;
      plan.links.emplace_back(name, "relay:" + path.name);
    }
  }
  for (const PathConfig& path : config.paths) {
    std::vector<std::string> listeners = path.listen;
    if (path.dtls) {
      for (const std::string& name : path.listen) listeners.push_back(std::string(run::kDatagramListener) + name);
    }
    add("front:" + path.name, "sekisho-front", {"--path", path.name}, std::move(listeners));
    plan.links.emplace_back("front:" + path.name, "sekishod");
    plan.links.emplace_back("front:" + path.name, "netd");
  }
  if (!config.posture.listen.empty()) {
    add("posture", "sekisho-front", {"--posture"}, config.posture.listen);
    plan.links.emplace_back("posture", "sekishod");
  }
  plan.listen_after = "netd";
  return plan;
}

Result<std::map<std::string, run::Fd>> open_listeners(const SiteConfig& config, const Plan& plan) {
  std::map<std::string, run::Fd> out;
  for (const ChildPlan& child : plan.children) {
    for (const std::string& name : child.listeners) {
      if (out.contains(name)) return fail("supervise.bind", name + " is configured twice");
      auto socket = name == kControl ? bind_control(config.control_socket) : bind_inet(name, on_a_tun(config, name));
      if (!socket) return socket.error();
      out.emplace(name, std::move(*socket));
    }
  }
  return out;
}

namespace {

Result<void> make_folder(const std::string& folder, std::uint32_t owner) {
  struct stat about {};
  if (lstat(folder.c_str(), &about) == 0) {
    if (S_ISDIR(about.st_mode)) return {};
    return fail("supervise.state", folder + " is no folder");
  }
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(folder).parent_path(), error);
  if (error) return fail("supervise.state", folder + ": " + error.message());
  if (mkdir(folder.c_str(), 0700) != 0 || (geteuid() == 0 && chown(folder.c_str(), owner, owner) != 0)) {
    return fail("supervise.state", folder + ": " + strerror(errno));
  }
  return {};
}

}  // namespace

Result<void> make_state_directories(const SiteConfig& config) {
  for (const std::string& folder : {config.state_directory, config.journal.directory}) {
    if (folder.empty()) continue;
    if (auto made = make_folder(folder, config.sekishod_uid); !made) return made;
  }
  for (const PathConfig& path : config.paths) {
    if (path.pages.recordings.empty()) continue;
    if (auto made = make_folder(path.pages.recordings, path.relay_uid); !made) return made;
  }
  return {};
}

}  // namespace sekisho::supervise
