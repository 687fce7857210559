// What tests of certificates need: seeded chance, a present, a folder that goes away. Threads: one.
#pragma once
#include "pki/authority.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <random>
#include <string>

namespace sekisho::pki::testing {

/// 2026-11-22T01:00:00Z.
inline constexpr Instant kNow{std::chrono::sys_days(std::chrono::year(2026) / 11 / 22) + std::chrono::hours(1)};

class SeededEntropy final : public Entropy {
 public:
  explicit SeededEntropy(std::uint64_t seed = 1) : random_(seed) {}
  void fill(std::span<std::byte> out) override {
    for (std::byte& byte : out) byte = static_cast<std::byte>(random_() & 0xff);
  }

 private:
  std::mt19937_64 random_;
};

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "sekisho-pki-XXXXXX").string();
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    path = name;
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  [[nodiscard]] std::string operator/(const std::string& name) const { return path + "/" + name; }
  std::string path;
};

/// The bytes of the one PEM block, decoded.
[[nodiscard]] inline std::string der_of(const std::string& pem) {
  std::string out;
  std::uint32_t bits = 0;
  int have = 0;
  const std::size_t begin = pem.find("-----\n") + 6;
  for (std::size_t i = begin; i < pem.size() && pem[i] != '-' && pem[i] != '='; ++i) {
    const char c = pem[i];
    const int value = c >= 'A' && c <= 'Z'   ? c - 'A'
                      : c >= 'a' && c <= 'z' ? c - 'a' + 26
                      : c >= '0' && c <= '9' ? c - '0' + 52
                      : c == '+'             ? 62
                      : c == '/'             ? 63
                                             : -1;
    if (value < 0) continue;
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    have += 6;
    if (have >= 8) {
      have -= 8;
      out += static_cast<char>(bits >> have & 0xff);
    }
  }
  return out;
}

/// An authority that every test may share: keys cost time.
[[nodiscard]] inline const Authority& authority() {
  static const Authority kMade = [] {
    SeededEntropy entropy(7);
    auto made = make_authority({.name = "Sekisho test CA"}, entropy, kNow);
    EXPECT_TRUE(made) << made.error().detail;
    return std::move(*made);
  }();
  return kMade;
}

}  // namespace sekisho::pki::testing
