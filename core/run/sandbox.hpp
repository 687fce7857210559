// The sandbox that every process closes around itself before it hears anybody: another identity, no capabilities, no
// new privileges, no core dumps, and an allow-list of system calls; any other call kills the process (threats.md law 3,
// §9). Threads: call once, from the only thread of the process; threads made later inherit it. Errors: run.sandbox; the
// process must end then, nothing of it may be served.
// Target sekisho::sandbox (libseccomp, libcap-ng), apart from sekisho::run so that the room stays small.
#pragma once
#include <sekisho/sdk/result.hpp>

#include <cstdint>
#include <string>

namespace sekisho::run {

/// What each may do beyond reading, writing, waiting and memory without execution:
/// - front: accept; receive descriptors. No open, socket, connect, bind, exec, ptrace, ioctl.
/// - relay: accept; make AF_INET stream sockets and connect them. No open.
/// - recording_relay: as relay; make files and add to them (no removal, no new name, no shortening: T-65), threads.
/// - sekishod: accept; files (which ones its uid says), threads, connecting AF_INET, AF_INET6 and AF_UNIX sockets
/// (mail,
///   PostgreSQL). No bind, no listen.
/// - hyperd: reading files, threads, AF_UNIX stream sockets and connecting them (libvirt's), memory files. No write to
/// a
///   file system, no other socket, no exec.
/// - netd: netlink sockets to routing and netfilter, the ioctls of TUN; keeps CAP_NET_ADMIN, alone. No open, connect.
enum class SandboxProfile : std::uint8_t { front, relay, recording_relay, sekishod, netd, hyperd };

struct SandboxReport {
  bool identity = false;  ///< false: the process was no root to begin with and stays who it is
  bool seccomp = false;   ///< false only in sanitizer builds, whose runtimes need calls that no profile allows
  std::string note;       ///< for the log, when something above is false
};

/// Becomes user and group `uid` (numeric; root refuses to stay root), drops the rest and closes the filter.
[[nodiscard]] Result<SandboxReport> enter_sandbox(SandboxProfile profile, std::uint32_t uid);

}  // namespace sekisho::run
