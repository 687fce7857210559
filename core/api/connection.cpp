#include "api/connection.hpp"

#include "base/json.hpp"

#include <nlohmann/json.hpp>

#include <utility>

namespace sekisho::api {

struct Connection::State {
  const Context& context;
  std::string caller;
  std::function<void(std::string)> send;
  std::string pending;
  std::size_t in_flight = 0;
};

Connection::Connection(const Context& context, std::string caller, std::function<void(std::string)> send)
    : state_(std::make_shared<State>(State{context, std::move(caller), std::move(send), {}, 0})) {}
Connection::~Connection() = default;

namespace {

std::string line(const nlohmann::json& document) {
  return document.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace

bool Connection::feed(std::string_view bytes) {
  State& s = *state_;
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    if (s.pending.size() + std::min(end, bytes.size()) > kMaxLine) return false;
    s.pending.append(bytes.substr(0, end));
    if (end == std::string_view::npos) return true;
    bytes.remove_prefix(end + 1);
    const std::string request = std::exchange(s.pending, {});
    if (request.empty()) continue;
    const auto parsed = parse_json(request, {.bytes = kMaxLine, .depth = 12});
    const bool object = parsed && parsed->is_object();
    const nlohmann::json id =
        object && parsed->contains("id") && (*parsed)["id"].is_number_integer() ? (*parsed)["id"] : nlohmann::json();
    const auto answer_error = [&](const Error& error) { s.send(line({{"id", id}, {"error", error_json(error)}})); };
    if (!object || !parsed->contains("method") || !(*parsed)["method"].is_string()) {
      answer_error(fail("api.bad_request", parsed ? "/method" : parsed.error().detail));
      continue;
    }
    const nlohmann::json params = parsed->value("params", nlohmann::json::object());
    if (!params.is_object()) {
      answer_error(fail("api.bad_request", "/params"));
      continue;
    }
    if (s.in_flight >= 64) {
      answer_error(fail("api.busy"));
      continue;
    }
    ++s.in_flight;
    call(s.context, (*parsed)["method"].get<std::string>(), params, s.caller,
         [weak = std::weak_ptr(state_), id](Result<nlohmann::json> end_of_call) {
           const auto self = weak.lock();
           if (!self) return;
           --self->in_flight;
           if (end_of_call) return self->send(line({{"id", id}, {"result", *end_of_call}}));
           self->send(line({{"id", id}, {"error", error_json(end_of_call.error())}}));
         });
  }
  return true;
}

}  // namespace sekisho::api
