#include "ppp_options.hpp"

#include <algorithm>

namespace sekisho::fortinet {

namespace {

// RFC 1661 §6, RFC 1332 §3.
constexpr std::uint8_t kOptionMru = 1, kOptionMagic = 5;
constexpr std::uint8_t kOptionVj = 2, kOptionAddress = 3;
constexpr std::uint16_t kDefaultMru = 1500;
/// Below this no IPv4 host works well (RFC 1122 §3.3.2); a peer asking for less is offered our own value.
constexpr std::uint16_t kSmallestMru = 576;

}  // namespace

LcpPolicy::LcpPolicy(const PppOptions& options, Entropy& entropy)
    : options_(options),
      entropy_(entropy),
      magic_(new_magic()),
      mru_(std::max(options.mru, options.large_mru)),
      proposed_mru_(kDefaultMru),
      peer_mru_(kDefaultMru) {}

std::uint32_t LcpPolicy::new_magic() {
  std::uint32_t out = 0;
  while (out == 0) {
    std::byte bytes[4];
    entropy_.fill(bytes);
    for (const std::byte b : bytes) out = (out << 8) | std::to_integer<std::uint32_t>(b);
    if (out == 0) out = entropy_.below(0xffffffffU) + 1;
  }
  return out;
}

void LcpPolicy::write_request(PppBytes& options) {
  if (mru_ != 0) append_option_u16(options, kOptionMru, mru_);
  if (send_magic_) append_option_u32(options, kOptionMagic, magic_);
}

void LcpPolicy::begin_judging() {
  proposed_mru_ = kDefaultMru;
}

OptionPolicy::Judgement LcpPolicy::judge(const PppOption& option, PppBytes& wanted) {
  if (option.type == kOptionMru) {
    const auto mru = option_u16(option);
    if (!mru) return Judgement::reject;
    const bool too_small = *mru < kSmallestMru;
    const bool once = options_.nak_smaller_mru && !smaller_naked_ && *mru < options_.mru;
    if (too_small || once) {
      smaller_naked_ = true;
      append_option_u16(wanted, kOptionMru, options_.mru != 0 ? options_.mru : kDefaultMru);
      return Judgement::nak;
    }
    proposed_mru_ = *mru;
    return Judgement::ack;
  }
  if (option.type == kOptionMagic) {
    const auto magic = option_u32(option);
    if (!magic) return Judgement::reject;
    if (*magic == 0 || *magic == magic_) {  // zero is always Naked; ours would hide a looped line
      append_option_u32(wanted, kOptionMagic, new_magic());
      return Judgement::nak;
    }
    return Judgement::ack;
  }
  return Judgement::reject;
}

void LcpPolicy::granted() {
  peer_mru_ = proposed_mru_;
}

bool LcpPolicy::on_nak(const PppOption& option) {
  if (option.type == kOptionMagic && send_magic_) {
    magic_ = new_magic();
    return true;
  }
  if (option.type == kOptionMru && mru_ != 0) {
    if (options_.large_mru > options_.mru && mru_ == options_.large_mru) {
      mru_ = options_.mru;
      return true;
    }
    if (!options_.insist_mru) {
      const auto mru = option_u16(option);
      if (mru && *mru >= kSmallestMru) mru_ = *mru;
      return true;
    }
    if (mru_naked_) return why_ = "the MRU was refused", false;
    mru_naked_ = true;
  }
  return true;  // options that we did not send are suggestions
}

bool LcpPolicy::on_reject(const PppOption& option) {
  if (option.type == kOptionMagic) send_magic_ = false;
  if (option.type == kOptionMru && mru_ != 0) {
    if (options_.insist_mru) return why_ = "the MRU was refused", false;
    mru_ = 0;
  }
  return true;
}

IpcpPolicy::IpcpPolicy(const PppOptions& options)
    : options_(options), own_address_(options.own_address), send_vj_(options.offer_vj) {}

void IpcpPolicy::write_request(PppBytes& options) {
  if (send_vj_) {
    static constexpr std::byte kVanJacobson[] = {std::byte{0x00}, std::byte{0x2d}, std::byte{0x0f}, std::byte{0x01}};
    append_option(options, kOptionVj, kVanJacobson);
  }
  if (send_address_) append_option_u32(options, kOptionAddress, own_address_);
}

void IpcpPolicy::begin_judging() {
  proposed_address_ = 0;
}

OptionPolicy::Judgement IpcpPolicy::judge(const PppOption& option, PppBytes& wanted) {
  if (option.type != kOptionAddress) return Judgement::reject;  // VJ, DNS, the obsolete pair of addresses
  const auto address = option_u32(option);
  if (!address) return Judgement::reject;
  proposed_address_ = *address;
  if (options_.peer_address && *address != *options_.peer_address) {
    append_option_u32(wanted, kOptionAddress, *options_.peer_address);
    return Judgement::nak;
  }
  return Judgement::ack;
}

void IpcpPolicy::judge_missing(PppBytes& wanted) {
  // Without its address the peer would have none, or one of its own choice.
  if (options_.peer_address && proposed_address_ != *options_.peer_address) {
    append_option_u32(wanted, kOptionAddress, *options_.peer_address);
  }
}

void IpcpPolicy::granted() {
  peer_address_ = proposed_address_;
}

bool IpcpPolicy::on_nak(const PppOption& option) {
  if (option.type != kOptionAddress) return true;
  const auto address = option_u32(option);
  if (!address || *address == 0) return true;
  if (options_.keep_own_address && options_.own_address != 0 && *address != options_.own_address) {
    return why_ = "another address than promised", false;
  }
  own_address_ = *address;
  return true;
}

bool IpcpPolicy::on_reject(const PppOption& option) {
  if (option.type == kOptionVj) send_vj_ = false;
  if (option.type == kOptionAddress) {
    if (options_.keep_own_address) return why_ = "no address was given", false;
    send_address_ = false;
  }
  return true;
}

}  // namespace sekisho::fortinet
