// A login in lines of text: the smallest access path.
//   begin -login-> waiting <-reply- asked -answer-> waiting ... granted | closed
// Threads: one front's thread. Ownership: PathHost is borrowed for the connection's life.
// Ranges: a line <= 512 bytes, 5 lines. Errors: anything unexpected closes. Source: sdk/path/access_path.hpp;
// threats.md §9.
#pragma once
#include "config.hpp"

#include <sekisho/sdk/path/access_path.hpp>

namespace sekisho::template_access_path {

class LinePath final : public AccessPath {
 public:
  explicit LinePath(Config config) : config_(config) {}
  [[nodiscard]] std::unique_ptr<PathConnection> open(PathHost& host, Arrival arrival, Instant now) override;
  [[nodiscard]] bool carries_packets() const override { return false; }

 private:
  Config config_;
};

}  // namespace sekisho::template_access_path
