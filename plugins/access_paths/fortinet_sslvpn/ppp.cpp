#include "ppp.hpp"

#include <utility>

namespace sekisho::fortinet {

namespace {

constexpr Seconds kClosingLimit{1};
constexpr int kAnswersBurst = 20;
constexpr int kAnswersPerSecond = 10;

std::uint32_t leading_u32(std::span<const std::byte> bytes) {
  std::uint32_t out = 0;
  for (const std::byte b : bytes.first(4)) out = (out << 8) | std::to_integer<std::uint32_t>(b);
  return out;
}

void append_u32(PppBytes& to, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) {
    to.push_back(static_cast<std::byte>((value >> static_cast<unsigned>(shift)) & 0xffU));
  }
}

}  // namespace

Ppp::Ppp(PppOptions options, Entropy& entropy)
    : options_(std::move(options)),
      lcp_(options_, entropy),
      ipcp_(options_),
      lcp_layer_(kLcp, lcp_, next_id_),
      ipcp_layer_(kIpcp, ipcp_, next_id_) {}

void Ppp::flush(PppEvents& out) {
  for (PppSend& send : sends_) out.emplace_back(std::move(send));
  sends_.clear();
}

bool Ppp::may_answer(Instant now) {
  const auto passed = std::chrono::duration_cast<std::chrono::milliseconds>(now - answers_at_).count();
  const auto gained = std::min<std::int64_t>(passed * kAnswersPerSecond / 1000, kAnswersBurst);
  if (gained > 0) {
    answers_left_ = std::min(kAnswersBurst, answers_left_ + static_cast<int>(gained));
    answers_at_ = now;
  }
  if (answers_left_ == 0) {
    ++dropped_;
    return false;
  }
  --answers_left_;
  return true;
}

PppEvents Ppp::start(Instant now) {
  PppEvents out;
  if (state_ != State::idle) return out;
  state_ = State::establishing;
  answers_at_ = now;
  open_by_ = now + options_.open_limit;
  lcp_changed(lcp_layer_.open(now, sends_), now, out);
  return out;
}

PppEvents Ppp::feed(const Frame& frame, Instant now) {
  PppEvents out;
  if (state_ == State::ended && frame.protocol == kLcp) {
    // RFC 1661 "Stopping": whoever has ended it still acknowledges the peer's own Terminate-Request.
    const auto packet = parse_packet(frame.payload);
    if (packet && packet->code == ppp_code::terminate_request && may_answer(now)) {
      out.emplace_back(PppSend{kLcp, make_packet(ppp_code::terminate_ack, packet->id, {})});
      return out;
    }
  }
  if (state_ == State::idle || state_ == State::ended) {
    ++dropped_;
    return out;
  }
  heard_ = true;
  const bool lcp_open = lcp_layer_.state() == Layer::State::opened;
  if (frame.protocol == kLcp || frame.protocol == kIpcp) {
    const auto packet = parse_packet(frame.payload);
    if (!packet || (frame.protocol == kIpcp && !lcp_open)) {
      ++dropped_;
      return out;
    }
    frame.protocol == kLcp ? on_lcp(*packet, now, out) : on_ipcp(*packet, now, out);
    return out;
  }
  if (!lcp_open || frame.protocol == kIpv4 || frame.protocol == kIpv6) {
    ++dropped_;
    return out;
  }
  reject_protocol(frame, now, out);
  return out;
}

void Ppp::on_lcp(const PppPacket& packet, Instant now, PppEvents& out) {
  switch (packet.code) {
    case ppp_code::configure_request:
    case ppp_code::configure_ack:
    case ppp_code::configure_nak:
    case ppp_code::configure_reject:
      if (state_ == State::closing) {
        ++dropped_;
        return;
      }
      return lcp_changed(lcp_layer_.on_packet(packet, now, sends_), now, out);
    case ppp_code::terminate_request:
      out.emplace_back(PppSend{kLcp, make_packet(ppp_code::terminate_ack, packet.id, {})});
      // After our own Terminate-Request the Ack to it is what counts; a peer that sends both loses nothing.
      if (state_ != State::closing) end(true, ascii_text(packet.body), out, true);
      return;
    case ppp_code::terminate_ack:
      if (state_ == State::closing) return end(false, reason_, out, true);
      ++dropped_;
      return;
    default:
      return on_lcp_extra(packet, now, out);
  }
}

void Ppp::on_lcp_extra(const PppPacket& packet, Instant now, PppEvents& out) {
  switch (packet.code) {
    case ppp_code::code_reject: {
      const std::uint8_t code = packet.body.empty() ? 0 : std::to_integer<std::uint8_t>(packet.body[0]);
      // Who rejects an Echo-Request answers it that way (heard_), and is asked again: nobody is kept who falls silent.
      if (code >= ppp_code::configure_request && code <= ppp_code::code_reject) {
        for (PppEvent& event : terminate("the peer rejects basic LCP codes", now)) out.push_back(std::move(event));
      }
      return;
    }
    case ppp_code::protocol_reject: {
      if (packet.body.size() < 2 || lcp_layer_.state() != Layer::State::opened) break;
      const auto protocol = static_cast<std::uint16_t>((std::to_integer<unsigned>(packet.body[0]) << 8) |
                                                       std::to_integer<unsigned>(packet.body[1]));
      if (protocol == kLcp || protocol == kIpcp || protocol == kIpv4) {
        for (PppEvent& event : terminate("the peer rejects IPv4", now)) out.push_back(std::move(event));
      }
      return;
    }
    case ppp_code::echo_request:
      return on_echo_request(packet, now, out);
    case ppp_code::echo_reply:
    case ppp_code::discard_request:
      return;  // heard_ is all that they are for
    default:
      return reject_code(kLcp, packet, now, out);
  }
  ++dropped_;
}

void Ppp::on_echo_request(const PppPacket& packet, Instant now, PppEvents& out) {
  const bool looped = packet.body.size() >= 4 && lcp_.magic() != 0 && leading_u32(packet.body) == lcp_.magic();
  if (packet.body.size() < 4 || looped || lcp_layer_.state() != Layer::State::opened) {
    ++dropped_;
    return;
  }
  if (!may_answer(now)) return;
  PppBytes body;
  body.reserve(packet.body.size());
  append_u32(body, lcp_.magic());
  body.insert(body.end(), packet.body.begin() + 4, packet.body.end());
  out.emplace_back(PppSend{kLcp, make_packet(ppp_code::echo_reply, packet.id, body)});
}

void Ppp::on_ipcp(const PppPacket& packet, Instant now, PppEvents& out) {
  if (state_ == State::closing) {
    ++dropped_;
    return;
  }
  switch (packet.code) {
    case ppp_code::configure_request:
    case ppp_code::configure_ack:
    case ppp_code::configure_nak:
    case ppp_code::configure_reject:
      return ipcp_changed(ipcp_layer_.on_packet(packet, now, sends_), now, out);
    case ppp_code::terminate_request:
      out.emplace_back(PppSend{kIpcp, make_packet(ppp_code::terminate_ack, packet.id, {})});
      for (PppEvent& event : terminate("IPv4 was closed by the peer", now)) out.push_back(std::move(event));
      return;
    case ppp_code::code_reject:
      for (PppEvent& event : terminate("the peer rejects basic IPCP codes", now)) out.push_back(std::move(event));
      return;
    case ppp_code::terminate_ack:
      ++dropped_;
      return;
    default:
      return reject_code(kIpcp, packet, now, out);
  }
}

void Ppp::lcp_changed(Layer::Change change, Instant now, PppEvents& out) {
  flush(out);
  switch (change) {
    case Layer::Change::none:
      return;
    case Layer::Change::up:
      state_ = State::network;
      missed_ = 0;
      if (options_.echo_interval > Seconds{0}) echo_at_ = now + options_.echo_interval;
      if (options_.echo_at_open) send_echo_request(out);
      for (const PppSend& extra : options_.extras) out.emplace_back(extra);
      return ipcp_changed(ipcp_layer_.open(now, sends_), now, out);
    case Layer::Change::down:
      ipcp_layer_.close();
      leave_open(now, out);
      state_ = State::establishing;
      echo_at_.reset();
      return;
    case Layer::Change::failed:
      for (PppEvent& event : terminate(std::string("LCP: ").append(lcp_layer_.why()), now)) {
        out.push_back(std::move(event));
      }
      return;
  }
}

void Ppp::ipcp_changed(Layer::Change change, Instant now, PppEvents& out) {
  flush(out);
  switch (change) {
    case Layer::Change::none:
      return;
    case Layer::Change::up:
      state_ = State::open;
      open_by_.reset();
      out.emplace_back(PppUp{ipcp_.own_address(), ipcp_.peer_address(), lcp_.peer_mru()});
      return;
    case Layer::Change::down:
      leave_open(now, out);
      state_ = State::network;
      return;
    case Layer::Change::failed:
      for (PppEvent& event : terminate(std::string("IPCP: ").append(ipcp_layer_.why()), now)) {
        out.push_back(std::move(event));
      }
      return;
  }
}

void Ppp::leave_open(Instant now, PppEvents& out) {
  if (state_ != State::open) return;
  open_by_ = now + options_.open_limit;
  out.emplace_back(PppDown{});
}

void Ppp::send_echo_request(PppEvents& out) {
  PppBytes magic;
  append_u32(magic, lcp_.magic());
  out.emplace_back(PppSend{kLcp, make_packet(ppp_code::echo_request, next_echo_id_++, magic)});
}

void Ppp::reject_code(std::uint16_t protocol, const PppPacket& packet, Instant now, PppEvents& out) {
  if (!may_answer(now)) return;
  PppBytes body = make_packet(packet.code, packet.id, packet.body);
  body.resize(std::min<std::size_t>(body.size(), largest_packet() - std::size_t{4}));
  out.emplace_back(PppSend{protocol, make_packet(ppp_code::code_reject, next_id_++, body)});
}

void Ppp::reject_protocol(const Frame& frame, Instant now, PppEvents& out) {
  if (!may_answer(now)) return;
  PppBytes body{static_cast<std::byte>(frame.protocol >> 8), static_cast<std::byte>(frame.protocol & 0xff)};
  body.insert(body.end(), frame.payload.begin(), frame.payload.end());
  body.resize(std::min<std::size_t>(body.size(), largest_packet() - std::size_t{4}));
  out.emplace_back(PppSend{kLcp, make_packet(ppp_code::protocol_reject, next_id_++, body)});
}

PppEvents Ppp::terminate(std::string_view why, Instant now) {
  PppEvents out;
  if (state_ == State::closing || state_ == State::ended) return out;
  reason_ = ascii_text(why);
  if (state_ == State::idle) {
    end(false, reason_, out);
    return out;
  }
  state_ = State::closing;
  lcp_layer_.close();
  ipcp_layer_.close();
  open_by_.reset();
  echo_at_.reset();
  closing_by_ = now + kClosingLimit;
  out.emplace_back(
      PppSend{kLcp, make_packet(ppp_code::terminate_request, next_id_++, std::as_bytes(std::span(reason_)))});
  return out;
}

void Ppp::end(bool by_peer, std::string why, PppEvents& out, bool peer_knows) {
  state_ = State::ended;
  lcp_layer_.close();
  ipcp_layer_.close();
  open_by_.reset();
  echo_at_.reset();
  closing_by_.reset();
  out.emplace_back(PppEnded{by_peer, peer_knows, std::move(why)});
}

std::optional<Instant> Ppp::next_deadline() const {
  std::optional<Instant> out;
  for (const auto& at : {lcp_layer_.next_deadline(), ipcp_layer_.next_deadline(), open_by_, echo_at_, closing_by_}) {
    if (at && (!out || *at < *out)) out = at;
  }
  return out;
}

PppEvents Ppp::on_deadline(Instant now) {
  PppEvents out;
  if (closing_by_ && now >= *closing_by_) {
    end(false, reason_, out);
    return out;
  }
  if (open_by_ && now >= *open_by_) {
    return terminate("the tunnel was not negotiated in time", now);
  }
  if (echo_at_ && now >= *echo_at_) {
    missed_ = heard_ ? 0 : missed_ + 1;
    heard_ = false;
    if (missed_ >= options_.echo_misses) {
      end(false, "the peer is silent", out);
      return out;
    }
    send_echo_request(out);
    echo_at_ = now + options_.echo_interval;
  }
  lcp_changed(lcp_layer_.on_deadline(now, sends_), now, out);
  if (state_ != State::closing) ipcp_changed(ipcp_layer_.on_deadline(now, sends_), now, out);
  return out;
}

}  // namespace sekisho::fortinet
