#include "netd/netlink.hpp"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

namespace sekisho::netd {
namespace {

constexpr std::size_t kBuffer = 64 * 1024;  // the kernel's answers to a dump are at most 32 KiB
constexpr int kTries = 5;
constexpr std::uint16_t kTypeBits = 0x3fff;  // NLA_TYPE_MASK: without the marks "nested" and "network order"

std::size_t aligned(std::size_t size) {
  return (size + 3) & ~std::size_t{3};
}

}  // namespace

std::span<const std::byte> attribute(std::span<const std::byte> message, std::size_t at, std::uint16_t wanted) {
  for (at = aligned(at); at < message.size();) {
    const auto head = load<rtattr>(message.subspan(at));
    if (!head || head->rta_len < sizeof(rtattr) || head->rta_len > message.size() - at) break;
    if ((head->rta_type & kTypeBits) == wanted) {
      return message.subspan(at + sizeof(rtattr), head->rta_len - sizeof(rtattr));
    }
    at += aligned(head->rta_len);
  }
  return {};
}

NetlinkRequest::NetlinkRequest(std::uint16_t type, std::uint16_t flags, std::span<const std::byte> body) {
  nlmsghdr head{};
  head.nlmsg_type = type;
  head.nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | NLM_F_ACK | flags);
  append(bytes_of(head));
  append(body);
}

void NetlinkRequest::append(std::span<const std::byte> more) {
  bytes_.insert(bytes_.end(), more.begin(), more.end());
  bytes_.resize(aligned(bytes_.size()));
}

void NetlinkRequest::add(std::uint16_t type, std::span<const std::byte> value) {
  rtattr head{};
  head.rta_type = type;
  head.rta_len = static_cast<std::uint16_t>(sizeof(head) + value.size());
  append(bytes_of(head));
  append(value);
}

void NetlinkRequest::add_text(std::uint16_t type, std::string_view value) {
  const std::string terminated(value);
  add(type, std::as_bytes(std::span(terminated.c_str(), terminated.size() + 1)));
}

std::size_t NetlinkRequest::begin(std::uint16_t type) {
  const std::size_t at = bytes_.size();
  rtattr head{};
  head.rta_type = static_cast<std::uint16_t>(type | NLA_F_NESTED);
  append(bytes_of(head));
  return at;
}

void NetlinkRequest::end(std::size_t at) {
  const auto length = static_cast<std::uint16_t>(bytes_.size() - at);
  memcpy(bytes_.data() + at + offsetof(rtattr, rta_len), &length, sizeof(length));
}

Result<NetlinkSocket> NetlinkSocket::open(int protocol, std::string code, std::uint32_t group) {
  run::Fd fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol));
  sockaddr_nl at{};
  at.nl_family = AF_NETLINK;
  at.nl_groups = group == 0 ? 0 : 1u << (group - 1);
  if (!fd || bind(fd.get(), reinterpret_cast<const sockaddr*>(&at), sizeof(at)) != 0) {
    return fail(std::move(code), std::string("netlink: ") + strerror(errno));
  }
  return NetlinkSocket(std::move(fd), std::move(code));
}

Error NetlinkSocket::refused(const std::string& what, int error) const {
  return fail(code_, what + ": " + strerror(error));
}

Result<std::vector<NetlinkBytes>> NetlinkSocket::ask(const std::string& what, NetlinkRequest request) {
  const NetlinkBytes bytes = std::move(request).take();
  for (int tries = 0; tries < kTries; ++tries) {
    auto answer = ask_once(what, bytes);
    if (!answer) return answer.error();
    if (!answer->overtaken) return std::move(answer->bodies);
  }
  return fail(code_, what + ": changes overtook every answer");
}

Result<void> NetlinkSocket::send(const std::string& what, std::span<const std::byte> bytes) const {
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  if (sendto(fd_.get(), bytes.data(), bytes.size(), 0, reinterpret_cast<const sockaddr*>(&kernel), sizeof(kernel)) <
      0) {
    return refused(what, errno);
  }
  return {};
}

Result<std::span<const std::byte>> NetlinkSocket::receive(const std::string& what, NetlinkBytes& buffer) const {
  for (;;) {
    sockaddr_nl from{};
    socklen_t from_size = sizeof(from);
    const ssize_t got =
        recvfrom(fd_.get(), buffer.data(), buffer.size(), 0, reinterpret_cast<sockaddr*>(&from), &from_size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return refused(what, errno);
    if (from.nl_pid != 0) continue;  // another process's words
    return std::span<const std::byte>(buffer.data(), static_cast<std::size_t>(got));
  }
}

Result<void> NetlinkSocket::commit(const std::string& what, std::uint16_t subsystem,
                                   std::vector<NetlinkRequest> requests) {
  if (requests.empty()) return {};
  NetlinkBytes all;
  const std::uint32_t first = sequence_ + 1;
  const auto add = [&](NetlinkRequest request, bool answered) {
    const NetlinkBytes bytes = std::move(request).take();
    auto head = *load<nlmsghdr>(bytes);
    head.nlmsg_len = static_cast<std::uint32_t>(bytes.size());
    head.nlmsg_seq = ++sequence_;
    if (!answered) head.nlmsg_flags = static_cast<std::uint16_t>(head.nlmsg_flags & ~NLM_F_ACK);
    const std::size_t at = all.size();
    all.insert(all.end(), bytes.begin(), bytes.end());
    memcpy(all.data() + at, &head, sizeof(head));
  };
  nfgenmsg bracket{};
  bracket.version = NFNETLINK_V0;
  bracket.res_id = htons(subsystem);
  add({NFNL_MSG_BATCH_BEGIN, 0, bytes_of(bracket)}, false);
  for (std::size_t i = 0; i < requests.size(); ++i) add(std::move(requests[i]), i + 1 == requests.size());
  const std::uint32_t last = sequence_;
  add({NFNL_MSG_BATCH_END, 0, bytes_of(bracket)}, false);

  if (auto done = send(what, all); !done) return done;
  NetlinkBytes buffer(kBuffer);
  // The last request is answered once all are done; whatever fails is answered too, and fails the transaction.
  for (;;) {
    const auto got = receive(what, buffer);
    if (!got) return got.error();
    std::span<const std::byte> left = *got;
    while (const auto next = load<nlmsghdr>(left)) {
      if (next->nlmsg_len < sizeof(nlmsghdr) || next->nlmsg_len > left.size()) {
        return fail(code_, what + ": an answer that cannot be read");
      }
      const auto body = left.subspan(sizeof(nlmsghdr), next->nlmsg_len - sizeof(nlmsghdr));
      left = left.subspan(std::min(aligned(next->nlmsg_len), left.size()));
      const bool ours = next->nlmsg_seq - first <= sequence_ - first;
      if (!ours || next->nlmsg_type != NLMSG_ERROR) continue;
      const auto error = load<nlmsgerr>(body);
      if (!error) return fail(code_, what + ": an answer that cannot be read");
      if (error->error != 0) return refused(what, -error->error);
      if (next->nlmsg_seq == last) return {};
    }
  }
}

Result<NetlinkSocket::Answer> NetlinkSocket::ask_once(const std::string& what, const NetlinkBytes& request) {
  NetlinkBytes sent = request;
  auto head = *load<nlmsghdr>(sent);
  head.nlmsg_len = static_cast<std::uint32_t>(sent.size());
  head.nlmsg_seq = ++sequence_;
  memcpy(sent.data(), &head, sizeof(head));
  if (auto done = send(what, sent); !done) return done.error();
  Answer out;
  NetlinkBytes buffer(kBuffer);
  for (;;) {
    const auto got = receive(what, buffer);
    if (!got) return got.error();
    std::span<const std::byte> left = *got;
    while (const auto next = load<nlmsghdr>(left)) {
      if (next->nlmsg_len < sizeof(nlmsghdr) || next->nlmsg_len > left.size()) {
        return fail(code_, what + ": an answer that cannot be read");
      }
      const auto body = left.subspan(sizeof(nlmsghdr), next->nlmsg_len - sizeof(nlmsghdr));
      left = left.subspan(std::min(aligned(next->nlmsg_len), left.size()));
      if (next->nlmsg_seq != sequence_) continue;
      if ((next->nlmsg_flags & NLM_F_DUMP_INTR) != 0) out.overtaken = true;
      if (next->nlmsg_type == NLMSG_DONE) return out;
      if (next->nlmsg_type == NLMSG_ERROR) {
        const auto error = load<nlmsgerr>(body);
        if (!error) return fail(code_, what + ": an answer that cannot be read");
        if (error->error == 0) return out;
        return refused(what, -error->error);
      }
      out.bodies.emplace_back(body.begin(), body.end());
    }
  }
}

}  // namespace sekisho::netd
