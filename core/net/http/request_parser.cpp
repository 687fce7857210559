// HttpRequestParser: our strict head rules first, then Beast's parser, then both must agree on what was said.
#include "net/http/strict_head.hpp"

#include <sekisho/sdk/path/http.hpp>
#include <sekisho/sdk/secret.hpp>

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <algorithm>

namespace sekisho {
namespace {

namespace beast = boost::beast;
using BeastParser = beast::http::request_parser<beast::http::string_body>;

std::string lower_case(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return out;
}

}  // namespace

std::string_view HttpRequest::field(std::string_view name) const {
  std::string_view found;
  bool once = false;
  for (const auto& [key, value] : fields) {
    if (key != name) continue;
    if (once) return {};
    found = value;
    once = true;
  }
  return found;
}

struct HttpRequestParser::Impl {
  explicit Impl(HttpLimits limits) : limits(limits), scanner(limits) {}

  HttpLimits limits;
  http::HeadScanner scanner;
  std::string head;
  http::HeadFacts facts;  // borrows from head
  std::unique_ptr<BeastParser> beast;
  std::uint64_t body_left = 0;
  std::optional<HttpRefusal> broken;

  /// What has come of a body may hold a password.
  void wipe_body() noexcept {
    if (beast) wipe(beast->get().body().data(), beast->get().body().size());
  }

  void next_request() {
    wipe_body();
    scanner = http::HeadScanner(limits);
    head.clear();
    facts = {};
    beast.reset();
    body_left = 0;
  }

  HttpRefusal refuse(HttpRefusal refusal) {
    next_request();
    head.shrink_to_fit();
    broken = refusal;
    return refusal;
  }

  /// The head is complete: judges it and lets Beast read it.
  std::optional<HttpRefusal> take_head() {
    http::HeadVerdict verdict = http::check_head(head, limits);
    if (verdict.refusal) return verdict.refusal;
    facts = verdict.facts;
    beast = std::make_unique<BeastParser>();
    beast->header_limit(static_cast<std::uint32_t>(limits.head_bytes));
    beast->body_limit(limits.body_bytes);
    beast::error_code error;
    const std::size_t used = beast->put(boost::asio::buffer(head), error);
    if (error == beast::http::error::need_more) error = {};
    if (error || used != head.size() || !beast->is_header_done())
      return HttpRefusal{400, "second reading of the head failed: " + error.message()};
    const auto& message = beast->get();
    const auto fields = static_cast<std::size_t>(std::distance(message.begin(), message.end()));
    const auto length = beast->content_length();
    if (beast->chunked() || message.version() != 11 || fields != facts.fields ||
        (length ? *length : 0) != facts.content_length || message.method_string() != facts.method)
      return HttpRefusal{400, "two readings of the head differ"};
    body_left = facts.content_length;
    return std::nullopt;
  }

  HttpRequest finish() {
    auto& message = beast->get();
    HttpRequest request;
    request.method = facts.method;
    request.path = facts.path;
    request.query = facts.query;
    request.keep_alive = facts.keep_alive;
    request.fields.reserve(facts.fields);
    for (const auto& field : message)
      request.fields.emplace_back(lower_case({field.name_string().data(), field.name_string().size()}),
                                  std::string(field.value().data(), field.value().size()));
    request.body = std::move(message.body());
    next_request();
    return request;
  }
};

HttpRequestParser::HttpRequestParser(HttpLimits limits) : impl_(std::make_unique<Impl>(limits)) {}
HttpRequestParser::~HttpRequestParser() {
  impl_->wipe_body();
}

HttpRequestParser::Progress HttpRequestParser::feed(std::span<const std::byte> bytes) {
  Progress progress;
  if (impl_->broken) {
    progress.refusal = impl_->broken;
    return progress;
  }
  std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (!impl_->beast) {
    const auto step = impl_->scanner.feed(text);
    impl_->head.append(text.substr(0, step.taken));
    progress.consumed = step.taken;
    text.remove_prefix(step.taken);
    auto refusal = step.refusal;
    if (!refusal && step.complete) refusal = impl_->take_head();
    if (refusal) {
      progress.refusal = impl_->refuse(std::move(*refusal));
      return progress;
    }
    if (!step.complete) return progress;
  }
  const auto take = static_cast<std::size_t>(std::min<std::uint64_t>(text.size(), impl_->body_left));
  if (take > 0) {
    beast::error_code error;
    const std::size_t used = impl_->beast->put(boost::asio::buffer(text.data(), take), error);
    if (error == beast::http::error::need_more) error = {};
    if (error || used != take) {
      progress.refusal = impl_->refuse({400, "body cannot be read: " + error.message()});
      return progress;
    }
    impl_->body_left -= take;
    progress.consumed += take;
  }
  if (impl_->body_left == 0) {
    if (!impl_->beast->is_done()) {
      progress.refusal = impl_->refuse({400, "two readings of the body differ"});
      return progress;
    }
    progress.request = impl_->finish();
  }
  return progress;
}

bool HttpRequestParser::in_request() const {
  return !impl_->head.empty();
}

bool HttpRequestParser::in_body() const {
  return impl_->body_left > 0;
}

}  // namespace sekisho
