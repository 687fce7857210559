#include "fortinet_client.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace sekisho::fortinet {

namespace {

constexpr Seconds kRetry{1};
constexpr std::uint16_t kOpenconnectMru = 1433, kPppdMru = 1354;
constexpr std::uint32_t kMostHeartbeat = 3600;  // seconds; a gate that says more has lost count

std::string text_of(const HttpAnswer& answer) {
  return answer.body;
}

}  // namespace

FortinetClient::FortinetClient(ClientWorld& world, ClientOptions options, Entropy& entropy)
    : world_(world), options_(std::move(options)), entropy_(entropy) {}
FortinetClient::~FortinetClient() = default;

bool FortinetClient::up() const {
  return step_ == Step::framed && ppp_ && ppp_->open();
}

void FortinetClient::start(Instant now) {
  if (step_ != Step::idle) return;
  if (!options_.cookie.empty()) {
    cookie_ = options_.cookie.clone();
    return go(openconnect() ? Step::settings : Step::index, now);
  }
  go(openconnect() ? Step::start_page : Step::password, now);
}

void FortinetClient::go(Step step, Instant now) {
  step_ = step;
  if (connected_) return send(now);
  if (connecting_) return;
  connecting_ = true;
  world_.connect();
}

void FortinetClient::drop_connection() {
  if (connected_ || connecting_) world_.close();
  connected_ = connecting_ = false;
  reader_ = HttpAnswerReader();
}

void FortinetClient::on_connected(Instant now) {
  connecting_ = false;
  connected_ = true;
  reader_ = HttpAnswerReader();
  send(now);
}

void FortinetClient::send_get(std::string_view path, bool with_cookie) {
  const bool tunnel = path == "/remote/sslvpn-tunnel";
  std::string out = "GET " + std::string(path) + " HTTP/1.1\r\n";
  if (openconnect()) {
    out += "Host: " + options_.host + (options_.port == 443 ? "" : ":" + std::to_string(options_.port)) + "\r\n";
    out += "User-Agent: " + options_.user_agent + "\r\n";
    if (!options_.accept_language.empty()) out += "Accept-Language: " + options_.accept_language + "\r\n";
    if (with_cookie && !cookie_.empty()) out += "Cookie: SVPNCOOKIE=" + std::string(cookie_.reveal()) + "\r\n";
  } else if (tunnel) {
    out += "Host: sslvpn\r\nCookie: SVPNCOOKIE=" + std::string(cookie_.reveal()) + "\r\n";
  } else {
    out += "Host: " + options_.host + ":" + std::to_string(options_.port) + "\r\n";
    out += "User-Agent: " + options_.user_agent +
           "\r\nAccept: */*\r\nAccept-Encoding: gzip, deflate, br\r\nPragma: no-cache\r\n"
           "Cache-Control: no-store, no-cache, must-revalidate\r\nIf-Modified-Since: Sat, 1 Jan 2000 00:00:00 GMT\r\n"
           "Content-Type: application/x-www-form-urlencoded\r\n";
    if (!options_.accept_language.empty()) out += "Accept-Language: " + options_.accept_language + "\r\n";
    out += "Cookie: " + (cookie_.empty() ? std::string() : "SVPNCOOKIE=" + std::string(cookie_.reveal())) +
           "\r\nContent-Length: 0\r\n";
  }
  out += "\r\n";
  world_.write(std::as_bytes(std::span(out)));
  wipe(out.data(), out.size());
}

void FortinetClient::send_post(std::string_view path, std::string body) {
  std::string out = "POST " + std::string(path) + " HTTP/1.1\r\n";
  out += "Host: " + options_.host;
  if (!openconnect() || options_.port != 443) out += ":" + std::to_string(options_.port);
  out += "\r\nUser-Agent: " + options_.user_agent + "\r\n";
  if (!options_.accept_language.empty()) out += "Accept-Language: " + options_.accept_language + "\r\n";
  if (openconnect()) {
    out += "X-Pad: " + std::string(64 - body.size() % 64, '0') + "\r\n";
    if (!cookie_.empty()) out += "Cookie: SVPNCOOKIE=" + std::string(cookie_.reveal()) + "\r\n";
  } else {
    out +=
        "Accept: */*\r\nCookie: " + (cookie_.empty() ? std::string() : "SVPNCOOKIE=" + std::string(cookie_.reveal())) +
        "\r\n";
  }
  out +=
      "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n";
  out += body;
  world_.write(std::as_bytes(std::span(out)));
  wipe(out.data(), out.size());
  wipe(body.data(), body.size());
}

std::string FortinetClient::password_body() const {
  const bool upper = !openconnect();
  return "username=" + percent_encode(options_.user, upper) +
         "&credential=" + percent_encode(options_.password.reveal(), upper) +
         "&realm=" + percent_encode(options_.realm, upper) + "&ajax=1" + (openconnect() ? "&just_logged_in=1" : "");
}

std::string FortinetClient::code_body(std::string_view code) const {
  const bool upper = !openconnect();
  const auto echoed = [&](std::string_view key) {
    return "&" + std::string(key) + "=" + percent_encode(field_of_list(question_, key), upper);
  };
  const std::string user = "username=" + percent_encode(options_.user, upper);
  const std::string value = percent_encode(code, upper), realm = "&realm=" + percent_encode(options_.realm, upper);
  if (openconnect()) {
    return user + "&code=" + value + realm + "&code2=" + echoed("reqid") + echoed("polid") + echoed("grp") +
           echoed("portal") + echoed("magic");
  }
  return user + realm + echoed("reqid") + echoed("polid") + echoed("grp") + echoed("portal") + "&peer=&code=" + value +
         "&code2=" + echoed("magic");
}

void FortinetClient::send(Instant now) {
  switch (step_) {
    case Step::start_page:
      return send_get(options_.realm.empty() ? "/" : "/" + options_.realm);
    case Step::login_page:
      return send_get("/remote/login");
    case Step::password:
      return send_post("/remote/logincheck", password_body());
    case Step::code: {
      const Secret code = std::move(code_);
      return send_post("/remote/logincheck", code_body(code.reveal()));
    }
    case Step::claim:
      return send_post("/remote/hostcheck_validate",
                       "hostcheck=" + options_.hostcheck + "&check_virtual_desktop=" + options_.check_virtual_desktop);
    case Step::index:
      return send_get("/remote/index");
    case Step::page:
    case Step::rejected:
      return send_get("/remote/fortisslvpn");
    case Step::settings:
      return send_get("/remote/fortisslvpn_xml");
    case Step::tunnel:
      send_get("/remote/sslvpn-tunnel");
      return begin_frames(now);
    case Step::logout:
      return send_get("/remote/logout");
    case Step::idle:
    case Step::wait_password:
    case Step::wait_code:
    case Step::framed:
    case Step::waiting:
    case Step::ended:
      return;
  }
}

void FortinetClient::on_bytes(std::span<const std::byte> bytes, Instant now) {
  while (!bytes.empty() && connected_ && step_ != Step::ended) {
    if (step_ == Step::tunnel) {
      // A frame's first byte is the high half of its length (<= 0x40): 'H' can only be an HTTP refusal.
      if (bytes.front() == std::byte{'H'}) {
        ppp_.reset();
        frames_.reset();
        step_ = Step::rejected;
        tunnel_refused_ = true;
      } else {
        step_ = Step::framed;
      }
    }
    if (step_ == Step::framed) return on_frames(bytes, now);
    std::size_t consumed = 0;
    const auto state = reader_.feed(bytes, consumed);
    bytes = bytes.subspan(consumed);
    if (state == HttpAnswerReader::State::broken) {
      return leave({ClientEnd::Why::protocol, 0, "the gate's HTTP answer cannot be read"}, now);
    }
    if (state == HttpAnswerReader::State::more) return;
    HttpAnswer answer = reader_.take();
    const bool closes = answer.close;
    if (closes) drop_connection();
    on_answer(std::move(answer), now);
    if (closes) return;
  }
}

void FortinetClient::on_answer(HttpAnswer answer, Instant now) {
  switch (step_) {
    case Step::start_page:
      if (answer.status == 302) {
        const std::string_view location = answer.field("location");
        const std::size_t realm = location.find("realm=");
        if (realm != std::string_view::npos) options_.realm = location.substr(realm + 6);
        return go(Step::login_page, now);
      }
      return leave({ClientEnd::Why::login_refused, answer.status, text_of(answer)}, now);
    case Step::login_page:
      return go(Step::password, now);
    case Step::password:
    case Step::code:
      return on_login_answer(answer, now);
    case Step::claim:
      return go(Step::index, now);  // the answer is ignored
    case Step::index:
      return go(Step::page, now);
    case Step::page:
      drop_connection();
      return go(Step::settings, now);
    case Step::settings:
      return on_settings(answer, now);
    case Step::rejected:
      return leave(end_ ? *end_ : ClientEnd{ClientEnd::Why::session_refused, answer.status, text_of(answer)}, now);
    case Step::logout:
      return finish();
    default:
      return leave({ClientEnd::Why::protocol, answer.status, "an answer to nothing"}, now);
  }
}

void FortinetClient::on_login_answer(const HttpAnswer& answer, Instant now) {
  if (std::string cookie = cookie_of(answer); answer.status == 200 && !cookie.empty()) {
    cookie_ = Secret(std::move(cookie));
    if (openconnect()) return go(Step::settings, now);
    return go(answer.body.find("action=\"") != std::string::npos ? Step::claim : Step::index, now);
  }
  if (answer.status == 200 && field_of_list(answer.body, "ret") == "2") {
    question_ = answer.body;
    // openfortivpn answers exactly one question.
    if (++questions_ > 1 && !openconnect()) {
      return leave({ClientEnd::Why::login_refused, answer.status, text_of(answer)}, now);
    }
    step_ = Step::wait_code;
    return world_.on_question(field_of_list(question_, "chal_msg"));
  }
  if (answer.status == 200 && openconnect()) {
    step_ = Step::wait_password;
    return world_.on_password_wanted();
  }
  leave({ClientEnd::Why::login_refused, answer.status, text_of(answer)}, now);
}

void FortinetClient::give_code(Secret code, Instant now) {
  if (step_ != Step::wait_code) return;
  code_ = std::move(code);
  go(Step::code, now);
}

void FortinetClient::give_password(Secret password, Instant now) {
  if (step_ != Step::wait_password) return;
  options_.password = std::move(password);
  go(Step::password, now);
}

void FortinetClient::on_settings(const HttpAnswer& answer, Instant now) {
  if (answer.status != 200) {
    ClientEnd end{ClientEnd::Why::session_refused, answer.status, text_of(answer)};
    if (!openconnect()) return leave(std::move(end), now);
    end_ = std::move(end);
    return go(Step::rejected, now);
  }
  tunnel_.address = attribute_of(answer.body, "assigned-addr", "ipv4");
  tunnel_.route = attribute_of(answer.body, "addr", "ip");
  tunnel_.mask = attribute_of(answer.body, "addr", "mask");
  const std::string_view heartbeat = attribute_of(answer.body, "dtls-config", "heartbeat-interval");
  std::uint32_t seconds = 0;
  const auto [end_of_it, error] = std::from_chars(heartbeat.data(), heartbeat.data() + heartbeat.size(), seconds);
  const bool whole = error == std::errc{} && end_of_it == heartbeat.data() + heartbeat.size();
  if (!heartbeat.empty() && (!whole || seconds > kMostHeartbeat)) {
    return leave({ClientEnd::Why::protocol, answer.status, "a heartbeat that is no number of seconds"}, now);
  }
  tunnel_.heartbeat_s = seconds;
  if (!parse_ipv4(tunnel_.address)) {
    return leave({ClientEnd::Why::protocol, answer.status, "settings without an address"}, now);
  }
  go(Step::tunnel, now);
}

void FortinetClient::begin_frames(Instant now) {
  PppOptions options;
  options.insist_mru = false;
  if (openconnect()) {
    options.mru = kOpenconnectMru;
    options.nak_smaller_mru = true;
    options.own_address = parse_ipv4(tunnel_.address).value_or(0);
    options.keep_own_address = true;
    options.echo_interval = Seconds{tunnel_.heartbeat_s};
    options.echo_misses = 2;
  } else {
    options.mru = kPppdMru;
    options.own_address = 0;
    options.peer_address = 0xa9fe0201;
    options.offer_vj = true;
    options.echo_at_open = true;
    options.echo_interval = Seconds{30};
    options.echo_misses = 4;
    static constexpr unsigned char kCompression[] = {0x1a, 0x04, 0x78, 0x00, 0x18, 0x04, 0x78, 0x00, 0x15, 0x03, 0x2f};
    static constexpr unsigned char kInterface[] = {0x01, 0x0a, 0x8d, 0x3b, 0x6d, 0x98, 0x61, 0xcd, 0x42, 0x72};
    options.extras.push_back({kCcp, make_packet(1, 1, std::as_bytes(std::span(kCompression)))});
    options.extras.push_back({kIp6cp, make_packet(1, 1, std::as_bytes(std::span(kInterface)))});
  }
  ppp_ = std::make_unique<Ppp>(std::move(options), entropy_);
  frames_ = std::make_unique<FrameReader>(65535);
  apply(ppp_->start(now), now);
}

void FortinetClient::on_frames(std::span<const std::byte> bytes, Instant now) {
  frames_->take(bytes);
  while (frames_ && connected_) {
    const auto step = frames_->next();
    if (step.state == FrameReader::State::more) return;
    if (step.state == FrameReader::State::broken) {
      drop_connection();
      return lose(step.why, now);
    }
    if (step.frame.protocol == kIpv4) {
      if (ppp_->take_data(step.frame.payload.size())) world_.on_packet(step.frame.payload);
    } else {
      apply(ppp_->feed(step.frame, now), now);
    }
  }
}

void FortinetClient::apply(PppEvents events, Instant now) {
  for (PppEvent& event : events) {
    if (auto* send = std::get_if<PppSend>(&event)) {
      out_.resize(send->packet.size() + kFrameOverheadIn);
      const std::size_t size = write_frame(send->protocol, send->packet, out_, openconnect());
      world_.write(std::span(out_).first(size));
    } else if (const auto* up = std::get_if<PppUp>(&event)) {
      give_up_at_.reset();
      was_up_ = true;
      tunnel_.address = ipv4_text(up->own_address);
      tunnel_.mru = ppp_->largest_packet();
      world_.on_up(tunnel_);
    } else if (const auto* ended = std::get_if<PppEnded>(&event)) {
      if (end_) {  // our own Terminate-Request was acked, or a second has passed
        drop_connection();
        return go(Step::logout, now);
      }
      if (!ended->by_peer) {
        drop_connection();
        return lose(ended->why, now);
      }
      if (openconnect()) {
        const auto request = make_packet(ppp_code::terminate_request, 0xff, {});
        out_.resize(request.size() + kFrameOverheadIn);
        world_.write(std::span(out_).first(write_frame(kLcp, request, out_, true)));
      }
      world_.on_down(ended->why);
      return leave({ClientEnd::Why::by_gate, 0, ended->why}, now);
    }
  }
}

bool FortinetClient::send_packet(std::span<const std::byte> packet) {
  if (!up() || packet.empty() || packet.size() > ppp_->largest_packet()) return false;
  out_.resize(packet.size() + kFrameOverheadIn);
  world_.write(std::span(out_).first(write_frame(kIpv4, packet, out_, openconnect())));
  return true;
}

void FortinetClient::on_gone(Instant now) {
  connected_ = connecting_ = false;
  reader_ = HttpAnswerReader();
  switch (step_) {
    case Step::idle:
    case Step::wait_password:
    case Step::wait_code:  // a new connection is made for the answer
    case Step::ended:
    case Step::waiting:
      return;
    case Step::logout:
      return finish();
    case Step::tunnel:
    case Step::framed:
      return lose("the connection was lost", now);
    default:
      if (give_up_at_) return lose("no connection", now);
      return leave({ClientEnd::Why::lost, 0, "the connection was lost"}, now);
  }
}

void FortinetClient::lose(std::string_view why, Instant now) {
  const bool was_framed = ppp_ != nullptr;
  ppp_.reset();
  frames_.reset();
  if (was_framed && was_up_) world_.on_down(why);
  if (end_) return go(Step::logout, now);  // the person was ending it
  if (!openconnect() || !was_up_) return leave({ClientEnd::Why::lost, 0, std::string(why)}, now);
  if (!give_up_at_) {
    give_up_at_ = now + options_.reconnect_limit;
    return go(Step::settings, now);
  }
  if (now >= *give_up_at_) return leave({ClientEnd::Why::lost, 0, std::string(why)}, now);
  step_ = Step::waiting;
  retry_at_ = now + kRetry;
}

void FortinetClient::leave(ClientEnd end, Instant now) {
  ppp_.reset();
  frames_.reset();
  retry_at_.reset();
  give_up_at_.reset();
  end_ = std::move(end);
  drop_connection();
  // openfortivpn always asks for the logout, openconnect when it has been in the tunnel.
  const bool logs_out = !openconnect() || tunnel_refused_ || (was_up_ && end_->why != ClientEnd::Why::session_refused);
  if (logs_out) return go(Step::logout, now);
  finish();
}

void FortinetClient::finish() {
  if (step_ == Step::ended) return;
  drop_connection();
  step_ = Step::ended;
  world_.on_ended(end_ ? *end_ : ClientEnd{});
}

void FortinetClient::stop(Instant now) {
  if (step_ == Step::ended || step_ == Step::logout || step_ == Step::idle || end_) return;
  end_ = ClientEnd{ClientEnd::Why::by_person, 0, {}};
  retry_at_.reset();
  if (step_ == Step::framed && ppp_) {
    if (openconnect()) return apply(ppp_->terminate("", now), now);
    world_.on_down("ended by the person");
  }
  ppp_.reset();
  frames_.reset();
  drop_connection();
  if (cookie_.empty()) return finish();
  go(Step::logout, now);
}

std::optional<Instant> FortinetClient::next_deadline() const {
  std::optional<Instant> out = retry_at_;
  if (ppp_) {
    const auto at = ppp_->next_deadline();
    if (at && (!out || *at < *out)) out = at;
  }
  return out;
}

void FortinetClient::on_deadline(Instant now) {
  if (retry_at_ && now >= *retry_at_) {
    retry_at_.reset();
    return go(Step::settings, now);
  }
  if (!ppp_) return;
  const auto due = ppp_->next_deadline();
  if (due && now >= *due) apply(ppp_->on_deadline(now), now);
}

}  // namespace sekisho::fortinet
