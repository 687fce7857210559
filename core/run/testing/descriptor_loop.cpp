#include "run/testing/descriptor_loop.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

namespace sekisho::run::testing {

struct DescriptorLoop::Inside {
  boost::asio::io_context loop{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> open{loop.get_executor()};
};

DescriptorLoop::DescriptorLoop() = default;
DescriptorLoop::~DescriptorLoop() = default;

boost::asio::io_context& DescriptorLoop::io() {
  if (!inside_) inside_ = std::make_unique<Inside>();
  return inside_->loop;
}

std::size_t DescriptorLoop::poll() {
  return inside_ ? inside_->loop.poll() : 0;
}

}  // namespace sekisho::run::testing
