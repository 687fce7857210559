#include "store/testing/postgres_server.hpp"

#include <sekisho/sdk/result.hpp>

#include <fcntl.h>
#include <grp.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <thread>
#include <vector>

namespace sekisho::store::testing {
namespace {

namespace fs = std::filesystem;

/// Debian keeps the server's programs in a folder per version; the newest counts.
std::string program(const std::string& name) {
  std::vector<std::string> found;
  std::error_code none;
  for (const auto& version : fs::directory_iterator("/usr/lib/postgresql", none)) {
    const fs::path path = version.path() / "bin" / name;
    if (fs::exists(path, none)) found.push_back(path.string());
  }
  return found.empty() ? std::string() : *std::max_element(found.begin(), found.end());
}

const passwd* server_user() {
  return ::getuid() == 0 ? ::getpwnam("postgres") : ::getpwuid(::getuid());
}

/// In a child: no more root, and the end of the test is its end. SIGQUIT is the server's immediate shutdown.
void become_server_user(const passwd& user, pid_t parent) {
  if (::getuid() == 0 &&
      (::initgroups(user.pw_name, user.pw_gid) != 0 || ::setgid(user.pw_gid) != 0 || ::setuid(user.pw_uid) != 0)) {
    ::_exit(126);
  }
  ::prctl(PR_SET_PDEATHSIG, SIGQUIT);
  if (::getppid() != parent) ::_exit(125);
}

pid_t spawn(const std::vector<std::string>& argv, const std::string& log) {
  std::vector<char*> words;
  words.reserve(argv.size() + 1);
  for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  const passwd user = *server_user();
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  SEKISHO_ASSERT(child >= 0);
  if (child == 0) {
    ::setpgid(0, 0);
    become_server_user(user, parent);
    const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    ::dup2(out, 1);
    ::dup2(out, 2);
    if (::chdir("/") != 0) ::_exit(124);
    ::execv(words[0], words.data());
    ::_exit(127);
  }
  return child;
}

}  // namespace

std::optional<std::string> PostgresServer::probe() {
  if (program("initdb").empty() || program("postgres").empty()) return "PostgreSQL's server is not installed";
  if (server_user() == nullptr) return "there is no user postgres, and root may not run the server";
  return std::nullopt;
}

PostgresServer::PostgresServer() {
  std::string name = (fs::temp_directory_path() / "sekisho-pg-XXXXXX").string();
  SEKISHO_ASSERT(::mkdtemp(name.data()) != nullptr);
  folder_ = name;
  const passwd user = *server_user();
  SEKISHO_ASSERT(::chown(name.c_str(), user.pw_uid, user.pw_gid) == 0 && ::chmod(name.c_str(), 0755) == 0);
  const pid_t init = spawn({program("initdb"), "-D", name + "/data", "-U", "postgres", "-A", "trust", "-E", "UTF8",
                            "--locale=C", "--no-sync", "--no-instructions"},
                           name + "/log");
  int status = 0;
  SEKISHO_ASSERT(::waitpid(init, &status, 0) == init && WIFEXITED(status) && WEXITSTATUS(status) == 0);
  std::ofstream(name + "/data/pg_hba.conf") << "local all postgres trust\nlocal all all scram-sha-256\n";
  start();
}

PostgresServer::~PostgresServer() {
  stop();
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

void PostgresServer::start() {
  const std::string name = folder_.string();
  pid_ = spawn({program("postgres"), "-D", name + "/data", "-k", name, "-c", "listen_addresses=", "-c", "fsync=off",
                "-c", "max_connections=40", "-c", "shared_buffers=16MB"},
               name + "/log");
  const std::string wanted = url("postgres", "postgres", "");
  for (int tries = 0; PQping(wanted.c_str()) != PQPING_OK; ++tries) {
    SEKISHO_ASSERT(tries < 3000 && ::waitpid(pid_, nullptr, WNOHANG) == 0);
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
  }
}

void PostgresServer::stop() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGQUIT);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

std::string PostgresServer::url(const std::string& database, const std::string& user, const std::string& more) const {
  return "postgresql://" + user + "@/" + database + "?host=" + folder_.string() + (more.empty() ? "" : "&" + more);
}

std::string PostgresServer::fresh_url(const std::string& user, const std::string& more) {
  const std::string database = "t" + std::to_string(++databases_);
  PGconn* connection = PQconnectdb(url("postgres", "postgres", "").c_str());
  PGresult* made = PQexec(connection, ("CREATE DATABASE " + database).c_str());
  SEKISHO_ASSERT(PQresultStatus(made) == PGRES_COMMAND_OK);
  PQclear(made);
  PQfinish(connection);
  return url(database, user, more);
}

}  // namespace sekisho::store::testing
