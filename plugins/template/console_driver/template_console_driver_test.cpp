#include "template_console_driver.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>

namespace sekisho::template_console_driver {
namespace {

constexpr const char* kUuid = "1b7c8a52-6a1e-4b0e-9c55-3f2a7d0e9b11";
constexpr std::chrono::milliseconds kLimit{1000};

class SocketDriverTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = "/tmp/sekisho-console-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
  }
  void TearDown() override {
    if (listener_ >= 0) close(listener_);
    std::filesystem::remove_all(directory_);
  }
  void listen_as(const std::string& uuid) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = directory_ + "/" + uuid + ".rfb";
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    listener_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ASSERT_EQ(bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    ASSERT_EQ(listen(listener_, 4), 0);
  }
  SocketDriver driver() { return SocketDriver(Config{.directory = directory_}); }
  std::string directory_;
  int listener_ = -1;
};

TEST_F(SocketDriverTest, HandsOverAConnectedScreen) {
  listen_as(kUuid);
  auto driver = this->driver();
  ASSERT_EQ(driver.machines(kLimit).value().size(), 1u);
  const auto screen = driver.screen(kUuid, kLimit);
  ASSERT_TRUE(screen) << screen.error().detail;
  const int other = accept(listener_, nullptr, nullptr);
  ASSERT_GE(other, 0);
  EXPECT_EQ(write(other, "RFB", 3), 3);
  char bytes[3];
  EXPECT_EQ(read(*screen, bytes, sizeof bytes), 3);
  close(other);
  close(*screen);
}

TEST_F(SocketDriverTest, AMachineThatDoesNotListenIsUnreachable) {
  listen_as(kUuid);
  close(listener_);
  listener_ = -1;
  EXPECT_EQ(driver().screen(kUuid, kLimit).error().code, "console.unreachable");
}

TEST_F(SocketDriverTest, OnlyASocketUnderACanonicalUuidIsAMachine) {
  std::filesystem::create_symlink("/dev/null", directory_ + "/" + kUuid + ".rfb");
  EXPECT_EQ(driver().machine(kUuid, kLimit).error().code, "console.no_such_machine");
  for (const char* name : {"", "..", "../../etc/passwd", "1B7C8A52-6A1E-4B0E-9C55-3F2A7D0E9B11",
                           "1b7c8a52-6a1e-4b0e-9c55-3f2a7d0e9b1/", "1b7c8a526a1e4b0e9c553f2a7d0e9b11"}) {
    EXPECT_EQ(driver().screen(name, kLimit).error().code, "console.no_such_machine") << name;
  }
}

}  // namespace
}  // namespace sekisho::template_console_driver
