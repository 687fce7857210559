// sekishod with a clock that a scenario can move on (decisions.md "Time in tests"). The offset is read from a file at
// each look at the clock. While the file named by SEKISHO_LAB_HANG is there, no password check comes to an end. A hash
// or the store may take SEKISHO_LAB_PATIENCE times as long as in production.
#include "programs/sekishod/daemon.hpp"
#include "run/password_hash/password_hash.hpp"

#include <CLI/CLI.hpp>
#include <crypt.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <mutex>

namespace {

class OffsetClock final : public sekisho::run::Clock {
 public:
  OffsetClock(const sekisho::run::Clock& base, std::string file) : base_(base), file_(std::move(file)) {}
  /// Looks at the file each time: a scenario that has moved the clock on meets the new time at once.
  [[nodiscard]] sekisho::Instant now() const override {
    const std::lock_guard lock(mutex_);
    read();
    return base_.now() + offset_;
  }

 private:
  void read() const {
    const int fd = ::open(file_.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) return;
    std::array<char, 64> text{};
    const ssize_t size = ::read(fd, text.data(), text.size() - 1);
    ::close(fd);
    if (size > 0)
      offset_ = std::chrono::microseconds(static_cast<std::int64_t>(std::strtod(text.data(), nullptr) * 1e6));
  }
  const sekisho::run::Clock& base_;
  std::string file_;
  mutable std::mutex mutex_;
  mutable std::chrono::microseconds offset_{0};
};

bool there(const std::string& file) {
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd >= 0) ::close(fd);
  return fd >= 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"sekishod for labs: a clock with an offset, simulated facts"};
  sekisho::programs::DaemonOptions options;
  app.add_option("--config", options.config_file, "configuration file")->required();
  app.add_flag("--check-config", options.check_only, "check the configuration and all plugins, then stop");
  CLI11_PARSE(app, argc, argv);
  options.allow_simulator = true;
  if (const char* times = std::getenv("SEKISHO_LAB_PATIENCE")) options.patience = std::max(1, std::atoi(times));
  options.bare_entrance = std::getenv("SEKISHO_LAB_BARE_ENTRANCE") != nullptr;
  if (std::getenv("SEKISHO_LAB_CRYPT") != nullptr) {
    options.verify_password = [](const sekisho::VerifyPassword& work) {
      crypt_data scratch{};
      const char* hash = crypt_r(std::string(work.candidate.reveal()).c_str(), work.encoded_hash.c_str(), &scratch);
      return hash != nullptr && work.encoded_hash == hash;
    };
  }
  if (const char* file = std::getenv("SEKISHO_LAB_HANG")) {
    options.verify_password = [verify = std::move(options.verify_password),
                               file = std::string(file)](const sekisho::VerifyPassword& work) {
      while (there(file)) ::poll(nullptr, 0, 20);
      if (verify) return verify(work);
      const auto matched = sekisho::run::verify_password(work.encoded_hash, work.candidate);
      return matched && *matched;
    };
  }
  if (const char* file = std::getenv("SEKISHO_LAB_CLOCK_OFFSET")) {
    options.wrap_clock = [file = std::string(file)](const sekisho::run::Clock& base) {
      return std::make_unique<OffsetClock>(base, file);
    };
  }
  return sekisho::programs::run_daemon(options);
}
