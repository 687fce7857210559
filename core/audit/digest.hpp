// SHA-256 with a context that is used again, for hash chain and Merkle tree.
// Threads: one Sha256 belongs to one thread. Errors: none; a broken OpenSSL aborts. Source: FIPS 180-4.
#pragma once
#include <array>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace sekisho::audit {

using Hash = std::array<std::uint8_t, 32>;

[[nodiscard]] inline std::string_view view(const Hash& hash) {
  return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}
[[nodiscard]] std::string to_hex(std::string_view bytes);
/// Exactly 64 lower-case hex digits, or nullopt.
[[nodiscard]] std::optional<Hash> hash_from_hex(std::string_view hex);
/// Lower-case hex of any even length; nullopt otherwise.
[[nodiscard]] std::optional<std::string> from_hex(std::string_view hex);

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  /// The digest of the concatenated pieces.
  [[nodiscard]] Hash operator()(std::initializer_list<std::string_view> pieces);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sekisho::audit
