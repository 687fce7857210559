#include "console_wire.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <stdexcept>
#include <utility>

namespace sekisho::bench {
namespace {

constexpr std::uint8_t kBinary = 2, kClose = 8, kPing = 9, kPong = 10;
constexpr std::size_t kBuffer = 64 * 1024;
constexpr int kPatienceMs = 15'000, kTurns = 32;

[[noreturn]] void give_up(const std::string& what) {
  throw std::runtime_error("viewer: " + what);
}

void wait_for(int fd, short what) {
  pollfd waiting{fd, what, 0};
  if (poll(&waiting, 1, kPatienceMs) == 0) give_up("nothing came for 15 s");
}

}  // namespace

bool FrameReader::feed(View in, Handler& handler) {
  while (!in.empty()) {
    if (!inside_) {
      if (!head_.complete(in, 2)) return true;
      const std::uint8_t first = rfb::u8(head_.view(), 0), second = rfb::u8(head_.view(), 1);
      if ((first & 0x70U) != 0 || (second & 0x80U) != 0) return false;
      const std::size_t size = second == 126 ? 4 : second == 127 ? 10 : 2;
      if (!head_.complete(in, size)) return true;
      const View head = head_.view();
      left_ = size == 2   ? second
              : size == 4 ? rfb::be16(head, 2)
                          : std::uint64_t{rfb::be32(head, 2)} << 32U | rfb::be32(head, 6);
      opcode_ = first & 15U;
      head_.clear();
      control_.clear();
      inside_ = true;
      if (opcode_ >= kClose && left_ > 125) return false;
    }
    const View piece = in.first(static_cast<std::size_t>(std::min<std::uint64_t>(left_, in.size())));
    in = in.subspan(piece.size());
    left_ -= piece.size();
    if (opcode_ >= kClose) {
      rfb::put(control_, piece);
    } else if (!piece.empty()) {
      handler.on_data(piece);
    }
    if (left_ != 0) continue;
    inside_ = false;
    if (opcode_ == kPing) handler.on_ping(control_);
    if (opcode_ == kClose) handler.on_close(control_.size() < 2 ? std::uint16_t{1005} : rfb::be16(control_, 0));
  }
  return true;
}

Bytes masked_frame(View payload, std::uint8_t opcode, std::uint32_t mask) {
  Bytes out;
  rfb::put8(out, 0x80U | opcode);
  if (payload.size() < 126) {
    rfb::put8(out, static_cast<std::uint8_t>(0x80U | payload.size()));
  } else {
    rfb::put8(out, 0x80U | 126U);
    rfb::put16(out, static_cast<std::uint16_t>(payload.size()));
  }
  rfb::put32(out, mask);
  for (std::size_t i = 0; i < payload.size(); ++i) {
    out.push_back(payload[i] ^ static_cast<std::byte>(mask >> (24 - 8 * (i % 4)) & 255U));
  }
  return out;
}

SslContext viewer_context(const std::string& ca_file) {
  SslContext out(SSL_CTX_new(TLS_client_method()));
  if (!out || SSL_CTX_load_verify_locations(out.get(), ca_file.c_str(), nullptr) != 1)
    give_up("cannot read " + ca_file);
  SSL_CTX_set_verify(out.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_session_cache_mode(out.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(out.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_RELEASE_BUFFERS);
  return out;
}

ViewerWire::ViewerWire(const Target& target) : websocket_(target.websocket) {
  try {
    connect(target);
    if (websocket_) open_websocket(target);
  } catch (...) {
    tls_.reset();
    if (fd_ >= 0) close(fd_);
    throw;
  }
}

ViewerWire::~ViewerWire() {
  tls_.reset();
  close(fd_);
}

void ViewerWire::connect(const Target& target) {
  fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(target.port);
  if (inet_pton(AF_INET, target.address.c_str(), &at.sin_addr) != 1 ||
      ::connect(fd_, reinterpret_cast<const sockaddr*>(&at), sizeof(at)) != 0) {
    give_up("cannot connect to " + target.address);
  }
  const int on = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  const int flags = fcntl(fd_, F_GETFL);
  fcntl(fd_, F_SETFL, flags | O_NONBLOCK);
  if (target.tls == nullptr) return;
  tls_.reset(SSL_new(target.tls));
  SSL_set_fd(tls_.get(), fd_);
  X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls_.get()), target.address.c_str());
  for (int done; (done = SSL_connect(tls_.get())) != 1;) {
    const int why = SSL_get_error(tls_.get(), done);
    if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE) {
      give_up(std::string("TLS: ") + X509_verify_cert_error_string(SSL_get_verify_result(tls_.get())));
    }
    wait_for(fd_, why == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT);
  }
}

void ViewerWire::open_websocket(const Target& target) {
  const std::string host = target.address + ":" + std::to_string(target.port);
  const std::string request =
      "GET " + target.path + " HTTP/1.1\r\nHost: " + host + "\r\nOrigin: " + target.origin +
      "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: binary, sekisho.ticket." +
      target.ticket + "\r\n\r\n";
  write(std::as_bytes(std::span(request)));
  std::string answer;
  std::array<std::byte, 4096> buffer;
  std::size_t end = std::string::npos;
  while ((end = answer.find("\r\n\r\n")) == std::string::npos) {
    const std::size_t size = read(buffer);
    if (size == 0) wait_for(fd_, POLLIN);
    answer.append(reinterpret_cast<const char*>(buffer.data()), size);
    if (answer.size() > 16 * 1024) give_up("an endless answer");
  }
  if (!answer.starts_with("HTTP/1.1 101 ")) give_up("refused: " + answer.substr(0, answer.find("\r\n")));
  const std::string rest = answer.substr(end + 4);
  if (!frames_.feed(std::as_bytes(std::span(rest)), *this)) give_up("a wrong frame");
}

void ViewerWire::write(View bytes) {
  while (!bytes.empty()) {
    ssize_t sent = 0;
    bool again = false;
    if (tls_) {
      sent = SSL_write(tls_.get(), bytes.data(), static_cast<int>(bytes.size()));
      again = sent <= 0 && SSL_get_error(tls_.get(), static_cast<int>(sent)) == SSL_ERROR_WANT_WRITE;
    } else {
      sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      again = sent < 0 && errno == EAGAIN;
    }
    if (again) {
      wait_for(fd_, POLLOUT);
      continue;
    }
    if (sent <= 0) give_up("the connection ended while writing");
    bytes = bytes.subspan(static_cast<std::size_t>(sent));
  }
}

std::size_t ViewerWire::read(std::span<std::byte> into) {
  if (tls_) {
    const int size = SSL_read(tls_.get(), into.data(), static_cast<int>(into.size()));
    if (size > 0) return static_cast<std::size_t>(size);
    const int why = SSL_get_error(tls_.get(), size);
    if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) return 0;
    give_up("the connection ended");
  }
  const ssize_t size = recv(fd_, into.data(), into.size(), 0);
  if (size > 0) return static_cast<std::size_t>(size);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
  give_up("the connection ended");
}

void ViewerWire::say(View payload) {
  if (!websocket_) return write(payload);
  mask_ = mask_ * 1664525U + 1013904223U;
  write(masked_frame(payload, kBinary, mask_));
}

Bytes ViewerWire::take(std::size_t size) {
  while (stream_.size() < size) {
    if (!hear() && stream_.size() < size) wait_for(fd_, POLLIN);
  }
  Bytes out(stream_.begin(), stream_.begin() + static_cast<std::ptrdiff_t>(size));
  stream_.erase(stream_.begin(), stream_.begin() + static_cast<std::ptrdiff_t>(size));
  return out;
}

void ViewerWire::free_running(OnData on_data) {
  on_data_ = std::move(on_data);
  const Bytes before = std::exchange(stream_, {});
  if (!before.empty()) on_data_(before);
}

bool ViewerWire::hear() {
  static thread_local std::array<std::byte, kBuffer> buffer;
  for (int turn = 0; turn < kTurns; ++turn) {
    const std::size_t size = read(buffer);
    if (size == 0) return false;
    const View in = View(buffer).first(size);
    if (!websocket_) {
      on_data(in);
    } else if (!frames_.feed(in, *this)) {
      give_up("a wrong frame");
    }
  }
  return true;
}

void ViewerWire::on_data(View piece) {
  heard_ += piece.size();
  on_data_ ? on_data_(piece) : rfb::put(stream_, piece);
}
void ViewerWire::on_ping(View payload) {
  write(masked_frame(payload, kPong, mask_));
}
void ViewerWire::on_close(std::uint16_t code) {
  give_up("closed with " + std::to_string(code));
}

}  // namespace sekisho::bench
