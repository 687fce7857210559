// Real charons for tests: a gate's and a site device's, each in a network namespace of its own with a cable between
// them, their own /run and their own VICI socket; and a blocking driver for a vici::Client. ESP runs in user space
// (kernel-libipsec), so the host's kernel needs none. Threads: one. Needs root; available() says what is missing.
// Everything started ends with the object, whatever becomes of the test: the first process takes the rest along.
//
//   gate 10.99.0.1 ──line── 10.99.0.2 device        inside: gate 10.95.0.1 (the entrance), device 10.90.1.10 (a
//   terminal)
#pragma once
#include "vici/client.hpp"

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace sekisho::vici::testing {

inline constexpr const char* kGateLine = "10.99.0.1";
inline constexpr const char* kDeviceLine = "10.99.0.2";
inline constexpr const char* kEntrance = "10.95.0.1";
inline constexpr const char* kTerminal = "10.90.1.10";
inline constexpr const char* kSitePrefix = "10.90.1.0/24";
inline constexpr const char* kGateName = "gate.closed.test";
inline constexpr const char* kDeviceName = "line-sato.closed.test";

class RealCharon {
 public:
  /// Empty when it can run here.
  [[nodiscard]] static std::string unavailable();
  RealCharon();
  ~RealCharon();
  RealCharon(const RealCharon&) = delete;
  RealCharon& operator=(const RealCharon&) = delete;

  enum class Side : char { gate, device };
  void start(Side side);
  void kill(Side side);  ///< SIGKILL, nothing is said to anybody
  void stop(Side side);  ///< SIGSTOP, and it stands: it is there and silent
  void go(Side side);
  void cable(bool plugged);
  /// One ping from the terminal to the entrance, through whatever carries it.
  [[nodiscard]] bool terminal_reaches_entrance();

  [[nodiscard]] std::string socket(Side side) const;
  /// Made by the bench, DER: "ca.crt", and of gate and device "gate.crt", "gate.key" and so on; with the device's name
  /// "stranger" (by another authority), "twin" (by the same) and "expired"; "other" has another name. Lists of the
  /// authority: "empty.crl", and "revoked.crl", which names the device's.
  [[nodiscard]] std::string file(const std::string& name) const;
  [[nodiscard]] std::string log(Side side) const;

 private:
  std::string word(const std::string& word);
  std::string home_;
  pid_t first_ = -1;
  int to_ = -1, from_ = -1;
};

/// A client with its socket. Every wait is bounded; a failed wait throws std::runtime_error.
class Wire {
 public:
  explicit Wire(std::string path) : path_(std::move(path)) {}
  ~Wire();
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  /// Connects, waiting for a charon that is just starting.
  void connect();
  /// Turns until `done` says so or the limit passes; true when it said so.
  bool turn(const std::function<bool()>& done, std::chrono::milliseconds limit);
  [[nodiscard]] Done ask(Request request);
  [[nodiscard]] bool connected() const { return fd_ >= 0; }

  Client client;
  std::vector<Happening> others;  ///< what was no answer to ask()
  [[nodiscard]] static Instant now();

 private:
  void take(std::vector<Happening> more);
  void close();
  std::string path_;
  int fd_ = -1;
  std::vector<Done> done_;
};

/// The device's side of the circuit, as its own charon takes it: credentials and connection. With `ike` and `esp` its
/// proposals, and `version` its IKE.
struct DeviceSettings {
  std::string certificate = "device.crt", key = "device.key", identity = kDeviceName;
  std::string ike = "aes256gcm16-prfsha384-ecp384", esp = "aes256gcm16-ecp384";
  std::string version = "2";
  bool aggressive = false;  ///< of IKEv1
};
/// Loads them into the device's charon and asks it to begin; the answer to "initiate".
[[nodiscard]] Done device_begins(RealCharon& bench, Wire& device, const DeviceSettings& settings = {});

}  // namespace sekisho::vici::testing
