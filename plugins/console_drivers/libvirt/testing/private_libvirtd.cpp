#include "private_libvirtd.hpp"

#include "event_loop.hpp"
#include "handles.hpp"

#include <fcntl.h>
#include <libvirt/libvirt.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

extern char** environ;

namespace sekisho::libvirt::testing {
namespace {

constexpr std::chrono::seconds kPatience(60);

// 16 bit, at 0000:7c00; BIOS disk calls (int 13h) and the UART at 3f8h. The comments name each line's work.
constexpr unsigned char kBoot[] = {
    0xfa, 0x31, 0xc0, 0x8e, 0xd8, 0x8e, 0xc0, 0x8e, 0xd0, 0xbc, 0x00, 0x7c, 0xfb,        // segments 0, stack below
    0x88, 0x16, 0x00, 0x7d,                                                              // the drive that it came from
    0xba, 0xfd, 0x03, 0xec, 0xa8, 0x01, 0x75, 0x03, 0xf4, 0xeb, 0xf5,                    // wait for a byte
    0xba, 0xf8, 0x03, 0xec, 0x3c, 0x72, 0x74, 0x06, 0x3c, 0x77, 0x74, 0x0d, 0xeb, 0x18,  // 'r', 'w', another
    0xb8, 0x01, 0x02, 0xe8, 0x18, 0x00, 0xa0, 0x00, 0x7e, 0xeb, 0x0d,              // read the sector, its first byte
    0xc6, 0x06, 0x00, 0x7e, 0x44, 0xb8, 0x01, 0x03, 0xe8, 0x08, 0x00, 0xb0, 0x21,  // 'D' into it, write, '!'
    0xba, 0xf8, 0x03, 0xee, 0xeb, 0xc9,                                            // send it, from the start
    0xbb, 0x00, 0x7e, 0xb9, 0x02, 0x00, 0x30, 0xf6, 0x8a, 0x16, 0x00, 0x7d, 0xcd, 0x13, 0xc3,  // int 13h, sector 2
};

// First process of the namespaces: takes one word a line, answers "ok" or "no: why".
constexpr const char* kFirst = R"(
home=$1
mount -t sysfs sysfs /sys 2>/dev/null || true
for x in lib log cache; do mkdir -p /var/$x/libvirt; mount --bind $home/$x /var/$x/libvirt; done
mkdir -p /etc/libvirt /run/libvirt; mount --bind $home/etc /etc/libvirt; mount --bind $home/libvirt-run /run/libvirt
for f in passwd group; do grep -q ^libvirt-qemu: /etc/$f || {
  cp /etc/$f $home/$f
  if [ $f = passwd ]; then echo libvirt-qemu:x:64055:64055::/var/lib/libvirt:/usr/sbin/nologin; else echo libvirt-qemu:x:64055:; fi >>$home/$f
  mount --bind $home/$f /etc/$f; }; done
ip link set lo up; ip link add br-sk type bridge; ip link set br-sk up
# A signal is on its way for a while: until its last thread stands, a process that was stopped still answers.
halted() { ! grep -h ^State: /proc/$1/task/*/status | grep -qv '(stopped)'; }
echo ok
while read -r word; do
  case $word in
    start) libvirtd -f $home/etc/libvirtd.conf >>$home/libvirtd.log 2>&1 </dev/null & daemon=$!; echo ok;;
    kill) kill -9 $daemon; wait $daemon 2>/dev/null || true; echo ok;;
    stop) kill -STOP $daemon; until halted $daemon; do :; done; echo ok;;
    go) kill -CONT $daemon; echo ok;;
    listeners) awk '$4 == "0A"' /proc/net/tcp /proc/net/tcp6 | wc -l >$home/listeners; echo ok;;
    *) echo "no: $word";;
  esac
done
)";

std::string missing_tool(std::initializer_list<const char*> tools) {
  for (const char* tool : tools) {
    bool found = false;
    for (const char* folder : {"/usr/bin/", "/usr/sbin/", "/bin/", "/sbin/"}) {
      found = found || access((std::string(folder) + tool).c_str(), X_OK) == 0;
    }
    if (!found) return std::string(tool) + " is not installed (testbed/packages.txt)";
  }
  return {};
}

int run(std::vector<std::string> words) {
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  pid_t pid = 0;
  if (posix_spawnp(&pid, argv[0], nullptr, nullptr, argv.data(), environ) != 0) return -1;
  int status = 0;
  return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

void write_guest(const std::string& path) {
  std::string disk(1 << 20, '\0');
  disk.replace(0, sizeof kBoot, reinterpret_cast<const char*>(kBoot), sizeof kBoot);
  disk[510] = '\x55', disk[511] = '\xaa';
  disk[512] = 'A';
  std::ofstream(path, std::ios::binary) << disk;
}

PrivateLibvirtd::PrivateLibvirtd() {
  if (!start_event_loop()) {  // and libvirt keeps its words off stderr
    why_ = "libvirt does not start";
    return;
  }
  if (geteuid() != 0) {
    why_ = "needs root";
    return;
  }
  why_ = missing_tool({"unshare", "bash", "ip", "libvirtd", "qemu-system-x86_64", "qemu-img"});
  if (!why_.empty()) return;
  std::string pattern = "/tmp/sekisho-libvirtd-XXXXXX";
  if (mkdtemp(pattern.data()) == nullptr) {
    why_ = "no folder below /tmp";
    return;
  }
  folder_ = pattern;
  chmod(folder_.c_str(), 0711);  // hyperd's user passes through
  for (const char* part : {"lib", "log", "cache", "etc/qemu", "run", "libvirt-run", "images"}) {
    std::filesystem::create_directories(folder_ + "/" + part);
  }
  std::ofstream(folder_ + "/etc/qemu.conf")
      << "user = \"root\"\ngroup = \"root\"\ndynamic_ownership = 0\nremember_owner = 0\nsecurity_driver = \"none\"\n"
         "cgroup_controllers = []\nnamespaces = []\nstdio_handler = \"file\"\n";
  std::ofstream(folder_ + "/etc/libvirtd.conf")
      << "unix_sock_dir = \"" << folder_ << "/run\"\nunix_sock_rw_perms = \"0777\"\nauth_unix_rw = \"none\"\n";
  std::ofstream(folder_ + "/etc/libvirt.conf") << "";
  write_guest(base_image());
  if (run({"qemu-img", "create", "-q", "-f", "qcow2", server_disk(), "1M"}) != 0 ||
      run({"qemu-img", "convert", "-f", "raw", "-O", "qcow2", base_image(), server_disk()}) != 0) {
    why_ = "qemu-img makes no disk";
    return;
  }

  int down[2], up[2];
  if (pipe2(down, O_CLOEXEC) != 0 || pipe2(up, O_CLOEXEC) != 0) {
    why_ = "no pipe";
    return;
  }
  to_ = down[1], from_ = up[0];
  std::vector<std::string> words{"unshare",      "--mount", "--net", "--pid", "--fork", "--kill-child",
                                 "--mount-proc", "bash",    "-uc",   kFirst,  "_",      folder_};
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, down[0], 0);
  posix_spawn_file_actions_adddup2(&actions, up[1], 1);
  posix_spawnp(&pid_, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(down[0]);
  close(up[1]);
  if (!say("")) {
    why_ = "no namespaces of its own here";
  } else if (!start_daemon()) {
    why_ = "libvirtd does not start: see its words above";
    std::ifstream log(folder_ + "/libvirtd.log");
    for (std::string line; std::getline(log, line);) fprintf(stderr, "libvirtd: %s\n", line.c_str());
  }
}

PrivateLibvirtd::~PrivateLibvirtd() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);  // unshare takes its namespace, and so all guests, with it
    waitpid(pid_, nullptr, 0);
  }
  if (to_ >= 0) close(to_);
  if (from_ >= 0) close(from_);
  std::error_code ignored;
  if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
}

bool PrivateLibvirtd::say(const std::string& command) {
  const std::string line = command + "\n";
  if (!command.empty() && write(to_, line.data(), line.size()) < 0) return false;
  std::string answer;
  pollfd wanted{.fd = from_, .events = POLLIN, .revents = 0};
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (answer.find('\n') == std::string::npos && std::chrono::steady_clock::now() < end) {
    char c = 0;
    if (poll(&wanted, 1, 1000) != 1) continue;
    if (read(from_, &c, 1) != 1) return false;
    answer += c;
  }
  return answer == "ok\n";
}

std::string PrivateLibvirtd::uri() const {
  return "qemu+unix:///system?socket=" + folder_ + "/run/libvirt-sock";
}

bool PrivateLibvirtd::start_daemon() {
  if (!say("start")) return false;
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (std::chrono::steady_clock::now() < end) {
    if (virConnectPtr connect = virConnectOpen(uri().c_str()); connect != nullptr) {
      virConnectClose(connect);
      return true;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return false;
}

std::string PrivateLibvirtd::define_server(const std::string& uuid) {
  const Connect connect(virConnectOpen(uri().c_str()));
  if (!connect) return virGetLastErrorMessage();
  Domain server(virDomainLookupByUUIDString(connect.get(), uuid.c_str()));
  if (!server) {
    const std::string xml =
        "<domain type='qemu'><name>web-01</name><uuid>" + uuid +
        "</uuid><memory unit='MiB'>32</memory><os><type arch='x86_64' machine='q35'>hvm</type></os><cpu "
        "mode='maximum'/>"
        "<devices><disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='" +
        server_disk() +
        "'/><target dev='vda' bus='virtio'/></disk><serial type='pty'/><graphics type='vnc' passwd='guarded' "
        "sharePolicy='ignore'><listen type='none'/></graphics><video><model type='vga'/></video></devices></domain>";
    server.reset(virDomainDefineXML(connect.get(), xml.c_str()));
  }
  if (!server) return virGetLastErrorMessage();
  if (virDomainIsActive(server.get()) == 1 || virDomainCreate(server.get()) == 0) return {};
  return virGetLastErrorMessage();
}

void PrivateLibvirtd::kill_daemon() {
  say("kill");
}
void PrivateLibvirtd::freeze(bool yes) {
  say(yes ? "stop" : "go");
}
int PrivateLibvirtd::listeners() {
  int count = -1;
  say("listeners");
  std::ifstream(folder_ + "/listeners") >> count;
  return count;
}

}  // namespace sekisho::libvirt::testing
