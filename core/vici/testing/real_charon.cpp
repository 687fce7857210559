#include "vici/testing/real_charon.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

extern char** environ;

namespace sekisho::vici::testing {
namespace {

using std::chrono::milliseconds;

// First process of the namespaces: makes cable and certificates, then takes one word a line and answers "ok" or "no".
constexpr const char* kFirst = R"(
set -u
home=$1; cd $home
mount --make-rprivate /; mount -t tmpfs run /run; mkdir -p /run/netns
ip netns add gate; ip netns add device
ip link add line netns gate type veth peer name line netns device
for side in gate:10.99.0.1:10.95.0.1 device:10.99.0.2:10.90.1.10; do
  name=${side%%:*} rest=${side#*:}; ip -n $name link set lo up; ip -n $name link set line up
  ip -n $name addr add ${rest%%:*}/24 dev line; ip -n $name addr add ${rest#*:}/32 dev lo
done
authority() { openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $1.pem -out $1.cert -days 2 \
  -subj "/CN=$1" -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign; }
leaf() { openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $1.pem -out $1.req -subj "/CN=$2"
  printf 'subjectAltName=DNS:%s\nkeyUsage=digitalSignature\nauthorityKeyIdentifier=keyid:always\n' $2 >$1.ext
  openssl x509 -req -in $1.req -CA $3.cert -CAkey $3.pem -CAcreateserial -days ${4:-2} -extfile $1.ext -out $1.cert
  openssl x509 -in $1.cert -outform DER -out $1.crt; openssl pkey -in $1.pem -outform DER -out $1.key; }
{ authority ca; authority otherca; openssl x509 -in ca.cert -outform DER -out ca.crt
  leaf gate gate.closed.test ca; leaf device line-sato.closed.test ca; leaf stranger line-sato.closed.test otherca
  printf '[ca]\ndefault_ca=d\n[d]\ndatabase=index\ncrlnumber=crlnumber\ndefault_md=sha256\ndefault_crl_days=2\ncrl_extensions=e\n[e]\nauthorityKeyIdentifier=keyid:always\n' >ca.conf
  : >index; echo 01 >crlnumber
  list() { openssl ca -config ca.conf -keyfile ca.pem -cert ca.cert -gencrl -out $1.list
    openssl crl -in $1.list -outform DER -out $1.crl; }
  list empty; openssl ca -config ca.conf -keyfile ca.pem -cert ca.cert -revoke device.cert; list revoked
  leaf twin line-sato.closed.test ca; leaf expired line-sato.closed.test ca 0; leaf other line-mori.closed.test ca
} >certificates.log 2>&1 </dev/null
for side in gate device; do cat >$side.conf <<C
charon { load_modular = no
 install_virtual_ip = no
 load = random nonce x509 pem pkcs1 pkcs8 pubkey kdf openssl kernel-libipsec kernel-netlink socket-default vici constraints revocation
 retransmit_tries = 1
 retransmit_timeout = 1
 plugins { vici { socket = unix://$home/$side.vici } kernel-libipsec { load = yes } }
 filelog { stderr { default = 1 } } }
C
done
# A signal is on its way for a while: until its last thread stands, a process that was stopped still answers.
halted() { ! grep -h ^State: /proc/$1/task/*/status | grep -qv '(stopped)'; }
gate=; device=
echo ok
while read -r verb side; do
  eval pid=\${${side:-none}:-}
  case $verb in
    start) rm -f $side.vici
      STRONGSWAN_CONF=$home/$side.conf ip netns exec $side unshare -m sh -c 'mount -t tmpfs run /run; exec /usr/lib/ipsec/charon' \
        >>$side.log 2>&1 </dev/null & eval $side=$!; echo ok;;
    kill) kill -9 $pid; wait $pid 2>/dev/null; echo ok;;
    stop) kill -STOP $pid; until halted $pid; do :; done; echo ok;;
    go) kill -CONT $pid; echo ok;;
    plug) ip -n gate link set line up; echo ok;;
    unplug) ip -n gate link set line down; echo ok;;
    ping) ip netns exec device ping -c 1 -W 1 -I 10.90.1.10 10.95.0.1 >/dev/null 2>&1 </dev/null && echo ok || echo no;;
    *) echo "no: $verb";;
  esac
done
)";

const char* name_of(RealCharon::Side side) {
  return side == RealCharon::Side::gate ? "gate" : "device";
}

bool present(const char* tool) {
  return std::ranges::any_of(std::array{"", "/usr/bin/", "/usr/sbin/", "/bin/", "/sbin/"}, [&](const char* folder) {
    return access((std::string(folder) + tool).c_str(), X_OK) == 0;
  });
}

}  // namespace

std::string RealCharon::unavailable() {
  if (geteuid() != 0) return "needs root";
  for (const char* tool : {"/usr/lib/ipsec/charon", "ip", "unshare", "openssl", "ping"}) {
    if (!present(tool)) return std::string(tool) + " is not installed (testbed/packages.txt)";
  }
  if (access("/dev/net/tun", R_OK | W_OK) != 0) return "no /dev/net/tun";
  return {};
}

RealCharon::RealCharon() {
  std::string pattern = (std::filesystem::temp_directory_path() / "sekisho-charon-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no folder for the charons");
  home_ = pattern;
  std::ofstream(home_ + "/first.sh") << kFirst;
  int in[2] = {}, out[2] = {};
  if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0) throw std::runtime_error("no pipes");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in[0], 0);
  posix_spawn_file_actions_adddup2(&actions, out[1], 1);
  const std::string errors = home_ + "/first.log", script = home_ + "/first.sh";
  posix_spawn_file_actions_addopen(&actions, 2, errors.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  std::vector<std::string> words{"unshare",      "--net",        "--mount", "--pid", "--fork",
                                 "--kill-child", "--mount-proc", "sh",      script,  home_};
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (std::string& each : words) argv.push_back(each.data());
  argv.push_back(nullptr);
  const int spawned = posix_spawnp(&first_, "unshare", &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  ::close(in[0]), ::close(out[1]);
  to_ = in[1], from_ = out[0];
  if (spawned != 0) throw std::runtime_error("unshare does not start");
  if (word({}) != "ok") throw std::runtime_error("the namespaces do not stand: see " + errors);
}

RealCharon::~RealCharon() {
  // unshare takes its child along when it is killed, and that one, being the first, all others.
  if (first_ > 0) ::kill(first_, SIGKILL), waitpid(first_, nullptr, 0);
  ::close(to_), ::close(from_);
  std::error_code ignored;
  if (std::getenv("SEKISHO_KEEP_CHARON") == nullptr) std::filesystem::remove_all(home_, ignored);
}

/// Says the word, unless it is empty, and hears the line that comes back.
std::string RealCharon::word(const std::string& word) {
  const std::string line = word + "\n";
  if (!word.empty() && write(to_, line.data(), line.size()) != static_cast<ssize_t>(line.size())) return "no pipe";
  std::string answer;
  pollfd readable{from_, POLLIN, 0};
  while (poll(&readable, 1, 30'000) == 1) {
    char c = 0;
    if (read(from_, &c, 1) != 1) return "no more";
    if (c == '\n') return answer;
    answer += c;
  }
  return "no answer";
}

void RealCharon::start(Side side) {
  if (word(std::string("start ") + name_of(side)) != "ok") throw std::runtime_error("charon does not start");
}
void RealCharon::kill(Side side) {
  word(std::string("kill ") + name_of(side));
}
void RealCharon::stop(Side side) {
  word(std::string("stop ") + name_of(side));
}
void RealCharon::go(Side side) {
  word(std::string("go ") + name_of(side));
}
void RealCharon::cable(bool plugged) {
  word(plugged ? "plug" : "unplug");
}
bool RealCharon::terminal_reaches_entrance() {
  return word("ping") == "ok";
}
std::string RealCharon::socket(Side side) const {
  return home_ + "/" + name_of(side) + ".vici";
}
std::string RealCharon::file(const std::string& name) const {
  std::ifstream in(home_ + "/" + name, std::ios::binary);
  std::stringstream all;
  all << in.rdbuf();
  if (all.str().empty()) throw std::runtime_error("the bench made no " + name);
  return all.str();
}
std::string RealCharon::log(Side side) const {
  std::ifstream in(home_ + "/" + name_of(side) + ".log");
  std::stringstream all;
  all << in.rdbuf();
  return all.str();
}

// --- Wire

Wire::~Wire() {
  if (fd_ >= 0) ::close(fd_);
}

Instant Wire::now() {
  return std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
}

void Wire::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

void Wire::connect() {
  close();
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path_.size() >= sizeof address.sun_path) throw std::runtime_error("a socket's path is too long");
  std::memcpy(address.sun_path, path_.c_str(), path_.size() + 1);
  const Instant until = now() + std::chrono::seconds(10);
  while (now() < until) {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
      fd_ = fd;
      return take(client.opened(now()));
    }
    ::close(fd);
    std::this_thread::sleep_for(milliseconds(10));  // a real process starts; there is nothing to wait on
  }
  throw std::runtime_error("no charon at " + path_);
}

void Wire::take(std::vector<Happening> more) {
  for (Happening& each : more) {
    if (auto* done = std::get_if<Done>(&each)) {
      done_.push_back(std::move(*done));
    } else {
      others.push_back(std::move(each));
    }
  }
}

bool Wire::turn(const std::function<bool()>& done, milliseconds limit) {
  const Instant until = now() + limit;
  while (!done()) {
    if (now() >= until) return false;
    if (fd_ < 0) {
      std::this_thread::sleep_for(milliseconds(5));
      continue;
    }
    const Bytes out = client.take_output();
    for (std::size_t at = 0; at < out.size();) {
      const ssize_t sent = ::send(fd_, out.data() + at, out.size() - at, MSG_NOSIGNAL);
      if (sent > 0) {
        at += static_cast<std::size_t>(sent);
      } else if (errno == EAGAIN && now() < until) {
        pollfd writable{fd_, POLLOUT, 0};
        poll(&writable, 1, 50);
      } else {
        break;
      }
    }
    pollfd readable{fd_, POLLIN, 0};
    poll(&readable, 1, 20);
    std::array<std::byte, 65'536> buffer;
    const ssize_t got = ::recv(fd_, buffer.data(), buffer.size(), 0);
    if (got > 0) {
      take(client.feed(View(buffer).first(static_cast<std::size_t>(got)), now()));
    } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
      close();
      take(client.closed(now()));
    }
    take(client.tick(now()));
  }
  return true;
}

Done Wire::ask(Request request) {
  auto asked = client.ask(std::move(request), now());
  take(std::move(asked.happened));
  const auto here = [&] { return std::ranges::find(done_, asked.id, &Done::id); };
  if (!turn([&] { return here() != done_.end(); }, std::chrono::seconds(15))) {
    throw std::runtime_error("no answer and no deadline");
  }
  Done out = std::move(*here());
  done_.erase(here());
  return out;
}

// --- the device

Done device_begins(RealCharon& bench, Wire& device, const DeviceSettings& settings) {
  Section key, ca;
  key.put("type", "any").put("data", bench.file(settings.key));
  ca.put("type", "X509").put("flag", "CA").put("data", bench.file("ca.crt"));
  for (auto&& [command, message] : {std::pair{"load-key", key}, std::pair{"load-cert", ca}}) {
    if (Done done = device.ask({.command = command, .message = message}); !done.answer) return done;
  }
  Section local, remote, child, children, connection, message;
  local.put("auth", "pubkey").put("id", settings.identity).put_list("certs", {bench.file(settings.certificate)});
  remote.put("auth", "pubkey").put("id", kGateName);
  child.put_list("local_ts", {kSitePrefix}).put_list("remote_ts", {std::string(kEntrance) + "/32"});
  child.put_list("esp_proposals", {settings.esp});
  children.put_section("site", child);
  connection.put("version", settings.version).put("aggressive", settings.aggressive ? "yes" : "no");
  connection.put_list("local_addrs", {kDeviceLine});
  connection.put_list("remote_addrs", {kGateLine}).put_list("proposals", {settings.ike});
  connection.put("encap", "yes").put_section("local", local).put_section("remote", remote);
  connection.put_section("children", children);
  message.put_section("closed", connection);
  if (Done done = device.ask({.command = "load-conn", .message = message}); !done.answer) return done;
  Section begin;
  begin.put("child", "site").put("ike", "closed").put("timeout", "6000");
  return device.ask({.command = "initiate", .message = begin, .within = milliseconds(10'000)});
}

}  // namespace sekisho::vici::testing
