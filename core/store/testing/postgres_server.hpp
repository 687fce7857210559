// PostgresServer: a real PostgreSQL of its own, started by the test in a temporary folder, on a Unix socket there; no
// network. As root it runs as the user postgres, who may not be root. The kernel ends it with the test.
// Threads: one. Errors: probe() says why a machine cannot run one; everything after that aborts.
// Limits: fsync is off: these tests pull no plugs.
#pragma once
#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>

namespace sekisho::store::testing {

class PostgresServer {
 public:
  /// Nullopt: this machine has what is needed.
  [[nodiscard]] static std::optional<std::string> probe();

  PostgresServer();
  ~PostgresServer();
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;

  /// Of a new, empty database. `user`: "postgres" is let in without a password, everybody else needs one.
  [[nodiscard]] std::string fresh_url(const std::string& user = "postgres", const std::string& more = "");
  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
  void start();  ///< answers when it takes connections
  void stop();   ///< at once; whoever is connected is thrown out

 private:
  [[nodiscard]] std::string url(const std::string& database, const std::string& user, const std::string& more) const;

  std::filesystem::path folder_;
  pid_t pid_ = -1;
  int databases_ = 0;
};

}  // namespace sekisho::store::testing
