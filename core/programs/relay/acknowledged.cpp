#include "programs/relay/acknowledged.hpp"

#include <linux/sockios.h>
#include <linux/tcp.h>  // not netinet/tcp.h, whose tcp_info does not know of bytes that were not sent yet
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

namespace sekisho::relay {

bool acknowledged(int tcp_socket) {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (::getsockopt(tcp_socket, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) {
    int unread = 0;  // of a local stream: unix(7), SIOCOUTQ
    return ::ioctl(tcp_socket, SIOCOUTQ, &unread) != 0 || unread == 0;
  }
  constexpr unsigned char kClosed = 7;  // TCP_CLOSE
  return info.tcpi_state == kClosed || (info.tcpi_unacked == 0 && info.tcpi_notsent_bytes == 0);
}

}  // namespace sekisho::relay
