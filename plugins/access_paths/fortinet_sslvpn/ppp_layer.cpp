#include "ppp_layer.hpp"

#include <algorithm>

namespace sekisho::fortinet {

namespace {

constexpr Seconds kRestart{3};
constexpr int kWithoutProgress = 10;
constexpr int kRequestsSent = 20;
constexpr int kRequestsTaken = 10;

}  // namespace

Layer::Change Layer::fail(std::string_view why) {
  why_ = why;
  close();
  return Change::failed;
}

void Layer::close() {
  state_ = State::closed;
  deadline_.reset();
  answered_ = true;
  granted_.clear();
}

Layer::Change Layer::open(Instant now, std::vector<PppSend>& sends) {
  state_ = State::request_sent;
  left_ = kWithoutProgress;
  if (!send_request(now, sends)) return fail("too many Configure-Requests of our own");
  return Change::none;
}

bool Layer::send_request(Instant now, std::vector<PppSend>& sends) {
  PppBytes options;
  policy_.write_request(options);
  request_ = make_packet(ppp_code::configure_request, next_id_++, options);
  return send_again(now, sends);
}

bool Layer::send_again(Instant now, std::vector<PppSend>& sends) {
  if (left_ == 0 || sent_ == kRequestsSent) return false;
  --left_;
  ++sent_;
  answered_ = false;
  deadline_ = now + kRestart;
  sends.push_back({protocol_, request_});
  return true;
}

Layer::Change Layer::on_packet(const PppPacket& packet, Instant now, std::vector<PppSend>& sends) {
  if (state_ == State::closed) {
    ++dropped_;
    return Change::none;
  }
  if (packet.code == ppp_code::configure_request) return on_request(packet, now, sends);
  const bool ours = !answered_ && !request_.empty() && packet.id == std::to_integer<std::uint8_t>(request_[1]);
  if (!ours) {
    ++dropped_;
    return Change::none;
  }
  if (packet.code == ppp_code::configure_ack) return on_ack(packet, now);
  return on_nak_or_reject(packet, now, sends);
}

Layer::Change Layer::on_request(const PppPacket& packet, Instant now, std::vector<PppSend>& sends) {
  if (++taken_ > kRequestsTaken) return fail("too many Configure-Requests");
  const auto options = parse_options(packet.body);
  if (!options) {
    ++dropped_;
    return Change::none;
  }
  const bool repeated = granted_.size() == packet.body.size() + 1 &&
                        granted_.front() == static_cast<std::byte>(packet.id) &&
                        std::equal(packet.body.begin(), packet.body.end(), granted_.begin() + 1);
  if (state_ == State::opened && repeated) {
    sends.push_back({protocol_, make_packet(ppp_code::configure_ack, packet.id, packet.body)});
    return Change::none;
  }

  PppBytes rejected, wanted;
  policy_.begin_judging();
  for (const PppOption& option : *options) {
    switch (policy_.judge(option, wanted)) {
      case OptionPolicy::Judgement::ack:
      case OptionPolicy::Judgement::nak:
        break;
      case OptionPolicy::Judgement::reject:
        append_option(rejected, option.type, option.value);
        break;
    }
  }
  if (rejected.empty() && wanted.empty()) policy_.judge_missing(wanted);

  Change change = Change::none;
  if (state_ == State::opened) {  // the peer begins anew
    change = Change::down;
    left_ = kWithoutProgress;
    state_ = State::request_sent;
    granted_.clear();
    if (!send_request(now, sends)) return fail("too many Configure-Requests of our own");
  }
  if (!rejected.empty() || !wanted.empty()) {
    const bool reject = !rejected.empty();
    sends.push_back({protocol_, make_packet(reject ? ppp_code::configure_reject : ppp_code::configure_nak, packet.id,
                                            reject ? rejected : wanted)});
    if (state_ == State::ack_sent) state_ = State::request_sent;
    return change;
  }
  sends.push_back({protocol_, make_packet(ppp_code::configure_ack, packet.id, packet.body)});
  policy_.granted();
  granted_.assign(1, static_cast<std::byte>(packet.id));
  granted_.insert(granted_.end(), packet.body.begin(), packet.body.end());
  if (state_ == State::ack_received) {
    state_ = State::opened;
    deadline_.reset();
    return Change::up;
  }
  state_ = State::ack_sent;
  return change;
}

Layer::Change Layer::on_ack(const PppPacket& packet, Instant now) {
  const auto asked = std::span<const std::byte>(request_).subspan(4);
  if (!std::equal(packet.body.begin(), packet.body.end(), asked.begin(), asked.end())) {
    ++dropped_;
    return Change::none;
  }
  answered_ = true;
  left_ = kWithoutProgress;
  if (state_ == State::request_sent) {
    state_ = State::ack_received;
    deadline_ = now + kRestart;
    return Change::none;
  }
  state_ = State::opened;
  deadline_.reset();
  return Change::up;
}

Layer::Change Layer::on_nak_or_reject(const PppPacket& packet, Instant now, std::vector<PppSend>& sends) {
  const auto options = parse_options(packet.body);
  if (!options) {
    ++dropped_;
    return Change::none;
  }
  answered_ = true;
  for (const PppOption& option : *options) {
    const bool way_on = packet.code == ppp_code::configure_nak ? policy_.on_nak(option) : policy_.on_reject(option);
    if (!way_on) return fail(policy_.why());
  }
  left_ = kWithoutProgress;
  if (!send_request(now, sends)) return fail("too many Configure-Requests of our own");
  return Change::none;
}

Layer::Change Layer::on_deadline(Instant now, std::vector<PppSend>& sends) {
  if (!deadline_ || now < *deadline_) return Change::none;
  if (state_ == State::ack_received) state_ = State::request_sent;
  if (!send_again(now, sends)) return fail("no answer to Configure-Request");
  return Change::none;
}

}  // namespace sekisho::fortinet
