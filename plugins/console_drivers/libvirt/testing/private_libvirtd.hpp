// A libvirtd of a test's own, in namespaces of its own (mounts, network, processes), with a bridge, a pool and one
// server that is a real QEMU guest. Everything is gone with the object; the machine's own libvirtd, if any, sees
// nothing of it. The guest is a boot sector that serves its serial line: 'r' answers the first byte of its disk's
// second sector, 'w' overwrites that byte with 'D' and answers '!', anything else is echoed. Threads: the test's. Needs
// root, libvirtd, QEMU and qemu-img; why() says what is missing.
#pragma once
#include <string>

namespace sekisho::libvirt::testing {

class PrivateLibvirtd {
 public:
  PrivateLibvirtd();
  ~PrivateLibvirtd();
  PrivateLibvirtd(const PrivateLibvirtd&) = delete;
  PrivateLibvirtd& operator=(const PrivateLibvirtd&) = delete;

  [[nodiscard]] const std::string& why() const { return why_; }  ///< empty: it serves
  [[nodiscard]] std::string uri() const;
  [[nodiscard]] std::string base_image() const { return folder_ + "/images/base.raw"; }
  [[nodiscard]] std::string server_disk() const { return folder_ + "/images/server.qcow2"; }
  /// Listening TCP sockets in its network.
  [[nodiscard]] int listeners();

  /// The server "web-01" of this UUID, running; "" or what libvirt says.
  [[nodiscard]] std::string define_server(const std::string& uuid);

  void kill_daemon();   ///< SIGKILL; guests go on
  bool start_daemon();  ///< and waits until it answers
  void freeze(bool yes);

 private:
  bool say(const std::string& command);  ///< to the namespaces' first process; true when it answers "ok"
  std::string folder_, why_;
  int to_ = -1, from_ = -1, pid_ = -1;
};

/// Writes the guest's disk: boot sector, then a sector that begins with 'A'. 1 MiB.
void write_guest(const std::string& path);

}  // namespace sekisho::libvirt::testing
