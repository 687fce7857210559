#include "posture_page.hpp"

#include "answers.hpp"
#include "human_page.hpp"

#include <algorithm>
#include <utility>

namespace sekisho::posture_page {
namespace {

constexpr Seconds kIdle{15};
constexpr Seconds kHead{10};
constexpr Seconds kBody{30};
constexpr Seconds kBodyPatience{5};  // before the rate counts
constexpr std::size_t kBodyRate = 1024;
constexpr unsigned kMostRequests = 100;
constexpr std::size_t kMostKept = 16384;
constexpr std::size_t kLargestWrite = 16384;

HttpLimits limits() {
  HttpLimits out;
  out.body_bytes = 64 * 1024;
  return out;
}

}  // namespace

std::unique_ptr<PathConnection> PosturePage::open(PathHost& host, Arrival arrival, Instant now) {
  return std::make_unique<PostureConnection>(host, config_, std::move(arrival), now);
}

PostureConnection::PostureConnection(PathHost& host, const Config& config, Arrival arrival, Instant now)
    : host_(host), config_(config), arrival_(std::move(arrival)), parser_(limits()), deadline_(now + kIdle) {
  arrival_.language = config_.language;
  arrival_.user_agent.clear();
}

std::optional<Instant> PostureConnection::next_deadline() const {
  if (closed_) return std::nullopt;
  return deadline_;
}

void PostureConnection::on_deadline(Instant now) {
  if (closed_ || now < deadline_) return;
  if (asked_) {
    asked_.reset();
    answer(unavailable());
    return close("the gatekeeper is silent");
  }
  close(in_body_ ? "the body comes too slowly" : in_request_ ? "the request took too long" : "no request");
}

void PostureConnection::on_gone(Instant) {
  closed_ = true;
  kept_.clear();
}

void PostureConnection::close(std::string_view why) {
  if (closed_) return;
  closed_ = true;
  kept_.clear();
  host_.close(why);
}

void PostureConnection::answer(HttpResponse response) {
  response.close = response.close || !keep_alive_ || requests_ >= kMostRequests;
  const std::string text = serialize(response);
  auto bytes = std::as_bytes(std::span(text));
  while (!bytes.empty()) {
    const auto piece = bytes.first(std::min(bytes.size(), kLargestWrite));
    host_.write(piece);
    bytes = bytes.subspan(piece.size());
  }
  if (response.close) close("answered, last request");
}

void PostureConnection::on_bytes(std::span<const std::byte> plaintext, Instant now) {
  if (closed_) return;
  if (asked_) {
    if (kept_.size() + plaintext.size() > kMostKept) return close("too much sent ahead of an answer");
    kept_.insert(kept_.end(), plaintext.begin(), plaintext.end());
    return;
  }
  read(plaintext, now);
}

void PostureConnection::read(std::span<const std::byte> bytes, Instant now) {
  while (!bytes.empty() && !closed_) {
    if (asked_) {
      if (bytes.size() > kMostKept) return close("too much sent ahead of an answer");
      kept_.assign(bytes.begin(), bytes.end());
      return;
    }
    if (!in_request_) {
      in_request_ = true;
      deadline_ = now + kHead;
    }
    auto progress = parser_.feed(bytes);
    if (progress.refusal) return answer(broken(progress.refusal->status));
    bytes = bytes.subspan(progress.consumed);
    if (progress.request) {
      in_request_ = in_body_ = false;
      deadline_ = now + kIdle;
      on_request(*progress.request, now);
    } else if (progress.consumed == 0) {
      return close("the request parser makes no progress");
    } else if (parser_.in_body()) {
      if (!std::exchange(in_body_, true)) {
        body_since_ = now;
        body_bytes_ = 0;
      } else {
        body_bytes_ += progress.consumed;
      }
      deadline_ = body_since_ + std::min(kBody, kBodyPatience + Seconds(body_bytes_ / kBodyRate));
    }
  }
}

void PostureConnection::on_request(HttpRequest& request, Instant now) {
  ++requests_;
  keep_alive_ = request.keep_alive;
  arrival_.language = accepted_language(request, config_.language);
  arrival_.user_agent = printable_user_agent(request);
  const Route route = find_route(request);
  if (!media_type_fits(route, request)) return answer(wrong_media_type());
  switch (route) {
    case Route::unknown:
      return answer(not_found());
    case Route::human_page: {
      HttpResponse page;
      page.content_type = "text/html; charset=utf-8";
      page.fields = {{"Content-Language", arrival_.language}, {"Vary", "Accept-Language"}};
      page.body = human_page(arrival_.language);
      return answer(std::move(page));
    }
    case Route::challenge:
      return ask("challenge", {}, now);
    case Route::report:
      return ask("report", std::move(request.body), now);
    case Route::enrol:
      return ask("enrol", std::move(request.body), now);
  }
}

void PostureConnection::ask(const char* kind, std::string body, Instant now) {
  deadline_ = now + config_.gatekeeper_limit;
  asked_ = host_.ask(PostureRequest{kind, arrival_, Secret(), std::move(body)});
}

void PostureConnection::on_reply(std::uint64_t request, GateReply reply, Instant now) {
  if (closed_ || asked_ != request) return;
  asked_.reset();
  deadline_ = now + kIdle;
  if (auto* judged = std::get_if<PostureAnswer>(&reply)) {
    answer(from_gatekeeper(std::move(*judged)));
  } else if (const auto* refusal = std::get_if<Refused>(&reply)) {
    answer(refused(403, refusal->refusal));
  } else {
    answer(unavailable());
  }
  if (closed_ || kept_.empty()) return;
  const std::vector<std::byte> kept = std::exchange(kept_, {});
  read(kept, now);
}

}  // namespace sekisho::posture_page
