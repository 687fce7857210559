#include "run/child_control.hpp"

#include "run/testing/recording_handler.hpp"

#include <boost/asio/io_context.hpp>
#include <fcntl.h>
#include <gtest/gtest.h>

namespace sekisho::run {
namespace {

struct Child final : ChildControl::Handler {
  void on_listener(std::string address, Fd fd) override { heard += "listener " + address + (fd ? ";" : " without;"); }
  void on_link(std::string name, Fd fd) override { heard += "link " + name + (fd ? ";" : " without;"); }
  void on_complete() override { heard += "complete;"; }
  void on_supervisor_gone(std::string_view) override { heard += "gone;"; }
  std::string heard;
};

struct ChildControls : ::testing::Test {
  ChildControls() {
    auto pair = make_link_pair();
    SEKISHO_ASSERT(pair);
    supervisor = open_link(loop, std::move((*pair)[0]), above);
    control.emplace(loop, child, (*pair)[1].release());
  }
  ~ChildControls() override { control.reset(), supervisor.reset(), settle(); }
  void settle() {
    loop.restart();
    while (loop.poll() > 0) loop.restart();
  }
  static int some_fd() { return open("/dev/null", O_RDONLY | O_CLOEXEC); }
  boost::asio::io_context loop;
  testing::RecordingHandler above;
  Child child;
  std::unique_ptr<seam::Link> supervisor;
  std::optional<ChildControl> control;
};

}  // namespace

TEST_F(ChildControls, HandOutWhatTheSupervisorGives) {
  supervisor->send_with_fd(seam::Handover{"listener", "127.0.0.1:443"}, some_fd());
  supervisor->send_with_fd(seam::Handover{"link", "sekishod"}, some_fd());
  supervisor->send(seam::Handover{"end", ""});
  settle();
  EXPECT_EQ(child.heard, "listener 127.0.0.1:443;link sekishod;complete;");
  supervisor->send_with_fd(seam::Handover{"link", "sekishod"}, some_fd());
  settle();
  EXPECT_EQ(child.heard, "listener 127.0.0.1:443;link sekishod;complete;link sekishod;");
  control->ready();
  control->ready();
  settle();
  ASSERT_EQ(above.messages.size(), 1u);
  EXPECT_TRUE(std::holds_alternative<seam::Ready>(above.messages[0]));
}

TEST_F(ChildControls, TellOfTheSupervisorsEndOnce) {
  supervisor->close();
  settle();
  EXPECT_EQ(child.heard, "gone;");
}

TEST_F(ChildControls, LeaveASupervisorThatBreaksTheProtocol) {
  supervisor->send(seam::Handover{"listener", "127.0.0.1:443"});  // without a descriptor
  supervisor->send_with_fd(seam::Handover{"link", "sekishod"}, some_fd());
  settle();
  EXPECT_EQ(child.heard, "gone;");
  EXPECT_EQ(above.closed.size(), 1u);
}

}  // namespace sekisho::run
