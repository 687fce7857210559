// VerifiedChains: client chains that a context's authorities were found to vouch for, so that the same terminal's next
// handshake costs no signature check of the chain (its own proof of the key is checked every time). Only what was found
// good is kept, under every byte that was sent, and answers only while each certificate of the chain is valid. No
// revocation list is looked at here: that is the client_certificate plugin's, at every login. The authorities of a
// context never change: new ones make a new context with an empty memory.
// Threads: the context's one. Limits: kMost chains of 48 bytes; when full, all are forgotten.
// Source: performance.md finding 5; decision 0010.
#pragma once
#include <array>
#include <cstddef>
#include <cstring>
#include <ctime>
#include <new>
#include <unordered_map>

namespace sekisho::tls {

class VerifiedChains {
 public:
  static constexpr std::size_t kMost = 4096;
  using Digest = std::array<unsigned char, 32>;  ///< SHA-256 of all certificates as sent

  [[nodiscard]] bool holds(const Digest& chain, std::time_t now) const {
    const auto found = rows_.find(chain);
    return found != rows_.end() && now >= found->second.from && now < found->second.until;
  }
  /// Valid in from <= now < until, as X509_verify_cert() counts. Without memory for it, it is not remembered: the
  /// caller is libssl, which no exception may cross.
  void put(const Digest& chain, std::time_t from, std::time_t until) noexcept {
    if (from >= until) return;
    if (rows_.size() >= kMost) rows_.clear();
    try {
      rows_.insert_or_assign(chain, Window{from, until});
    } catch (const std::bad_alloc&) {
      rows_.erase(chain);
    }
  }
  [[nodiscard]] std::size_t size() const { return rows_.size(); }

 private:
  struct Window {
    std::time_t from, until;
  };
  /// A digest is as good as random.
  struct Hash {
    std::size_t operator()(const Digest& digest) const {
      std::size_t out = 0;
      std::memcpy(&out, digest.data(), sizeof(out));
      return out;
    }
  };
  std::unordered_map<Digest, Window, Hash> rows_;
};

}  // namespace sekisho::tls
