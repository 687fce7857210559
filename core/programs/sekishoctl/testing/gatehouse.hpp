// A running gate for tests of the command line: the real Gate, API and journal behind a real control socket; services,
// store, factors and neighbours are fakes. Gate time stands at kNow (registry/testing/cast.hpp).
// Threads: the gate has its own loop thread; the members below may be called from the test's. Ownership: owns a
// temporary folder, removed at the end. Limits: the caller must be the user who runs the test.
#pragma once
#include "audit/journal.hpp"

#include <sekisho/sdk/result.hpp>

#include <memory>
#include <string>
#include <vector>

namespace sekisho::ctl::testing {

/// DER of the certificate that the cast's mori has on pc-mori.
inline constexpr const char* kLeaf = "leaf of mori on pc-mori";

class Gatehouse {
 public:
  /// An empty registry, or the cast's with kLeaf.
  explicit Gatehouse(bool with_cast = true);
  ~Gatehouse();
  Gatehouse(const Gatehouse&) = delete;
  Gatehouse& operator=(const Gatehouse&) = delete;

  [[nodiscard]] const std::string& folder() const;  ///< for the test's own files too
  [[nodiscard]] std::string socket() const;         ///< <folder>/control.sock
  [[nodiscard]] std::string journal() const;        ///< <folder>/journal, its key beside it

  /// All factors right, with a certificate whose DER is `leaf`; the session's number. Errors: the refusal's code.
  [[nodiscard]] Result<std::string> pass(const std::string& person = "mori", const std::string& terminal = "pc-mori",
                                         const std::string& leaf = kLeaf);
  /// Into the journal, as another process of the gate would have it done; durable when it returns.
  void journal_all(std::vector<audit::Entry> entries);
  /// netd says that the kernel refused RDP from one address to another.
  void refuse_rdp(const std::string& source, const std::string& destination);
  /// Moves the gate's time; its timers fire.
  void advance(int seconds);

  struct Outcome {
    int status = -1;  ///< exit code
    std::string out, err;
  };
  /// Runs `line` by /bin/sh in folder(), with SEKISHO_SOCKET set and sekishoctl in PATH.
  [[nodiscard]] Outcome shell(const std::string& line, const std::string& language = "en") const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sekisho::ctl::testing
