// Netlink by hand: requests with nested attributes, their answers, and nothing else. netd needs a handful of requests;
// the usual libraries would bring thousands of lines more into the process with CAP_NET_ADMIN.
// Threads: one per socket; ask() waits for the kernel. Ownership: spans are borrowed. Errors: the code that the caller
// names, with the request's name and the kernel's word. Source: netlink(7).
#pragma once
#include "run/link.hpp"

#include <sekisho/sdk/result.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace sekisho::netd {

using NetlinkBytes = std::vector<std::byte>;

template <class T>
requires std::is_trivially_copyable_v<T>
[[nodiscard]] std::span<const std::byte> bytes_of(const T& value) {
  return std::as_bytes(std::span(&value, 1));
}
/// The T that `from` begins with.
template <class T>
requires std::is_trivially_copyable_v<T>
[[nodiscard]] std::optional<T> load(std::span<const std::byte> from) {
  if (from.size() < sizeof(T)) return std::nullopt;
  T out;
  std::memcpy(&out, from.data(), sizeof(T));
  return out;
}
/// The value of attribute `wanted` among the attributes that begin `at` bytes into the message; empty when absent.
[[nodiscard]] std::span<const std::byte> attribute(std::span<const std::byte> message, std::size_t at,
                                                   std::uint16_t wanted);

/// A request that grows by attributes; lengths are filled in as they become known.
class NetlinkRequest {
 public:
  /// `flags`: beside NLM_F_REQUEST and NLM_F_ACK (which commit() takes off again where it wants no answer).
  NetlinkRequest(std::uint16_t type, std::uint16_t flags, std::span<const std::byte> body);
  void add(std::uint16_t type, std::span<const std::byte> value);
  void add_text(std::uint16_t type, std::string_view value);  ///< with its NUL
  template <class T>
  void add_value(std::uint16_t type, const T& value) {
    add(type, bytes_of(value));
  }
  /// Opens an attribute that holds attributes, until end() of what it returned.
  [[nodiscard]] std::size_t begin(std::uint16_t type);
  void end(std::size_t at);
  [[nodiscard]] NetlinkBytes take() && { return std::move(bytes_); }

 private:
  void append(std::span<const std::byte> more);
  NetlinkBytes bytes_;
};

class NetlinkSocket {
 public:
  /// `protocol`: NETLINK_ROUTE …; `code`: of its errors; `groups`: multicast groups to hear from the start.
  [[nodiscard]] static Result<NetlinkSocket> open(int protocol, std::string code, std::uint32_t group = 0);
  /// Sends and collects the answers' bodies until the kernel acknowledges. An answer that a change overtook is asked
  /// for again.
  [[nodiscard]] Result<std::vector<NetlinkBytes>> ask(const std::string& what, NetlinkRequest request);
  /// Sends `requests` as one transaction of this netfilter subsystem: all of them hold afterwards, or none.
  [[nodiscard]] Result<void> commit(const std::string& what, std::uint16_t subsystem,
                                    std::vector<NetlinkRequest> requests);
  [[nodiscard]] int fd() const { return fd_.get(); }

 private:
  NetlinkSocket(run::Fd fd, std::string code) : fd_(std::move(fd)), code_(std::move(code)) {}
  struct Answer {
    std::vector<NetlinkBytes> bodies;
    bool overtaken = false;
  };
  [[nodiscard]] Result<Answer> ask_once(const std::string& what, const NetlinkBytes& request);
  [[nodiscard]] Result<void> send(const std::string& what, std::span<const std::byte> bytes) const;
  /// The next answer of the kernel's; its messages lie in `buffer`.
  [[nodiscard]] Result<std::span<const std::byte>> receive(const std::string& what, NetlinkBytes& buffer) const;
  [[nodiscard]] Error refused(const std::string& what, int error) const;

  run::Fd fd_;
  std::string code_;
  std::uint32_t sequence_ = 0;
};

}  // namespace sekisho::netd
