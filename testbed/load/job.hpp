// Job: what a run of sekisho-load shall do, from the JSON document on stdin.
// Threads: plain value; read_job() blocks on its file descriptor. Errors: load.job (what is wrong with the document).
#pragma once
#include "net/tls/tls_context.hpp"
#include "session.hpp"

#include <sekisho/sdk/result.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace sekisho::load {

struct Person {
  Login login;
  std::shared_ptr<tls::TlsClientContext> context;
};
struct Job {
  std::string mode;
  Target target;
  std::vector<Person> people;
  std::shared_ptr<tls::TlsClientContext> stranger;  ///< no client certificate
  double seconds = 3, rate = 100;
  std::size_t concurrency = 8, count = 100;
  std::size_t logins = 0;            ///< `login`: so many and no more; 0: what the seconds allow
  std::vector<std::string> sources;  ///< addresses to come from, in turn
};

/// One line of JSON: {"mode", "address", "port", "host", "ca", "people": [{"user", "password", "certificate", "key"}],
/// "seconds", "rate", "concurrency", "count", "logins", "sources"}; `ca`, `certificate` and `key` are files.
[[nodiscard]] Result<Job> read_job(const std::string& line);

}  // namespace sekisho::load
