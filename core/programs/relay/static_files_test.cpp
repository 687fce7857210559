#include "programs/relay/static_files.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace sekisho::relay {
namespace {

namespace fs = std::filesystem;

class StaticFilesTest : public ::testing::Test {
 protected:
  StaticFilesTest() {
    std::string pattern = (fs::temp_directory_path() / "sekisho-pages-XXXXXX").string();
    folder = ::mkdtemp(pattern.data());
    put("index.html", "<!doctype html>");
    put("assets/index-1.js", "export {}");
  }
  ~StaticFilesTest() override { fs::remove_all(folder); }
  void put(const std::string& name, const std::string& body) const {
    fs::create_directories((folder / name).parent_path());
    std::ofstream(folder / name) << body;
  }
  fs::path folder;
};

TEST_F(StaticFilesTest, AreReadWholeWithTheirTypes) {
  const auto files = load_static_files(folder.string());
  ASSERT_TRUE(files) << files.error().detail;
  ASSERT_EQ(files->size(), 2U);
  EXPECT_TRUE(files->at("index.html").page);
  EXPECT_FALSE(files->at("index.html").forever);
  EXPECT_TRUE(files->at("assets/index-1.js").forever);
  EXPECT_EQ(files->at("assets/index-1.js").body, "export {}");
}

TEST_F(StaticFilesTest, WhatIsNoPlainFileOfAPageIsRefused) {
  for (const char* name : {"secret.key", ".hidden.js", "a b.js"}) {
    put(name, "x");
    EXPECT_FALSE(load_static_files(folder.string())) << name;
    fs::remove(folder / name);
  }
  fs::create_symlink("/etc/hostname", folder / "link.txt");
  EXPECT_FALSE(load_static_files(folder.string()));
  fs::remove(folder / "link.txt");
  EXPECT_TRUE(load_static_files(folder.string()));
  put("large.js", std::string((4U << 20U) + 1, 'x'));
  EXPECT_FALSE(load_static_files(folder.string()));
}

TEST_F(StaticFilesTest, AFolderWithoutAPageIsRefused) {
  fs::remove(folder / "index.html");
  EXPECT_FALSE(load_static_files(folder.string()));
  EXPECT_FALSE(load_static_files((folder / "none").string()));
}

}  // namespace
}  // namespace sekisho::relay
