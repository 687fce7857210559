#include "tunnel.hpp"

#include <algorithm>
#include <utility>

namespace sekisho::fortinet {

namespace {

constexpr Seconds kActivityInterval{10};
constexpr Seconds kPeerCloses{3};  // RFC 1661 §4.6: one Restart timer
constexpr std::size_t kLargestRecord = 16384;
constexpr std::uint16_t kSmallestMru = 576;

std::uint16_t usual_mru(const SessionView& view, const Tunnel::Settings& settings) {
  return std::max(kSmallestMru, std::min(settings.mru, view.mru));
}

PppOptions options_for(const SessionView& view, const Tunnel::Settings& settings) {
  PppOptions options;
  options.mru = usual_mru(view, settings);
  if (settings.large_mru > options.mru) options.large_mru = settings.large_mru;
  options.peer_address = parse_ipv4(view.address).value_or(0);
  options.open_limit = settings.open_limit;
  return options;
}

}  // namespace

Tunnel::Tunnel(PathHost& host, SessionView view, Settings settings, Instant now)
    : host_(host),
      view_(std::move(view)),
      kind_(settings.kind),
      large_uploads_(settings.large_uploads),
      open_limit_(settings.open_limit),
      largest_record_(kind_ == Kind::stream ? kLargestRecord : usual_mru(view_, settings) + kFrameOverhead),
      ppp_(options_for(view_, settings), host.entropy()),
      frames_(std::max(usual_mru(view_, settings), settings.large_mru) + kFrameOverheadIn),
      noticed_(now) {}

void Tunnel::start(Instant now) {
  attached_ = true;
  host_.attach_tunnel(view_);
  if (kind_ == Kind::stream) return apply(ppp_.start(now), now);
  spoken_to_by_ = now + open_limit_;
}

void Tunnel::on_bytes(std::span<const std::byte> bytes, Instant now) {
  if (finished_) return;
  if (std::exchange(spoken_to_by_, std::nullopt)) apply(ppp_.start(now), now);
  bool data = false;
  frames_.take(bytes);
  while (!finished_) {
    const FrameReader::Step step = frames_.next();
    if (step.state == FrameReader::State::more) break;
    if (step.state == FrameReader::State::broken) return finish(step.why);
    if (step.frame.protocol != kIpv4) {
      apply(ppp_.feed(step.frame, now), now);
      continue;
    }
    if (!ppp_.take_data(step.frame.payload.size()) || !attached_) continue;
    bytes_in_ += step.frame.payload.size();
    data = true;
    host_.deliver(step.frame.payload);
  }
  if (!finished_ && kind_ == Kind::datagrams && frames_.in_frame()) return finish("a datagram holds part of a frame");
  if (data) note_traffic(now);
}

void Tunnel::apply(PppEvents events, Instant now) {
  for (PppEvent& event : events) {
    if (auto* send = std::get_if<PppSend>(&event)) {
      const std::size_t at = control_.size(), need = send->packet.size() + kFrameOverhead;
      if (at + need > largest_record_) flush_control();
      const std::size_t from = control_.size();
      control_.resize(from + need);
      control_.resize(from + write_frame(send->protocol, send->packet, std::span(control_).subspan(from)));
    } else if (std::holds_alternative<PppUp>(event)) {
      flush_control();
      large_ = ppp_.agreed_large();
      if (attached_) {
        host_.limit_packets(ppp_.largest_packet());
        host_.large_packets(large_);
        if (large_ != 0 && large_uploads_) host_.large_uploads();
      }
      if (attached_ && !announced_) {
        announced_ = true;
        host_.notice(TunnelUp{view_.session, kind_ == Kind::stream ? "tls" : "dtls"});
      }
    } else if (const auto* ended = std::get_if<PppEnded>(&event)) {
      flush_control();
      close_why_ = ended->by_peer ? "ended by the peer: " + ended->why : ended->why;
      if (!ended->peer_knows) return finish(close_why_);
      let_go(close_why_);
      close_at_ = now + kPeerCloses;
    }
  }
  flush_control();
}

void Tunnel::flush_control() {
  if (control_.empty()) return;
  host_.write(control_);
  control_.clear();
}

void Tunnel::note_traffic(Instant now) {
  traffic_ = true;
  if (now < noticed_ + kActivityInterval || !attached_) return;
  noticed_ = now;
  traffic_ = false;
  host_.notice(TunnelActivity{view_.session, bytes_in_, bytes_out_});
}

void Tunnel::let_go(std::string_view why) {
  if (!attached_) return;
  attached_ = false;
  host_.detach_tunnel();
  TunnelDown down;
  down.session = view_.session;
  down.why = why;
  down.bytes_in = bytes_in_;
  down.bytes_out = bytes_out_;
  host_.notice(std::move(down));
}

void Tunnel::finish(std::string_view why) {
  if (finished_) return;
  finished_ = true;
  let_go(why);
  host_.close(why);
}

void Tunnel::on_push(const GatePush& push, Instant now) {
  if (finished_) return;
  if (const auto* changed = std::get_if<SessionChanged>(&push)) {
    // The filter is the front's; an address never changes within a session.
    if (changed->view.session == view_.session && changed->view.address == view_.address) view_ = changed->view;
    return;
  }
  const auto& ended = std::get<SessionEnded>(push);
  if (ended.session != view_.session) return;
  let_go(ended.code);
  apply(ppp_.terminate(ended.reason.en.empty() ? std::string_view("The session has ended") : ended.reason.en, now),
        now);
}

void Tunnel::on_replaced(Instant now) {
  if (finished_ || !attached_) return;
  attached_ = false;  // the newer connection holds it; a TunnelDown from here would speak of that one
  apply(ppp_.terminate("replaced by a newer connection", now), now);
}

void Tunnel::on_gone() {
  if (finished_) return;
  finished_ = true;
  let_go("the connection was lost");
}

std::size_t Tunnel::fill_record(PacketSource& source, std::span<std::byte> record, Instant now) {
  const bool open = attached_ && !finished_ && ppp_.open();
  const std::size_t largest = std::max(ppp_.largest_packet(), large_);
  std::size_t used = 0;
  record = record.first(std::min(record.size(), largest_record_));
  for (auto packet = source.front(); !packet.empty(); packet = source.front()) {
    if (!open || packet.size() > largest) {
      ++unsendable_;
      source.pop();
      continue;
    }
    const std::size_t frame = write_frame(kIpv4, packet, record.subspan(used));
    if (frame == 0) break;
    used += frame;
    bytes_out_ += packet.size();
    source.pop();
  }
  if (used > 0) note_traffic(now);
  return used;
}

std::optional<Instant> Tunnel::next_deadline() const {
  if (finished_) return std::nullopt;
  std::optional<Instant> out = ppp_.next_deadline();
  if (close_at_ && (!out || *close_at_ < *out)) out = close_at_;
  if (spoken_to_by_ && (!out || *spoken_to_by_ < *out)) out = spoken_to_by_;
  if (traffic_ && attached_) {
    const Instant due = noticed_ + kActivityInterval;
    if (!out || due < *out) out = due;
  }
  return out;
}

void Tunnel::on_deadline(Instant now) {
  if (finished_) return;
  if (close_at_ && now >= *close_at_) return finish(close_why_);
  if (spoken_to_by_ && now >= *spoken_to_by_) return finish("the client never began to speak PPP");
  if (traffic_) note_traffic(now);
  const auto due = ppp_.next_deadline();
  if (due && now >= *due) apply(ppp_.on_deadline(now), now);
}

}  // namespace sekisho::fortinet
