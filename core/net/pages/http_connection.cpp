#include <sekisho/sdk/path/http_connection.hpp>

#include <algorithm>
#include <string>
#include <utility>

namespace sekisho {
namespace {

constexpr std::size_t kLargestWrite = 16384;

}  // namespace

HttpConnection::HttpConnection(PathHost& host, HttpExchange& exchange, HttpPatience patience, Instant now)
    : host_(host),
      exchange_(exchange),
      patience_(patience),
      parser_(patience.limits),
      deadline_(now + patience.first) {}

HttpConnection::~HttpConnection() {
  forget_kept();
}

std::optional<Instant> HttpConnection::next_deadline() const {
  if (closed_) return std::nullopt;
  return deadline_;
}

void HttpConnection::on_deadline(Instant now) {
  if (closed_ || now < deadline_) return;
  if (asked_) {
    asked_.reset();
    answer(exchange_.silent());
    return close("the gatekeeper is silent");
  }
  close(in_body_ ? "the body comes too slowly" : in_request_ ? "the request took too long" : "no request");
}

void HttpConnection::on_gone() {
  closed_ = true;
  forget_kept();
}

void HttpConnection::close(std::string_view why) {
  if (closed_) return;
  closed_ = true;
  forget_kept();
  host_.close(why);
}

void HttpConnection::forget_kept() noexcept {
  wipe(kept_.data(), kept_.size());
  kept_.clear();
}

void HttpConnection::keep(std::span<const std::byte> bytes) {
  if (kept_.size() + bytes.size() > patience_.ahead) return close("too much sent ahead of an answer");
  kept_.reserve(patience_.ahead);  // nothing is moved once it stands, so nothing is left behind
  kept_.insert(kept_.end(), bytes.begin(), bytes.end());
}

std::vector<std::byte> HttpConnection::take_ahead() {
  return std::exchange(kept_, {});
}

void HttpConnection::answer(HttpResponse response) {
  response.close = response.close || !keep_alive_ || requests_ >= patience_.requests;
  std::string text = serialize(response);
  auto bytes = std::as_bytes(std::span(text));
  while (!bytes.empty()) {
    const auto piece = bytes.first(std::min(bytes.size(), kLargestWrite));
    host_.write(piece);
    bytes = bytes.subspan(piece.size());
  }
  wipe(text.data(), text.size());  // it may hold a cookie
  wipe(response.body.data(), response.body.size());
  if (response.close) close("answered, last request");
}

void HttpConnection::ask(GateRequest request, Instant now) {
  deadline_ = now + patience_.gatekeeper;
  asked_ = host_.ask(std::move(request));
}

void HttpConnection::on_bytes(std::span<const std::byte> bytes, Instant now) {
  if (closed_) return;
  if (now >= deadline_) return on_deadline(now);  // bytes that come too late buy nothing
  if (asked_) return keep(bytes);
  read(bytes, now);
}

void HttpConnection::read(std::span<const std::byte> bytes, Instant now) {
  while (!bytes.empty() && !closed_) {
    if (asked_) return keep(bytes);
    if (!in_request_) {
      in_request_ = true;
      deadline_ = now + patience_.head;
    }
    auto progress = parser_.feed(bytes);
    if (progress.refusal) {
      answer(exchange_.broken(*progress.refusal));
      return close("the request is broken");
    }
    bytes = bytes.subspan(progress.consumed);
    if (progress.request) {
      in_request_ = in_body_ = false;
      deadline_ = now + patience_.idle;
      ++requests_;
      keep_alive_ = progress.request->keep_alive;
      exchange_.on_request(*progress.request, now);
      wipe(progress.request->body.data(), progress.request->body.size());
    } else if (progress.consumed == 0) {
      return close("the request parser makes no progress");
    } else if (parser_.in_body() && !patience_.body_within_head) {
      if (!std::exchange(in_body_, true)) {
        body_since_ = now;
        body_bytes_ = 0;
      } else {
        body_bytes_ += progress.consumed;
      }
      const Seconds bought(body_bytes_ / patience_.body_rate);
      deadline_ = body_since_ + std::min(patience_.body, patience_.body_patience + bought);
    }
  }
}

bool HttpConnection::on_reply(std::uint64_t request, Instant now) {
  if (closed_ || asked_ != request) return false;
  asked_.reset();
  deadline_ = now + patience_.idle;
  return true;
}

void HttpConnection::go_on(Instant now) {
  if (closed_ || asked_ || kept_.empty()) return;
  std::vector<std::byte> kept = std::exchange(kept_, {});
  read(kept, now);
  wipe(kept.data(), kept.size());
}

}  // namespace sekisho
