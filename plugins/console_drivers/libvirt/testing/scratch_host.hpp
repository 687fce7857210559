// The host of a driver under test, and a scratch manager inside libvirt's own test hypervisor.
// Threads: the test's; the log may be written from any.
#pragma once
#include "libvirt_driver.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace sekisho::libvirt::testing {

inline constexpr std::chrono::milliseconds kLimit(20000);
inline constexpr const char* kServer = "1b7c8a52-6a1e-4b0e-9c55-3f2a7d0e9b11";
inline constexpr const char* kStopped = "1b7c8a52-6a1e-4b0e-9c55-3f2a7d0e9b12";
inline constexpr const char* kDesktop = "1b7c8a52-6a1e-4b0e-9c55-3f2a7d0e9bd1";
inline constexpr const char* kAbsent = "00000000-0000-4000-8000-000000000000";

class Host final : public PluginHost {
 public:
  Entropy& entropy() override { std::abort(); }  // the driver asks for none
  void log(std::string_view event, const nlohmann::json& fields) override {
    lines.push_back(std::string(event) + " " + fields.dump());
  }
  Result<std::string> read_file(std::string_view) override { return fail("plugin.unreadable_file"); }
  std::vector<std::string> lines;
};

/// A site of libvirt's test hypervisor: two servers, one of them off, and a pool. Each instance is a site of its own.
class TestSite {
 public:
  /// `device`: one more that web-01 is defined with.
  explicit TestSite(const std::string& device = {}) {
    std::string pattern = "/tmp/sekisho-libvirt-XXXXXX";
    SEKISHO_ASSERT(mkdtemp(pattern.data()) != nullptr);
    folder_ = pattern;
    std::ofstream(folder_ + "/site.xml") << R"(<?xml version="1.0"?>
<node xmlns:test="http://libvirt.org/schemas/domain/test/1.0">
 <domain type="test"><name>web-01</name><uuid>)"
                                         << kServer << R"(</uuid><memory>65536</memory><os><type>hvm</type></os>
  <devices><graphics type="vnc"/><video/>)"
                                         << device << R"(</devices></domain>
 <domain type="test"><name>web-02</name><uuid>)"
                                         << kStopped << R"(</uuid><memory>65536</memory><os><type>hvm</type></os>
  <test:runstate>5</test:runstate></domain>
 <pool type="dir"><name>overlays</name><target><path>)"
                                         << folder_ << R"(</path></target></pool>
</node>)";
  }
  ~TestSite() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  TestSite(const TestSite&) = delete;
  TestSite& operator=(const TestSite&) = delete;
  [[nodiscard]] std::string uri() const { return "test://" + folder_ + "/site.xml"; }
  [[nodiscard]] const std::string& folder() const { return folder_; }

 private:
  std::string folder_;
};

[[nodiscard]] inline std::unique_ptr<LibvirtDriver> make(Config config, Host& host) {
  auto driver = LibvirtDriver::make(std::move(config), host);
  EXPECT_TRUE(driver) << driver.error().code << " " << driver.error().detail;
  return driver ? *std::move(driver) : nullptr;
}
[[nodiscard]] inline Config consoles(const std::string& uri) {
  Config out;
  out.uri = uri;
  out.role = "consoles";
  return out;
}
[[nodiscard]] inline Config desktops(const std::string& uri) {
  Config out = consoles(uri);
  out.role = "desktops";
  Model model;
  model.name = "win11";
  model.base = "/images/win11.qcow2";
  model.pool = "overlays";
  model.network = "vdi";
  out.models = {model};
  return out;
}

}  // namespace sekisho::libvirt::testing
